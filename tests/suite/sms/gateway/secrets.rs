//! Nothing of a message, a number or a secret is told, whatever a gateway answers.

use std::fmt::{Debug, Display};
use std::time::Duration;

use esoz_otp::domain::Secret;
use esoz_otp::sms::{GatewaySecrets, SmsDriver};
use serde_json::{Value, json};

use super::{
    Authority, PATIENCE, Stand, TEXT, TOKEN, driver_with, message, parsed, settings, settings_of,
};
use crate::support::gateway::{Behaviour, StubGateway};
use crate::support::logged;

const CALLED_WITH: &str = "3f7a9c1e5b2d8046aa";

/// What is in the token's file and the text, and every form of the number.
const SECRETS: [&str; 4] = [TOKEN, CALLED_WITH, "4820571936", "958697084"];

fn telling(text: &str) -> Option<&'static str> {
    SECRETS.into_iter().find(|secret| text.contains(secret))
}

/// Answers that repeat all that was sent in every place that is looked at.
fn echoes() -> Vec<Behaviour> {
    let all = format!("{TOKEN} 380958697084 {TEXT}");
    let words = [TOKEN, "380958697084", "4820571936", all.as_str()];
    let echo = |word: &str| -> Vec<Value> {
        vec![
            json!({"response_status": word}),
            json!({"response_result": [{"message_id": word, "response_status": word, "status": word}]}),
            json!({"response_result": [{"message_id": "a", "response_status": "OK", "status": word}]}),
            json!({"response_result": [{"message_id": word, "response_status": "OK"}]}),
            json!({"response_result": [{"message_id": word, "response_status": "INVALID_PHONE"}]}),
            json!(word),
        ]
    };
    let bodies = words.into_iter().flat_map(echo);
    let each = bodies.flat_map(|body| [200, 400, 500, 502].map(|it| Behaviour::json(it, &body)));
    each.chain(words.map(|word| Behaviour::too_many(Some(word)))).collect()
}

#[test]
fn no_answer_makes_the_driver_tell_what_it_sent() {
    // All on this thread, where the log is watched.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let log = logged(|| runtime.block_on(tell_all()));
    assert_eq!(telling(&log), None, "{log}");
    assert!(log.contains("the call of a gateway failed"), "the log is watched");
}

async fn tell_all() {
    let authority = Authority::new();
    let (stub, secure) = (StubGateway::start(), StubGateway::secure(authority.server("127.0.0.1")));
    let secrets = || GatewaySecrets {
        secret: Some(Secret::new(TOKEN.into())),
        receipt_secret: Some(Secret::new(CALLED_WITH.into())),
        ca: None,
    };
    let mut config = settings_of(&stub);
    config.receipts.url = Some(parsed(&stub.url()));
    for body in [&mut config.body, &mut config.receipts.body] {
        let text = body.as_ref().unwrap().to_string();
        *body = Some(parsed(&text.replacen('{', r#"{"key":"{secret}","#, 1)));
    }
    let timeout = Duration::from_millis(300);
    let open = driver_with(&config, secrets(), timeout).unwrap();
    let untrusted = settings(&secure.url(), &secure.url());
    let untrusted = driver_with(&untrusted, secrets(), timeout).unwrap();
    let mut told = vec![format!("{open:?} {:?} {:?}", secrets(), message())];
    let misbehaving = [
        Behaviour::TakeAndDrop,
        Behaviour::TakeAndStutter,
        Behaviour::Garbage,
        Behaviour::Reset,
        Behaviour::Hang,
    ];
    for behaviour in echoes().into_iter().chain(misbehaving) {
        stub.next([behaviour.clone(), behaviour]);
        let said = open.send(&message()).await;
        told.push(printed(&said));
        let said = open.ask("a").await;
        told.push(printed(&said));
    }
    told.push(printed(&untrusted.send(&message()).await));
    stub.down();
    told.push(printed(&open.send(&message()).await));
    for said in told {
        assert_eq!(telling(&said), None, "{said}");
    }
}

fn printed<T: Debug, E: Debug + Display>(said: &Result<T, E>) -> String {
    said.as_ref().map_or_else(|error| format!("{error:?} {error}"), |said| format!("{said:?}"))
}

/// As some gateways want it.
#[test]
fn a_secret_stands_in_a_body_as_it_is_whatever_is_in_it() {
    let stub = StubGateway::start();
    let mut config = settings_of(&stub);
    config.headers = Vec::new();
    let body = config.body.unwrap().to_string();
    config.body = Some(parsed(&body.replacen('{', r#"{"login":{"key":"id:{secret}"},"#, 1)));
    config.receipts.body = Some(parsed(r#"{"messages":["{gateway_id}"],"key":"{secret}"}"#));
    let secret = r#"a"b\c{text}ї"#;
    let secrets =
        GatewaySecrets { secret: Some(Secret::new(secret.into())), ..GatewaySecrets::default() };
    let stand = Stand::with(&config, secrets, PATIENCE);
    let taken = stand.send().unwrap();
    assert_eq!(stub.taken()[0].body["login"]["key"], format!("id:{secret}"));
    assert_eq!(stub.taken()[0].text, TEXT);
    stand.runtime.block_on(stand.driver.ask(&taken.gateway_id.unwrap())).unwrap();

    let missing = driver_with(&config, GatewaySecrets::default(), PATIENCE).err().unwrap();
    assert_eq!(
        missing.to_string(),
        "the body wants {secret}: set secret_file to the file that it is in"
    );
}

#[test]
fn no_refusal_of_settings_tells_a_secret() {
    let with = |secret: String| GatewaySecrets {
        secret: Some(Secret::new(secret)),
        ca: Some(TOKEN.into()),
        ..GatewaySecrets::default()
    };
    let config = settings("https://gateway.example/send", "https://gateway.example/status");
    for secret in [format!("{TOKEN}\n{TOKEN}"), format!("{TOKEN}ї"), TOKEN.to_owned()] {
        let error = driver_with(&config, with(secret), Duration::from_secs(1)).err().unwrap();
        let said = format!("{error} {error:?}");
        assert_eq!(telling(&said), None, "{said}");
    }
    assert_eq!(telling(&format!("planted {TOKEN}")), Some(TOKEN));
}
