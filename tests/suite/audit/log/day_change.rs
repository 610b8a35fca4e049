//! A crash as one file ends and the next begins, at every step: the file that has ended is never written on again.

use std::fs;
use std::path::PathBuf;

use esoz_otp::audit::{AnchorKeys, AuditLog, append, verify};
use esoz_otp::store::{Priority, Store};

use super::super::open;
use super::crashes::copy_of;
use super::{LINE, Stand, day, entries, files, hash_of, note_head, rechained, row, verified};
use crate::support::keyring;

/// The directory before a move to another file, and what the move has written.
struct Change {
    before: tempfile::TempDir,
    /// The file that was open, its end not yet anchored.
    unended: Vec<u8>,
    /// The same with its last anchor.
    ended: Vec<u8>,
    /// The file that follows.
    next: Vec<u8>,
    name_of_next: String,
}

/// A day with rows is over, and two rows of the next one wait.
fn change_of_day() -> Change {
    let stand = Stand::new();
    stand.append(0, 3);
    stand.move_all(0);
    change(stand, 1)
}

/// The file has all the bytes that a file may have, and two rows of the same day wait.
fn change_of_part() -> Change {
    let stand = Stand::new();
    stand.append(0, 3);
    stand.move_all(0);
    let stand = stand.reopened(0);
    let file = files(stand.path()).remove(0);
    let bytes = fs::read(&file).unwrap();
    let mut all = entries(&bytes);
    let large = large_anchor(all.last().unwrap());
    let missing = 64 * 1024 * 1024 - bytes.len();
    all.extend(std::iter::repeat_n(large.clone(), missing.div_ceil(large.len())));
    let (bytes, hash) = rechained(&bytes, &all, [0; 32]);
    fs::write(&file, bytes).unwrap();
    note_head(&stand.store, 3, hash);
    change(stand.reopened(0), 0)
}

/// An anchor of a key that is not there any more, whose id has all the letters that there may be.
fn large_anchor(anchor: &[u8]) -> Vec<u8> {
    let at = anchor.windows(5).position(|part| part == b"\x04test").unwrap();
    // A number of two bytes is 251 and little-endian.
    let length = 4000_u16.to_le_bytes();
    let id = [&[251], &length[..], &b"x".repeat(4000)].concat();
    let mut large = [&anchor[..at], &id, &anchor[at + 5..]].concat();
    let payload = u16::try_from(large.len() - super::AROUND).unwrap();
    large[..2].copy_from_slice(&payload.to_le_bytes());
    large
}

fn change(stand: Stand, today: i64) -> Change {
    stand.append(today, 2);
    let home = stand.close();
    let before = copy_of(home.path());
    let stand = Stand::on(home, today);
    stand.move_all(today);
    let written: Vec<_> = files(stand.path()).iter().map(|file| fs::read(file).unwrap()).collect();
    let [ended, next] = <[Vec<u8>; 2]>::try_from(written).unwrap();
    let unended = fs::read(&files(before.path())[0]).unwrap();
    assert!(ended.starts_with(&unended) && ended.len() > unended.len());
    let name_of_next = super::names(stand.path()).pop().unwrap();
    Change { before, unended, ended, next, name_of_next }
}

impl Change {
    /// As a node leaves it that is killed when so much of either file is written and, or not, the end of the first one noted.
    fn crashed(&self, first: usize, is_noted: bool, next: Option<usize>) -> tempfile::TempDir {
        let crashed = copy_of(self.before.path());
        let file = files(crashed.path()).remove(0);
        fs::write(&file, &self.ended[..first]).unwrap();
        if let Some(length) = next {
            fs::write(file.with_file_name(&self.name_of_next), &self.next[..length]).unwrap();
        }
        if is_noted {
            note_head(&open(crashed.path()), 3, hash_of(entries(&self.ended).last().unwrap()));
        }
        crashed
    }

    /// Every step: what is there of the first file, whether its end is noted, and what is there of the next.
    fn steps(&self) -> Vec<(usize, bool, Option<usize>)> {
        let (first, last) = (self.unended.len(), self.ended.len());
        let anchor = [first, first + 1, usize::midpoint(first, last), last];
        let begun = LINE + entries(&self.next)[0].len();
        let one_row = begun + entries(&self.next)[1].len();
        let all = self.next.len();
        let next = [0, 5, LINE, LINE + 20, begun, begun + 30, one_row, all - 1, all];
        let steps = anchor.map(|length| (length, false, None)).into_iter();
        let steps = steps.chain([(last, true, None)]);
        steps.chain(next.map(|length| (last, true, Some(length)))).collect()
    }

