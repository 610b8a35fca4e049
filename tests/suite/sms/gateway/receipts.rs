use std::time::Duration;

use esoz_otp::config::{GatewayConfig, JsonPointer, ReceiptsBy};
use esoz_otp::domain::{DeliveryError, DeliveryReport, Receipt, Secret, VendorStatus};
use esoz_otp::sms::{GatewaySecrets, ReceiptBatch, SmsDriver};
use serde_json::json;

use super::{PATIENCE, Stand, driver, driver_with, parsed, secrets, settings_of};
use crate::api::deliveries::{delivery_once, id_of};
use crate::support::gateway::{Behaviour, Receipts, StubGateway, When};
use crate::support::{TestNode, logged, quick};

const CALLED_WITH: &str = "3f7a9c1e5b2d8046aa";

fn undelivered() -> DeliveryReport {
    DeliveryReport::Undelivered(DeliveryError::Undelivered(VendorStatus::of("Undelivered")))
}

/// A driver whose gateway calls.
fn called(stub: &StubGateway, change: impl FnOnce(&mut GatewayConfig)) -> impl SmsDriver {
    let mut config = settings_of(stub);
    config.receipts.by = ReceiptsBy::Callback;
    change(&mut config);
    let receipt_secret = Some(Secret::new(CALLED_WITH.into()));
    driver_with(&config, GatewaySecrets { receipt_secret, ..secrets() }, PATIENCE).unwrap()
}

#[test]
fn a_gateway_that_is_asked_says_what_became_of_a_message() {
    let stub = StubGateway::start();
    let stand = Stand::of(&settings_of(&stub));
    assert!(stand.driver.is_asked());
    let id = stand.send().unwrap().gateway_id.unwrap();
    let ask = |id: &str| stand.runtime.block_on(stand.driver.ask(id));
    for (when, report) in [
        (When::Never, DeliveryReport::Underway),
        (When::After, DeliveryReport::Delivered),
        (When::Undelivered, undelivered()),
    ] {
        stub.send_receipts(Receipts { when, ..Receipts::default() });
        assert_eq!(ask(&id), Ok(report), "{when:?}");
    }
    assert_eq!(ask("nobody's"), Ok(DeliveryReport::Underway));
    assert_eq!(stub.connections(), 1, "it is asked over the connection that messages go over");
    stub.down();
    assert_eq!(ask(&id), Err(DeliveryError::ConnectionRefused));
}

#[test]
fn a_gateway_that_answers_a_question_badly_has_said_nothing() {
    let stub = StubGateway::start();
    let mut config = settings_of(&stub);
    // Where it behaves as it is told.
    config.receipts.url = Some(parsed(&stub.url()));
    let stand = Stand::with(&config, secrets(), Duration::from_secs(2));
    for (behaviour, expected) in [
        (Behaviour::status(500), Err(DeliveryError::Status(500))),
        (Behaviour::too_many(Some("7")), Err(DeliveryError::TooMany)),
        (Behaviour::redirect("http://127.0.0.1/"), Err(DeliveryError::Redirected(307))),
        (Behaviour::rubbish(), Err(DeliveryError::Unintelligible)),
        (Behaviour::Garbage, Err(DeliveryError::Unintelligible)),
        (Behaviour::TakeAndStutter, Err(DeliveryError::CutOff)),
        (Behaviour::Hang, Err(DeliveryError::TimedOut)),
        (Behaviour::json(200, &json!({"response_result": null})), Ok(DeliveryReport::Underway)),
        (Behaviour::json(200, &json!({"response_result": []})), Ok(DeliveryReport::Underway)),
        (Behaviour::json(200, &json!([])), Ok(DeliveryReport::Underway)),
    ] {
        stub.next([behaviour.clone()]);
        let said = stand.runtime.block_on(stand.driver.ask("a"));
        assert_eq!(said, expected, "{behaviour:?}");
    }
}

#[test]
fn a_gateway_s_call_is_read_whether_it_brings_one_receipt_or_many() {
    let stub = StubGateway::start();
    let receipt = |id: &str, report| Receipt { gateway_id: id.into(), report };
    let list = called(&stub, |_| ());
    let body = json!({"response_result": [
        {"message_id": "a", "status": "Delivered"},
        {"message_id": 17, "status": "Undelivered"},
        {"message_id": "c", "status": "Queued"},
        {"message_id": "d"},
        {"status": "Delivered"},
        {"message_id": "e f", "status": "Delivered"},
        null,
        "x",
    ]});
    let expected = [
        receipt("a", DeliveryReport::Delivered),
        receipt("17", undelivered()),
        receipt("c", DeliveryReport::Underway),
    ];
    assert_eq!(
        list.receipts(&body),
        ReceiptBatch { receipts: expected.into(), unreadable: 5, unlisted: 1 }
    );
    let one = json!({"response_result": {"message_id": "a", "status": "Delivered"}});
    assert_eq!(list.receipts(&one).receipts, [receipt("a", DeliveryReport::Delivered)]);

    let single = called(&stub, |config| config.receipts.list_at = JsonPointer::default());
    let body = json!({"message_id": "a", "status": "Delivered"});
    assert_eq!(single.receipts(&body).receipts, [receipt("a", DeliveryReport::Delivered)]);
    assert_eq!(single.receipts(&json!([body])).receipts, [receipt("a", DeliveryReport::Delivered)]);
    for nothing in [json!(null), json!([]), json!({}), json!("x"), json!({"response_result": 1})] {
        let unreadable = usize::from(nothing != json!([]));
        let none = ReceiptBatch { unreadable, ..ReceiptBatch::default() };
        assert_eq!(single.receipts(&nothing), none, "{nothing}");
        assert_eq!(list.receipts(&nothing), ReceiptBatch { unreadable: 1, ..none }, "{nothing}");
    }
}

