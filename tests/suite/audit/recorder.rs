//! Refusals are written behind, few rows for many, and none is lost in order.

use std::sync::Arc;

use esoz_otp::audit::{AuditLog, Recorder};
use esoz_otp::config::DialectName;
use esoz_otp::domain::Requester;
use esoz_otp::domain::audit::{AuditEvent, AuditRow};
use esoz_otp::store::Store;

use super::{all, at, kept, node, open, refused_at, shown, wait};
use crate::support::patience::wait_until;
use crate::support::{HeldWriter, TestNode, keyring, quick, start_of_time};

/// Different rows that are kept between two writes.
const MOST: u128 = 1024;

fn rows(store: &Store) -> Vec<AuditRow> {
    all(store).into_iter().map(|(_, row)| row).collect()
}

#[test]
fn equal_refusals_are_one_row_with_their_number_dated_as_the_first() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let recorder = Recorder::new(store.clone());
    for (seconds, who) in [(1, 7), (2, 8), (3, 7), (4, 7)] {
        recorder.note(refused_at(seconds, who));
    }
    assert_eq!(rows(&store), [], "nothing is written by noting");
    wait(recorder.flush()).unwrap();
    let three = AuditRow { times: 3, ..refused_at(1, 7) };
    assert_eq!(rows(&store), [three, refused_at(2, 8)]);
    recorder.note(refused_at(5, 7));
    wait(recorder.flush()).unwrap();
    assert_eq!(rows(&store)[2], refused_at(5, 7), "what is written is not counted on");
}

#[test]
fn of_too_many_different_ones_only_the_number_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let recorder = Recorder::new(store.clone());
    (0..MOST + 500).for_each(|who| recorder.note(refused_at(1, who)));
    // Of one that is kept there is still a count.
    recorder.note(refused_at(2, 0));
    wait(recorder.flush()).unwrap();
    let rows = rows(&store);
    assert_eq!(rows.len() as u128, MOST + 1);
    assert_eq!(rows[0], AuditRow { times: 2, ..refused_at(1, 0) });
    let beyond = AuditRow::new(at(1), AuditEvent::NotRecorded, Requester::default());
    assert_eq!(rows.last(), Some(&AuditRow { times: 500, ..beyond }));
    recorder.note(refused_at(3, MOST + 1));
    wait(recorder.flush()).unwrap();
    assert_eq!(all(&store).last().unwrap().1, refused_at(3, MOST + 1), "there is room again");
}

#[test]
fn what_could_not_be_written_is_written_later_in_its_order_and_once() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let recorder = Recorder::new(store.clone());
    (0..100).for_each(|who| recorder.note(refused_at(1, who)));
    let held = HeldWriter::hold(store.clone());
    let waiting = held.fill_the_queue();
    assert!(wait(recorder.flush()).is_err());
    (50..150).for_each(|who| recorder.note(refused_at(2, who)));
    assert!(wait(recorder.flush()).is_err());
    drop(waiting);
    drop(held);
    wait(recorder.flush()).unwrap();
    let expected: Vec<_> = (0..100)
        .map(|who| refused_at(1, who))
        .chain((50..150).map(|who| refused_at(2, who)))
        .collect();
    assert_eq!(rows(&store), expected);
}

#[test]
fn while_nothing_can_be_written_little_is_kept_and_the_rest_is_counted() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let recorder = Recorder::new(store.clone());
    let held = HeldWriter::hold(store.clone());
    let waiting = held.fill_the_queue();
    for tick in 0..5 {
        let first = tick * MOST;
        (first..first + MOST).for_each(|who| recorder.note(refused_at(1, who)));
        assert!(wait(recorder.flush()).is_err(), "{tick}");
    }
    drop(waiting);
    drop(held);
    wait(recorder.flush()).unwrap();
    let rows = rows(&store);
    assert_eq!(rows.len() as u128, 2 * MOST + 1);
    assert_eq!(u128::from(rows.last().unwrap().times), 3 * MOST);
}

#[test]
fn who_is_refused_from_ever_new_places_fills_no_disk() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let recorder = Recorder::new(store.clone());
    for second in 0..20 {
        let first = second * 1000;
        let at = i64::try_from(second).unwrap();
        (first..first + 1000).for_each(|who| recorder.note(refused_at(at, who)));
        wait(recorder.flush()).unwrap();
    }
    let counted: u32 = rows(&store).iter().map(|row| row.times).sum();
    assert_eq!(counted, 20_000, "each is counted");
    let own = rows(&store).iter().filter(|row| row.times == 1).count();
    assert!((10_000..10_010).contains(&own), "{own}");
}

#[test]
fn whoever_flushes_finds_what_another_is_still_writing() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let recorder = Arc::new(Recorder::new(store.clone()));
    for round in 1..=50_u32 {
        (0..100).for_each(|who| recorder.note(refused_at(round.into(), who)));
        let start = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    start.wait();
                    wait(recorder.flush()).unwrap();
                    assert_eq!(rows(&store).len(), round as usize * 100);
                });
            }
        });
    }
}

#[test]
fn a_node_writes_them_within_a_second_or_so_and_the_last_at_its_end() {
    let home = tempfile::tempdir().unwrap();
    let node = TestNode::on(home.path(), quick(), start_of_time(), true);
    let refused = || {
        let headers = [("authorization", "Bearer nobody's")];
        assert_eq!(node.call("POST", "/api/verifications", &headers, "{}").status, 401);
    };
    refused();
    wait_until("it is written", || !kept(&node).is_empty());
    refused();
    node.stop();
    let store = open(home.path());
    let log = AuditLog::open(store, keyring().anchor_keys(), start_of_time()).unwrap();
    let kept = log.page(0, 100).unwrap();
    assert_eq!(kept.iter().map(|(_, row)| row.times).sum::<u32>(), 2);
}

#[test]
fn hundreds_of_bad_tokens_are_few_rows() {
    let node = node(DialectName::Documented);
    let headers = [("authorization", "Bearer nobody's")];
    for _ in 0..500 {
        assert_eq!(node.call("POST", "/api/verifications", &headers, "{}").status, 401);
    }
    let rows = shown(&node);
    let times: u64 = rows.iter().map(|row| row["times"].as_u64().unwrap()).sum();
    assert_eq!(times, 500);
    assert!(rows.len() < 50, "{}", rows.len());
}
