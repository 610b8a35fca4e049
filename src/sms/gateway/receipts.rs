use std::slice;

use hyper::{StatusCode, Uri};
use serde_json::Value;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::answer::GatewayAnswer;
use super::error::GatewayError;
use super::secrets::GatewaySecrets;
use super::template::Template;
use super::unlisted::UnlistedWords;
use super::url_policy;
use crate::config::{GatewayConfig, JsonPointer, ReceiptsBy, ReceiptsConfig, SECRET};
use crate::domain::{DeliveryError, DeliveryReport, Receipt, SecretDigest, VendorStatus};
use crate::sms::ReceiptBatch;

/// How it is learnt what became of a message.
pub(super) struct Receipts {
    by: ReceiptSource,
    list_at: JsonPointer,
    id_at: JsonPointer,
    verdict_at: JsonPointer,
    delivered: Vec<String>,
    undelivered: Vec<String>,
    underway: Vec<String>,
    unlisted: UnlistedWords,
}

enum ReceiptSource {
    Disabled,
    Callback(SecretDigest),
    Poll { url: Uri, body: Template },
}

impl Receipts {
    pub(super) fn of(
        config: &GatewayConfig,
        secrets: &GatewaySecrets,
    ) -> Result<Self, GatewayError> {
        let ReceiptsConfig { by, url, body, list_at, id_at, verdict_at, .. } = &config.receipts;
        let by = match by {
            ReceiptsBy::None => ReceiptSource::Disabled,
            ReceiptsBy::Callback => {
                let secret = secrets.receipt_secret.as_ref();
                let secret = secret.filter(|secret| !secret.reveal().is_empty());
                ReceiptSource::Callback(secret.ok_or(GatewayError::NoReceiptSecret)?.digest())
            }
            ReceiptsBy::Poll => ReceiptSource::Poll {
                url: url_policy::allowed(url.as_ref(), "receipts.url", config)?,
                body: Template::of(
                    body.as_ref().ok_or(GatewayError::NotSet("receipts.body"))?,
                    secrets.secret.as_ref(),
                )?,
            },
        };
        Ok(Self {
            by,
            list_at: list_at.clone(),
            id_at: id_at.clone(),
            verdict_at: verdict_at.clone(),
            delivered: config.receipts.delivered.clone(),
            undelivered: config.receipts.undelivered.clone(),
            underway: config.receipts.underway.clone(),
            unlisted: UnlistedWords::of(
                &config.name,
                "a receipt has a verdict that is in no list",
                secrets,
            ),
        })
    }

    /// Where to ask.
    pub(super) fn url(&self) -> Option<&Uri> {
        match &self.by {
            ReceiptSource::Poll { url, .. } => Some(url),
            ReceiptSource::Disabled | ReceiptSource::Callback(_) => None,
        }
    }

    /// What to ask, and where.
    pub(super) fn question(
        &self,
        gateway_id: &str,
        secret: &str,
    ) -> Option<(&Uri, Zeroizing<Vec<u8>>)> {
        match &self.by {
            ReceiptSource::Poll { url, body } => {
                Some((url, body.fill(&[("{gateway_id}", gateway_id), (SECRET, secret)])))
            }
            ReceiptSource::Disabled | ReceiptSource::Callback(_) => None,
        }
    }

    /// Compares digests, so that not even the length of what is right shows in the time it takes.
    pub(super) fn are_called_with(&self, secret: &str) -> bool {
        match &self.by {
            ReceiptSource::Callback(right) => {
                let given = SecretDigest::of(secret.as_bytes());
                given.as_bytes().ct_eq(right.as_bytes()).into()
            }
            ReceiptSource::Disabled | ReceiptSource::Poll { .. } => false,
        }
    }

    /// What a gateway's call says.
    pub(super) fn told(&self, body: &Value) -> ReceiptBatch {
        match self.by {
            ReceiptSource::Callback(_) => self.read(body),
            ReceiptSource::Disabled | ReceiptSource::Poll { .. } => ReceiptBatch::default(),
        }
    }

    /// What an answer says of the message with this id.
    pub(super) fn report_in(
        &self,
        answer: &GatewayAnswer,
        gateway_id: &str,
    ) -> Result<DeliveryReport, DeliveryError> {
        let (status, broken) = (answer.status, answer.broken.clone());
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(DeliveryError::TooMany);
        }
        if status.is_redirection() {
            return Err(DeliveryError::Redirected(status.as_u16()));
        }
        if !status.is_success() {
            return Err(DeliveryError::Status(status.as_u16()));
        }
        let json = answer.json.as_ref();
        let said = self.read(json.ok_or(broken.unwrap_or(DeliveryError::Unintelligible))?);
        let ours = said.receipts.into_iter().find(|receipt| receipt.gateway_id == gateway_id);
        Ok(ours.map_or(DeliveryReport::Underway, |receipt| receipt.report))
    }

    fn read(&self, body: &Value) -> ReceiptBatch {
        let all = match self.list_at.find(body) {
            Some(Value::Array(list)) => &list[..],
            Some(one) => slice::from_ref(one),
            None => return ReceiptBatch { unreadable: 1, ..ReceiptBatch::default() },
        };
        let read: Vec<_> = all.iter().filter_map(|one| self.receipt(one)).collect();
        let unlisted = read.iter().filter(|(_, is_listed)| !is_listed).count();
        let receipts: Vec<_> = read.into_iter().map(|(receipt, _)| receipt).collect();
        ReceiptBatch { unreadable: all.len() - receipts.len(), receipts, unlisted }
    }

    /// What has no id or no verdict is no receipt. Says as well whether its verdict is in a list.
    fn receipt(&self, one: &Value) -> Option<(Receipt, bool)> {
        let gateway_id = self.id_at.id_in(one)?;
        let said = self.verdict_at.word_in(one)?;
        let is_among = |words: &[String]| words.iter().any(|word| *word == said);
        let report = if is_among(&self.delivered) {
            DeliveryReport::Delivered
        } else if is_among(&self.undelivered) {
            DeliveryReport::Undelivered(DeliveryError::Undelivered(VendorStatus::of(&said)))
        } else {
            DeliveryReport::Underway
        };
        let is_listed = report != DeliveryReport::Underway || is_among(&self.underway);
        if !is_listed {
            self.unlisted.note(&said);
        }
        Some((Receipt { gateway_id, report }, is_listed))
    }
}
