//! Clocks that are set to another time, while a node runs and while it does not.

use super::{Bench, MICROSECOND, SHIFTS, hours, refused, seconds, verified};
use crate::support::{SEED_PHONE, start_of_time};

#[test]
fn after_a_step_of_two_hours_ahead_the_code_is_expired_and_the_pause_over() {
    for shift in SHIFTS {
        let mut bench = Bench::start();
        let code = bench.send();
        bench.shift(shift, start_of_time() + hours(2));
        assert_eq!(bench.complete(&code), refused(403, "expired"), "{shift:?}");
        let next = bench.send();
        assert_eq!(bench.complete(&next), verified(), "{shift:?}");
    }
}

#[test]
fn after_a_step_of_two_hours_back_the_code_is_expired_and_the_pause_ends_when_it_did() {
    for shift in SHIFTS {
        let mut bench = Bench::start();
        let code = bench.send();
        bench.shift(shift, start_of_time() - hours(2));
        assert_eq!(bench.complete(&code), refused(403, "expired"), "{shift:?}");
        assert_eq!(bench.node().compared(), 0);

        let early = bench.node().initialize(SEED_PHONE);
        assert_eq!((early.status, early.reason()), (429, Some("send_pause")));
        assert_eq!(early.error()["next_attempt_at"], "2026-11-21T12:01:00.000000Z", "{shift:?}");
        assert_eq!(early.header("retry-after"), Some("7260"), "longer, never shorter");

        bench.shift(shift, start_of_time() + seconds(60) - MICROSECOND);
        assert_eq!(bench.node().initialize(SEED_PHONE).status, 429, "{shift:?}");
        bench.shift(shift, start_of_time() + seconds(60));
        let next = bench.send();
        assert_eq!(bench.complete(&next), verified(), "{shift:?}");
    }
}

#[test]
fn a_correction_of_up_to_five_seconds_back_leaves_a_code_good() {
    for shift in SHIFTS {
        for (back, outcome) in [
            (seconds(4), verified()),
            (seconds(5), verified()),
            (seconds(5) + MICROSECOND, refused(403, "expired")),
        ] {
            let mut bench = Bench::start();
            let code = bench.send();
            bench.shift(shift, start_of_time() - back);
            let early = bench.node().initialize(SEED_PHONE);
            assert_eq!(early.error()["next_attempt_at"], "2026-11-21T12:01:00.000000Z");
            assert_eq!(bench.complete(&code), outcome, "{shift:?} {back:?}");
        }
    }
}

#[test]
fn the_hour_of_guesses_ends_when_it_did_whatever_the_clock_says_meanwhile() {
    for shift in SHIFTS {
        let mut bench = Bench::start();
        bench.spend_all_guesses();
        for step in [start_of_time() - hours(2), start_of_time(), bench.now()] {
            bench.shift(shift, step);
            let early = bench.node().complete(SEED_PHONE, "000000");
            assert_eq!((early.status, early.reason()), (429, Some("too_many_guesses")));
            assert_eq!(
                early.error()["next_attempt_at"],
                "2026-11-21T13:00:00.000000Z",
                "{shift:?}"
            );
        }
        bench.shift(shift, start_of_time() + hours(1) - MICROSECOND);
        let code = bench.send();
        assert_eq!(bench.complete(&code), refused(429, "too_many_guesses"), "{shift:?}");
        bench.shift(shift, start_of_time() + hours(1));
        assert_eq!(bench.complete(&code), verified(), "{shift:?}");
    }
}
