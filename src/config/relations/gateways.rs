//! What has to hold between the settings of one gateway.

use serde_json::Value;

use super::fault;
use crate::config::fault::Fault;
use crate::config::forms::SECRET;
use crate::config::gateway::{GatewayConfig, ReceiptsBy};
use crate::config::load::Effective;

struct Relation {
    /// Of which of its settings; the first is the one to speak of.
    keys: &'static [&'static str],
    /// What is wrong, if anything is.
    broken: fn(&GatewayConfig) -> Option<String>,
    remedy: &'static str,
}

/// What stands for something in the body of a message, the two that it has to have first.
const IN_A_MESSAGE: [&str; 4] = ["{phone}", "{text}", "{sender}", "{id}"];
/// The same for a question.
const IN_A_QUESTION: [&str; 1] = ["{gateway_id}"];

const RELATIONS: [Relation; 19] = [
    Relation {
        keys: &["url", "preset"],
        broken: |g| g.url.is_empty().then(|| "is not set".into()),
        remedy: "Write where the gateway takes messages, url = \"https://…\", or preset = \"turbosms\".",
    },
    Relation {
        keys: &["url", "allow_http"],
        broken: |g| in_clear(&g.url, g.allow_http),
        remedy: "Use https://. If the way there is safe without, as on this machine, say so with allow_http = true.",
    },
    Relation {
        keys: &["body", "preset"],
        broken: |g| wrong_body(&g.body, &IN_A_MESSAGE[..2], &IN_A_MESSAGE),
        remedy: "Write what the gateway takes as JSON, such as body = '{\"to\": \"{phone}\", \"text\": \"{text}\"}'; \
                 {sender} and {id} may be in it, too.",
    },
    Relation {
        keys: &["sender", "body"],
        broken: |g| {
            let is_missing = g.sender.is_empty() && g.body.contains("{sender}");
            is_missing.then(|| "is not set, and the body has {sender}".into())
        },
        remedy: "Write the name that the gateway has registered for you.",
    },
    Relation {
        keys: &["secret_file", "headers"],
        broken: |g| {
            let is_missing = g.secret_file.is_none() && has_secret(g);
            is_missing.then(|| "is not set, and a header has {secret}".into())
        },
        remedy: "Name a file that holds the gateway's token and nothing else, mode 0600, or hand it over as a credential: \
                 LoadCredential=sms.NAME:/etc/esoz-otp/NAME.token in the unit.",
    },
    Relation {
        keys: &["secret_file", "headers"],
        broken: |g| {
            let is_idle = g.secret_file.is_some() && !has_secret(g);
            is_idle.then(|| "is set, and no header has {secret}".into())
        },
        remedy: "Write the header that it belongs into, such as headers = [\"Authorization: Bearer {secret}\"], or take it out.",
    },
    Relation {
        keys: &["headers"],
        broken: |g| {
            let is_open = |header: &&String| {
                let name = header.split(':').next().unwrap_or_default().to_ascii_lowercase();
                name.ends_with("authorization") && !header.contains(SECRET)
            };
            // It is not repeated: it may hold a token.
            let is_told = g.headers.iter().find(is_open).is_some();
            is_told.then(|| "tell a token or password in clear".into())
        },
        remedy: "Put it into a file of its own, secret_file, and write {secret} in its place.",
    },
    Relation {
        keys: &["verdict_at", "taken", "not_taken", "refused"],
        broken: |g| {
            let lists = [&g.taken, &g.not_taken, &g.refused];
            let is_set = lists.iter().any(|list| !list.is_empty());
            (g.verdict_at.is_empty() && is_set)
                .then(|| "is not set, and which verdicts mean what is".into())
        },
        remedy: "Write where in the answer the verdict is, such as verdict_at = [\"/status\"].",
    },
    Relation {
        keys: &["taken", "verdict_at"],
        broken: |g| {
            let is_missing = g.taken.is_empty() && !g.verdict_at.is_empty();
            is_missing
                .then(|| "is empty, and so no verdict would mean that a message was taken".into())
        },
        remedy: "Write the verdicts that do.",
    },
    Relation {
        keys: &["refused", "not_taken", "taken"],
        broken: |g| {
            let lists = [("refused", &g.refused), ("not_taken", &g.not_taken), ("taken", &g.taken)];
            overlap(&lists)
        },
        remedy: "A verdict means one thing: leave it in one of the lists.",
    },
    Relation {
        keys: &["receipts.secret_file", "receipts.by"],
        broken: |g| {
            let is_missing = g.receipts.secret_file.is_none() && by(g, ReceiptsBy::Callback);
            is_missing.then(|| "is not set, and the gateway is to call".into())
        },
        remedy: "Name a file that holds a long random secret, mode 0600, or hand it over as a credential: \
                 LoadCredential=sms.NAME.receipts:/etc/esoz-otp/NAME.receipts in the unit.",
    },
    Relation {
        keys: &["receipts.url", "receipts.by"],
        broken: |g| {
            let is_missing = g.receipts.url.is_empty() && by(g, ReceiptsBy::Poll);
            is_missing.then(|| "is not set, and the gateway is to be asked".into())
        },
        remedy: "Write where it is asked what became of a message, or receipts.by = \"none\".",
    },
    Relation {
        keys: &["receipts.url", "allow_http"],
        broken: |g| in_clear(&g.receipts.url, g.allow_http),
        remedy: "Use https://. If the way there is safe without, as on this machine, say so with allow_http = true.",
    },
    Relation {
        keys: &["receipts.body", "receipts.by"],
        broken: |g| {
            let asked = by(g, ReceiptsBy::Poll);
            asked.then(|| wrong_body(&g.receipts.body, &IN_A_QUESTION, &IN_A_QUESTION)).flatten()
        },
        remedy: "Write what the gateway is asked with as JSON, such as body = '{\"ids\": [\"{gateway_id}\"]}'.",
    },
    Relation {
        keys: &["id_at", "receipts.by"],
        broken: |g| {
            let is_missing = g.id_at.is_empty() && !by(g, ReceiptsBy::None);
            is_missing
                .then(|| "is not set, and receipts are known by the id that it points at".into())
        },
        remedy: "Write where in the answer the gateway's id of a message is, or receipts.by = \"none\".",
    },
    Relation {
        keys: &["receipts.id_at", "receipts.by"],
        broken: |g| not_pointed(g, &g.receipts.id_at),
        remedy: "Write where in a receipt the gateway's id of the message is.",
    },
    Relation {
        keys: &["receipts.verdict_at", "receipts.by"],
        broken: |g| not_pointed(g, &g.receipts.verdict_at),
        remedy: "Write where in a receipt its verdict is.",
    },
    Relation {
        keys: &["receipts.delivered", "receipts.by"],
        broken: |g| {
            let is_missing = g.receipts.delivered.is_empty() && !by(g, ReceiptsBy::None);
            is_missing
                .then(|| "is empty, and so no receipt would mean that a message has arrived".into())
        },
        remedy: "Write the verdicts that do.",
    },
    Relation {
        keys: &["receipts.undelivered", "receipts.delivered"],
        broken: |g| {
            let (undelivered, delivered) = (&g.receipts.undelivered, &g.receipts.delivered);
            overlap(&[("receipts.undelivered", undelivered), ("receipts.delivered", delivered)])
        },
        remedy: "A verdict means one thing: leave it in one of the lists.",
    },
];

