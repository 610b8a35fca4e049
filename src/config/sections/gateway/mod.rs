//! `gateway.NAME.*`: an SMS service that is called over HTTP. `receipts` has the settings of `gateway.NAME.receipts`,
//! `checks` the rules of both, `values` the types of their values, `plaintext_secrets` the search for secrets in them.

pub(in crate::config) mod checks;
pub(in crate::config) mod plaintext_secrets;
mod receipts;
mod values;

use std::path::PathBuf;

use strum::{IntoStaticStr, VariantArray};

pub use receipts::{ReceiptsBy, ReceiptsConfig};
pub use values::{BodyTemplate, GatewayUrl, HeaderTemplate, InvalidValue, JsonPointer, SECRET};

use crate::config::keyword::keyword;
use crate::config::presets::PresetName;
use crate::config::setting::section;
use crate::config::value_type::{self, TextFormat, ValueType};

section! {
    /// A gateway that sends messages.
    pub struct GatewayConfig {
        /// The gateway's name in settings, logs and deliveries.
        name: String = String::new() => none,
        /// Protocol of the gateway. `http` is JSON over HTTP.
        kind: GatewayKind = GatewayKind::Http => ["kind", value_type::keyword::<GatewayKind>()],
        /// Ready-made settings. They hold where nothing else is set.
        preset: PresetName = PresetName::None => ["preset", value_type::keyword::<PresetName>()],
        /// Address that messages are sent to.
        url: Option<GatewayUrl> = None => ["url", values::url(), redacted],
        /// HTTP method of every request.
        method: GatewayMethod = GatewayMethod::Post => ["method", value_type::keyword::<GatewayMethod>()],
        /// Headers besides `Content-Type`. `{secret}` stands for the content of `secret_file`.
        headers: Vec<HeaderTemplate> = Vec::new() => ["headers", values::headers(), redacted],
        /// File with the gateway's token or password. Only its owner may have access to it.
        secret_file: Option<PathBuf> = None => [
            "secret_file", ValueType::Text(TextFormat::optional_path()), redacted,
            by_default("`$CREDENTIALS_DIRECTORY/gateway.NAME` if it is there")
        ],
        /// JSON to send. `{phone}`, `{text}`, `{sender}`, `{id}` (the verification's) and `{secret}` are replaced within its
        /// texts.
        body: Option<BodyTemplate> = None => ["body", values::body(r#"JSON, such as `{"to": "{phone}", "text": "{text}"}`"#), redacted],
        /// Sender of messages: the name that the gateway has registered.
        sender: String = String::new() => ["sender", values::plain_text()],
        /// Form of a phone number: `+380…`, `380…` or `0…`.
        number: NumberFormat = NumberFormat::Plus => ["number", value_type::keyword::<NumberFormat>()],
        /// Place of the gateway's message id in the answer; empty if the answer has none.
        id_at: Option<JsonPointer> = None => ["id_at", values::pointer()],
        /// Places of the verdict in the answer. The first one with something other than `null` and blanks counts. If the list
        /// is empty, only the status of the answer counts.
        verdict_at: Vec<JsonPointer> = Vec::new() => ["verdict_at", values::pointers()],
        /// Verdicts: the message was taken.
        taken: Vec<String> = Vec::new() => ["taken", values::verdicts()],
        /// Verdicts: the message was not taken; it may be later, or by another driver.
        not_taken: Vec<String> = Vec::new() => ["not_taken", values::verdicts()],
        /// Verdicts: no driver will ever take the message. After a verdict in no list it is uncertain whether the message was
        /// taken.
        refused: Vec<String> = Vec::new() => ["refused", values::verdicts()],
        /// HTTP statuses: no driver will ever take the message.
        refused_statuses: Vec<u16> = Vec::new() => ["refused_statuses", values::statuses()],
        /// Verdicts: the gateway has the same message already. After a try without a clear answer the message is `sent`,
        /// otherwise it was not taken.
        taken_before: Vec<String> = Vec::new() => ["taken_before", values::verdicts()],
        /// HTTP statuses: the gateway has the same message already.
        taken_before_statuses: Vec<u16> = Vec::new() => ["taken_before_statuses", values::statuses()],
        /// Certificates (PEM) that vouch for the gateway; empty for those of the system.
        ca_file: Option<PathBuf> = None
            => ["ca_file", ValueType::Text(TextFormat::optional_path()), redacted],
        /// Allows a gateway on this machine (any address of an interface) or link.
        allow_local: bool = false => ["allow_local", ValueType::Boolean],
        /// Allows requests without TLS. Codes cross the network in clear then.
        allow_http: bool = false => ["allow_http", ValueType::Boolean],
        /// `gateway.NAME.receipts.*`: reports of what became of a message.
        receipts: ReceiptsConfig = ReceiptsConfig::default() => nested,
    }
}

impl GatewayConfig {
    /// The defaults for a gateway of this name.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Whether a header or a body of a request has `{secret}` in it.
    fn has_secret(&self) -> bool {
        let question = self.receipts.body.as_ref().filter(|_| self.receipts.by == ReceiptsBy::Poll);
        let mut bodies = self.body.iter().chain(question);
        self.headers.iter().any(|header| header.value().contains(SECRET))
            || bodies.any(|body| body.as_str().contains(SECRET))
    }
}

/// A protocol of gateways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, VariantArray, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum GatewayKind {
    /// JSON over HTTP.
    #[default]
    Http,
}

/// The HTTP method of requests to a gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, VariantArray, IntoStaticStr)]
#[strum(serialize_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the methods of HTTP")]
pub enum GatewayMethod {
    #[default]
    Post,
    Put,
}

/// The form of a phone number in a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, VariantArray, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum NumberFormat {
    /// `+380…`
    #[default]
    Plus,
    /// `380…`
    Digits,
    /// `0…`
    National,
}

keyword!(GatewayKind);
keyword!(GatewayMethod);
keyword!(NumberFormat);
