//! How long a caller has to wait for the next code.

use std::time::Duration;

use esoz_otp::domain::Timestamp;
use serde_json::json;

use super::{CLINIC, path};
use crate::support::{MIS, Reply, SEED_PHONE, SEED_REQUEST, TestNode, quick, start_of_time};

fn assert_waits(reply: &Reply, seconds: u64, until: Timestamp) {
    let until = until.rounded_up().to_string();
    let message =
        format!("Sending SMS timeout. Try later. Next attempt will be available at {until}");
    let expected = (429, "too_many_requests", Some(message.as_str()), Some("send_pause"));
    assert_eq!(reply.refusal(), expected);
    assert_eq!(reply.error()["next_attempt_at"], until);
    assert_eq!(reply.header("retry-after"), Some(seconds.to_string().as_str()));
}

#[test]
fn the_wait_grows_from_one_minute_to_fifteen_and_refused_calls_do_not_lengthen_it() {
    let node = TestNode::start();
    let mut sent_at = start_of_time();
    for pause in [60, 120, 300, 900] {
        assert_eq!(node.resend().status, 200, "before a pause of {pause}");
        node.code_for(SEED_PHONE);
        let until = sent_at + Duration::from_secs(pause);
        for waited in [0, 1, pause / 2, pause - 1] {
            node.clock.set(sent_at + Duration::from_secs(waited));
            assert_waits(&node.resend(), pause - waited, until);
        }
        node.clock.set(until - Duration::from_micros(1));
        assert_waits(&node.resend(), 1, until);
        assert_eq!(node.messages_waiting(), 0);
        node.clock.set(until);
        sent_at = until;
    }
    assert_eq!(node.resend().status, 200);
}

#[test]
fn the_first_wait_is_told_as_a_time_of_day() {
    let node = TestNode::start();
    assert_eq!(node.resend().status, 200);
    assert_eq!(node.resend().error()["next_attempt_at"], "2026-11-21T12:01:00.000000Z");
}

#[test]
fn a_right_code_starts_the_waits_again() {
    let node = TestNode::start();
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    node.code_for(SEED_PHONE);
    node.clock.push(Duration::from_mins(1));
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    let code = node.code_for(SEED_PHONE);
    assert_eq!(node.complete(SEED_PHONE, &code).status, 200);
    assert_eq!(node.resend().status, 200);
    let until = start_of_time() + Duration::from_mins(2);
    assert_waits(&node.resend(), 60, until);
}

#[test]
fn a_restart_forgives_nothing_and_loses_no_code() {
    let directory = tempfile::tempdir().unwrap();
    let node = TestNode::on(directory.path(), quick(), start_of_time(), true);
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE);
    node.stop();

    let later = start_of_time() + Duration::from_secs(18);
    let node = TestNode::on(directory.path(), quick(), later, false);
    assert_waits(&node.resend(), 42, start_of_time() + Duration::from_mins(1));
    assert_eq!(node.approve(&code).status, 200);
}

#[test]
fn every_way_of_sending_to_a_phone_counts_for_every_other() {
    let other = "e1000000-0000-4000-8000-000000000001";
    let method = json!({"type": "OTP", "phone_number": SEED_PHONE});
    let world = json!({"person_requests": [
        {"id": other, "client_id": CLINIC, "status": "NEW", "authentication_method": method}
    ]});
    let node = TestNode::with_more(&world);
    let body = json!({"phone_number": SEED_PHONE}).to_string();
    let (to_request, to_other) = (path(SEED_REQUEST), path(other));
    let ways = [
        (to_request.as_str(), ""),
        ("/verifications", body.as_str()),
        ("/api/verifications", body.as_str()),
        (to_other.as_str(), ""),
    ];
    let mut sent_at = start_of_time();
    for ((path, body), pause) in ways.into_iter().zip([60, 120, 300, 900]) {
        let sent = node.call("POST", path, &MIS, body);
        assert!([200, 201].contains(&sent.status), "{path} {:?}", sent.message());
        let until = sent_at + Duration::from_secs(pause);
        for (path, body) in ways {
            assert_waits(&node.call("POST", path, &MIS, body), pause, until);
        }
        node.clock.set(until);
        sent_at = until;
    }
}

#[test]
fn a_number_that_gets_no_codes_is_refused_every_time_and_spends_nothing() {
    let table = [("1", "+380800000001"), ("2", "+380900123456"), ("3", "+380029012345")];
    let id = |last: &str| format!("e1000000-0000-4000-8000-00000000000{last}");
    let requests = table.map(|(last, phone)| {
        let method = json!({"type": "OTP", "phone_number": phone});
        json!({"id": id(last), "client_id": CLINIC, "status": "NEW", "authentication_method": method})
    });
    let node = TestNode::with_more(&json!({"person_requests": requests}));
    for (last, phone) in table {
        for _ in 0..2 {
            let reply = node.resend_for(&id(last));
            assert_eq!(reply.status, 422, "{phone}");
            assert_eq!(reply.error()["type"], "validation_failed", "{phone}");
            assert_eq!(reply.error()["invalid"][0]["entry"], "$.phone_number", "{phone}");
        }
    }
    assert_eq!(node.messages_waiting(), 0);
}
