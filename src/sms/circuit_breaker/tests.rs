use super::*;

const PROBE: Duration = Duration::from_mins(1);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn phone(number: u32) -> Phone {
    Phone::from_national(670_000_000 + number).unwrap()
}

/// A call that began then and failed.
fn fail_from(
    breaker: &mut CircuitBreaker,
    began: i64,
    number: u32,
    now: i64,
) -> Option<Transition> {
    let permit = CallPermit { began: at(began), is_probe: false };
    breaker.fail(permit, CallFailure::Other, phone(number), at(now))
}

fn hang(breaker: &mut CircuitBreaker, began: i64, number: u32, now: i64) -> Option<Transition> {
    let permit = CallPermit { began: at(began), is_probe: false };
    breaker.fail(permit, CallFailure::Hang, phone(number), at(now))
}

fn given_up_on() -> CircuitBreaker {
    let mut breaker = CircuitBreaker::new(PROBE);
    for number in 1..5 {
        assert_eq!(fail_from(&mut breaker, 0, number, 0), None);
        assert_eq!(breaker.admission(Try::Second, at(0)), Admission::Open);
    }
    assert_eq!(fail_from(&mut breaker, 0, 5, 0), Some(Transition::Down));
    breaker
}

fn given_up_on_for_hanging() -> CircuitBreaker {
    let mut breaker = CircuitBreaker::new(PROBE);
    for number in 1..=5 {
        hang(&mut breaker, -10, number, 0);
    }
    breaker
}

fn admit(breaker: &mut CircuitBreaker, now: i64) -> Option<CallPermit> {
    breaker.admit(Try::First, true, at(now))
}

#[test]
fn failures_in_a_row_close_the_door_and_one_trial_opens_it() {
    let mut breaker = given_up_on();
    assert!(breaker.is_down(true, at(1)) && admit(&mut breaker, 1).is_none());
    for kind in [Try::First, Try::Second] {
        assert_eq!(breaker.admission(kind, at(1)), Admission::Blocked(at(2)));
        assert_eq!(breaker.admission(kind, at(2)), Admission::Probe);
    }
    assert!(admit(&mut breaker, 2).is_some());
    assert!(admit(&mut breaker, 2).is_none(), "one only");
    assert_eq!(breaker.succeed(at(3)), Some(Transition::Up));
    assert_eq!(breaker.succeed(at(3)), None, "once");
    assert!(admit(&mut breaker, 3).is_some() && !breaker.is_down(true, at(3)));
}

#[test]
fn given_up_stays_so_while_messages_wait_and_ends_with_the_longest_pause_when_none_does() {
    let mut breaker = given_up_on();
    for second in [0, 2, 14, 15, 16, 1000] {
        assert!(breaker.is_down(true, at(second)));
        assert_eq!(breaker.is_down(false, at(second)), second < 15, "{second}");
    }
    let probe = admit(&mut breaker, 20).unwrap();
    assert!(breaker.is_down(true, at(21)), "nor does a probe end it that runs");
    breaker.fail(probe, CallFailure::Other, phone(9), at(22));
    assert!(breaker.is_down(false, at(36)) && !breaker.is_down(false, at(37)));
}

#[test]
fn a_failed_trial_doubles_the_pause_up_to_the_longest_and_late_failures_don_t() {
    let mut breaker = given_up_on();
    fail_from(&mut breaker, 0, 6, 1);
    assert_eq!(breaker.admission(Try::First, at(1)), Admission::Blocked(at(2)));
    let mut now = at(2);
    for pause in [4, 8, 15, 15] {
        let probe = breaker.admit(Try::First, true, now).unwrap();
        fail_from(&mut breaker, 0, 7, 1);
        assert!(
            matches!(breaker.admission(Try::First, now), Admission::Blocked(_)),
            "the probe runs"
        );
        breaker.fail(probe, CallFailure::Other, phone(8), now);
        let until = now + Duration::from_secs(pause);
        assert_eq!(breaker.admission(Try::First, now), Admission::Blocked(until));
        now = until;
    }
}

#[test]
fn a_trial_that_nobody_hears_of_again_is_not_the_last() {
    let mut breaker = given_up_on();
    assert!(admit(&mut breaker, 2).is_some() && admit(&mut breaker, 61).is_none());
    assert!(admit(&mut breaker, 62).is_some());
}

