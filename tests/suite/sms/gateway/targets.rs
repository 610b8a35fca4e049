use std::net::TcpListener;
use std::time::Duration;

use esoz_otp::config::{GatewayConfig, ReceiptsBy};
use esoz_otp::domain::Trouble;
use esoz_otp::sms::{GatewayError, GatewaySecrets, SendError};

use super::{Authority, PATIENCE, Stand, driver, driver_with, secrets, settings, settings_of};
use crate::support::gateway::{Behaviour, StubGateway};

fn believing(authority: &Authority) -> GatewaySecrets {
    GatewaySecrets { ca: Some(authority.pem()), ..secrets() }
}

/// As it is set where nothing is allowed.
fn strict(config: GatewayConfig) -> GatewayConfig {
    GatewayConfig { allow_http: false, allow_local: false, ..config }
}

#[test]
fn a_gateway_that_is_vouched_for_gets_messages_over_tls() {
    let authority = Authority::new();
    for name in ["127.0.0.1", "localhost"] {
        let stub = StubGateway::secure(authority.server(name));
        let url = format!("https://{name}:{}/send", stub.address().port());
        let config = GatewayConfig { allow_http: false, ..settings(&url, &stub.status_url()) };
        let stand = Stand::with(&config, believing(&authority), PATIENCE);
        assert!(stand.send().is_ok() && stand.send().is_ok(), "{name}");
        assert_eq!((stub.count(), stub.connections()), (2, 1), "{name}");
    }
}

#[test]
fn a_gateway_that_nobody_vouches_for_gets_nothing() {
    let (authority, other) = (Authority::new(), Authority::new());
    let not_secure = Err(SendError::not_taken(Trouble::NotSecure));
    let is_refused = |stub: &StubGateway, secrets| {
        let stand = Stand::with(&settings_of(stub), secrets, PATIENCE);
        assert_eq!(stand.send(), not_secure);
        assert_eq!(stub.count(), 0);
    };
    is_refused(&StubGateway::secure(other.server("127.0.0.1")), believing(&authority));
    is_refused(&StubGateway::secure(authority.server("127.0.0.2")), believing(&authority));
    is_refused(&StubGateway::secure(authority.server("127.0.0.1")), secrets());

    let plain = StubGateway::start();
    let url = plain.url().replace("http:", "https:");
    let stand = Stand::with(&settings(&url, &url), believing(&authority), PATIENCE);
    // It ends the connection at something that is no HTTP.
    let said = stand.send();
    let is_known =
        [Trouble::NotSecure, Trouble::Unreachable].map(|it| Err(SendError::not_taken(it)));
    assert!(is_known.contains(&said), "{said:?}");
    assert_eq!(plain.count(), 0);
}

#[test]
fn a_gateway_that_answers_the_call_and_says_nothing_more_has_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/send", silent.local_addr().unwrap());
    let timeout = Duration::from_millis(600);
    let stand = Stand::with(&settings(&url, &url), believing(&Authority::new()), timeout);
    assert_eq!(stand.send(), Err(SendError::not_taken(Trouble::Unreachable)));
}

#[test]
fn a_gateway_that_is_down_has_nothing_and_is_found_when_it_is_back() {
    let stub = StubGateway::start();
    let stand = Stand::of(&settings_of(&stub));
    assert!(stand.send().is_ok());
    stub.down();
    for _ in 0..3 {
        assert_eq!(stand.send(), Err(SendError::not_taken(Trouble::Unreachable)));
    }
    stub.up();
    assert!(stand.send().is_ok());
    assert_eq!(stub.count(), 2);
}

#[test]
fn this_machine_is_called_only_when_allowed_whatever_it_is_called() {
    let authority = Authority::new();
    let stub = StubGateway::secure(authority.server("localhost"));
    let url = format!("https://localhost:{}/send", stub.address().port());
    let stand = Stand::with(&strict(settings(&url, &url)), believing(&authority), PATIENCE);
    assert_eq!(stand.send(), Err(SendError::not_taken(Trouble::TargetRefused)));
    let asked = stand.runtime.block_on(esoz_otp::sms::SmsDriver::ask(&*stand.driver, "a"));
    assert_eq!(asked, Err(Trouble::TargetRefused));
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
    assert_eq!(stand.send(), Err(SendError::not_taken(Trouble::Redirected(307))));
    for status in [301, 302, 308] {
        stub.set(Behaviour::status_with(status, "Location", Some(&elsewhere.url())));
        assert_eq!(stand.send(), Err(SendError::not_taken(Trouble::Redirected(status))));
    }
    // What was asked for may have been done: there is the place to see what came of it (RFC 9110, 15.4.4).
    stub.set(Behaviour::status_with(303, "Location", Some(&elsewhere.url())));
    assert_eq!(stand.send(), Err(SendError::Unclear(Trouble::Status(303))));
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
    for (config, secrets, words) in [
        (GatewayConfig { url: "gateway".into(), ..fine() }, secrets(), "https://HOST/PATH"),
        (GatewayConfig { body: "{phone}".into(), ..fine() }, secrets(), "no JSON"),
        (GatewayConfig { id_at: "id".into(), ..fine() }, secrets(), "no JSON pointer"),
        (fine(), nothing(), "secret_file"),
        (fine(), GatewaySecrets { ca: Some(b"x".into()), ..secrets() }, "certificates in PEM"),
        (calls, secrets(), "receipts.secret_file"),
    ] {
        let said = refused(&config, secrets).unwrap();
        assert!(said.contains(words), "{said}");
    }
}
