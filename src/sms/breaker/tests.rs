use super::*;

const TRIAL: Duration = Duration::from_mins(1);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn phone(number: u32) -> Phone {
    Phone::from_national(670_000_000 + number).unwrap()
}

/// A call that began then and failed.
fn fail_from(breaker: &mut Breaker, began: i64, number: u32, now: i64) -> Option<Turn> {
    let pass = Pass { began: at(began), is_trial: false };
    breaker.fail(pass, Failure::Other, phone(number), at(now))
}

fn hang(breaker: &mut Breaker, began: i64, number: u32, now: i64) -> Option<Turn> {
    let pass = Pass { began: at(began), is_trial: false };
    breaker.fail(pass, Failure::Hang, phone(number), at(now))
}

fn given_up_on() -> Breaker {
    let mut breaker = Breaker::new(TRIAL);
    for number in 1..5 {
        assert_eq!(fail_from(&mut breaker, 0, number, 0), None);
        assert_eq!(breaker.room(Try::Second, at(0)), Room::All);
    }
    assert_eq!(fail_from(&mut breaker, 0, 5, 0), Some(Turn::Down));
    breaker
}

fn given_up_on_for_hanging() -> Breaker {
    let mut breaker = Breaker::new(TRIAL);
    for number in 1..=5 {
        hang(&mut breaker, -10, number, 0);
    }
    breaker
}

fn admit(breaker: &mut Breaker, now: i64) -> Option<Pass> {
    breaker.admit(Try::First, true, at(now))
}

#[test]
fn failures_in_a_row_close_the_door_and_one_trial_opens_it() {
    let mut breaker = given_up_on();
    assert!(breaker.is_down(true, at(1)) && admit(&mut breaker, 1).is_none());
    for kind in [Try::First, Try::Second] {
        assert_eq!(breaker.room(kind, at(1)), Room::Nobody(at(2)));
        assert_eq!(breaker.room(kind, at(2)), Room::One);
    }
    assert!(admit(&mut breaker, 2).is_some());
    assert!(admit(&mut breaker, 2).is_none(), "one only");
    assert_eq!(breaker.succeed(at(3)), Some(Turn::Up));
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
    let trial = admit(&mut breaker, 20).unwrap();
    assert!(breaker.is_down(true, at(21)), "nor does a trial end it that runs");
    breaker.fail(trial, Failure::Other, phone(9), at(22));
    assert!(breaker.is_down(false, at(36)) && !breaker.is_down(false, at(37)));
}

#[test]
fn a_failed_trial_doubles_the_pause_up_to_the_longest_and_late_failures_don_t() {
    let mut breaker = given_up_on();
    fail_from(&mut breaker, 0, 6, 1);
    assert_eq!(breaker.room(Try::First, at(1)), Room::Nobody(at(2)));
    let mut now = at(2);
    for pause in [4, 8, 15, 15] {
        let trial = breaker.admit(Try::First, true, now).unwrap();
        fail_from(&mut breaker, 0, 7, 1);
        assert!(matches!(breaker.room(Try::First, now), Room::Nobody(_)), "the trial runs");
        breaker.fail(trial, Failure::Other, phone(8), now);
        let until = now + Duration::from_secs(pause);
        assert_eq!(breaker.room(Try::First, now), Room::Nobody(until));
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
    let mut breaker = Breaker::new(TRIAL);
    for number in 0..100 {
        fail_from(&mut breaker, 0, number, 0);
        breaker.succeed(at(0));
    }
    assert_eq!(breaker.room(Try::Second, at(0)), Room::All);
}

#[test]
fn one_number_that_fails_again_and_again_closes_no_door() {
    let mut breaker = Breaker::new(TRIAL);
    for second in 0..100 {
        assert_eq!(fail_from(&mut breaker, second, 1, second), None);
    }
    for number in 2..5 {
        assert_eq!(fail_from(&mut breaker, 100, number, 100), None);
    }
    assert_eq!(fail_from(&mut breaker, 100, 5, 100), Some(Turn::Down));
}

#[test]
fn a_driver_that_takes_others_meanwhile_is_not_given_up_on() {
    let mut breaker = Breaker::new(TRIAL);
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
    assert_eq!(hang(&mut breaker, 110, 5, 120), Some(Turn::Down));
}

#[test]
fn what_has_not_hung_yet_is_tried_while_others_hang_and_what_has_waits_for_the_trial() {
    let mut breaker = given_up_on_for_hanging();
    assert_eq!(breaker.room(Try::Second, at(1)), Room::Nobody(at(2)));
    assert_eq!(breaker.room(Try::First, at(1)), Room::All);
    assert!(!breaker.is_open_to_all(at(1)));
    for _ in 0..3 {
        let pass = breaker.admit(Try::First, true, at(1)).unwrap();
        assert!(!pass.is_trial);
        assert_eq!(breaker.fail(pass, Failure::Hang, phone(9), at(1)), None);
    }
    assert_eq!(breaker.room(Try::Second, at(1)), Room::Nobody(at(2)), "none was the trial");
    assert!(breaker.admit(Try::First, false, at(1)).is_none(), "while another driver is well");
    let trial = breaker.admit(Try::Second, true, at(2)).unwrap();
    assert!(trial.is_trial && breaker.admit(Try::Second, true, at(2)).is_none());
    assert!(breaker.admit(Try::First, true, at(2)).is_some(), "and meanwhile");
    assert_eq!(breaker.succeed(at(3)), Some(Turn::Up));
    assert!(breaker.is_open_to_all(at(3)));
}

#[test]
fn a_driver_that_fails_in_other_ways_too_is_closed_to_all() {
    let mut breaker = given_up_on_for_hanging();
    fail_from(&mut breaker, 0, 9, 1);
    assert_eq!(breaker.room(Try::First, at(1)), Room::Nobody(at(2)));
}

#[test]
fn a_rest_is_kept_and_is_no_failure() {
    let mut breaker = Breaker::new(TRIAL);
    breaker.rest(at(0), Duration::from_secs(30));
    breaker.rest(at(1), Duration::from_secs(5));
    assert_eq!(breaker.room(Try::First, at(29)), Room::Nobody(at(30)));
    assert!(!breaker.is_down(true, at(1)) && admit(&mut breaker, 30).is_some());
    let mut breaker = given_up_on();
    assert!(admit(&mut breaker, 2).is_some());
    breaker.rest(at(3), Duration::from_secs(10));
    let rooms = [12, 13].map(|second| breaker.room(Try::First, at(second)));
    assert_eq!(rooms, [Room::Nobody(at(13)), Room::One]);
    let mut breaker = given_up_on_for_hanging();
    breaker.rest(at(0), Duration::from_secs(10));
    assert_eq!(breaker.room(Try::First, at(1)), Room::Nobody(at(10)), "a rest is for all");
}
