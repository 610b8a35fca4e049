//! Rows are read from files and from the database as from one list.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{Stand, day, files, row};
use crate::store::Chance;

/// Rows on some days, the last of which have not moved.
fn some_days(days: i64) -> Stand {
    let stand = Stand::new();
    for at in 0..days {
        stand.append(at, 100);
        stand.append(at, 77);
        stand.move_all(at);
    }
    stand.append(days, 50);
    stand
}

#[test]
fn every_page_is_what_a_list_of_all_would_have_there() {
    let stand = some_days(6);
    let all = stand.rows();
    assert_eq!(all.len(), 6 * 177 + 50);
    let mut chance = Chance::new();
    for _ in 0..400 {
        let after = chance.below(all.len() as u64 + 10);
        let most = usize::try_from(1 + chance.below(300)).unwrap();
        let expected: Vec<_> =
            all.iter().filter(|(number, _)| *number > after).take(most).cloned().collect();
        let seed = chance.seed();
        let page = stand.log.page(after, most).unwrap();
        assert_eq!(page, expected, "after {after}, {most}, ESOZ_OTP_SEED={seed}");
    }
    assert_eq!(stand.log.page(u64::MAX, 10).unwrap(), []);
    // The same when nothing is known yet of where rows are.
    let stand = stand.reopened(6);
    for after in [1100, 500, 501, 3, 0, 177, 176] {
        let expected: Vec<_> = all.iter().filter(|it| it.0 > after).take(9).cloned().collect();
        assert_eq!(stand.log.page(after, 9).unwrap(), expected);
    }
}

/// A page that is asked for again, or is near another, is found without reading what stands before it: as nothing else is
/// read, nothing else is noticed to be gone.
#[test]
fn a_page_reads_no_other_files_and_not_all_of_its_own() {
    let stand = some_days(3);
    stand.log.page(177 + 170, 5).unwrap();
    let (first, second) = (files(stand.path())[0].clone(), files(stand.path())[1].clone());
    std::fs::write(first, "nothing of it").unwrap();
    let mut bytes = std::fs::read(&second).unwrap();
    for byte in &mut bytes[100..2000] {
        *byte = 0;
    }
    std::fs::write(second, bytes).unwrap();
    assert_eq!(stand.log.page(177 + 170, 5).unwrap()[0], (177 + 171, row(1, 70)));
    assert!(stand.log.page(177, 5).is_err());
}

#[test]
fn a_reader_beside_the_mover_sees_no_gap_and_nothing_twice() {
    let stand = Stand::new();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..150 {
                stand.append(round / 50, 1 + u128::try_from(round % 5).unwrap());
                stand.log.move_rows(day(round / 50)).unwrap();
            }
            done.store(true, Ordering::SeqCst);
        });
        let mut seen = 0;
        while !done.load(Ordering::SeqCst) {
            let rows = stand.rows();
            assert!(rows.len() >= seen, "rows that were there have gone");
            assert!(rows.iter().zip(1..).all(|((number, _), due)| *number == due), "{rows:?}");
            seen = rows.len();
        }
    });
    assert_eq!(stand.rows().len(), 150 / 5 * (1 + 2 + 3 + 4 + 5));
}