    fn check(&self, step: (usize, bool, Option<usize>)) {
        let crashed = self.crashed(step.0, step.1, step.2);
        let look = || {
            let store = open(crashed.path());
            let keys = keyring().anchor_keys();
            verify(&store.audit_folder(), &keys, Some(&store), &[]).unwrap().findings
        };
        assert_eq!(look(), [], "{step:?}, before a start");
        let file = files(crashed.path()).remove(0);
        // Starts that move nothing write nothing.
        let mut stand = Stand::on(crashed, 1);
        let length = fs::metadata(&file).unwrap().len();
        for _ in 0..2 {
            stand = stand.reopened(1);
            assert_eq!(fs::metadata(&file).unwrap().len(), length, "{step:?}");
        }
        stand.append(1, 1);
        stand.move_all(1);
        if step.1 {
            assert!(fs::read(&file).unwrap() == self.ended, "{step:?}: it is written on");
        }
        assert_eq!(stand.numbers(), [1, 2, 3, 4, 5, 6], "{step:?}");
        assert_eq!(verified(&stand), "", "{step:?}");
        let stand = stand.reopened(2);
        stand.append(2, 1);
        stand.move_all(2);
        assert_eq!(stand.numbers(), [1, 2, 3, 4, 5, 6, 7], "{step:?}");
        assert_eq!(verified(&stand), "", "{step:?}");
    }
}

#[test]
fn a_crash_at_any_step_from_one_day_s_file_to_the_next_leaves_a_whole_log() {
    let change = change_of_day();
    for step in change.steps() {
        change.check(step);
    }
}

#[test]
fn a_crash_between_two_parts_of_a_day_leaves_a_whole_log() {
    let change = change_of_part();
    let begun = LINE + entries(&change.next)[0].len();
    for next in [None, Some(begun)] {
        change.check((change.ended.len(), true, next));
    }
}

#[test]
fn a_file_without_a_row_ends_like_any_other_and_the_next_begins_with_the_same_row() {
    let stand = Stand::new();
    stand.move_all(0);
    assert_eq!(super::names(stand.path()), ["2026-11-21.log"], "also before the first row");
    for today in [2, 3] {
        stand.append(today, 2);
        stand.move_all(today);
        assert_eq!(verified(&stand), "");
    }
    let stand = stand.reopened(3);
    assert_eq!(stand.numbers(), [1, 2, 3, 4]);
    assert_eq!(files(stand.path()).len(), 3);
    let keep = std::time::Duration::ZERO;
    // The file without a row goes with the one that begins as it does.
    assert_eq!(stand.trim(3, keep), 2);
    assert_eq!(stand.trim(3, keep), 0);
    assert_eq!(stand.numbers(), [3, 4]);
    assert_eq!((verified(&stand).as_str(), files(stand.path()).len()), ("", 1));
}

/// Earlier releases have put one more whenever the next file could not be begun at once.
#[test]
fn anchors_that_end_a_file_more_than_once_are_no_change_but_false_ones_and_rows_behind_them_are() {
    const KEY: [u8; 32] = [7; 32];
    let keys = || AnchorKeys::of([("test", &KEY)]);
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let serve = |today: i64| {
        let log = AuditLog::open(store.clone(), keys(), day(today)).unwrap();
        store.write_blocking(Priority::Normal, move |write| append(write, &row(today, 1))).unwrap();
        while log.move_rows(day(today)).unwrap() {}
    };
    serve(0);
    serve(1);
    let [file, next] = <[PathBuf; 2]>::try_from(files(home.path())).unwrap();
    fs::remove_file(next).unwrap();
    let again = end_again(&fs::read(&file).unwrap(), &KEY);
    fs::write(&file, &again).unwrap();
    note_head(&store, 1, hash_of(entries(&again).last().unwrap()));
    let look = |database: Option<&Store>| {
        let found = verify(&store.audit_folder(), &keys(), database, &[]).unwrap().findings;
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(look(Some(&store)), "");
    serve(2);
    assert_eq!((look(Some(&store)), look(None)), (String::new(), String::new()));
    assert!(fs::read(&file).unwrap() == again);

    let mut false_ones = entries(&again);
    let last = false_ones.len() - 1;
    let mac = false_ones[last].len() - 40;
    false_ones[last][mac] ^= 1;
    fs::write(&file, rechained(&again, &false_ones, [0; 32]).0).unwrap();
    assert!(look(None).contains("the anchor behind this row is false"), "{}", look(None));
    let mut with_row = entries(&again);
    with_row.push(with_row.iter().find(|entry| entry[2] == 2).unwrap().clone());
    fs::write(&file, rechained(&again, &with_row, [0; 32]).0).unwrap();
    assert!(look(None).contains("something was added behind the end of the file"));
}

/// The file with one more genuine anchor at its end, like the last.
fn end_again(ended: &[u8], key: &[u8]) -> Vec<u8> {
    let mut all = entries(ended);
    let mut again = all.last().unwrap().clone();
    let mac = again.len() - 68..again.len() - 36;
    let statement = &again[3..mac.start];
    let signed = [b"esoz-otp audit anchor 1", &hash_of(&again)[..], statement].concat();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
    again[mac].copy_from_slice(ring::hmac::sign(&key, &signed).as_ref());
    all.push(again);
    rechained(ended, &all, [0; 32]).0
}
