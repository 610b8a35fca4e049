use super::drivers::DriverName;
use super::forms::{driver, path_or_none, template};
use super::rows::{number, parsed, placed, set, set_place, text};
use super::setting::Setting;
use super::takes::Takes;
use super::value::Value;

/// What holds for every message, whoever sends it.
pub(super) fn messages() -> Vec<Setting> {
    vec![
        Setting::new(
            "sms.drivers",
            Takes::List { of: driver(), may_be_empty: false },
            "what sends messages, the first choice first",
            |c| Value::texts(c.sms.drivers.iter().map(DriverName::to_string)),
            |c, v| set(&mut c.sms.drivers, v.items(parsed)),
        ),
        Setting::new(
            "sms.allow_long_template",
            Takes::Switch,
            "whether a text may be longer than one segment: 160 characters of GSM 03.38, or 70 when any other is in it",
            |c| c.sms.allow_long_template.into(),
            |c, v| set(&mut c.sms.allow_long_template, v.switch()),
        ),
        Setting::new(
            "sms.allow_plaintext_codes",
            Takes::Switch,
            "whether drivers may show codes and numbers in clear: `console`, which a journal may keep, and `file`",
            |c| c.sms.allow_plaintext_codes.into(),
            |c, v| set(&mut c.sms.allow_plaintext_codes, v.switch()),
        ),
        Setting::new(
            "sms.timeout_seconds",
            number(1..=30, "seconds"),
            "how long a driver may take for one message",
            |c| c.sms.timeout.as_secs().into(),
            |c, v| set(&mut c.sms.timeout, v.seconds(1)),
        ),
        Setting::new(
            "sms.parallel",
            number(1..=64, "messages"),
            "how many messages are handed over at the same time",
            |c| c.sms.parallel.into(),
            |c, v| set(&mut c.sms.parallel, v.number()),
        ),
        Setting::new(
            "sms.queue",
            number(100..=100_000, "messages"),
            "how many messages may wait, a single client's up to three quarters of them; when there are more, no code is sent (503)",
            |c| c.sms.queue.into(),
            |c, v| set(&mut c.sms.queue, v.number()),
        ),
        Setting::new(
            "sms.template.approval",
            Takes::Text(template()),
            "the text of a message with a code for a person request; `{code}` stands for the code",
            |c| c.sms.template.approval.as_str().into(),
            |c, v| set(&mut c.sms.template.approval, text(v)),
        ),
        Setting::new(
            "sms.template.verification",
            Takes::Text(template()),
            "the text of a message with a code that verifies a phone",
            |c| c.sms.template.verification.as_str().into(),
            |c, v| set(&mut c.sms.template.verification, text(v)),
        ),
        Setting::new(
            "sms.file.path",
            Takes::Text(path_or_none()),
            "what the driver `file` appends to, a JSON object a line",
            |c| placed(c.sms.file.as_deref()),
            |c, v| set_place(&mut c.sms.file, v),
        ),
    ]
}
