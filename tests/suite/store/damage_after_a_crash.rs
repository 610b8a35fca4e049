//! After a crash there is no seal. A damaged database is found out all the same, by what it has lost.

use std::fs;
use std::path::Path;

use esoz_otp::store::schema::VERIFIED_PHONES;
use esoz_otp::store::{OpenError, Store};

use super::opening::fill;
use super::{Chance, open, phone, verified};

const BEFORE: u32 = 300;

/// A directory as a kill leaves it, with a mark after the first 300 records.
fn killed() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let running = home.path().join("running");
    let store = open(&running).unwrap();
    fill(&store, 0..BEFORE);
    mark(&store);
    fill(&store, BEFORE..2 * BEFORE);
    copy(&running, &home.path().join("killed"));
    home
}

fn mark(store: &Store) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.mark()).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Changes up to 4 096 bytes somewhere in the part of the log that is in use.
fn damage(log: &Path, chance: &mut Chance) -> String {
    let mut bytes = fs::read(log).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() as u64;
    let place = usize::try_from(chance.below(used)).unwrap();
    let end = (place + 1 + usize::try_from(chance.below(4096)).unwrap()).min(bytes.len());
    let how = match chance.below(4) {
        0 => {
            bytes[place] ^= 1 << chance.below(8);
            format!("a bit of byte {place} flipped")
        }
        1 => {
            bytes[place..end].fill(0);
            format!("bytes {place} to {end} zeroed")
        }
        2 => {
            bytes[place..end].fill_with(|| u8::try_from(chance.below(256)).unwrap());
            format!("bytes {place} to {end} random")
        }
        _ => {
            bytes.truncate(place);
            format!("cut off at byte {place}")
        }
    };
    fs::write(log, bytes).unwrap();
    how
}

fn holds_what_was_before_the_mark(store: &Store) -> bool {
    (0..BEFORE).all(|number| {
        let found = store.get(VERIFIED_PHONES, &phone(number)).unwrap();
        found == Some(verified(1))
    })
}

#[test]
fn a_database_that_has_lost_what_was_marked_is_not_opened() {
    let home = killed();
    let mut chance = Chance::new();
    let mut refused = 0;
    for round in 0..40 {
        let copied = home.path().join(format!("{round}"));
        copy(&home.path().join("killed"), &copied);
        let how = damage(&copied.join("store/db"), &mut chance);
        let seed = chance.seed;
        match open(&copied) {
            Ok(store) => assert!(
                holds_what_was_before_the_mark(&store),
                "{how}, ESOZ_OTP_SEED={seed}: it opens, and has lost what was marked"
            ),
            Err(OpenError::Damaged { .. }) => refused += 1,
            Err(other) => panic!("{how}, ESOZ_OTP_SEED={seed}: {other}"),
        }
    }
    assert!(refused > 0, "ESOZ_OTP_SEED={}: forty damages, none of them noticed", chance.seed);
}

#[test]
fn the_proof_of_marks_notices_a_missing_one() {
    let home = killed();
    let mut chance = Chance::new();
    let unnoticed = (0..40).any(|round| {
        let copied = home.path().join(format!("{round}"));
        copy(&home.path().join("killed"), &copied);
        fs::remove_file(copied.join("mark")).unwrap();
        damage(&copied.join("store/db"), &mut chance);
        open(&copied).is_ok_and(|store| !holds_what_was_before_the_mark(&store))
    });
    assert!(unnoticed, "without its mark, every damage is noticed too");
}

#[test]
fn a_database_that_was_killed_opens_with_everything_and_its_mark_grows() {
    let home = killed();
    let killed = home.path().join("killed");
    let noted = fs::read_to_string(killed.join("mark")).unwrap();
    let store = open(&killed).unwrap();
    assert_eq!(store.page(VERIFIED_PHONES, None, 1000).unwrap().len(), 2 * BEFORE as usize);
    mark(&store);
    let later = fs::read_to_string(killed.join("mark")).unwrap();
    assert_eq!((noted.as_str(), later.as_str()), ("1\n", "2\n"));
}
