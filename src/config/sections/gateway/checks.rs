//! Rules between the settings of a gateway. Keys are those within its section.

use serde_json::Value;

use super::GatewayConfig;
use super::plaintext_secrets;
use super::receipts::ReceiptsBy;
use super::values::{BodyTemplate, GatewayUrl, IN_MESSAGE, IN_QUESTION};
use crate::config::cross_check::{CheckContext, CrossCheck};
use crate::config::drivers::{PLACEHOLDER, key_of, name_in_variable, section_of};
use crate::config::fault::Fault;
use crate::config::keyword::Keyword as _;

const USE_TLS: &str =
    "Use https://. If the way there is safe without, as on this machine, set allow_http = true.";
const USE_OWN_HOST: &str =
    "Name the gateway's own host, or set allow_local = true if this address is meant.";
const USE_SECRET_FILE: &str = "Put it into a file of its own, secret_file, and write {secret} in its place, in a header or \
                               a body: an address has none.";
/// The settings that may have `{secret}` in them.
const WITH_SECRET: [&str; 3] = ["headers", "body", "receipts.body"];
const ONE_LIST: &str = "A verdict means one thing: leave it in one of the lists.";

const CHECKS: [CrossCheck<GatewayConfig>; 11] = [
    CrossCheck::new(
        &["url", "preset"],
        |g| g.url.is_none().then(|| "is not set".into()),
        "Write where the gateway takes messages, url = \"https://…\", or preset = \"turbosms\".",
    ),
    CrossCheck::new(&["url", "allow_http"], |g| in_clear(g.url.as_ref(), g), USE_TLS),
    CrossCheck::new(&["url", "allow_local"], |g| local(g.url.as_ref(), g), USE_OWN_HOST),
    CrossCheck::new(
        &["body", "preset"],
        |g| wrong_body(g.body.as_ref(), &["{phone}", "{text}"], &IN_MESSAGE),
        "Write what the gateway takes as JSON, such as body = '{\"to\": \"{phone}\", \"text\": \"{text}\"}'; \
         {sender}, {id} and {secret} may be in it, too.",
    ),
    CrossCheck::new(
        &["sender", "body"],
        |g| {
            let has_sender = g.body.as_ref().is_some_and(|body| body.as_str().contains("{sender}"));
            (g.sender.is_empty() && has_sender)
                .then(|| "is not set, and the body has {sender}".into())
        },
        "Write the name that the gateway has registered for you.",
    ),
    CrossCheck::new(
        &["secret_file", "headers", "body"],
        |g| {
            (g.secret_file.is_none() && g.has_secret())
                .then(|| "is not set, and {secret} is in a header or a body".into())
        },
        "Name a file that holds the gateway's token and nothing else, mode 0600, or hand it over as a credential: \
         LoadCredential=gateway.NAME:/etc/esoz-otp/NAME.token in the unit.",
    ),
    CrossCheck::new(
        &["secret_file", "headers", "body", "receipts.body"],
        |g| {
            // A secret in clear has a fault of its own, and belongs where `{secret}` is missing.
            let is_idle =
                g.secret_file.is_some() && !g.has_secret() && plaintext_secrets::keys(g).is_empty();
            is_idle.then(|| "is set, and {secret} is in no header and no body".into())
        },
        "Write {secret} where it belongs, such as headers = [\"Authorization: Bearer {secret}\"], or remove it.",
    ),
    CrossCheck::new(
        &["verdict_at", "taken", "not_taken", "refused", "taken_before"],
        |g| {
            let lists = [&g.taken, &g.not_taken, &g.refused, &g.taken_before];
            let is_set = lists.iter().any(|list| !list.is_empty());
            (g.verdict_at.is_empty() && is_set)
                .then(|| "is not set, but lists of verdicts are".into())
        },
        "Write where in the answer the verdict is, such as verdict_at = [\"/status\"].",
    ),
    CrossCheck::new(
        &["taken", "verdict_at"],
        |g| {
            (g.taken.is_empty() && !g.verdict_at.is_empty())
                .then(|| "is empty, and so no verdict would mean that a message was taken".into())
        },
        "Write the verdicts that do.",
    ),
    CrossCheck::new(
        &["refused", "taken_before", "not_taken", "taken"],
        |g| {
            overlap(&[
                ("refused", &g.refused),
                ("taken_before", &g.taken_before),
                ("not_taken", &g.not_taken),
                ("taken", &g.taken),
            ])
        },
        ONE_LIST,
    ),
    CrossCheck::new(
        &["taken_before_statuses", "refused_statuses"],
        |g| {
            let mut statuses = g.taken_before_statuses.iter();
            let both = statuses.find(|status| g.refused_statuses.contains(status))?;
            Some(format!("has {both}, which refused_statuses has too"))
        },
        "A status means one thing: leave it in one of the lists.",
    ),
];

