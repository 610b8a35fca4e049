use std::borrow::Cow;

use hyper::StatusCode;
use hyper::header::HeaderMap;
use serde_json::Value;

use super::json_pointer::word;
use super::retry_after::retry_after;
use super::secrets::GatewaySecrets;
use super::unlisted::UnlistedWords;
use crate::config::{GatewayConfig, JsonPointer};
use crate::domain::{DeliveryError, Timestamp, VendorStatus};
use crate::sms::driver::SendError;

/// What a gateway said.
pub(super) struct GatewayAnswer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Its body, if that came whole and is JSON.
    pub(super) json: Option<Value>,
    /// Why it did not come whole.
    pub(super) broken: Option<DeliveryError>,
}

/// Where a gateway's verdict stands, and what its words mean.
pub(super) struct Verdicts {
    at: Vec<JsonPointer>,
    words: Vec<(String, Verdict)>,
    refused_statuses: Vec<u16>,
    taken_before_statuses: Vec<u16>,
    unlisted: UnlistedWords,
}

/// What intermediaries say who passed a request on and got no answer that they could make out: 502 and 504, and those
/// that are in no standard but in use (520 and 524 of Cloudflare's, 598 and 599 of other proxies').
const FROM_BETWEEN: [u16; 6] = [502, 504, 520, 524, 598, 599];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Accepted,
    NotAccepted,
    Refused,
    AlreadyAccepted,
}

impl Verdicts {
    pub(super) fn of(config: &GatewayConfig, secrets: &GatewaySecrets) -> Self {
        let words = [
            (&config.refused, Verdict::Refused),
            (&config.not_taken, Verdict::NotAccepted),
            (&config.taken, Verdict::Accepted),
            (&config.taken_before, Verdict::AlreadyAccepted),
        ];
        let each = words
            .into_iter()
            .flat_map(|(words, verdict)| words.iter().map(move |word| (word.clone(), verdict)));
        Self {
            at: config.verdict_at.clone(),
            words: each.collect(),
            refused_statuses: config.refused_statuses.clone(),
            taken_before_statuses: config.taken_before_statuses.clone(),
            unlisted: UnlistedWords::of(
                &config.name,
                "an answer has a verdict that is in no list",
                secrets,
            ),
        }
    }

    /// Whether the message was taken.
    pub(super) fn judge(&self, answer: &GatewayAnswer, now: Timestamp) -> Result<(), SendError> {
        let status = answer.status.as_u16();
        if self.refused_statuses.contains(&status) {
            return Err(SendError::Refused(DeliveryError::Status(status)));
        }
        if self.taken_before_statuses.contains(&status) {
            return Err(taken_before(VendorStatus::of(&format!("status {status}"))));
        }
        let said = answer.json.as_ref().and_then(|json| self.verdict_in(json));
        if answer.status.is_success() {
            return self.judge_success(answer, said);
        }
        judge_failure(answer, said, retry_after(&answer.headers, now))
    }

    fn judge_success(
        &self,
        answer: &GatewayAnswer,
        said: Option<(Verdict, VendorStatus)>,
    ) -> Result<(), SendError> {
        match said {
            Some((Verdict::Accepted, _)) => Ok(()),
            Some((Verdict::NotAccepted, word)) => {
                Err(SendError::not_accepted(DeliveryError::NotNow(word)))
            }
            Some((Verdict::Refused, word)) => Err(SendError::Refused(DeliveryError::Verdict(word))),
            Some((Verdict::AlreadyAccepted, word)) => Err(taken_before(word)),
            None if self.at.is_empty() => Ok(()),
            None => {
                if let Some(word) = answer.json.as_ref().and_then(|json| self.word_in(json)) {
                    self.unlisted.note(&word);
                }
                let broken = answer.broken.clone();
                Err(SendError::Ambiguous(broken.unwrap_or(DeliveryError::Unintelligible)))
            }
        }
    }

    /// The verdict, if it is one that is known, and the word for it: of configuration, for a gateway may repeat anything.
    fn verdict_in(&self, json: &Value) -> Option<(Verdict, VendorStatus)> {
        let found = self.word_in(json)?;
        let (word, verdict) = self.words.iter().find(|(word, _)| *word == found)?;
        Some((*verdict, VendorStatus::of(word)))
    }

    fn word_in<'a>(&self, json: &'a Value) -> Option<Cow<'a, str>> {
        self.at.iter().find_map(|at| at.find(json)).and_then(word)
    }
}

fn taken_before(word: VendorStatus) -> SendError {
    SendError::AlreadyAccepted { error: DeliveryError::AlreadyAccepted(word), gateway_id: None }
}

fn judge_failure(
    answer: &GatewayAnswer,
    said: Option<(Verdict, VendorStatus)>,
    rest: Option<std::time::Duration>,
) -> Result<(), SendError> {
    let status = answer.status.as_u16();
    let (said, word) = said.unzip();
    if let (Some(Verdict::Refused), Some(word)) = (said, word.clone()) {
        return Err(SendError::Refused(DeliveryError::Verdict(word)));
    }
    if let (Some(Verdict::AlreadyAccepted), Some(word)) = (said, word.clone()) {
        return Err(taken_before(word));
    }
    if answer.status == StatusCode::TOO_MANY_REQUESTS {
        return Err(SendError::NotAccepted { error: DeliveryError::TooMany, rest });
    }
    if answer.status.is_redirection() && answer.status != StatusCode::SEE_OTHER {
        return Err(SendError::not_accepted(DeliveryError::Redirected(status)));
    }
    if let (Some(Verdict::NotAccepted), Some(word)) = (said, word) {
        return Err(SendError::NotAccepted { error: DeliveryError::NotNow(word), rest });
    }
    let is_from_between = FROM_BETWEEN.contains(&status);
    let is_answer = answer.status.is_client_error() || answer.status.is_server_error();
    // An intermediary does not know what became of what it passed on, and a verdict against its status is none.
    if is_from_between || said == Some(Verdict::Accepted) || !is_answer {
        return Err(SendError::Ambiguous(DeliveryError::Status(status)));
    }
    Err(SendError::NotAccepted { error: DeliveryError::Status(status), rest })
}
