//! Every changed byte is found, and where.

use std::fs;

use esoz_otp::audit::{Finding, verify};

use super::{Stand, day, entries, files, names, verified};
use crate::store::{Chance, is_long};
use crate::support::keyring;

/// A log of three days that was closed in order: every entry that there can be.
fn three_days() -> Stand {
    let stand = Stand::new();
    for at in 0..3 {
        stand.append(at, 3);
        stand.move_all(at);
    }
    let stand = stand.reopened(2);
    stand.append(2, 1);
    stand.move_all(2);
    let stand = stand.reopened(2);
    stand.log.close(day(2)).unwrap();
    assert_eq!(verified(&stand), "");
    stand
}

fn look(stand: &Stand, with_database: bool) -> Vec<Finding> {
    let store = with_database.then_some(&stand.store);
    let keys = keyring().anchor_keys();
    verify(&stand.store.audit_folder(), &keys, store, &[]).unwrap().findings
}

/// The row at or behind which each byte of a file stands.
fn rows_of(bytes: &[u8], first: u64) -> Vec<u64> {
    let mut rows = vec![first; 17];
    let mut number = first;
    for entry in entries(bytes) {
        rows.extend(vec![number; entry.len()]);
        number += u64::from(entry[2] == 2);
    }
    rows
}

#[test]
fn every_single_changed_byte_is_found_in_its_file_and_at_its_row() {
    let stand = three_days();
    let mut chance = Chance::new();
    let mut first = 1;
    for file in files(stand.path()) {
        let bytes = fs::read(&file).unwrap();
        let name = format!("audit/{}", file.file_name().unwrap().to_str().unwrap());
        let rows = rows_of(&bytes, first);
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= u8::try_from(1 + chance.below(255)).unwrap();
            fs::write(&file, &changed).unwrap();
            for with_database in [true, false] {
                let found = look(&stand, with_database);
                let seed = chance.seed();
                let Some(found) = found.iter().find(|found| found.file == name) else {
                    panic!("{name}, byte {place}, ESOZ_OTP_SEED={seed}: {found:?}");
                };
                let is_there = found.number.is_none_or(|number| number.abs_diff(rows[place]) <= 1);
                assert!(is_there, "{name}, byte {place} of row {}: {found}", rows[place]);
            }
        }
        fs::write(&file, &bytes).unwrap();
        first = rows.last().unwrap() + u64::from(entries(&bytes).last().unwrap()[2] == 2);
    }
    assert_eq!(verified(&stand), "");
}

#[test]
fn every_cut_is_found() {
    let stand = three_days();
    let newest = files(stand.path()).pop().unwrap();
    let bytes = fs::read(&newest).unwrap();
    fs::write(&newest, &bytes[..bytes.len() - 1]).unwrap();
    let found: Vec<_> = look(&stand, false).iter().map(ToString::to_string).collect();
    let said = "audit/2026-11-23.log, behind row 10: it is cut: it ends within an entry";
    assert_eq!(found, [said], "the last anchor, and no row");
    fs::write(&newest, &bytes).unwrap();
    for file in files(stand.path()) {
        let bytes = fs::read(&file).unwrap();
        for length in 0..bytes.len() {
            fs::write(&file, &bytes[..length]).unwrap();
            let found = look(&stand, true);
            assert!(!found.is_empty(), "{} cut to {length} bytes", file.display());
        }
        fs::write(&file, &bytes).unwrap();
    }
}

#[test]
fn what_is_added_behind_a_log_that_was_closed_in_order_is_found_and_stays_as_it_is() {
    let stand = three_days();
    let newest = files(stand.path()).pop().unwrap();
    let bytes = fs::read(&newest).unwrap();
    let row = entries(&bytes).into_iter().find(|entry| entry[2] == 2).unwrap();
    for added in [&b"junk\n"[..], b"x", &[0; 300], &row[..20], &row] {
        fs::write(&newest, [&bytes, added].concat()).unwrap();
        let found = look(&stand, true);
        let [found] = &found[..] else { panic!("{added:?}: {found:?}") };
        assert!(found.to_string().contains("behind row 10: something was added"), "{found}");
    }
    fs::write(&newest, &bytes).unwrap();
    let other = newest.with_file_name("2026-12-31.log");
    for added in [&bytes[..], b"", b"esoz-otp audit 1\n"] {
        fs::write(&other, added).unwrap();
        assert!(!look(&stand, true).is_empty(), "{added:?}");
    }
    fs::remove_file(&other).unwrap();

    let changed = [&bytes[..], b"junk\n"].concat();
    fs::write(&newest, &changed).unwrap();
    let stand = stand.reopened(2);
    stand.append(2, 1);
    stand.move_all(2);
    assert_eq!(fs::read(&newest).unwrap(), changed, "evidence is left as it is");
    assert_eq!(names(stand.path()).last().unwrap(), "2026-11-23.2.log");
    assert!(verified(&stand).contains("audit/2026-11-23.log, "), "{}", verified(&stand));
}

#[test]
fn a_log_that_was_closed_is_gone_on_with_and_may_end_anywhere_then() {
    let stand = three_days();
    stand.append(2, 1);
    stand.move_all(2);
    let newest = files(stand.path()).pop().unwrap();
    let bytes = fs::read(&newest).unwrap();
    fs::write(&newest, [&bytes, &[0; 30][..]].concat()).unwrap();
    assert_eq!(verified(&stand).lines().count(), 1, "by the look without the database only");
    let stand = stand.reopened(2);
    assert_eq!((verified(&stand).as_str(), stand.numbers().len()), ("", 11));
}

/// Some bytes taken out, put in, turned round or doubled, anywhere.
#[test]
fn whatever_else_is_done_to_the_bytes_is_found() {
    let stand = three_days();
    let mut chance = Chance::new();
    let seed = chance.seed();
    let rounds = if is_long() { 20_000 } else { 1000 };
    let files = files(stand.path());
    for round in 0..rounds {
        let file = chance.one_of(&files).clone();
        let bytes = fs::read(&file).unwrap();
        let changed = mangled(&bytes, &mut chance);
        if changed == bytes {
            continue;
        }
        fs::write(&file, &changed).unwrap();
        // Where a log ends only the database knows.
        let is_at_the_end = bytes.starts_with(&changed) || changed.starts_with(&bytes);
        let looks: &[bool] = if is_at_the_end { &[true] } else { &[true, false] };
        for &with_database in looks {
            let found = look(&stand, with_database);
            let is_found = !found.is_empty();
            assert!(is_found, "round {round}, ESOZ_OTP_SEED={seed}, {}", file.display());
        }
        fs::write(&file, &bytes).unwrap();
    }
    assert_eq!(verified(&stand), "");
}

fn mangled(bytes: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut place = || usize::try_from(chance.below(bytes.len() as u64)).unwrap();
    let (one, other) = (place(), place());
    let (from, to) = (one.min(other), one.max(other));
    match chance.below(4) {
        0 => [&bytes[..from], &bytes[to..]].concat(),
        1 => [&bytes[..to], &bytes[from..]].concat(),
        2 => {
            let mut turned = bytes.to_vec();
            turned[from..to].reverse();
            turned
        }
        _ => {
            let mut others = bytes.to_vec();
            for byte in &mut others[from..to] {
                *byte = u8::try_from(chance.below(256)).unwrap();
            }
            others
        }
    }
}