const RECEIPTS_CHECKS: [CrossCheck<GatewayConfig>; 12] = [
    CrossCheck::new(
        &["receipts.secret_file", "receipts.by"],
        |g| {
            (g.receipts.secret_file.is_none() && by(g, ReceiptsBy::Callback))
                .then(|| "is not set, and the gateway is to call".into())
        },
        "Name a file that holds a long random secret, mode 0600, or hand it over as a credential: \
         LoadCredential=gateway.NAME.receipts:/etc/esoz-otp/NAME.receipts in the unit.",
    ),
    CrossCheck::new(
        &["receipts.secret_file", "receipts.by"],
        |g| {
            let is_idle = g.receipts.secret_file.is_some() && !by(g, ReceiptsBy::Callback);
            is_idle.then(|| format!("is set, and receipts.by is \"{}\"", g.receipts.by.word()))
        },
        "Write receipts.by = \"callback\" if the gateway is to call, or remove it, and with it the credential \
         gateway.NAME.receipts if the unit has one.",
    ),
    CrossCheck::new(
        &["receipts.url", "receipts.by"],
        |g| {
            (g.receipts.url.is_none() && by(g, ReceiptsBy::Poll))
                .then(|| "is not set, and the gateway is to be asked".into())
        },
        "Write the address of questions about a message, or receipts.by = \"none\".",
    ),
    CrossCheck::new(
        &["receipts.url", "allow_http"],
        |g| in_clear(g.receipts.url.as_ref(), g),
        USE_TLS,
    ),
    CrossCheck::new(
        &["receipts.url", "allow_local", "receipts.by"],
        |g| local(g.receipts.url.as_ref().filter(|_| by(g, ReceiptsBy::Poll)), g),
        USE_OWN_HOST,
    ),
    CrossCheck::new(
        &["receipts.url", "url", "receipts.by"],
        |g| if by(g, ReceiptsBy::Poll) { elsewhere(g) } else { None },
        "Write where on the host of url questions about a message go, or receipts.by = \"none\".",
    ),
    CrossCheck::new(
        &["receipts.body", "receipts.by"],
        |g| {
            let wrong = || wrong_body(g.receipts.body.as_ref(), &["{gateway_id}"], &IN_QUESTION);
            by(g, ReceiptsBy::Poll).then(wrong).flatten()
        },
        "Write what the gateway is asked with as JSON, such as body = '{\"ids\": [\"{gateway_id}\"]}'.",
    ),
    CrossCheck::new(
        &["id_at", "receipts.by"],
        |g| {
            (g.id_at.is_none() && !by(g, ReceiptsBy::None))
                .then(|| "is not set, and receipts are known by the id that it points at".into())
        },
        "Write where in the answer the gateway's id of a message is, or receipts.by = \"none\".",
    ),
    CrossCheck::new(
        &["receipts.id_at", "receipts.by"],
        |g| not_pointed(g, g.receipts.id_at.as_str()),
        "Write where in a receipt the gateway's id of the message is.",
    ),
    CrossCheck::new(
        &["receipts.verdict_at", "receipts.by"],
        |g| not_pointed(g, g.receipts.verdict_at.as_str()),
        "Write where in a receipt its verdict is.",
    ),
    CrossCheck::new(
        &["receipts.delivered", "receipts.by"],
        |g| {
            (g.receipts.delivered.is_empty() && !by(g, ReceiptsBy::None))
                .then(|| "is empty, and so no receipt would mean that a message has arrived".into())
        },
        "Write the verdicts that do.",
    ),
    CrossCheck::new(
        &["receipts.undelivered", "receipts.underway", "receipts.delivered"],
        |g| {
            overlap(&[
                ("receipts.undelivered", &g.receipts.undelivered),
                ("receipts.underway", &g.receipts.underway),
                ("receipts.delivered", &g.receipts.delivered),
            ])
        },
        ONE_LIST,
    ),
];

