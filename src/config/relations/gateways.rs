//! What has to hold between the settings of one gateway.

use super::addresses::{elsewhere, in_clear, local};
use super::bodies::{wrong_message, wrong_question};
use super::faults::fault;
use crate::config::clear;
use crate::config::effective::Effective;
use crate::config::fault::Fault;
use crate::config::gateway::{GatewayConfig, ReceiptsBy};
use crate::config::gateway_keys::{key_of, section_of};
use crate::config::gateways::PLACEHOLDER;
use crate::config::names::Word as _;

struct Relation {
    /// Of which of its settings; the first is the one to speak of.
    keys: &'static [&'static str],
    /// What is wrong, if anything is.
    broken: fn(&GatewayConfig) -> Option<String>,
    remedy: &'static str,
}

const RELATIONS: [Relation; 23] = [
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
        keys: &["url", "allow_local"],
        broken: |g| local(&g.url, g.allow_local),
        remedy: LOCAL,
    },
    Relation {
        keys: &["body", "preset"],
        broken: |g| wrong_message(&g.body),
        remedy: "Write what the gateway takes as JSON, such as body = '{\"to\": \"{phone}\", \"text\": \"{text}\"}'; \
                 {sender}, {id} and {secret} may be in it, too.",
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
        keys: &["secret_file", "headers", "body"],
        broken: |g| {
            let is_missing = g.secret_file.is_none() && g.has_secret();
            is_missing.then(|| "is not set, and {secret} is in a header or a body".into())
        },
        remedy: "Name a file that holds the gateway's token and nothing else, mode 0600, or hand it over as a credential: \
                 LoadCredential=gateway.NAME:/etc/esoz-otp/NAME.token in the unit.",
    },
    Relation {
        keys: &["secret_file", "headers", "body"],
        broken: |g| {
            let is_idle = g.secret_file.is_some() && !g.has_secret();
            // One that stands in clear is told, and belongs where this one is.
            let is_told = !clear::told(g).is_empty();
            (is_idle && !is_told).then(|| "is set, and {secret} is in no header and no body".into())
        },
        remedy: "Write {secret} where it belongs, such as headers = [\"Authorization: Bearer {secret}\"], or take it out.",
    },
    Relation {
        keys: &["verdict_at", "taken", "not_taken", "refused", "taken_before"],
        broken: |g| {
            let lists = [&g.taken, &g.not_taken, &g.refused, &g.taken_before];
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
        keys: &["refused", "taken_before", "not_taken", "taken"],
        broken: |g| {
            overlap(&[
                ("refused", &g.refused),
                ("taken_before", &g.taken_before),
                ("not_taken", &g.not_taken),
                ("taken", &g.taken),
            ])
        },
        remedy: "A verdict means one thing: leave it in one of the lists.",
    },
    Relation {
        keys: &["taken_before_statuses", "refused_statuses"],
        broken: |g| {
            let mut statuses = g.taken_before_statuses.iter();
            let both = statuses.find(|status| g.refused_statuses.contains(status))?;
            Some(format!("has {both}, which refused_statuses has too"))
        },
        remedy: "A status means one thing: leave it in one of the lists.",
    },
    Relation {
        keys: &["receipts.secret_file", "receipts.by"],
        broken: |g| {
            let is_missing = g.receipts.secret_file.is_none() && by(g, ReceiptsBy::Callback);
            is_missing.then(|| "is not set, and the gateway is to call".into())
        },
        remedy: "Name a file that holds a long random secret, mode 0600, or hand it over as a credential: \
                 LoadCredential=gateway.NAME.receipts:/etc/esoz-otp/NAME.receipts in the unit.",
    },
    Relation {
        keys: &["receipts.secret_file", "receipts.by"],
        broken: |g| {
            let is_idle = g.receipts.secret_file.is_some() && !by(g, ReceiptsBy::Callback);
            is_idle.then(|| format!("is set, and receipts.by is \"{}\"", g.receipts.by.word()))
        },
        remedy: "Write receipts.by = \"callback\" if the gateway is to call, or take it out, and with it the credential \
                 gateway.NAME.receipts if the unit has one.",
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
        keys: &["receipts.url", "allow_local", "receipts.by"],
        broken: |g| local(&g.receipts.url, g.allow_local || !by(g, ReceiptsBy::Poll)),
        remedy: LOCAL,
    },
    Relation {
        keys: &["receipts.url", "url", "receipts.by"],
        broken: |g| by(g, ReceiptsBy::Poll).then(|| elsewhere(&g.receipts.url, &g.url)).flatten(),
        remedy: "Write where on the host of url it is asked what became of a message, or receipts.by = \"none\".",
    },
    Relation {
        keys: &["receipts.body", "receipts.by"],
        broken: |g| {
            let asked = by(g, ReceiptsBy::Poll);
            asked.then(|| wrong_question(&g.receipts.body)).flatten()
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
        keys: &["receipts.undelivered", "receipts.underway", "receipts.delivered"],
        broken: |g| {
            overlap(&[
                ("receipts.undelivered", &g.receipts.undelivered),
                ("receipts.underway", &g.receipts.underway),
                ("receipts.delivered", &g.receipts.delivered),
            ])
        },
        remedy: "A verdict means one thing: leave it in one of the lists.",
    },
];

/// What to do about an address that is near.
const LOCAL: &str = "Name the gateway's own host, or say that it is meant with allow_local = true.";
/// What to do about a secret that stands where everybody reads it.
const IN_CLEAR: &str = "Put it into a file of its own, secret_file, and write {secret} in its place, in a header or a body: \
                        an address has none.";

/// What does not hold of any gateway. Of one whose kind or preset is wrong, nothing can be said: it has the settings of
/// none.
pub(super) fn broken(effective: &Effective, faults: &[Fault]) -> Vec<Fault> {
    let gateways = &effective.config.sms.gateways;
    let is_known = |gateway: &&GatewayConfig| {
        let keys = ["kind", "preset"].map(|key| key_of(&gateway.name, key));
        !faults.iter().any(|fault| keys.iter().any(|key| fault.concerns(key)))
    };
    let within = gateways.iter().filter(is_known).flat_map(|it| broken_in(it, effective, faults));
    let alike = gateways.iter().enumerate().filter_map(|(place, gateway)| {
        let name = &gateway.name;
        let variable = GatewayConfig::in_variable(name);
        let is_it = |other: &&GatewayConfig| GatewayConfig::in_variable(&other.name) == variable;
        let other = &gateways[..place].iter().find(is_it)?.name;
        let other = section_of(other);
        let what = || Some(format!("cannot be told from {other} in the name of a variable"));
        let remedy = "Call one of them something else than by another - or _.";
        fault(effective, faults, vec![section_of(name)], what, remedy)
    });
    within.chain(alike).collect()
}

/// What does not hold in the section of this one.
fn broken_in(gateway: &GatewayConfig, effective: &Effective, faults: &[Fault]) -> Vec<Fault> {
    let key = |key: &str| key_of(&gateway.name, key);
    let related = RELATIONS.iter().filter_map(|relation| {
        let keys = relation.keys.iter().map(|it| key(it)).collect();
        let remedy = relation.remedy.replace(PLACEHOLDER, &gateway.name);
        fault(effective, faults, keys, || (relation.broken)(gateway), &remedy)
    });
    let in_clear = clear::told(gateway).into_iter().filter_map(|key| {
        let what = || Some("has a token or password in clear".into());
        fault(effective, faults, vec![key], what, IN_CLEAR)
    });
    related.chain(in_clear).collect()
}

fn by(gateway: &GatewayConfig, way: ReceiptsBy) -> bool {
    gateway.receipts.by == way
}

fn not_pointed(gateway: &GatewayConfig, pointer: &str) -> Option<String> {
    let is_missing = pointer.is_empty() && !by(gateway, ReceiptsBy::None);
    is_missing.then(|| "is not set, and receipts are to be read".into())
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
