//! A crash at any point loses no row and doubles none.
//!
//! Rows leave the database when their file is on the device. So what a crash leaves is the database as it was before a
//! move, and of what the move has written any part: a file may end anywhere, or be there with nothing in it, or end in
//! zeros that were never written.

use std::fs;
use std::path::{Path, PathBuf};

use esoz_otp::audit::AuditError;
use esoz_otp::domain::audit::AuditRow;

use super::super::open;
use super::{Stand, files, log_of, row, verified};
use crate::store::{Chance, is_long};
use crate::support::keyring;

/// What a move has written: files in order, and how long each was before.
struct Moved {
    files: Vec<(PathBuf, Vec<u8>, usize)>,
}

impl Moved {
    fn between(before: &Path, after: &Path) -> Self {
        let length = |name: &Path| {
            fs::metadata(before.join("audit").join(name)).map_or(0, |found| found.len())
        };
        let of = |path: PathBuf| {
            let name = PathBuf::from(path.file_name().unwrap());
            let before = usize::try_from(length(&name)).unwrap();
            (name, fs::read(path).unwrap(), before)
        };
        Self { files: files(after).into_iter().map(of).collect() }
    }

    /// How many bytes it has written.
    fn bytes(&self) -> usize {
        self.files.iter().map(|(_, bytes, before)| bytes.len() - before).sum()
    }

    /// So much of it, and behind that, in the file that was being written, so many zeros: but no more than were to be
    /// written, and behind the beginning of a new file only when that is there.
    fn apply(&self, home: &Path, most: usize, zeros: usize) {
        fs::create_dir_all(home.join("audit")).unwrap();
        let mut left = most;
        for (name, bytes, before) in &self.files {
            let written = left.min(bytes.len() - before);
            let mut text = bytes[..before + written].to_vec();
            let beginning = super::LINE + super::entries(bytes)[0].len();
            let most = if text.len() < beginning { beginning } else { bytes.len() };
            text.resize((text.len() + zeros).min(most), 0);
            fs::write(home.join("audit").join(name), text).unwrap();
            left -= written;
            if before + written < bytes.len() {
                return;
            }
        }
    }
}

pub(super) fn copy_of(home: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for folder in ["store", "audit"] {
        let from = home.join(folder);
        if from.exists() {
            let mut copy_folder = std::process::Command::new("cp");
            let copied = copy_folder.arg("-a").arg(from).arg(copy.path()).status();
            assert!(copied.unwrap().success());
        }
    }
    copy
}

/// Appends, moves, anchors and starts again at random, on days that go on.
fn history(
    stand: Stand,
    chance: &mut Chance,
    expected: &mut Vec<AuditRow>,
    today: &mut i64,
) -> Stand {
    let mut stand = stand;
    for _ in 0..=chance.below(4) {
        match chance.below(5) {
            0 => stand = stand.reopened(*today),
            1 => *today += i64::try_from(chance.below(3)).unwrap(),
            2 => drop(stand.log.move_rows(super::day(*today)).unwrap()),
            _ => append(&stand, chance, expected, *today),
        }
    }
    stand
}

fn append(stand: &Stand, chance: &mut Chance, expected: &mut Vec<AuditRow>, today: i64) {
    let count = u128::from(chance.below(6));
    stand.append(today, count);
    expected.extend((0..count).map(|who| row(today, who)));
}

fn check(stand: &Stand, expected: &[AuditRow], why: &str) {
    let rows = stand.rows();
    assert!(rows.iter().zip(1..).all(|((number, _), due)| *number == due), "{why}: {rows:?}");
    let rows: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
    assert_eq!(rows, expected, "{why}");
}

#[test]
fn whatever_part_of_a_move_is_there_no_row_is_lost_and_none_is_there_twice() {
    let (histories, cuts) = if is_long() { (60, 40) } else { (8, 8) };
    let mut chance = Chance::new();
    let seed = chance.seed();
    for _ in 0..histories {
        let (mut expected, mut today) = (Vec::new(), 0);
        let stand = history(Stand::new(), &mut chance, &mut expected, &mut today);
        append(&stand, &mut chance, &mut expected, today);
        let home = stand.close();
        let before = copy_of(home.path());
        today += i64::try_from(chance.below(2)).unwrap();
        let stand = Stand::on(home, today);
        stand.move_all(today);
        check(&stand, &expected, "moved");
        let after = stand.close();
        let moved = Moved::between(before.path(), after.path());
        for cut in 0..cuts {
            // Nothing of it, all of it, and something between.
            let most = match cut {
                0 => 0,
                1 => moved.bytes(),
                _ => usize::try_from(chance.below(moved.bytes() as u64 + 1)).unwrap(),
            };
            let zeros = usize::try_from(chance.below(2) * chance.below(300)).unwrap();
            let why = format!("ESOZ_OTP_SEED={seed}, {most} of {} bytes", moved.bytes());
            let crashed = copy_of(before.path());
            moved.apply(crashed.path(), most, zeros);
            let stand = Stand::on(crashed, today);
            check(&stand, &expected, &why);
            assert_eq!(verified(&stand), "", "{why}");
            stand.move_all(today);
            check(&stand, &expected, &why);
            let stand = stand.reopened(today + 1);
            stand.append(today + 1, 1);
            stand.move_all(today + 1);
            let more = [&expected[..], &[row(today + 1, 0)]].concat();
            check(&stand, &more, &why);
            assert_eq!(verified(&stand), "", "{why}");
        }
    }
}

#[test]
fn rows_that_the_database_does_not_know_are_cut_off_by_nobody() {
    let stand = Stand::new();
    stand.append(0, 3);
    stand.move_all(0);
    let home = stand.close();
    let before = copy_of(home.path());
    let stand = Stand::on(home, 0);
    stand.append(0, 4);
    stand.move_all(0);
    let after = stand.close();
    // The database of a backup, and the files of today.
    fs::remove_dir_all(before.path().join("audit")).unwrap();
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .args([after.path().join("audit"), before.path().to_owned()])
        .status();
    assert!(copied.unwrap().success());
    let files_before = fs::read(&files(before.path())[0]).unwrap();
    let store = open(before.path());
    let refused = esoz_otp::audit::AuditLog::open(store, keyring().anchor_keys(), super::day(0));
    let error = refused.err().unwrap();
    assert!(matches!(&error, AuditError::NotKnown { number: 4, .. }), "{error}");
    assert!(error.to_string().contains("audit/2026-11-21.log holds row 4"), "{error}");
    assert_eq!(fs::read(&files(before.path())[0]).unwrap(), files_before);
}

#[test]
fn a_file_that_lost_its_end_is_not_written_on_and_rows_go_on_in_another() {
    let stand = Stand::new();
    stand.append(0, 5);
    stand.move_all(0);
    let home = stand.close();
    let file = files(home.path())[0].clone();
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 300]).unwrap();
    let stand = Stand::on(home, 0);
    stand.append(0, 2);
    stand.move_all(0);
    assert_eq!(super::names(stand.path()), ["2026-11-21.log", "2026-11-21.2.log"]);
    assert_eq!(stand.log.page(5, 10).unwrap().len(), 2);
    assert!(stand.log.page(0, 10).is_err(), "what is missing is not passed over");
    assert_eq!(fs::read(&file).unwrap().len(), bytes.len() - 300, "evidence is left as it is");
    assert!(verified(&stand).contains("audit/2026-11-21.log"), "{}", verified(&stand));
    let log = log_of(&stand.store, &keyring(), 0);
    assert_eq!(log.page(5, 10).unwrap().len(), 2);
}
