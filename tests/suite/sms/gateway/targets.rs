use std::net::TcpListener;
use std::time::Duration;

use esoz_otp::config::{GatewayConfig, ReceiptsBy};
use esoz_otp::domain::DeliveryError;
use esoz_otp::sms::{GatewayError, GatewaySecrets, SendError};

use super::{
    Authority, PATIENCE, Stand, believing, driver, driver_with, secrets, settings, settings_of,
};
use crate::support::gateway::{Behaviour, StubGateway};

/// As it is set where nothing is allowed.
fn strict(config: GatewayConfig) -> GatewayConfig {
    GatewayConfig { allow_http: false, allow_local: false, ..config }
}

#[test]
fn a_gateway_that_answers_the_call_and_says_nothing_more_has_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/send", silent.local_addr().unwrap());
    let timeout = Duration::from_millis(600);
    let stand = Stand::with(&settings(&url, &url), believing(&Authority::new()), timeout);
    assert_eq!(stand.send(), Err(SendError::not_accepted(DeliveryError::ConnectingTimedOut)));
}

#[test]
fn a_gateway_that_is_down_has_nothing_and_is_found_when_it_is_back() {
    let stub = StubGateway::start();
    let stand = Stand::of(&settings_of(&stub));
    assert!(stand.send().is_ok());
    stub.down();
    for _ in 0..3 {
        assert_eq!(stand.send(), Err(SendError::not_accepted(DeliveryError::ConnectionRefused)));
    }
    stub.up();
    assert!(stand.send().is_ok());
    assert_eq!(stub.count(), 2);
}

#[test]
fn a_name_that_has_no_address_leaves_no_doubt_and_is_said_to_have_none() {
    let url = "https://no-such-gateway.invalid/send";
    let stand = Stand::with(&settings(url, url), believing(&Authority::new()), PATIENCE);
    let said = stand.send();
    // Which of the two depends on whether there is a name server to ask.
    let words = [DeliveryError::NoSuchName, DeliveryError::NoNameServer]
        .map(|it| Err(SendError::not_accepted(it)));
    assert!(words.contains(&said), "{said:?}");
}

#[test]
fn this_machine_is_called_only_when_allowed_whatever_it_is_called() {
    let authority = Authority::new();
    let stub = StubGateway::secure(authority.server("localhost"));
    let url = format!("https://localhost:{}/send", stub.address().port());
    let stand = Stand::with(&strict(settings(&url, &url)), believing(&authority), PATIENCE);
    assert_eq!(stand.send(), Err(SendError::not_accepted(DeliveryError::TargetRefused)));
    let asked = stand.runtime.block_on(esoz_otp::sms::SmsDriver::ask(&*stand.driver, "a"));
    assert_eq!(asked, Err(DeliveryError::TargetRefused));
    assert_eq!(stub.connections(), 0);

    let url = stub.url();
    let refused = driver(&strict(settings(&url, &url))).err();
    assert_eq!(refused, Some(GatewayError::Local(url.clone())));
    let named = "https://gateway.example/send";
    let refused = driver(&strict(settings(named, &url))).err();
    assert_eq!(refused, Some(GatewayError::Local(url)), "to ask is to call");
}

#[test]
fn codes_do_not_go_in_clear_unless_that_is_allowed() {
    let stub = StubGateway::start();
    let config = GatewayConfig { allow_http: false, ..settings_of(&stub) };
    assert_eq!(driver(&config).err(), Some(GatewayError::PlainHttp(stub.url())));
    assert_eq!(stub.connections(), 0);
}

#[test]
fn a_redirection_is_not_followed_anywhere() {
    let (stub, elsewhere) = (StubGateway::start(), StubGateway::start());
    let stand = Stand::of(&settings_of(&stub));
    stub.set(Behaviour::redirect(&elsewhere.url()));
    assert_eq!(stand.send(), Err(SendError::not_accepted(DeliveryError::Redirected(307))));
    for status in [301, 302, 308] {
        stub.set(Behaviour::status_with(status, "Location", Some(&elsewhere.url())));
        assert_eq!(stand.send(), Err(SendError::not_accepted(DeliveryError::Redirected(status))));
    }
    // What was asked for may have been done: there is the place to see what came of it (RFC 9110, 15.4.4).
    stub.set(Behaviour::status_with(303, "Location", Some(&elsewhere.url())));
    assert_eq!(stand.send(), Err(SendError::Ambiguous(DeliveryError::Status(303))));
    assert_eq!((stub.count(), elsewhere.connections()), (0, 0));
}

#[test]
fn settings_that_no_driver_can_be_made_of_are_refused_in_words() {
    let stub = StubGateway::start();
    let fine = || settings_of(&stub);
    let refused = |config: &GatewayConfig, secrets| {
        driver_with(config, secrets, PATIENCE).err().map(|error| error.to_string())
    };
    assert_eq!(refused(&fine(), secrets()), None);
    let nothing = GatewaySecrets::default;
    let mut calls = fine();
    calls.receipts.by = ReceiptsBy::Callback;
    let mut asks_nowhere = fine();
    asks_nowhere.receipts.url = None;
    for (config, secrets, words) in [
        (GatewayConfig { url: None, ..fine() }, secrets(), "url is not set"),
        (GatewayConfig { body: None, ..fine() }, secrets(), "body is not set"),
        (asks_nowhere, secrets(), "receipts.url is not set"),
        (fine(), nothing(), "secret_file"),
        (fine(), GatewaySecrets { ca: Some(b"x".into()), ..secrets() }, "certificates in PEM"),
        (calls, secrets(), "receipts.secret_file"),
    ] {
        let said = refused(&config, secrets).unwrap();
        assert!(said.contains(words), "{said}");
    }
}
