//! Whom the driver believes to be the gateway, and what it says when it does not.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::thread::JoinHandle;

use esoz_otp::config::GatewayConfig;
use esoz_otp::domain::DeliveryError;
use esoz_otp::sms::{GatewaySecrets, SendError};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{
    Authority, PATIENCE, Stand, believing, certificate_for, secrets, server_of, server_with,
    settings, settings_of,
};
use crate::support::gateway::StubGateway;

const GATEWAYS: &str = include_str!("../../../../systemd/GATEWAYS.md");

const HERE: &str = "127.0.0.1";

#[test]
fn a_gateway_that_is_vouched_for_gets_messages_over_tls() {
    let authority = Authority::new();
    for name in [HERE, "localhost"] {
        let stub = StubGateway::secure(authority.server(name));
        let url = format!("https://{name}:{}/send", stub.address().port());
        let config = GatewayConfig { allow_http: false, ..settings(&url, &stub.status_url()) };
        let stand = Stand::with(&config, believing(&authority), PATIENCE);
        assert!(stand.send().is_ok() && stand.send().is_ok(), "{name}");
        assert_eq!((stub.count(), stub.connections()), (2, 1), "{name}");
    }
}

/// What is said of a server, which gets nothing.
fn said_of(server: ServerConfig, secrets: GatewaySecrets) -> String {
    let stub = StubGateway::secure(server);
    let stand = Stand::with(&settings_of(&stub), secrets, PATIENCE);
    let said = not_taken(stand.send().unwrap_err());
    assert_eq!(stub.count(), 0);
    said
}

fn not_taken(error: SendError) -> String {
    let SendError::NotAccepted { error, rest: None } = error else { panic!("{error:?}") };
    error.to_string()
}

#[test]
fn a_gateway_that_nobody_vouches_for_gets_nothing_and_the_reason_is_told() {
    let (authority, other) = (Authority::new(), Authority::new());
    let of = |change: fn(&mut CertificateParams)| {
        let mut whom = certificate_for(HERE);
        change(&mut whom);
        authority.server_of(&whom)
    };
    let expired = of(|whom| whom.not_after = date_time_ymd(2001, 1, 1));
    let future = of(|whom| whom.not_before = date_time_ymd(3001, 1, 1));
    let an_authority = of(|whom| whom.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let unknown = "no authority that is trusted here has signed the gateway's certificate";
    for (server, secrets, reason) in [
        (other.server(HERE), believing(&authority), unknown),
        (authority.server(HERE), secrets(), unknown),
        (authority.server("127.0.0.2"), believing(&authority), "is for another host"),
        (authority.server("localhost"), believing(&authority), "is for another host"),
        (expired, believing(&authority), "certificate has expired"),
        (future, believing(&authority), "certificate is not valid yet"),
        (an_authority, believing(&authority), "is an authority's, not a server's (CA:TRUE)"),
    ] {
        let said = said_of(server, secrets);
        assert!(said.starts_with("no secure connection: ") && said.contains(reason), "{said}");
    }
}

#[test]
fn a_server_that_vouches_for_itself_is_believed_unless_it_is_an_authority() {
    let key = KeyPair::generate().unwrap();
    for (is_ca, is_believed) in [
        (IsCa::ExplicitNoCa, true),
        (IsCa::NoCa, true),
        (IsCa::Ca(BasicConstraints::Unconstrained), false),
    ] {
        let mut whom = certificate_for(HERE);
        whom.is_ca = is_ca;
        let certificate = whom.self_signed(&key).unwrap();
        let stub = StubGateway::secure(server_of(&certificate, &key));
        let itself = GatewaySecrets { ca: Some(certificate.pem().into_bytes()), ..secrets() };
        let said = Stand::with(&settings_of(&stub), itself, PATIENCE).send();
        assert_eq!(said.is_ok(), is_believed, "{said:?}");
    }
}

#[test]
fn a_certificate_made_as_the_readme_says_is_believed() {
    let directory = tempfile::tempdir().unwrap();
    let (_, rest) = GATEWAYS.split_once("```sh\nopenssl req -x509").expect("the README shows it");
    let command = format!("openssl req -x509{}", rest.split_once("```").unwrap().0);
    let made = Command::new("sh").args(["-c", &command]).current_dir(&directory).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));

    let [certificate, key] = ["gateway.pem", "gateway.key"].map(|name| directory.path().join(name));
    let stub = StubGateway::secure(server_with(
        CertificateDer::from_pem_file(&certificate).unwrap(),
        PrivateKeyDer::from_pem_file(key).unwrap(),
    ));
    let url = format!("https://localhost:{}/send", stub.address().port());
    let itself = GatewaySecrets { ca: Some(fs::read(certificate).unwrap()), ..secrets() };
    let stand = Stand::with(&settings(&url, &url), itself, PATIENCE);
    assert!(stand.send().is_ok());
}

#[test]
fn the_readme_says_what_helps_against_each_reason() {
    let head = "| `last_error`, after `no secure connection:` | what helps |\n|---|---|\n";
    let (_, rest) = GATEWAYS.split_once(head).expect("the README has the table's head");
    let rows = rest.lines().take_while(|line| line.starts_with('|'));
    let listed: Vec<_> = rows.map(|row| row.split(" | ").next().unwrap()).collect();
    let told = [
        DeliveryError::UnknownIssuer,
        DeliveryError::WrongHost,
        DeliveryError::CertificateExpired,
        DeliveryError::CertificateNotYetValid,
        DeliveryError::AuthorityAsServer,
        DeliveryError::NoTls,
        DeliveryError::NotSecure,
    ]
    .map(|error| error.to_string().replace("no secure connection:", "|"));
    assert_eq!(listed, told);
}

/// Answers whoever comes with this, in clear, and hangs up.
fn answering(words: &'static str) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind((HERE, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let served = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        // The whole of it, for what is left unread makes the system answer with a reset.
        assert!(socket.read(&mut [0; 4096]).unwrap() > 0);
        socket.write_all(words.as_bytes()).unwrap();
    });
    (address, served)
}

#[test]
fn what_speaks_no_tls_is_told_apart_from_what_is_not_there() {
    for words in ["HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2p1\r\n", ""] {
        let (address, served) = answering(words);
        let url = format!("https://{address}/send");
        let stand = Stand::with(&settings(&url, &url), believing(&Authority::new()), PATIENCE);
        assert_eq!(stand.send(), Err(SendError::not_accepted(DeliveryError::NoTls)), "{words:?}");
        served.join().unwrap();
    }
}

#[test]
fn a_gateway_without_tls_that_resets_connections_is_not_said_to_lack_it() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind((HERE, 0))).unwrap();
    let url = format!("http://{}/send", listener.local_addr().unwrap());
    runtime.spawn(async move {
        loop {
            listener.accept().await.unwrap().0.set_zero_linger().unwrap();
        }
    });
    let stand = Stand::with(&settings(&url, &url), secrets(), PATIENCE);
    for _ in 0..100 {
        let said = stand.send().unwrap_err().to_string();
        assert!(!said.contains("TLS"), "{said}");
    }
}
