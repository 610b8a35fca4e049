use std::time::Duration;

use esoz_otp::config::{GatewayConfig, ReceiptsBy};
use esoz_otp::domain::{Fate, GatewayWord, Receipt, Secret, Trouble};
use esoz_otp::sms::{GatewaySecrets, SmsDriver, Told};
use serde_json::json;

use super::{PATIENCE, Stand, driver, driver_with, secrets, settings_of};
use crate::support::gateway::{Behaviour, Receipts, StubGateway, When};

const CALLED_WITH: &str = "3f7a9c1e5b2d8046aa";

fn undelivered() -> Fate {
    Fate::Undelivered(Trouble::Undelivered(GatewayWord::of("Undelivered")))
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
    for (when, fate) in [
        (When::Never, Fate::Underway),
        (When::After, Fate::Delivered),
        (When::Undelivered, undelivered()),
    ] {
        stub.send_receipts(Receipts { when, ..Receipts::default() });
        assert_eq!(ask(&id), Ok(fate), "{when:?}");
    }
    assert_eq!(ask("nobody's"), Ok(Fate::Underway));
    assert_eq!(stub.connections(), 1, "it is asked over the connection that messages go over");
    stub.down();
    assert_eq!(ask(&id), Err(Trouble::Unreachable));
}

#[test]
fn a_gateway_that_answers_a_question_badly_has_said_nothing() {
    let stub = StubGateway::start();
    let mut config = settings_of(&stub);
    // Where it behaves as it is told.
    config.receipts.url = stub.url();
    let stand = Stand::with(&config, secrets(), Duration::from_secs(2));
    for (behaviour, expected) in [
        (Behaviour::status(500), Err(Trouble::Status(500))),
        (Behaviour::too_many(Some("7")), Err(Trouble::TooMany)),
        (Behaviour::redirect("http://127.0.0.1/"), Err(Trouble::Redirected(307))),
        (Behaviour::rubbish(), Err(Trouble::Unintelligible)),
        (Behaviour::Garbage, Err(Trouble::Unintelligible)),
        (Behaviour::TakeAndStutter, Err(Trouble::CutOff)),
        (Behaviour::Hang, Err(Trouble::TimedOut)),
        (Behaviour::json(200, &json!({"response_result": null})), Ok(Fate::Underway)),
        (Behaviour::json(200, &json!({"response_result": []})), Ok(Fate::Underway)),
        (Behaviour::json(200, &json!([])), Ok(Fate::Underway)),
    ] {
        stub.next([behaviour.clone()]);
        let said = stand.runtime.block_on(stand.driver.ask("a"));
        assert_eq!(said, expected, "{behaviour:?}");
    }
}

#[test]
fn a_gateway_s_call_is_read_whether_it_brings_one_receipt_or_many() {
    let stub = StubGateway::start();
    let receipt = |id: &str, fate| Receipt { gateway_id: id.into(), fate };
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
    let expected =
        [receipt("a", Fate::Delivered), receipt("17", undelivered()), receipt("c", Fate::Underway)];
    assert_eq!(list.receipts(&body), Told { receipts: expected.into(), unreadable: 5 });
    let one = json!({"response_result": {"message_id": "a", "status": "Delivered"}});
    assert_eq!(list.receipts(&one).receipts, [receipt("a", Fate::Delivered)]);

    let single = called(&stub, |config| config.receipts.list_at = String::new());
    let body = json!({"message_id": "a", "status": "Delivered"});
    assert_eq!(single.receipts(&body).receipts, [receipt("a", Fate::Delivered)]);
    assert_eq!(single.receipts(&json!([body])).receipts, [receipt("a", Fate::Delivered)]);
    for nothing in [json!(null), json!([]), json!({}), json!("x"), json!({"response_result": 1})] {
        let unreadable = usize::from(nothing != json!([]));
        let none = Told { receipts: Vec::new(), unreadable };
        assert_eq!(single.receipts(&nothing), none, "{nothing}");
        assert_eq!(list.receipts(&nothing), Told { unreadable: 1, ..none }, "{nothing}");
    }
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
        Told::default(),
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
