//! The gateway that anyone can run: told how to behave while it runs.

use std::time::Duration;

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
    assert_eq!(tell(json!({"mode": "503:7", "next": ["ok", "refused"]})).status, 200);
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
    ] {
        let refused = tell(orders);
        assert_eq!(refused.status, 400);
        assert!(refused.text.contains(why), "{}", refused.text);
    }
}

#[test]
fn it_goes_down_for_a_while_by_itself() {
    let stub = StubGateway::start();
    let stand = Stand::of(&settings_of(&stub));
    assert!(stand.send().is_ok());
    let told = call(stub.address(), "POST", "/control", &[], r#"{"down_seconds": 1}"#);
    assert_eq!(told.status, 200);
    let words = "the gateway could not be reached";
    // The first to notice may have been on its way.
    wait_until("nobody is there", || stand.send().is_err_and(|error| error.to_string() == words));
    wait_until("it takes messages again", || stand.send().is_ok());
}

#[test]
fn every_mode_has_a_word() {
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
        assert_eq!(Behaviour::parse(word), Ok(behaviour), "{word}");
    }
    for (word, when) in When::ALL {
        assert_eq!(When::parse(word), Ok(when));
    }
}