#[test]
fn failures_that_are_not_in_a_row_do_nothing() {
    let mut breaker = CircuitBreaker::new(PROBE);
    for number in 0..100 {
        fail_from(&mut breaker, 0, number, 0);
        breaker.succeed(at(0));
    }
    assert_eq!(breaker.admission(Try::Second, at(0)), Admission::Open);
}

#[test]
fn one_number_that_fails_again_and_again_closes_no_door() {
    let mut breaker = CircuitBreaker::new(PROBE);
    for second in 0..100 {
        assert_eq!(fail_from(&mut breaker, second, 1, second), None);
    }
    for number in 2..5 {
        assert_eq!(fail_from(&mut breaker, 100, number, 100), None);
    }
    assert_eq!(fail_from(&mut breaker, 100, 5, 100), Some(Transition::Down));
}

#[test]
fn a_driver_that_takes_others_meanwhile_is_not_given_up_on() {
    let mut breaker = CircuitBreaker::new(PROBE);
    for number in 0..100_i64 {
        // One that begins now and hangs for ten seconds, and one that is taken five seconds later.
        breaker.succeed(at(number + 5));
        let phone = u32::try_from(number).unwrap();
        assert_eq!(hang(&mut breaker, number, phone, number + 10), None);
    }
    // What was taken before they began says nothing.
    for number in 0..4 {
        assert_eq!(hang(&mut breaker, 110, number, 120), None);
    }
    assert_eq!(hang(&mut breaker, 110, 5, 120), Some(Transition::Down));
}

#[test]
fn what_has_not_hung_yet_is_tried_while_others_hang_and_what_has_waits_for_the_trial() {
    let mut breaker = given_up_on_for_hanging();
    assert_eq!(breaker.admission(Try::Second, at(1)), Admission::Blocked(at(2)));
    assert_eq!(breaker.admission(Try::First, at(1)), Admission::Open);
    assert!(!breaker.is_open_to_all(at(1)));
    for _ in 0..3 {
        let permit = breaker.admit(Try::First, true, at(1)).unwrap();
        assert!(!permit.is_probe);
        assert_eq!(breaker.fail(permit, CallFailure::Hang, phone(9), at(1)), None);
    }
    assert_eq!(
        breaker.admission(Try::Second, at(1)),
        Admission::Blocked(at(2)),
        "none was the probe"
    );
    assert!(breaker.admit(Try::First, false, at(1)).is_none(), "while another driver is well");
    let probe = breaker.admit(Try::Second, true, at(2)).unwrap();
    assert!(probe.is_probe && breaker.admit(Try::Second, true, at(2)).is_none());
    assert!(breaker.admit(Try::First, true, at(2)).is_some(), "and meanwhile");
    assert_eq!(breaker.succeed(at(3)), Some(Transition::Up));
    assert!(breaker.is_open_to_all(at(3)));
}

#[test]
fn a_driver_that_fails_in_other_ways_too_is_closed_to_all() {
    let mut breaker = given_up_on_for_hanging();
    fail_from(&mut breaker, 0, 9, 1);
    assert_eq!(breaker.admission(Try::First, at(1)), Admission::Blocked(at(2)));
}

#[test]
fn a_rest_is_kept_and_is_no_failure() {
    let mut breaker = CircuitBreaker::new(PROBE);
    breaker.rest(at(0), Duration::from_secs(30));
    breaker.rest(at(1), Duration::from_secs(5));
    assert_eq!(breaker.admission(Try::First, at(29)), Admission::Blocked(at(30)));
    assert!(!breaker.is_down(true, at(1)) && admit(&mut breaker, 30).is_some());
    let mut breaker = given_up_on();
    assert!(admit(&mut breaker, 2).is_some());
    breaker.rest(at(3), Duration::from_secs(10));
    let admissions = [12, 13].map(|second| breaker.admission(Try::First, at(second)));
    assert_eq!(admissions, [Admission::Blocked(at(13)), Admission::Probe]);
    let mut breaker = given_up_on_for_hanging();
    breaker.rest(at(0), Duration::from_secs(10));
    assert_eq!(
        breaker.admission(Try::First, at(1)),
        Admission::Blocked(at(10)),
        "a rest is for all"
    );
}
