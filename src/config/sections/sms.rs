//! `sms.*`: the drivers that send messages, and the texts.

use std::path::PathBuf;
use std::time::Duration;

use super::gateway::GatewayConfig;
use crate::config::cross_check::CrossCheck;
use crate::config::drivers::DriverName;
use crate::config::setting::section;
use crate::config::value_type::{TextFormat, ValueType, number};
use crate::domain::{Purpose, Segments};

/// The placeholder for the code in the text of a message.
pub const CODE: &str = "{code}";
/// The text that the live system was seen to send.
const DEFAULT_TEXT: &str = "Код авторизації дій в системі eHealth: {code}";
/// The most segments of a message with the longest code.
const MAX_SEGMENTS: usize = 10;
/// The longest code that a text is checked with.
const LONGEST_CODE: &str = "0000000000";

section! {
    /// Messages.
    pub struct SmsConfig {
        /// The drivers that send messages. A message goes to the first one, and to a later one if that fails.
        drivers: Vec<DriverName> = vec![DriverName::Console]
            => ["sms.drivers", ValueType::List { of: driver(), may_be_empty: false }],
        /// Allows texts longer than one segment: 160 characters of GSM 03.38, or 70 characters if the text has any other.
        allow_long_template: bool = false => ["sms.allow_long_template", ValueType::Boolean],
        /// Allows drivers that show codes and numbers in clear: `console`, which a journal may keep, and `file`.
        allow_plaintext_codes: bool = false => ["sms.allow_plaintext_codes", ValueType::Boolean],
        /// Time limit of a driver for one message.
        timeout: Duration = Duration::from_secs(10) => ["sms.timeout_seconds", number(1..=30, "seconds")],
        /// Messages that are sent at the same time.
        parallel: usize = 16 => ["sms.parallel", number(1..=64, "messages")],
        /// Messages that may wait, up to three quarters of them from one client. When the queue is full, sends are refused
        /// (503).
        queue: usize = 20_000 => ["sms.queue", number(100..=100_000, "messages")],
        /// The texts of messages: `sms.template.*`.
        template: Templates = Templates::default() => nested,
        /// The file that the driver `file` appends to, one JSON object a line.
        file: Option<PathBuf> = None => ["sms.file.path", ValueType::Text(TextFormat::optional_path())],
        /// The gateways that `sms.drivers` can name: `gateway.NAME.*`.
        gateways: Vec<GatewayConfig> = Vec::new() => none,
    }
}

section! {
    /// The text of a message for each purpose of a code.
    pub struct Templates {
        /// Text of a message with a code for a person request. `{code}` stands for the code.
        approval: String = DEFAULT_TEXT.into()
            => ["sms.template.approval", ValueType::Text(template())],
        /// Text of a message with a code that verifies a phone. `{code}` stands for the code.
        verification: String = DEFAULT_TEXT.into() => ["sms.template.verification", ValueType::Text(template())],
    }
}

impl Templates {
    /// The text for a code of this purpose.
    pub fn of(&self, purpose: Purpose) -> &str {
        match purpose {
            Purpose::PersonRequest(_) => &self.approval,
            Purpose::PhoneVerification => &self.verification,
        }
    }

    /// The texts for all purposes.
    pub fn all(&self) -> [&str; 2] {
        [&self.approval, &self.verification]
    }
}

/// Rules of `sms.*`.
pub(super) const CHECKS: [CrossCheck<SmsConfig>; 3] = [
    CrossCheck::for_serving(
        &["sms.drivers", "sms.allow_plaintext_codes"],
        |sms| {
            let shows = sms.drivers.iter().find_map(|driver| match driver {
                DriverName::Console => {
                    Some("has `console`, which prints codes and numbers in clear")
                }
                DriverName::File => Some("has `file`, which keeps codes and numbers in clear"),
                DriverName::Gateway(_) => None,
            })?;
            (!sms.allow_plaintext_codes).then(|| shows.into())
        },
        "To allow that, set sms.allow_plaintext_codes = true or --allow-plaintext-codes. Patients get codes from a \
         gateway: name one here, and write a section [gateway.NAME] for it.",
    ),
    CrossCheck::new(
        &["sms.drivers", "sms.file.path"],
        |sms| {
            let is_missing = sms.drivers.contains(&DriverName::File) && sms.file.is_none();
            is_missing.then(|| "has `file`, and sms.file.path is not set".into())
        },
        "Write its path: [sms.file] path = \"/var/lib/esoz-otp/sms.ndjson\".",
    ),
    CrossCheck::new(
        &["sms.drivers"],
        |sms| {
            let unknown = sms.drivers.iter().find_map(|driver| match driver {
                DriverName::Gateway(name) => {
                    let is_described = sms.gateways.iter().any(|gateway| gateway.name == *name);
                    (!is_described).then_some(name)
                }
                DriverName::Console | DriverName::File => None,
            })?;
            Some(format!("has `{unknown}`, and there is no section [gateway.{unknown}]"))
        },
        "Write one, with url and body of the gateway, or with preset = \"turbosms\", sender and secret_file. \
         The program's own drivers are `console` and `file`.",
    ),
];

fn driver() -> TextFormat {
    TextFormat::parsed::<DriverName>(
        "`console`, `file` or names of gateways (small letters and digits, a letter first, - or _ between)",
    )
}

/// One line, for the driver `console` prints a message as one.
fn template() -> TextFormat {
    TextFormat::new("a text of one line that has `{code}` in it once", |text| {
        text.matches(CODE).count() == 1
            && !text.contains(char::is_control)
            && Segments::of(&text.replace(CODE, LONGEST_CODE)).parts <= MAX_SEGMENTS
    })
}
