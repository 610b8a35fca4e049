//! The driver for gateways that take JSON over HTTP. `GatewayConfig` describes a gateway; its url, headers, bodies and
//! pointers come parsed.
//!
//! - `url_policy`: which addresses may be called. `tls`: which certificates are trusted.
//! - `http_client`: one request. `withdrawable_body`, `checked_connection`: whether any of the request had left.
//! - `template`: the body of a request. `headers`: its headers, with the secret filled in.
//! - `answer`: the verdict in an answer. `json_pointer`, `digits`: how a value in it is found and read. `retry_after`: the
//!   pause that the gateway asks for.
//! - `receipts`: what became of a message, from calls of the gateway or answers to questions. `unlisted`: verdicts in no list of
//!   the settings.
//! - `secrets`: the contents of the files that settings name.
//!
//! Errors and the log repeat only configured words, and nothing of a message, a number or a secret.

mod answer;
mod checked_connection;
mod digits;
mod error;
mod headers;
mod http_client;
mod json_pointer;
mod receipts;
mod retry_after;
mod secrets;
mod template;
mod tls;
mod unlisted;
mod url_policy;
mod withdrawable_body;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use answer::{GatewayAnswer, Verdicts};
pub use digits::with_every_digit;
pub use error::GatewayError;
use headers::Headers;
use http_client::HttpClient;
use hyper::{Method, Uri};
use receipts::Receipts;
pub use secrets::GatewaySecrets;
use serde_json::Value;
use template::Template;

use super::driver::{
    Accepted, ReceiptBatch, SendError, SendFuture, SmsDriver, SmsMessage, StatusFuture,
};
use crate::clock::Clock;
use crate::config::{GatewayConfig, GatewayMethod, JsonPointer, NumberFormat, SECRET};
use crate::domain::{DeliveryError, DeliveryReport, Phone, Secret};

/// A gateway that takes messages as JSON over HTTP.
pub struct HttpGateway {
    name: String,
    url: Uri,
    method: Method,
    headers: Headers,
    body: Template,
    sender: String,
    number: NumberFormat,
    secret: Option<Secret>,
    id_at: Option<JsonPointer>,
    verdicts: Verdicts,
    receipts: Receipts,
    client: HttpClient,
    clock: Arc<dyn Clock>,
    /// Whether an id has repeated what the gateway was sent: then others may.
    is_telling: AtomicBool,
}

/// No code has fewer digits.
const SHORTEST_CODE: usize = 4;