/// The faults of all gateways.
pub(in crate::config) fn faults(
    gateways: &[GatewayConfig],
    context: &CheckContext<'_>,
) -> Vec<Fault> {
    // With a wrong kind or preset, the settings that it would bring are missing.
    let is_known = |gateway: &&GatewayConfig| {
        let keys = ["kind", "preset"].map(|key| key_of(&gateway.name, key));
        !context.faults.iter().any(|fault| keys.iter().any(|key| fault.concerns(key)))
    };
    let within = gateways.iter().filter(is_known).flat_map(|it| faults_of(it, context));
    let alike = gateways.iter().enumerate().filter_map(|(at, gateway)| {
        let variable = name_in_variable(&gateway.name);
        let is_alike = |other: &&GatewayConfig| name_in_variable(&other.name) == variable;
        let other = section_of(&gateways[..at].iter().find(is_alike)?.name);
        let what = || Some(format!("cannot be told from {other} in the name of a variable"));
        let remedy = "Give one of them a name that differs in more than - and _.";
        context.fault(vec![section_of(&gateway.name)], what, remedy)
    });
    within.chain(alike).collect()
}

fn faults_of(gateway: &GatewayConfig, context: &CheckContext<'_>) -> Vec<Fault> {
    let key = |key: &&str| key_of(&gateway.name, key);
    let of_rules = CHECKS.iter().chain(&RECEIPTS_CHECKS).filter_map(|check| {
        let remedy = check.remedy.replace(PLACEHOLDER, &gateway.name);
        let keys = check.keys.iter().map(key).collect();
        context.fault(keys, || (check.violation)(gateway), &remedy)
    });
    let is_wrong = |key: &&str| {
        let key = key_of(&gateway.name, key);
        context.faults.iter().any(|fault| fault.concerns(&key))
    };
    // A wrong text is not there to be searched, and may have had `{secret}` in it.
    let keys = if WITH_SECRET.iter().any(is_wrong) {
        plaintext_secrets::keys_beside_secret(gateway)
    } else {
        plaintext_secrets::keys(gateway)
    };
    let in_clear = keys.into_iter().filter_map(|key| {
        let what = || Some("has a token or password in clear".into());
        context.fault(vec![key], what, USE_SECRET_FILE)
    });
    of_rules.chain(in_clear).collect()
}

fn by(gateway: &GatewayConfig, way: ReceiptsBy) -> bool {
    gateway.receipts.by == way
}

fn not_pointed(gateway: &GatewayConfig, pointer: &str) -> Option<String> {
    let is_missing = pointer.is_empty() && !by(gateway, ReceiptsBy::None);
    is_missing.then(|| "is not set, and receipts are to be read".into())
}

fn in_clear(url: Option<&GatewayUrl>, gateway: &GatewayConfig) -> Option<String> {
    (!url?.is_https() && !gateway.allow_http)
        .then(|| "has no TLS: codes, numbers and the token would go there in clear".into())
}

fn local(url: Option<&GatewayUrl>, gateway: &GatewayConfig) -> Option<String> {
    (url?.is_local() && !gateway.allow_local).then(|| "is on this machine or link".into())
}

/// What is wrong with asking another host than the one that messages go to.
fn elsewhere(gateway: &GatewayConfig) -> Option<String> {
    let (asked, sent) = (gateway.receipts.url.as_ref()?.host(), gateway.url.as_ref()?.host());
    (!asked.eq_ignore_ascii_case(sent)).then(|| {
        format!("is on {asked}, and url on {sent}: the token would go to a host that messages do not go to")
    })
}

/// What is wrong with a body that has to have the `required` placeholders in its texts, and no others than the `known`.
fn wrong_body(body: Option<&BodyTemplate>, required: &[&str], known: &[&str]) -> Option<String> {
    let Some(body) = body else { return Some("is not set".into()) };
    let mut texts = Vec::new();
    texts_in(body.json(), &mut texts);
    let is_missing = |part: &&&str| !texts.iter().any(|text| text.contains(**part));
    if let Some(missing) = required.iter().find(is_missing) {
        return Some(format!("has no {missing} in any of its texts"));
    }
    let mut placeholders = texts.iter().flat_map(|text| placeholders(text));
    let unknown = placeholders.find(|placeholder| !known.contains(placeholder))?;
    Some(format!("has {unknown}, which stands for nothing there"))
}

/// Every text within a value. Names of members are not texts.
fn texts_in<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts_in(item, texts)),
        Value::Object(fields) => fields.values().for_each(|field| texts_in(field, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The parts of a text that look like placeholders: small letters and `_` in braces.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('{').filter_map(|(start, _)| {
        let length = text[start..].find('}')? + 1;
        let part = &text[start..start + length];
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        };
        is_name(&part[1..length - 1]).then_some(part)
    })
}

/// A verdict that is in two lists.
fn overlap(lists: &[(&str, &Vec<String>)]) -> Option<String> {
    lists.iter().enumerate().find_map(|(at, (_, list))| {
        lists[at + 1..].iter().find_map(|(name, other)| {
            let both = list.iter().find(|verdict| other.contains(verdict))?;
            Some(format!("has {both:?}, which {name} has too"))
        })
    })
}
