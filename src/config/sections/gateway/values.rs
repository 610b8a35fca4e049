//! Values of a gateway's settings. Each is parsed once, when it is set, and the driver gets it parsed; `Display` writes the
//! text that was set.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use hyper::Uri;
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use serde_json::Value;

use crate::config::local_addresses::is_on_local;
use crate::config::value::text_value;
use crate::config::value_type::{TextFormat, ValueType};

/// The placeholder for the gateway's secret in a header or a body.
pub const SECRET: &str = "{secret}";
/// The placeholders in the body of a message.
pub(super) const IN_MESSAGE: [&str; 5] = ["{phone}", "{text}", "{sender}", "{id}", SECRET];
/// The placeholders in the body of a question about a message.
pub(super) const IN_QUESTION: [&str; 2] = ["{gateway_id}", SECRET];
/// Headers that the client sets itself.
const OURS: [HeaderName; 5] = [CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING];

/// Why a text is not such a value. It repeats nothing of the text, which may have a secret in it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidValue(Cow<'static, str>);

impl From<&'static str> for InvalidValue {
    fn from(why: &'static str) -> Self {
        Self(why.into())
    }
}

/// An address of a gateway: `https` or `http`, with a host, without fragment and `{secret}`. It may have a user; that is a
/// fault of its own, a secret in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayUrl {
    text: String,
    uri: Uri,
}

impl GatewayUrl {
    /// The parsed address.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Whether requests to it use TLS.
    pub fn is_https(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// Whether its host is literally an address of this machine or link. A name is looked up only when it is called.
    pub fn is_local(&self) -> bool {
        is_on_local(&self.uri)
    }

    pub(super) fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }
}

impl FromStr for GatewayUrl {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        if !matches!(scheme.as_deref(), Some("https" | "http")) {
            return Err("does not begin with https://".into());
        }
        if text.contains('#') {
            return Err("has a fragment (#)".into());
        }
        if text.contains(SECRET) {
            return Err("has `{secret}` in it".into());
        }
        let uri: Uri =
            text.parse().map_err(|_| InvalidValue::from("is no address of that kind"))?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        let has_host = uri.host().is_some_and(|host| !["", "[]"].contains(&host));
        if !is_http || !has_host {
            return Err("is no address of that kind".into());
        }
        Ok(Self { text: text.to_owned(), uri })
    }
}

impl fmt::Display for GatewayUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A header of every request, `Name: value`. The value may have `{secret}` in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderTemplate {
    text: String,
    name: HeaderName,
    value: String,
}

impl HeaderTemplate {
    /// The name.
    pub fn name(&self) -> &HeaderName {
        &self.name
    }

    /// The value, with `{secret}` where the secret belongs.
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl FromStr for HeaderTemplate {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let (name, value) = text.split_once(':').ok_or(InvalidValue::from("has no colon"))?;
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            return Err("has no header's name before its colon".into());
        };
        let value = value.trim();
        if OURS.contains(&name) {
            return Err("is a header that a request has by itself".into());
        }
        if value.is_empty() {
            return Err("has nothing behind its colon".into());
        }
        if HeaderValue::from_str(value).is_err() {
            return Err("has a character that no header may have".into());
        }
        Ok(Self { text: text.to_owned(), name, value: value.to_owned() })
    }
}

impl fmt::Display for HeaderTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The body of a request: JSON with placeholders such as `{phone}` within its texts. Names of members are not texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyTemplate {
    text: String,
    json: Value,
}

impl BodyTemplate {
    /// The body as it was set.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The parsed body, its placeholders not yet replaced.
    pub fn json(&self) -> &Value {
        &self.json
    }
}

impl FromStr for BodyTemplate {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        if text.contains(|c: char| c.is_control() && !"\n\r\t".contains(c)) {
            return Err("has a control character in it".into());
        }
        let json = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            InvalidValue(format!("is no JSON (line {line}, column {column})").into())
        })?;
        Ok(Self { text: text.to_owned(), json })
    }
}

impl fmt::Display for BodyTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A place in a JSON text (RFC 6901). The empty pointer, which is the default, is the whole text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonPointer(String);

