use std::path::PathBuf;

use strum::{IntoStaticStr, VariantArray};

use super::values::{self, BodyTemplate, GatewayUrl, JsonPointer};
use crate::config::keyword::keyword;
use crate::config::setting::section;
use crate::config::value_type::{self, TextFormat, ValueType};

section! {
    /// Reports of what became of a message.
    pub struct ReceiptsConfig {
        /// Source of receipts: none, calls of the gateway, or questions to it.
        by: ReceiptsBy = ReceiptsBy::None => ["receipts.by", value_type::keyword::<ReceiptsBy>()],
        /// With `callback`: file with the secret in the path that the gateway calls, 16 to 200 letters, digits, `-`, `.`, `_`
        /// or `~`.
        secret_file: Option<PathBuf> = None => [
            "receipts.secret_file", ValueType::Text(TextFormat::optional_path()), redacted,
            by_default("`$CREDENTIALS_DIRECTORY/gateway.NAME.receipts` if it is there")
        ],
        /// With `poll`: address of questions, on the host of `url`. They have the headers of messages.
        url: Option<GatewayUrl> = None => ["receipts.url", values::url(), redacted],
        /// With `poll`: JSON of a question. `{gateway_id}` and `{secret}` are replaced within its texts.
        body: Option<BodyTemplate> = None => ["receipts.body", values::body(r#"JSON, such as `{"ids": ["{gateway_id}"]}`"#), redacted],
        /// Place of the list of receipts; if empty, the whole is one receipt or a list of them.
        list_at: JsonPointer = JsonPointer::default() => ["receipts.list_at", values::pointer()],
        /// Place of the gateway's message id in a receipt.
        id_at: JsonPointer = JsonPointer::default() => ["receipts.id_at", values::pointer()],
        /// Place of the verdict in a receipt.
        verdict_at: JsonPointer = JsonPointer::default() => ["receipts.verdict_at", values::pointer()],
        /// Verdicts: the message has arrived.
        delivered: Vec<String> = Vec::new() => ["receipts.delivered", values::verdicts()],
        /// Verdicts: the message will not arrive.
        undelivered: Vec<String> = Vec::new() => ["receipts.undelivered", values::verdicts()],
        /// Verdicts: the message is still on its way. A verdict in no list means the same, and is logged once.
        underway: Vec<String> = Vec::new() => ["receipts.underway", values::verdicts()],
    }
}

/// The source of receipts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, VariantArray, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum ReceiptsBy {
    /// There are no receipts.
    #[default]
    None,
    /// The gateway calls this node.
    Callback,
    /// This node asks the gateway.
    Poll,
}

keyword!(ReceiptsBy);