/// What does not hold of any gateway.
pub(super) fn broken(effective: &Effective, faults: &[Fault]) -> Vec<Fault> {
    let gateways = &effective.config.sms.gateways;
    let of = |gateway: &GatewayConfig| {
        let key = |key: &&str| format!("sms.{}.{key}", gateway.name);
        let broken = RELATIONS.iter().filter_map(|relation| {
            let keys = relation.keys.iter().map(key).collect();
            fault(effective, faults, keys, || (relation.broken)(gateway), relation.remedy)
        });
        broken.collect::<Vec<_>>()
    };
    let alike = gateways.iter().enumerate().filter_map(|(place, gateway)| {
        let name = &gateway.name;
        let variable = GatewayConfig::in_variable(name);
        let is_it = |other: &&GatewayConfig| GatewayConfig::in_variable(&other.name) == variable;
        let other = &gateways[..place].iter().find(is_it)?.name;
        let what = || Some(format!("cannot be told from sms.{other} in the name of a variable"));
        let remedy = "Call one of them something else than by another - or _.";
        fault(effective, faults, vec![format!("sms.{name}")], what, remedy)
    });
    gateways.iter().flat_map(of).chain(alike).collect()
}

fn by(gateway: &GatewayConfig, way: ReceiptsBy) -> bool {
    gateway.receipts.by == way
}

fn has_secret(gateway: &GatewayConfig) -> bool {
    gateway.headers.iter().any(|header| header.contains(SECRET))
}

fn in_clear(url: &str, is_allowed: bool) -> Option<String> {
    let is_clear =
        url.split("://").next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"));
    (is_clear && !is_allowed)
        .then(|| "has no TLS: codes, numbers and the token would go there in clear".into())
}

fn not_pointed(gateway: &GatewayConfig, pointer: &str) -> Option<String> {
    let is_missing = pointer.is_empty() && !by(gateway, ReceiptsBy::None);
    is_missing.then(|| "is not set, and receipts are to be read".into())
}

/// What is wrong with a body in which each of `wanted` has to be, and of what stands for something only `known`.
fn wrong_body(body: &str, wanted: &[&str], known: &[&str]) -> Option<String> {
    if body.is_empty() {
        return Some("is not set".into());
    }
    let value: Value = match serde_json::from_str(body) {
        Ok(value) => value,
        Err(error) => {
            return Some(format!("is no JSON (line {}, column {})", error.line(), error.column()));
        }
    };
    let mut texts = Vec::new();
    texts_in(&value, &mut texts);
    let is_missing = |part: &&&str| !texts.iter().any(|text| text.contains(**part));
    if let Some(missing) = wanted.iter().find(is_missing) {
        return Some(format!("has no {missing} in any of its texts"));
    }
    let strange = texts.iter().flat_map(|text| parts(text)).find(|part| !known.contains(part))?;
    Some(format!("has {strange}, which stands for nothing there"))
}

/// Every text within a value, but for the names in it.
fn texts_in<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts_in(item, texts)),
        Value::Object(fields) => fields.values().for_each(|field| texts_in(field, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What looks as if it stood for something.
fn parts(text: &str) -> impl Iterator<Item = &str> {
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
    lists.iter().enumerate().find_map(|(place, (_, list))| {
        lists[place + 1..].iter().find_map(|(name, other)| {
            let both = list.iter().find(|verdict| other.contains(verdict))?;
            Some(format!("has {both:?}, which {name} has too"))
        })
    })
}
