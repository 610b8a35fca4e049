//! The driver of gateways, against a gateway that behaves well and badly: what it says, and what the gateway took.

mod answers;
mod connections;
mod ids;
mod receipts;
mod secrets;
mod stub;
mod targets;
mod texts;
mod tls;

use std::fmt::Debug;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use esoz_otp::clock::ManualClock;
use esoz_otp::config::{GatewayConfig, JsonPointer, NumberFormat, ReceiptsBy, ReceiptsConfig};
use esoz_otp::domain::{Id, Phone, Secret, VerificationId};
use esoz_otp::sms::{
    Accepted, GatewayError, GatewaySecrets, HttpGateway, SendError, SmsDriver, SmsMessage,
};
use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

use crate::support::gateway::StubGateway;
use crate::support::{SEED_PHONE, start_of_time};

const TOKEN: &str = "gateway-token-9f2c";
const TEXT: &str = "Код авторизації дій в системі eHealth: 4820571936";

/// No gateway here takes as long, unless it is to.
const PATIENCE: Duration = Duration::from_secs(20);

/// The value of a setting, as a file would set it.
fn parsed<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn pointers(pointers: &[&str]) -> Vec<JsonPointer> {
    pointers.iter().map(|pointer| pointer.parse().unwrap()).collect()
}

/// A gateway's settings as they are for turbosms.ua, for one on this machine.
fn settings(url: &str, status_url: &str) -> GatewayConfig {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    GatewayConfig {
        url: Some(parsed(url)),
        headers: vec!["Authorization: Bearer {secret}".parse().unwrap()],
        body: Some(parsed(
            r#"{"recipients":["{phone}"],"sms":{"sender":"{sender}","text":"{text}"},"sequence_id":"{id}"}"#,
        )),
        sender: "Clinic".into(),
        number: NumberFormat::Digits,
        id_at: Some(parsed("/response_result/0/message_id")),
        verdict_at: pointers(&["/response_result/0/response_status", "/response_status"]),
        taken: words(&["OK", "SUCCESS_MESSAGE_ACCEPTED"]),
        not_taken: words(&["REQUIRED_BALANCE"]),
        refused: words(&["INVALID_PHONE"]),
        allow_local: true,
        allow_http: true,
        receipts: ReceiptsConfig {
            by: ReceiptsBy::Poll,
            url: Some(parsed(status_url)),
            body: Some(parsed(r#"{"messages":["{gateway_id}"]}"#)),
            list_at: "/response_result".parse().unwrap(),
            id_at: "/message_id".parse().unwrap(),
            verdict_at: "/status".parse().unwrap(),
            delivered: words(&["Delivered"]),
            undelivered: words(&["Undelivered"]),
            ..ReceiptsConfig::default()
        },
        ..GatewayConfig::named("backup")
    }
}

fn settings_of(stub: &StubGateway) -> GatewayConfig {
    settings(&stub.url(), &stub.status_url())
}

fn secrets() -> GatewaySecrets {
    GatewaySecrets { secret: Some(Secret::new(TOKEN.into())), ..GatewaySecrets::default() }
}

fn driver(config: &GatewayConfig) -> Result<HttpGateway, GatewayError> {
    driver_with(config, secrets(), PATIENCE)
}

fn driver_with(
    config: &GatewayConfig,
    secrets: GatewaySecrets,
    timeout: Duration,
) -> Result<HttpGateway, GatewayError> {
    HttpGateway::of(config, secrets, timeout, Arc::new(ManualClock::at(start_of_time())))
}

fn id(number: u8) -> VerificationId {
    Id::from_bytes([number; 16])
}

fn message() -> SmsMessage {
    message_of(id(7), TEXT)
}

fn message_of(id: VerificationId, text: &str) -> SmsMessage {
    SmsMessage::new(id, Phone::parse(SEED_PHONE).unwrap(), Zeroizing::new(text.into()))
}

/// As for a gateway whose authority this is, and nobody else.
fn believing(authority: &Authority) -> GatewaySecrets {
    GatewaySecrets { ca: Some(authority.pem()), ..secrets() }
}

/// A driver and what runs it, for as long as its connections are to live.
struct Stand {
    driver: Arc<HttpGateway>,
    runtime: Runtime,
}

impl Stand {
    fn of(config: &GatewayConfig) -> Self {
        Self::with(config, secrets(), PATIENCE)
    }

    /// On one thread, where a connection is back before the next message.
    fn with(config: &GatewayConfig, secrets: GatewaySecrets, timeout: Duration) -> Self {
        let driver = Arc::new(driver_with(config, secrets, timeout).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Self { driver, runtime: runtime.unwrap() }
    }

    /// As in a node.
    fn on_threads(self) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        Self { runtime: runtime.unwrap(), ..self }
    }

    fn send(&self) -> Result<Accepted, SendError> {
        self.send_this(&message())
    }

    fn send_this(&self, message: &SmsMessage) -> Result<Accepted, SendError> {
        self.runtime.block_on(self.driver.send(message))
    }

    fn send_many(&self, messages: u8) -> Vec<Result<Accepted, SendError>> {
        let send = |number| {
            let driver = Arc::clone(&self.driver);
            let message = message_of(id(number), TEXT);
            self.runtime.spawn(async move { driver.send(&message).await })
        };
        let sending: Vec<_> = (0..messages).map(send).collect();
        let each = sending.into_iter().map(|one| self.runtime.block_on(one).unwrap());
        each.collect()
    }
}

/// Somebody who vouches for servers.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut whom = CertificateParams::new(Vec::new()).unwrap();
        whom.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(whom, KeyPair::generate().unwrap()).unwrap())
    }

    /// What says whom to believe.
    fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }

    /// A server that is known by this name.
    fn server(&self, name: &str) -> ServerConfig {
        self.server_of(&certificate_for(name))
    }

    /// A server with this in its certificate.
    fn server_of(&self, whom: &CertificateParams) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let certificate = whom.signed_by(&key, &self.0).unwrap();
        server_of(&certificate, &key)
    }
}

fn certificate_for(name: &str) -> CertificateParams {
    CertificateParams::new([name.to_owned()]).unwrap()
}

fn server_of(certificate: &Certificate, key: &KeyPair) -> ServerConfig {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    server_with(certificate.der().clone(), key)
}

fn server_with(certificate: CertificateDer<'static>, key: PrivateKeyDer<'static>) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap()
}
