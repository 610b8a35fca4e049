//! What the driver of an HTTP gateway needs to know of it.

use std::path::PathBuf;

use super::forms::SECRET;
use super::names::Word;
use super::presets::PresetName;

/// A gateway that messages are handed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayConfig {
    /// What configuration, logs and deliveries call it.
    pub name: String,
    /// What it speaks.
    pub kind: GatewayKind,
    /// Whose ready-made settings hold where nothing else is set.
    pub preset: PresetName,
    /// Where messages are sent.
    pub url: String,
    /// How.
    pub method: GatewayMethod,
    /// Headers besides `Content-Type`, each `Name: value`; `{secret}` stands for what is in the secret's file.
    pub headers: Vec<String>,
    /// The file that the gateway's token or password is in.
    pub secret_file: Option<PathBuf>,
    /// The body, as JSON; within its texts `{phone}`, `{text}`, `{sender}`, `{id}` (the verification's) and `{secret}` are
    /// replaced.
    pub body: String,
    /// Whom messages come from.
    pub sender: String,
    /// How a number is written.
    pub number: NumberFormat,
    /// Where in an answer the gateway's id of the message stands, as a JSON pointer (RFC 6901); empty if nowhere.
    pub id_at: String,
    /// Where its verdict stands: the first of these pointers at which there is something other than null counts, for a
    /// gateway may judge a message in one place and a whole request in another. When there is none, the status of the
    /// answer is all.
    pub verdict_at: Vec<String>,
    /// Verdicts that mean that the message was taken. Numbers are compared as they are written.
    pub taken: Vec<String>,
    /// Verdicts that mean that it was not, but may be later, or by another driver. With one that is in no list, nobody
    /// can tell whether it was taken.
    pub not_taken: Vec<String>,
    /// Verdicts that mean that nobody will ever take it.
    pub refused: Vec<String>,
    /// The same as statuses of an answer.
    pub refused_statuses: Vec<u16>,
    /// Verdicts that mean that the same message was taken before: after a try that has left it open whether it was, it was
    /// taken then. Without such a try, it was not taken.
    pub taken_before: Vec<String>,
    /// The same as statuses of an answer.
    pub taken_before_statuses: Vec<u16>,
    /// Certificates that vouch for the gateway; the system's when there is none.
    pub ca_file: Option<PathBuf>,
    /// Whether it may be on this machine or link.
    pub allow_local: bool,
    /// Whether codes may go there without TLS.
    pub allow_http: bool,
    /// How it is learnt what became of a message.
    pub receipts: ReceiptsConfig,
}

/// How it is learnt what became of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiptsConfig {
    /// By whom.
    pub by: ReceiptsBy,
    /// With `callback`: the file of the secret that stands in the path that the gateway calls.
    pub secret_file: Option<PathBuf>,
    /// With `poll`: where to ask, the same way as messages are sent.
    pub url: String,
    /// With `poll`: the body, as JSON; `{gateway_id}` and `{secret}` are replaced.
    pub body: String,
    /// Where in a receipt (or in the answer, with `poll`) the list of receipts is; when empty, it is one.
    pub list_at: String,
    /// Where in it the gateway's id of the message stands.
    pub id_at: String,
    /// Where in it the verdict stands.
    pub verdict_at: String,
    /// Verdicts that mean that it has arrived.
    pub delivered: Vec<String>,
    /// Verdicts that mean that it will not.
    pub undelivered: Vec<String>,
    /// Verdicts that mean that nothing has become of it yet. One that is in no list says as little, and is told once.
    pub underway: Vec<String>,
}

impl ReceiptsConfig {
    /// The body that the gateway is asked with, if it is.
    fn asked_with(&self) -> Option<&String> {
        (self.by == ReceiptsBy::Poll).then_some(&self.body)
    }
}

impl GatewayConfig {
    /// One of which nothing is set.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: GatewayKind::Http,
            preset: PresetName::None,
            url: String::new(),
            method: GatewayMethod::Post,
            headers: Vec::new(),
            secret_file: None,
            body: String::new(),
            sender: String::new(),
            number: NumberFormat::Plus,
            id_at: String::new(),
            verdict_at: Vec::new(),
            taken: Vec::new(),
            not_taken: Vec::new(),
            refused: Vec::new(),
            refused_statuses: Vec::new(),
            taken_before: Vec::new(),
            taken_before_statuses: Vec::new(),
            ca_file: None,
            allow_local: false,
            allow_http: false,
            receipts: ReceiptsConfig::default(),
        }
    }

    /// Whether what is in its secret's file stands in anything that is sent.
    pub(super) fn has_secret(&self) -> bool {
        let bodies = [Some(&self.body), self.receipts.asked_with()];
        let texts = self.headers.iter().chain(bodies.into_iter().flatten());
        texts.into_iter().any(|text| text.contains(SECRET))
    }

    /// How its name stands in a variable's, which has no hyphens.
    pub(super) fn in_variable(name: &str) -> String {
        name.replace('-', "_").to_ascii_uppercase()
    }
}

/// What a gateway speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GatewayKind {
    /// JSON over HTTP.
    #[default]
    Http,
}

/// How messages are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the methods of HTTP")]
pub enum GatewayMethod {
    #[default]
    Post,
    Put,
}

/// How a gateway wants numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NumberFormat {
    /// `+380…`
    #[default]
    Plus,
    /// `380…`
    Digits,
    /// `0…`
    National,
}

/// By whom it is learnt what became of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReceiptsBy {
    /// By nobody.
    #[default]
    None,
    /// The gateway calls.
    Callback,
    /// The gateway is asked.
    Poll,
}

impl Word for GatewayKind {
    const ALL: &'static [Self] = &[Self::Http];

    fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
        }
    }
}

impl Word for GatewayMethod {
    const ALL: &'static [Self] = &[Self::Post, Self::Put];

    fn word(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

impl Word for NumberFormat {
    const ALL: &'static [Self] = &[Self::Plus, Self::Digits, Self::National];

    fn word(self) -> &'static str {
        match self {
            Self::Plus => "plus",
            Self::Digits => "digits",
            Self::National => "national",
        }
    }
}

impl Word for ReceiptsBy {
    const ALL: &'static [Self] = &[Self::None, Self::Callback, Self::Poll];

    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Callback => "callback",
            Self::Poll => "poll",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_in_a_variable() {
        assert_eq!(GatewayConfig::in_variable("turbo-sms_2"), "TURBO_SMS_2");
    }
}
