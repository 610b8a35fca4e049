//! Codes, tokens and requests end at their microsecond.

use super::{Bench, MICROSECOND, SHIFTS, hours, refused, seconds, verified};
use crate::support::{MIS, SEED_REQUEST, TestNode, start_of_time};

#[test]
fn a_code_is_good_in_the_last_microsecond_of_its_300_seconds() {
    for shift in SHIFTS {
        let mut bench = Bench::start();
        let code = bench.send();
        bench.shift(shift, start_of_time() + seconds(300) - MICROSECOND);
        assert_eq!(bench.complete(&code), verified(), "{shift:?}");
    }
}

#[test]
fn a_code_is_expired_when_300_seconds_are_over() {
    for shift in SHIFTS {
        let mut bench = Bench::start();
        let code = bench.send();
        bench.shift(shift, start_of_time() + seconds(300));
        assert_eq!(bench.complete(&code), refused(403, "expired"), "{shift:?}");
        let message = bench.node().complete(crate::support::SEED_PHONE, &code);
        assert_eq!(message.message(), Some("Verification code expired"));
        assert_eq!(bench.node().compared(), 0, "it is not even looked at");
    }
}

#[test]
fn an_expired_code_does_not_approve() {
    let node = TestNode::start();
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(crate::support::SEED_PHONE);
    node.clock.push(seconds(300));
    let late = node.approve(&code);
    assert_eq!((late.status, late.reason()), (422, Some("expired")));
    assert_eq!(late.message(), Some("Verification code expired"));
}

#[test]
fn a_token_holds_until_its_expires_at_has_passed() {
    for shift in SHIFTS {
        let mut bench = Bench::start();
        let factor = |bench: &Bench| {
            let token = [("authorization", "Bearer demo-patient-token")];
            bench.node().call("GET", "/api/cabinet/authentication_factor", &token, "")
        };
        let expires_at = start_of_time() + hours(30 * 24);
        bench.shift(shift, expires_at);
        assert_eq!(factor(&bench).status, 200, "{shift:?}");
        bench.shift(shift, expires_at + MICROSECOND);
        let late = factor(&bench);
        assert_eq!((late.status, late.message()), (401, Some("Access denied")), "{shift:?}");
    }
}

#[test]
fn a_request_that_is_still_new_after_30_days_is_expired() {
    for shift in SHIFTS {
        let mut bench = Bench::start();
        let path = format!("/api/person_requests/{SEED_REQUEST}");
        // In the demo's world it is an hour old.
        let end = start_of_time() + hours(30 * 24 - 1);
        bench.shift(shift, end - MICROSECOND);
        assert_eq!(bench.node().call("GET", &path, &MIS, "").data()["status"], "NEW");
        assert_eq!(bench.node().resend().status, 200);
        let code = bench.node().code_for(crate::support::SEED_PHONE);

        bench.shift(shift, end);
        assert_eq!(bench.node().call("GET", &path, &MIS, "").data()["status"], "EXPIRED");
        for late in [bench.node().resend(), bench.node().approve(&code)] {
            assert_eq!((late.status, late.reason()), (409, None), "{shift:?}");
            assert_eq!(late.message(), Some("Invalid transition"));
        }
    }
}
