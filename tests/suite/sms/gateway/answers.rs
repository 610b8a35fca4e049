use std::time::Duration;

use esoz_otp::domain::{DeliveryError, VendorStatus};
use esoz_otp::sms::{Accepted, SendError};
use serde_json::{Value, json};

use super::{PATIENCE, Stand, TEXT, TOKEN, driver, id, parsed, pointers, secrets, settings_of};
use crate::api::deliveries::{delivery_once, id_of};
use crate::support::gateway::{Answer, Behaviour, StubGateway};
use crate::support::{TestNode, quick};

fn word(word: &str) -> DeliveryError {
    DeliveryError::Verdict(VendorStatus::of(word))
}

fn not_now(word: &str) -> DeliveryError {
    DeliveryError::NotNow(VendorStatus::of(word))
}

fn not_taken(error: DeliveryError, rest: Option<u64>) -> SendError {
    SendError::NotAccepted { error, rest: rest.map(Duration::from_secs) }
}

fn before(word: &str) -> SendError {
    let error = DeliveryError::AlreadyAccepted(VendorStatus::of(word));
    SendError::AlreadyAccepted { error, gateway_id: None }
}

fn judged(request: &str) -> Value {
    json!({"response_code": 1, "response_status": request, "response_result": null})
}

#[test]
fn a_message_is_sent_as_the_settings_say_and_its_id_is_remembered() {
    let stub = StubGateway::start();
    let taken = Stand::of(&settings_of(&stub)).send().unwrap();
    let [took] = &stub.taken()[..] else { panic!("{:?}", stub.taken()) };
    assert_eq!(taken.gateway_id.as_ref(), Some(&took.gateway_id));
    let body = json!({
        "recipients": ["380958697084"],
        "sms": {"sender": "Clinic", "text": TEXT},
        "sequence_id": id(7).to_string(),
    });
    assert_eq!(took.body, body);
    assert_eq!(took.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert_eq!(took.header("content-type"), Some("application/json"));
    assert_eq!(took.header("host"), Some(stub.address().to_string().as_str()));
}

#[test]
fn numbers_are_written_as_the_gateway_wants_them() {
    use esoz_otp::config::NumberFormat::{Digits, National, Plus};
    let stub = StubGateway::start();
    for number in [Plus, Digits, National] {
        let config = esoz_otp::config::GatewayConfig { number, ..settings_of(&stub) };
        Stand::of(&config).send().unwrap();
    }
    let phones: Vec<_> = stub.taken().into_iter().map(|took| took.phone).collect();
    assert_eq!(phones, ["+380958697084", "380958697084", "0958697084"]);
}

/// Each answer, what the driver says to it, and how many messages the gateway has.
#[test]
fn every_answer_has_its_meaning() {
    let html = "<html>Bad Gateway</html>";
    let said = |status, body: &str| {
        Behaviour::Say(Answer { status, body: body.into(), ..Answer::default() })
    };
    let unclear = SendError::Ambiguous;
    for (behaviour, expected, taken) in [
        (Behaviour::status(400), not_taken(DeliveryError::Status(400), None), 0),
        (Behaviour::status(401), not_taken(DeliveryError::Status(401), None), 0),
        (Behaviour::status(500), not_taken(DeliveryError::Status(500), None), 0),
        (Behaviour::status(503), not_taken(DeliveryError::Status(503), None), 0),
        (
            Behaviour::status_with(503, "Retry-After", Some("7")),
            not_taken(DeliveryError::Status(503), Some(7)),
            0,
        ),
        (said(502, html), unclear(DeliveryError::Status(502)), 0),
        (said(504, html), unclear(DeliveryError::Status(504)), 0),
        (said(520, html), unclear(DeliveryError::Status(520)), 0),
        (said(524, html), unclear(DeliveryError::Status(524)), 0),
        (said(521, html), not_taken(DeliveryError::Status(521), None), 0),
        (Behaviour::too_many(None), not_taken(DeliveryError::TooMany, None), 0),
        (Behaviour::too_many(Some("3")), not_taken(DeliveryError::TooMany, Some(3)), 0),
        (Behaviour::too_many(Some("soon")), not_taken(DeliveryError::TooMany, None), 0),
        (
            Behaviour::too_many(Some("Sat, 21 Nov 2026 12:00:45 GMT")),
            not_taken(DeliveryError::TooMany, Some(45)),
            0,
        ),
        (
            Behaviour::too_many(Some("Mon, 21 Nov 2026 12:00:45 +0000")),
            not_taken(DeliveryError::TooMany, Some(45)),
            0,
        ),
        (Behaviour::too_many(Some("86400")), not_taken(DeliveryError::TooMany, Some(900)), 0),
        (Behaviour::duplicate(), before("NOT_ALLOWED_MESSAGE_DUPLICATE"), 0),
        (
            Behaviour::json(400, &judged("NOT_ALLOWED_MESSAGE_DUPLICATE")),
            before("NOT_ALLOWED_MESSAGE_DUPLICATE"),
            0,
        ),
        (Behaviour::status(409), before("status 409"), 0),
        (Behaviour::refused(), SendError::Refused(word("INVALID_PHONE")), 0),
        (
            Behaviour::json(400, &judged("INVALID_PHONE")),
            SendError::Refused(word("INVALID_PHONE")),
            0,
        ),
        (Behaviour::status(422), SendError::Refused(DeliveryError::Status(422)), 0),
        (Behaviour::no_money(), not_taken(not_now("REQUIRED_BALANCE"), None), 0),
        (
            Behaviour::json(402, &judged("REQUIRED_BALANCE")),
            not_taken(not_now("REQUIRED_BALANCE"), None),
            0,
        ),
        (Behaviour::json(200, &judged("FATAL_ERROR")), unclear(DeliveryError::Unintelligible), 0),
        (Behaviour::json(500, &judged("OK")), unclear(DeliveryError::Status(500)), 0),
        (Behaviour::json(200, &json!({"a": 1})), unclear(DeliveryError::Unintelligible), 0),
        (Behaviour::json(200, &Value::Null), unclear(DeliveryError::Unintelligible), 0),
        (Behaviour::status(200), unclear(DeliveryError::Unintelligible), 0),
        (Behaviour::rubbish(), unclear(DeliveryError::Unintelligible), 0),
        (said(200, &"9".repeat(70_000)), unclear(DeliveryError::Unintelligible), 0),
        (Behaviour::Garbage, unclear(DeliveryError::Unintelligible), 0),
        (Behaviour::Reset, unclear(DeliveryError::CutOff), 0),
        (Behaviour::TakeAndDrop, unclear(DeliveryError::CutOff), 1),
        (Behaviour::TakeAndStutter, unclear(DeliveryError::CutOff), 1),
    ] {
        let stub = StubGateway::start();
        let config = esoz_otp::config::GatewayConfig {
            refused_statuses: vec![422],
            taken_before: vec!["NOT_ALLOWED_MESSAGE_DUPLICATE".into()],
            taken_before_statuses: vec![409],
            ..settings_of(&stub)
        };
        let stand = Stand::of(&config);
        stub.next([behaviour.clone()]);
        assert_eq!(stand.send(), Err(expected), "{behaviour:?}");
        assert_eq!(stub.count(), taken, "{behaviour:?}");
        assert!(stand.send().is_ok(), "the next one goes, after {behaviour:?}");
        assert_eq!(stub.count(), taken + 1, "{behaviour:?}");
    }
}

#[test]
fn a_slow_gateway_is_waited_for_and_one_that_is_too_slow_may_have_taken_it() {
    let stub = StubGateway::start();
    let within =
        |seconds| Stand::with(&settings_of(&stub), secrets(), Duration::from_secs(seconds));
    let timed_out = || Err(SendError::Ambiguous(DeliveryError::TimedOut));
    for (behaviour, timeout, expected, taken) in [
        (Behaviour::Slow(Duration::from_millis(100)), 20, Ok(()), 1),
        // By then the time for connecting is over.
        (Behaviour::Slow(Duration::from_millis(5_200)), 20, Ok(()), 1),
        (Behaviour::Slow(Duration::from_mins(1)), 1, timed_out(), 1),
        (Behaviour::Hang, 1, timed_out(), 0),
    ] {
        let before = stub.count();
        stub.next([behaviour.clone()]);
        assert_eq!(within(timeout).send().map(drop), expected, "{behaviour:?}");
        assert_eq!(stub.count() - before, taken, "{behaviour:?}");
    }
}

#[test]
fn without_a_place_for_a_verdict_the_status_is_all() {
    let stub = StubGateway::start();
    let config = esoz_otp::config::GatewayConfig { verdict_at: Vec::new(), ..settings_of(&stub) };
    let stand = Stand::of(&config);
    stub.next([
        Behaviour::rubbish(),
        Behaviour::status(204),
        Behaviour::json(200, &judged("INVALID_PHONE")),
        Behaviour::status(500),
    ]);
    for _ in 0..3 {
        assert_eq!(stand.send(), Ok(Accepted { gateway_id: None }));
    }
    assert_eq!(stand.send(), Err(not_taken(DeliveryError::Status(500), None)));
}

#[test]
fn what_is_blank_or_null_is_no_verdict_and_the_next_place_counts() {
    let stub = StubGateway::start();
    let words = |words: &[&str]| words.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let config = esoz_otp::config::GatewayConfig {
        id_at: Some(parsed("/id")),
        verdict_at: pointers(&["/state", "/error"]),
        taken: words(&["ok"]),
        refused: words(&["bad"]),
        ..settings_of(&stub)
    };
    let stand = Stand::of(&config);
    for state in [json!(""), json!("  \t"), json!("\u{a0}"), Value::Null] {
        for (error, expected) in [
            (json!("bad"), Err(SendError::Refused(word("bad")))),
            (json!("ok"), Ok(Accepted { gateway_id: Some("7".into()) })),
            (json!(" "), Err(SendError::Ambiguous(DeliveryError::Unintelligible))),
            (Value::Null, Err(SendError::Ambiguous(DeliveryError::Unintelligible))),
        ] {
            let answer = json!({"state": state, "error": error, "id": 7});
            stub.next([Behaviour::json(200, &answer)]);
            assert_eq!(stand.send(), expected, "{answer}");
        }
    }
}

#[test]
fn verdicts_and_ids_may_be_numbers_and_bools() {
    let stub = StubGateway::start();
    let words = |it: &str| vec![it.to_owned()];
    let config = esoz_otp::config::GatewayConfig {
        id_at: Some(parsed("/id")),
        verdict_at: pointers(&["/ok"]),
        taken: vec!["true".into(), "0".into()],
        refused: words("305"),
        ..settings_of(&stub)
    };
    let stand = Stand::of(&config);
    let id = |id: &str| Ok(Accepted { gateway_id: Some(id.into()) });
    for (answer, expected) in [
        (json!({"ok": true, "id": 17}), id("17")),
        (json!({"ok": 0, "id": "a-17"}), id("a-17")),
        (json!({"ok": "0"}), Ok(Accepted::default())),
        (json!({"ok": 305}), Err(SendError::Refused(word("305")))),
        (json!({"ok": false}), Err(SendError::Ambiguous(DeliveryError::Unintelligible))),
        (json!({"ok": {}}), Err(SendError::Ambiguous(DeliveryError::Unintelligible))),
    ] {
        stub.next([Behaviour::json(200, &answer)]);
        assert_eq!(stand.send(), expected, "{answer}");
    }
}

#[test]
fn an_id_that_repeats_what_was_sent_is_none() {
    let stub = StubGateway::start();
    let stand = Stand::with(&settings_of(&stub), secrets(), PATIENCE);
    let long = "x".repeat(129);
    let told = format!("m-{TOKEN}");
    for id in ["380958697084", "m:0958697084:1", TEXT, &told, &long, "a b", "ї", ""] {
        let message = json!([{"message_id": id, "response_status": "OK"}]);
        stub.next([Behaviour::json(200, &json!({"response_result": message}))]);
        assert_eq!(stand.send(), Ok(Accepted { gateway_id: None }), "{id}");
    }
}

#[test]
fn an_id_may_share_numbers_with_the_text_but_for_the_code() {
    let stub = StubGateway::start();
    let mut config = quick();
    config.sms.template.approval = "eHealth 2026: {code}".into();
    config.sms.template.verification = "{code} is your code of 2026".into();
    let node = TestNode::with_driver(config, driver(&settings_of(&stub)).unwrap());
    let message = json!([{"message_id": "2026-11-30/1", "response_status": "OK"}]);
    stub.next([Behaviour::json(200, &json!({"response_result": message}))]);
    let id = id_of(&node.resend());
    assert_eq!(delivery_once(&node, &id, "sent")["gateway_id"], "2026-11-30/1");
    stub.next([Behaviour::json(200, &json!({"response_result": message}))]);
    let id = id_of(&node.initialize("+380671000041"));
    node.delivered();
    let seen = node.call("GET", &format!("/verifications/{id}/delivery"), &[], "");
    assert_eq!(seen.data()["gateway_id"], "2026-11-30/1", "in either text");
}
