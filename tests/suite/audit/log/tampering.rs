//! What somebody does to the files who knows what they look like, but has no key.

use std::fs;
use std::path::PathBuf;

use esoz_otp::audit::{ChainHash, verify};

use super::{Stand, entries, files, rechained, verified};
use crate::support::keyring;

/// A log of four days, and its files.
fn four_days() -> (Stand, Vec<PathBuf>) {
    let stand = Stand::new();
    for at in 0..4 {
        stand.append(at, 3);
        stand.move_all(at);
    }
    let stand = stand.reopened(3);
    let files = files(stand.path());
    assert_eq!((files.len(), verified(&stand).as_str()), (4, ""));
    (stand, files)
}

/// Changes the entries of a file and makes hashes and checksums right again, there and in every later file.
fn change(files: &[PathBuf], change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let bytes = fs::read(&files[0]).unwrap();
    let mut own = entries(&bytes);
    let previous = |entry: &[u8]| <[u8; 32]>::try_from(&entry[entry.len() - 36..entry.len() - 4]);
    let mut last = previous(&own[0]).unwrap();
    change(&mut own);
    for (file, place) in files.iter().zip(0..) {
        let bytes = fs::read(file).unwrap();
        let entries = if place == 0 { own.clone() } else { entries(&bytes) };
        let (bytes, hash) = rechained(&bytes, &entries, last);
        fs::write(file, bytes).unwrap();
        last = hash;
    }
}