impl HttpGateway {
    /// A driver for the gateway of these settings, which has `timeout` for each exchange.
    pub fn of(
        config: &GatewayConfig,
        secrets: GatewaySecrets,
        timeout: Duration,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, GatewayError> {
        let url = url_policy::allowed(config.url.as_ref(), "url", config)?;
        let body = config.body.as_ref().ok_or(GatewayError::NotSet("body"))?;
        let (verdicts, receipts) =
            (Verdicts::of(config, &secrets), Receipts::of(config, &secrets)?);
        let is_secure =
            [Some(&url), receipts.url()].into_iter().flatten().any(url_policy::is_https);
        let tls = tls::config(secrets.ca.as_deref(), is_secure)?;
        Ok(Self {
            name: config.name.clone(),
            url,
            method: match config.method {
                GatewayMethod::Post => Method::POST,
                GatewayMethod::Put => Method::PUT,
            },
            headers: Headers::of(&config.headers, secrets.secret.as_ref())?,
            body: Template::of(body, secrets.secret.as_ref())?,
            sender: config.sender.clone(),
            number: config.number,
            secret: secrets.secret,
            id_at: config.id_at.clone(),
            verdicts,
            receipts,
            client: HttpClient::of(tls, config, timeout),
            clock,
            is_telling: AtomicBool::new(false),
        })
    }

    async fn hand_over(&self, message: &SmsMessage) -> Result<Accepted, SendError> {
        let (phone, id) = (self.written(message.phone), message.verification_id.to_string());
        let body = self.body.fill(&[
            ("{phone}", &phone),
            ("{text}", message.text()),
            ("{sender}", &self.sender),
            ("{id}", &id),
            (SECRET, self.secret()),
        ]);
        let answer = self.client.call(self.headers.on(&self.method, &self.url, body)).await?;
        match self.verdicts.judge(&answer, self.clock.now()) {
            Ok(()) => Ok(Accepted { gateway_id: self.id_in(&answer, message) }),
            Err(SendError::AlreadyAccepted { error, .. }) => {
                Err(SendError::AlreadyAccepted { error, gateway_id: self.id_in(&answer, message) })
            }
            Err(error) => Err(error),
        }
    }

    /// What it calls the message in this answer, if that can be kept.
    fn id_in(&self, answer: &GatewayAnswer, message: &SmsMessage) -> Option<String> {
        let id = self.id_at.as_ref()?.id_in(answer.json.as_ref()?)?;
        if self.tells_nothing(&id, message) {
            return Some(id);
        }
        self.is_telling.store(true, Ordering::Relaxed);
        let verification = message.verification_id;
        tracing::warn!(%verification, driver = self.name, "its id repeats what the gateway was sent, and is not kept: no receipt will be known by it");
        None
    }

    async fn look_up(&self, gateway_id: &str) -> Result<DeliveryReport, DeliveryError> {
        let Some((url, body)) = self.receipts.question(gateway_id, self.secret()) else {
            return Ok(DeliveryReport::Underway);
        };
        let answer = self.client.call(self.headers.on(&self.method, url, body)).await;
        let answer = answer.map_err(http_client::CallError::into_delivery_error)?;
        self.receipts.report_in(&answer, gateway_id)
    }

    /// What is in its file; nothing asks for it when there is none.
    fn secret(&self) -> &str {
        self.secret.as_ref().map_or("", Secret::reveal)
    }

    fn written(&self, phone: Phone) -> String {
        let full = phone.full();
        match self.number {
            NumberFormat::Plus => full,
            NumberFormat::Digits => full.trim_start_matches('+').to_owned(),
            NumberFormat::National => full.trim_start_matches("+38").to_owned(),
        }
    }

    /// Ids are kept and shown: one that repeats what it is an id of is none.
    fn tells_nothing(&self, id: &str, message: &SmsMessage) -> bool {
        let digits = format!("{:09}", message.phone.national());
        let told = [Some(digits.as_str()), Some(self.secret()), message.code()];
        let told = told.into_iter().flatten().filter(|told| !told.is_empty());
        let guessed = message.code().is_none().then(|| codes(message.text()));
        !told.chain(guessed.into_iter().flatten()).any(|told| id.contains(told))
    }
}

/// What may be the code in a text: its numbers, but for those that are too short for one.
fn codes(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|number| number.len() >= SHORTEST_CODE)
}

impl SmsDriver for HttpGateway {
    fn name(&self) -> &str {
        &self.name
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> SendFuture<'a> {
        Box::pin(self.hand_over(message))
    }

    fn is_asked(&self) -> bool {
        self.receipts.url().is_some()
    }

    fn ask<'a>(&'a self, gateway_id: &'a str) -> StatusFuture<'a> {
        Box::pin(self.look_up(gateway_id))
    }

    fn is_called_with(&self, secret: &str) -> bool {
        self.receipts.are_called_with(secret)
    }

    fn receipts(&self, body: &Value) -> ReceiptBatch {
        self.receipts.told(body)
    }

    fn may_show(&self, gateway_id: &str) -> bool {
        let secret = self.secret();
        let has_secret = !secret.is_empty() && gateway_id.contains(secret);
        !has_secret && !self.is_telling.load(Ordering::Relaxed)
    }

    fn host(&self) -> Option<String> {
        self.url.authority().map(ToString::to_string)
    }
}

/// Its name only: the rest holds secrets.
impl fmt::Debug for HttpGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpGateway({})", self.name)
    }
}
