//! Files that are taken away: while a node runs, and before it starts.

use std::fs;

use esoz_otp::audit::AuditError;

use super::{Stand, files, names, verified};
use crate::support::logged;

/// A log of two days, the second of which goes on.
fn two_days() -> Stand {
    let stand = Stand::new();
    for at in 0..2 {
        stand.append(at, 3);
        stand.move_all(at);
    }
    stand
}

/// The same after a start, and what that said.
fn started(stand: Stand) -> (Stand, String) {
    let home = stand.close();
    let mut started = None;
    let log = logged(|| started = Some(Stand::on(home, 1)));
    (started.unwrap(), log)
}

fn move_rows(stand: &Stand) -> Result<bool, AuditError> {
    stand.log.move_rows(super::day(1))
}

#[test]
fn rows_stay_in_the_database_while_their_file_is_away_and_move_when_it_is_back() {
    let stand = two_days();
    let (file, aside) = (files(stand.path()).remove(1), stand.path().join("aside"));
    fs::rename(&file, &aside).unwrap();
    stand.append(1, 2);
    for _ in 0..3 {
        let failed = move_rows(&stand).unwrap_err();
        assert!(failed.to_string().contains("start the node again"), "{failed}");
    }
    assert_eq!(stand.waiting(), 3, "two, and the last one that has moved");
    assert_eq!(names(stand.path()), ["2026-11-21.log"], "nothing is begun in its place");
    fs::rename(&aside, &file).unwrap();
    stand.move_all(1);
    assert_eq!(stand.numbers(), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!((verified(&stand).as_str(), stand.waiting()), ("", 1));
}

#[test]
fn an_older_copy_of_the_file_is_not_written_on() {
    let stand = two_days();
    let file = files(stand.path()).remove(1);
    let copy = fs::read(&file).unwrap();
    stand.append(1, 2);
    stand.move_all(1);
    fs::remove_file(&file).unwrap();
    fs::write(&file, &copy).unwrap();
    stand.append(1, 2);
    assert!(matches!(move_rows(&stand), Err(AuditError::Displaced { .. })));
    assert!(matches!(move_rows(&stand), Err(AuditError::Lost { number: 8, .. })));
    assert!(fs::read(&file).unwrap() == copy);
}

#[test]
fn a_whole_copy_of_the_file_is_as_good() {
    let stand = two_days();
    let file = files(stand.path()).remove(1);
    let copy = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    assert!(move_rows(&stand).is_err(), "noticed before there is anything to be written");
    stand.append(1, 2);
    assert!(move_rows(&stand).is_err());
    fs::write(&file, &copy).unwrap();
    stand.move_all(1);
    assert_eq!(stand.numbers(), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(verified(&stand), "");
}

#[test]
fn a_file_that_is_exchanged_cut_or_added_to_under_the_node_gets_no_rows() {
    for change in ["exchanged", "cut", "linked", "all"] {
        let stand = two_days();
        let file = files(stand.path()).remove(1);
        match change {
            "exchanged" => {
                fs::remove_file(&file).unwrap();
                fs::write(&file, "something else, as long as the old one or not").unwrap();
            }
            "cut" => {
                fs::File::options().write(true).open(&file).unwrap().set_len(200).unwrap();
            }
            "linked" => {
                fs::rename(&file, stand.path().join("aside")).unwrap();
                std::os::unix::fs::symlink(stand.path().join("aside"), &file).unwrap();
            }
            _ => fs::remove_dir_all(stand.path().join("audit")).unwrap(),
        }
        stand.append(1, 2);
        for _ in 0..2 {
            assert!(move_rows(&stand).is_err(), "{change}");
        }
        assert_eq!(stand.waiting(), 3, "{change}");
        // Nobody puts it back: the next start goes on without it, and what is lost is found.
        let stand = stand.reopened(1);
        stand.move_all(1);
        assert_eq!(stand.waiting(), 1, "{change}");
        assert_eq!(stand.log.page(6, 10).unwrap().len(), 2, "{change}");
        assert!(stand.log.page(0, 10).is_err(), "{change}");
        assert!(!stand.verify().findings.is_empty(), "{change}");
    }
}

#[test]
fn rows_that_are_missing_at_the_beginning_are_not_passed_over_and_told_of_at_the_start() {
    let stand = two_days();
    let file = files(stand.path()).remove(0);
    let aside = stand.path().join("aside");
    fs::rename(&file, &aside).unwrap();
    let (stand, log) = started(stand);
    assert!(log.contains("damaged: rows 1 to 3 are missing at its beginning"), "{log}");
    for after in 0..3 {
        let refused = stand.log.page(after, 10).unwrap_err();
        assert!(refused.to_string().contains("to 3 are missing"), "{refused}");
    }
    assert_eq!(stand.log.page(3, 10).unwrap().len(), 3);
    fs::rename(&aside, &file).unwrap();
    let stand = stand.reopened(1);
    assert_eq!(stand.numbers(), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_folder_that_is_gone_is_told_of_at_the_start_and_no_page_is_given_without_it() {
    let stand = two_days();
    stand.append(1, 1);
    fs::remove_dir_all(stand.path().join("audit")).unwrap();
    let (stand, log) = started(stand);
    assert!(log.contains("there is no file, and the database knows row 6"), "{log}");
    assert!(log.contains("rows 1 to 6 are missing at its beginning"), "{log}");
    assert!(stand.log.page(0, 10).is_err());
    assert!(stand.log.page(5, 10).is_err());
    assert_eq!(stand.log.page(6, 10).unwrap().len(), 1);
    stand.move_all(1);
    assert!(stand.log.page(5, 10).is_err());
    assert_eq!(stand.log.page(6, 10).unwrap().len(), 1);
}