/// Without the database, which one who can write files might write, too.
fn found(stand: &Stand) -> String {
    let found = verify(&stand.store.audit_folder(), &keyring().anchor_keys(), None, &[]);
    let lines: Vec<_> = found.unwrap().findings.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

fn is_row(entry: &[u8]) -> bool {
    entry[2] == 2
}

fn is_anchor(entry: &[u8]) -> bool {
    entry[2] == 3
}

#[test]
fn a_chain_that_was_made_right_again_does_not_hold_to_its_anchors() {
    let tamperings: [fn(&mut Vec<Vec<u8>>); 4] = [
        |entries| drop(entries.remove(2)),
        |entries| entries.swap(2, 3),
        |entries| entries.insert(2, entries[2].clone()),
        |entries| entries[2][10] ^= 1,
    ];
    for (number, tampering) in tamperings.into_iter().enumerate() {
        let (stand, files) = four_days();
        change(&files[1..], tampering);
        let found = found(&stand);
        assert!(found.contains("audit/2026-11-22.log, row "), "{number}: {found}");
        assert!(found.contains("is false") || found.contains("can't be read"), "{number}: {found}");
    }
}

#[test]
fn an_anchor_that_was_taken_out_or_given_another_key_does_not_help() {
    let (stand, files) = four_days();
    change(&files[1..], |entries| {
        entries.remove(2);
        entries.retain(|entry| !is_anchor(entry));
    });
    assert!(
        found(&stand).contains("audit/2026-11-22.log, behind row 5: it is cut: its end is missing")
    );

    let (stand, files) = four_days();
    let rename = |entries: &mut Vec<Vec<u8>>| {
        for entry in entries.iter_mut().filter(|entry| is_anchor(entry)) {
            let at = entry.windows(4).position(|part| part == b"test").unwrap();
            entry[at..at + 4].copy_from_slice(b"gone");
        }
    };
    change(&files[1..], |entries| {
        entries.remove(2);
        rename(entries);
    });
    for place in 2..4 {
        change(&files[place..], rename);
    }
    let found = found(&stand);
    assert!(found.contains("made with key `gone`, which is not in the keyring"), "{found}");
}

#[test]
fn a_missing_file_is_named_by_the_rows_that_are_missing() {
    for (place, found_in, rows) in [
        (0, "audit/2026-11-22.log, row 4", "rows 1 to 3 are missing before it"),
        (1, "audit/2026-11-23.log, row 7", "rows 4 to 6 are missing before it"),
        (2, "audit/2026-11-24.log, row 10", "rows 7 to 9 are missing before it"),
    ] {
        let (stand, files) = four_days();
        fs::remove_file(&files[place]).unwrap();
        let found = verified(&stand);
        assert!(found.contains(&format!("{found_in}: {rows}")), "{place}: {found}");
    }
    let (stand, files) = four_days();
    fs::remove_file(&files[3]).unwrap();
    assert!(
        verified(&stand).contains("rows 10 to 12 are missing at the end"),
        "{}",
        verified(&stand)
    );
    // Also where the database can't be asked.
    let said = "audit/2026-11-23.log, behind row 9: the newest file ends, and none follows";
    assert!(found(&stand).contains(said), "{}", found(&stand));
}

#[test]
fn a_file_that_was_put_there_is_found_whatever_its_name() {
    for name in ["2020-01-01.log", "2026-11-22.2.log", "2026-11-23.7.log", "2031-01-01.log"] {
        let (stand, files) = four_days();
        fs::copy(&files[1], stand.path().join("audit").join(name)).unwrap();
        assert!(!found(&stand).is_empty(), "{name}");
        assert!(verified(&stand).contains(name), "{}", verified(&stand));
    }
    for name in ["notes.txt", "2026-11-22.log.bak", "2026-11-22.1.log"] {
        let (stand, files) = four_days();
        fs::copy(&files[1], stand.path().join("audit").join(name)).unwrap();
        assert!(found(&stand).contains(&format!("audit/{name}: it is no file of the log")));
    }
}

#[test]
fn two_files_that_change_places_are_found() {
    let (stand, files) = four_days();
    let (one, other) = (fs::read(&files[1]).unwrap(), fs::read(&files[2]).unwrap());
    fs::write(&files[1], other).unwrap();
    fs::write(&files[2], one).unwrap();
    let found = found(&stand);
    assert!(found.contains("audit/2026-11-22.log, row 7: rows 4 to 6 are missing"), "{found}");
    assert!(found.contains("audit/2026-11-23.log, row 4: it begins with row 4"), "{found}");
}

/// The newest rows, behind the last anchor: only the database, or a head that was noted elsewhere, tells that they were there.
#[test]
fn a_head_that_was_noted_elsewhere_shows_what_was_taken_away_since() {
    let (stand, files) = four_days();
    let (number, hash) = stand.log.head().unwrap().unwrap();
    let look = |copies: &[(u64, ChainHash)]| {
        let keys = keyring().anchor_keys();
        verify(&stand.store.audit_folder(), &keys, None, copies).unwrap().findings
    };
    assert_eq!(look(&[(number, hash)]), []);
    assert_eq!(look(&[(number, ChainHash::START)]).len(), 1);
    stand.append(3, 2);
    stand.move_all(3);
    let (number, hash) = stand.log.head().unwrap().unwrap();
    assert_eq!(look(&[(number, hash)]), []);
    let bytes = fs::read(&files[3]).unwrap();
    let mut kept = entries(&bytes);
    kept.truncate(kept.len() - 2);
    fs::write(&files[3], [&bytes[..17], &kept.concat()].concat()).unwrap();
    assert_eq!(look(&[]), [], "there is nothing else that knows of them");
    let found = look(&[(number, hash)]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].number, Some(14));
    let of_database = stand.verify().findings;
    assert!(of_database[0].to_string().contains("rows 13 to 14 are missing at the end"));
}

#[test]
fn a_row_that_was_put_behind_the_end_is_found_by_the_database() {
    let (stand, files) = four_days();
    let bytes = fs::read(&files[3]).unwrap();
    let mut all = entries(&bytes);
    let copy = all.iter().find(|entry| is_row(entry)).unwrap().clone();
    all.push(copy);
    let first = <[u8; 32]>::try_from(&all[0][all[0].len() - 36..all[0].len() - 4]).unwrap();
    fs::write(&files[3], rechained(&bytes, &all, first).0).unwrap();
    let found = stand.verify().findings;
    assert!(
        found[0].to_string().contains("row 13: the database does not know this row"),
        "{found:?}"
    );
}
