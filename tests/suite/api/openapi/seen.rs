//! The other direction of what every test looks at: a refusal that the description has, and that no test gets.

use std::collections::BTreeSet;

use esoz_otp::config::DialectName;
use serde_json::Value;

use super::document;
use crate::support::{Schemas, TestNode, refusals_seen};

/// Refusals of a node in trouble. Other tests get them, without the client that notes what it sees: `refusals::late`,
/// `store::disk_full`, `wire`.
const OF_TROUBLE: [&str; 5] =
    ["BodyTooSlow", "DiskFull", "HashingFailed", "StorageFailed", "TooSlow"];
/// Refusals of a process of another user on the Unix socket: `binary::serve::socket` gets them.
const OF_THE_SOCKET: [&str; 1] = ["NotAnOperator"];
/// Refusals that follow from stored counts or from a moment. Each is seen on one operation at least.
const SEEN_SOMEWHERE: [&str; 8] = [
    "Busy",
    "CodeSpent.already_used",
    "CodeSpent.superseded",
    "GuessLimited",
    "SendLimited.client_share_of_node",
    "SendLimited.sends_per_hour",
    "SendLimited.sends_per_range",
    "UserUnknown",
];

#[test]
#[ignore = "`tests/run` runs it after all others"]
fn every_refusal_of_the_description_was_seen() {
    let path = std::env::var_os(refusals_seen::FILE).expect("`tests/run` sets it");
    let seen = std::fs::read_to_string(path).unwrap();
    let seen: BTreeSet<_> = seen.lines().collect();
    let mut unseen = BTreeSet::new();
    for dialect in [DialectName::Documented, DialectName::Deployed] {
        let document = document(&TestNode::speaking(dialect));
        let described = described(&document);
        unseen.extend(described.into_iter().filter(|name| !seen.contains(name.as_str())));
    }
    let is_one = |kind: &str, kinds: &[&str]| kinds.iter().any(|it| kind.starts_with(it));
    unseen.retain(|name| {
        let (id, kind) = name.split_once(' ').unwrap();
        let on = |is_same: fn(&str, &str) -> bool| {
            seen.iter()
                .filter_map(|name| name.split_once(' '))
                .any(|it| it.1 == kind && is_same(it.0, id))
        };
        let is_seen = on(|one, other| handler(one) == handler(other));
        let is_rare = is_one(kind, &SEEN_SOMEWHERE) && on(|_, _| true);
        !(is_seen || is_rare || is_one(kind, &OF_TROUBLE) || is_one(kind, &OF_THE_SOCKET))
    });
    assert!(unseen.is_empty(), "no test sees {unseen:#?}");
}

/// The part of an operation's id that stands for its handler: versions of a path share it, and calls without a token.
fn handler(id: &str) -> &str {
    let id = id.strip_suffix("V2").or(id.strip_suffix("V3")).unwrap_or(id);
    id.strip_prefix("Internal").unwrap_or(id)
}

/// Each refusal of each operation: the operation's id and the example's name.
fn described(document: &Value) -> Vec<String> {
    let mut names = Vec::new();
    for methods in document["paths"].as_object().unwrap().values() {
        let operations = methods.as_object().unwrap().values();
        for operation in operations.filter(|operation| operation.get("responses").is_some()) {
            let id = operation["operationId"].as_str().unwrap();
            for response in operation["responses"].as_object().unwrap().values() {
                let response = Schemas(document).resolve(response);
                let examples = &response["content"]["application/json"]["examples"];
                let examples = examples.as_object().into_iter().flatten();
                names.extend(examples.map(|(name, _)| format!("{id} {name}")));
            }
        }
    }
    names
}
