//! The gateway that anyone can run: told how to behave while it runs.

use std::time::Duration;

use esoz_otp::domain::DeliveryError;
use esoz_otp::sms::SendError;
use serde_json::json;

use super::{Stand, settings_of};
use crate::support::call;
use crate::support::gateway::{Behaviour, StubGateway, When};
use crate::support::patience::wait_until;

#[test]
fn it_is_told_how_to_behave_and_says_what_it_took() {
    let stub = StubGateway::start();
    let stand = Stand::of(&settings_of(&stub));
    let tell = |orders: serde_json::Value| {
        call(stub.address(), "POST", "/control", &[], &orders.to_string())
    };
    let told = tell(json!({"mode": "503:7", "next": ["ok", "refused"], "receipts_after_ms": 5}));
    assert_eq!(told.status, 200);
    let shown = ["mode", "next", "receipts", "receipts_to", "receipts_after_ms", "taken"];
    let shown = shown.map(|name| &told.body[name]);
    assert_eq!(json!(shown), json!(["503:7", ["ok", "refused"], "after", "", 5, 0]));
    assert!(stand.send().is_ok());
    for words in
        ["the gateway refused the message: INVALID_PHONE", "the gateway answered with status 503"]
    {
        assert_eq!(stand.send().unwrap_err().to_string(), words);
    }
    assert_eq!(tell(json!({"mode": "reset"})).status, 200);
    assert!(stand.send().is_err());
    let state = call(stub.address(), "GET", "/control", &[], "").body;
    assert_eq!((&state["taken"], &state["requests"]), (&json!(1), &json!(3)), "{state}");
    assert_eq!(state["taken_by_phone"], json!({"380958697084": 1}));
    assert_eq!(tell(json!({"mode": "ok", "receipts": "undelivered"})).status, 200);
    assert!(stand.send().is_ok());

    for (orders, why) in [
        (json!({"mode": "odd"}), "`odd` is no mode: ok, slow:MS"),
        (json!({"next": ["slow:x"]}), "slow:MILLISECONDS"),
        (json!({"receipts": "late"}), "`late` is none of before-answer"),
        (json!({"mod": "ok"}), "unknown field `mod`"),
        (json!("ok"), "invalid type"),
    ] {
        let refused = tell(orders);
        assert_eq!(refused.status, 400);
        let told = refused.body["error"].as_str().unwrap();
        assert!(told.contains(why), "{told}");
    }
    assert_eq!(call(stub.address(), "DELETE", "/control", &[], "").status, 405);
}

#[test]
fn it_goes_down_for_a_while_by_itself() {
    let stub = StubGateway::start();
    let stand = Stand::of(&settings_of(&stub));
    assert!(stand.send().is_ok());
    let told = call(stub.address(), "POST", "/control", &[], r#"{"down_seconds": 1}"#);
    assert_eq!(told.status, 200);
    assert_eq!(
        stand.send(),
        Err(SendError::not_accepted(DeliveryError::ConnectionRefused)),
        "from then on"
    );
    wait_until("it takes messages again", || stand.send().is_ok());
}

#[test]
fn every_mode_has_a_word() {
    let stub = StubGateway::start();
    for (word, behaviour) in [
        ("ok", Behaviour::Take),
        ("slow:1500", Behaviour::Slow(Duration::from_millis(1500))),
        ("hang", Behaviour::Hang),
        ("reset", Behaviour::Reset),
        ("take-and-drop", Behaviour::TakeAndDrop),
        ("take-and-stutter", Behaviour::TakeAndStutter),
        ("garbage", Behaviour::Garbage),
        ("rubbish", Behaviour::rubbish()),
        ("refused", Behaviour::refused()),
        ("no-money", Behaviour::no_money()),
        ("redirect:http://a/b", Behaviour::redirect("http://a/b")),
        ("500", Behaviour::status(500)),
        ("429", Behaviour::too_many(None)),
        ("429:3", Behaviour::too_many(Some("3"))),
    ] {
        assert_eq!(Behaviour::parse(word).as_ref(), Ok(&behaviour), "{word}");
        stub.set(behaviour);
        assert_eq!(call(stub.address(), "GET", "/control", &[], "").body["mode"], word);
    }
    for (word, when) in When::ALL {
        assert_eq!(When::parse(word), Ok(when));
    }
}
