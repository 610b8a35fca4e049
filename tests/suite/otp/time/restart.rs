//! A restart forgives nothing and breaks nothing.

use super::{Bench, refused, seconds, verified};
use crate::support::{MIS, SEED_PHONE, SEED_REQUEST, other_than};

#[test]
fn the_ladder_of_pauses_goes_on_after_a_restart() {
    let mut bench = Bench::start();
    for (pause, limit, next_attempt_at) in [
        (0, "send_pause", "2026-11-21T12:01:00.000000Z"),
        (60, "send_pause", "2026-11-21T12:03:00.000000Z"),
        (120, "send_pause", "2026-11-21T12:08:00.000000Z"),
        (300, "send_pause", "2026-11-21T12:23:00.000000Z"),
        (900, "sends_per_hour", "2026-11-21T13:00:00.000000Z"),
        (2220, "sends_per_day", "2026-11-22T12:00:00.000000Z"),
    ] {
        bench.node().clock.push(seconds(pause));
        bench.send();
        bench.restart();
        let early = bench.node().initialize(SEED_PHONE);
        assert_eq!((early.status, early.reason()), (429, Some(limit)));
        assert_eq!(early.error()["next_attempt_at"], next_attempt_at);
        let wait = early.message().unwrap();
        let said = "Sending SMS timeout. Try later. Next attempt will be available at";
        assert_eq!(wait, format!("{said} {next_attempt_at}"));
    }
}

#[test]
fn attempts_stay_spent_after_a_restart() {
    let mut bench = Bench::start();
    let code = bench.send();
    let wrong = other_than(&code);
    for _ in 0..3 {
        assert_eq!(bench.complete(&wrong), refused(403, "wrong_code"));
        bench.restart();
    }
    assert_eq!(bench.complete(&code), refused(403, "attempts_exhausted"));
}

#[test]
fn guesses_stay_spent_after_a_restart_for_a_right_code_too() {
    let mut bench = Bench::start();
    bench.spend_all_guesses();
    bench.restart();
    assert_eq!(bench.complete("000000"), refused(429, "too_many_guesses"));
    bench.node().clock.push(seconds(900));
    let code = bench.send();
    bench.restart();
    assert_eq!(bench.complete(&code), refused(429, "too_many_guesses"));
}

#[test]
fn a_code_that_was_sent_before_a_restart_is_good_after_it_and_only_once() {
    let mut bench = Bench::start();
    assert_eq!(bench.node().resend().status, 200);
    let code = bench.node().code_for(SEED_PHONE);
    bench.restart();
    let approved = bench.node().approve(&code);
    assert_eq!((approved.status, &approved.data()["status"]), (200, &"APPROVED".into()));

    bench.restart();
    let path = format!("/api/person_requests/{SEED_REQUEST}");
    assert_eq!(bench.node().call("GET", &path, &MIS, "").data()["status"], "APPROVED");
    let again = bench.node().approve(&code);
    assert_eq!((again.status, again.reason()), (409, Some("already_used")));
}

#[test]
fn a_used_and_a_canceled_code_stay_so_after_a_restart() {
    let mut bench = Bench::start();
    let canceled = bench.send();
    bench.node().clock.push(seconds(60));
    let used = bench.send();
    bench.restart();
    if canceled != used {
        assert_eq!(bench.complete(&canceled), refused(403, "wrong_code"));
    }
    assert_eq!(bench.complete(&used), verified());
    bench.restart();
    assert_eq!(bench.complete(&used), refused(403, "already_used"));
}