#[test]
fn a_verdict_in_no_list_is_counted_each_time_and_stands_in_the_log_once() {
    let stub = StubGateway::start();
    let list = called(&stub, |config| config.receipts.underway = vec!["Queued".into()]);
    let receipts = |words: &[&str]| {
        let receipt = |word: &&str| json!({"message_id": "a", "status": word});
        json!({"response_result": words.iter().map(receipt).collect::<Vec<_>>()})
    };
    let log = logged(|| {
        let said = list.receipts(&receipts(&["Queued", "Delivered", "Undelivered"]));
        assert_eq!((said.receipts.len(), said.unlisted), (3, 0));
        for _ in 0..3 {
            let said = list.receipts(&receipts(&["Delivrd", "code 482057 for +380958697084", "x"]));
            assert_eq!((said.receipts.len(), said.unlisted, said.unreadable), (3, 3, 0));
            assert!(said.receipts.iter().all(|receipt| receipt.report == DeliveryReport::Underway));
        }
    });
    for word in ["Delivrd", "(a word that is not shown)", "x"] {
        let line = format!(
            "a receipt has a verdict that is in no list; the same word is not logged again driver=\"backup\" \
             word=\"{word}\""
        );
        assert_eq!(log.matches(&line).count(), 1, "{log}");
    }
    assert!(!log.contains("482057") && !log.contains("958697084"), "{log}");

    let many: Vec<_> = (0..500).map(|number| format!("word {number}")).collect();
    let log = logged(|| {
        for word in &many {
            list.receipts(&receipts(&[word]));
        }
    });
    assert!(log.lines().count() < 40, "{log}");
    assert!(log.contains("further words of this driver are not logged"), "{log}");
}

#[test]
fn the_caller_is_told_how_many_verdicts_are_in_no_list() {
    let stub = StubGateway::start();
    let taken = json!({"response_result": [{"message_id": "a", "response_status": "OK"}]});
    stub.next([Behaviour::json(200, &taken)]);
    let node = TestNode::with_driver(quick(), called(&stub, |_| ()));
    let id = id_of(&node.resend());
    delivery_once(&node, &id, "sent");
    let path = format!("/receipts/backup/{CALLED_WITH}");
    for (word, unlisted) in [("DELIVRD", 1), ("DELIVRD", 1), ("Delivered", 0)] {
        let body = json!({"response_result": {"message_id": "a", "status": word}}).to_string();
        let reply = node.call("POST", &path, &[], &body);
        let counted = json!({"known": 1, "unknown": 0, "unreadable": 0, "unlisted": unlisted});
        assert_eq!((reply.status, reply.data()), (200, &counted));
        let status = if unlisted == 1 { "sent" } else { "delivered" };
        delivery_once(&node, &id, status);
    }
}

#[test]
fn a_gateway_s_word_for_a_message_that_is_in_no_list_stands_in_the_log_once() {
    let stub = StubGateway::start();
    let stand = Stand::of(&settings_of(&stub));
    let said = json!({"response_status": "FATAL_ERROR", "response_result": null});
    stub.next([Behaviour::json(200, &said), Behaviour::json(200, &said)]);
    let log = logged(|| {
        for _ in 0..2 {
            assert!(stand.send().is_err());
        }
    });
    assert_eq!(log.matches("an answer has a verdict that is in no list").count(), 1, "{log}");
    assert!(log.contains("word=\"FATAL_ERROR\""), "{log}");
}

#[test]
fn only_a_call_with_the_right_secret_is_the_gateway_s() {
    let stub = StubGateway::start();
    let list = called(&stub, |_| ());
    assert!(list.is_called_with(CALLED_WITH));
    for wrong in
        ["", "3f7a9c1e5b2d8046a", "3f7a9c1e5b2d8046aaa", "3F7A9C1E5B2D8046AA", super::TOKEN]
    {
        assert!(!list.is_called_with(wrong), "{wrong}");
    }
    assert!(!list.is_asked());
    let asked = driver(&settings_of(&stub)).unwrap();
    assert!(!asked.is_called_with(CALLED_WITH) && !asked.is_called_with(""));
    let body = json!({"response_result": [{"message_id": "a", "status": "Delivered"}]});
    assert_eq!(
        asked.receipts(&body),
        ReceiptBatch::default(),
        "who is asked is not believed when somebody calls"
    );
}

/// The gateway calls another stub, which remembers.
#[test]
fn the_stub_calls_before_its_answer_after_it_twice_and_never() {
    let (stub, listening) = (StubGateway::start(), StubGateway::start());
    let stand = Stand::of(&settings_of(&stub));
    let mut calls = 0;
    for (when, times, word) in [
        (When::BeforeAnswer, 1, "Delivered"),
        (When::After, 1, "Delivered"),
        (When::Twice, 2, "Delivered"),
        (When::Never, 0, ""),
        (When::Undelivered, 1, "Undelivered"),
    ] {
        let delay = Duration::ZERO;
        stub.send_receipts(Receipts { url: listening.url(), when, delay });
        let id = stand.send().unwrap().gateway_id.unwrap();
        if when == When::BeforeAnswer {
            assert_eq!(listening.count(), 1, "it was called before it had its answer");
        }
        calls += times;
        let told = listening.wait_for(calls);
        for call in &told[calls - times..] {
            assert_eq!(call.body, json!({"message_id": id, "status": word}), "{when:?}");
        }
    }
    assert_eq!(listening.count(), 5);
}