impl JsonPointer {
    /// The pointer as it was set.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for JsonPointer {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let is_escaped = |rest: &str| rest.starts_with(['0', '1']);
        let is_rooted = text.is_empty() || text.starts_with('/');
        if is_rooted && text.split('~').skip(1).all(is_escaped) {
            Ok(Self(text.to_owned()))
        } else {
            Err("is no JSON pointer".into())
        }
    }
}

impl fmt::Display for JsonPointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_value!(GatewayUrl, HeaderTemplate, BodyTemplate, JsonPointer);

/// The longest verdict, in characters.
const MAX_VERDICT: usize = 100;

/// An address, or an empty text for none.
pub(super) fn url() -> ValueType {
    ValueType::Text(TextFormat::optional::<GatewayUrl>(
        "an address that begins with https:// (or http://), without user, fragment or `{secret}`",
    ))
}

/// Headers.
pub(super) fn headers() -> ValueType {
    let of = TextFormat::explained::<HeaderTemplate>(
        "headers, each `Name: value`, but for those that a request has by itself (Content-Type, Host and the like)",
    );
    ValueType::List { of, may_be_empty: true }
}

/// A body, or an empty text for none. `description` has an example.
pub(super) fn body(description: &'static str) -> ValueType {
    ValueType::Text(TextFormat::optional::<BodyTemplate>(description))
}

/// A text without the characters that garble a terminal.
pub(super) fn plain_text() -> ValueType {
    let is_plain = |text: &str| text.chars().all(|c| !c.is_control() || "\n\r\t".contains(c));
    ValueType::Text(
        TextFormat::new("a text", is_plain).because(|_| "has a control character in it".into()),
    )
}

/// A place in a JSON text.
pub(super) fn pointer() -> ValueType {
    ValueType::Text(pointer_format())
}

/// Places in a JSON text.
pub(super) fn pointers() -> ValueType {
    ValueType::List { of: pointer_format(), may_be_empty: true }
}

fn pointer_format() -> TextFormat {
    TextFormat::explained::<JsonPointer>("JSON pointers such as /result/0/id (RFC 6901)")
}

/// Words or numbers of the gateway.
pub(super) fn verdicts() -> ValueType {
    let is_verdict = |text: &str| {
        !text.trim().is_empty()
            && text.chars().count() <= MAX_VERDICT
            && !text.contains(char::is_control)
    };
    let of =
        TextFormat::new("words or numbers as the gateway writes them, each in quotes", is_verdict);
    ValueType::List { of, may_be_empty: true }
}

/// Statuses with which a gateway turns a message away.
pub(super) fn statuses() -> ValueType {
    ValueType::Numbers { bounds: 400..=599, unit: "HTTP statuses" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_of_a_gateway_is_refused_without_repeating_it() {
        for text in [
            "",
            "/send",
            "api.example.ua",
            "ftp://a/b",
            "https://",
            "https:///send",
            "https://[]/",
            "a b",
            "https://user:hunter2@a/#b",
        ] {
            let refused = text.parse::<GatewayUrl>().unwrap_err().to_string();
            assert!(!refused.contains("hunter2"), "{refused}");
        }
        let secure: GatewayUrl = "HTTPS://a.example/b?c=d".parse().unwrap();
        assert!(secure.is_https());
        assert_eq!(secure.to_string(), "HTTPS://a.example/b?c=d");
    }

    #[test]
    fn a_header_has_a_name_and_a_value_that_can_be_sent() {
        let header: HeaderTemplate = "X-Api-Key:  {secret} ".parse().unwrap();
        assert_eq!((header.name().as_str(), header.value()), ("x-api-key", "{secret}"));
        assert_eq!(header.to_string(), "X-Api-Key:  {secret} ");
        for text in ["no header", "a b: c", "Host: a", "A:", "A: b\r\nc"] {
            assert!(text.parse::<HeaderTemplate>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_pointer_is_rooted_and_escapes_only_what_it_has_to() {
        for pointer in ["", "/", "/a/0/b", "/~0~1"] {
            assert!(pointer.parse::<JsonPointer>().is_ok(), "{pointer}");
        }
        for none in ["a", "a/b", "/~", "/~2"] {
            assert!(none.parse::<JsonPointer>().is_err(), "{none}");
        }
    }
}
