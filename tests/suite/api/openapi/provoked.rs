//! Every operation is called in each wrong way that its description has for all operations, all tokens or all bodies: a
//! refusal that no call can get is found here, and so is one under another name.

use std::fmt::Write as _;

use esoz_otp::api::routes::ROUTES;
use esoz_otp::api::{Access, Body, Parameters, Row, StreamBody};
use esoz_otp::config::DialectName;
use esoz_otp::http::StreamBounds;
use serde_json::json;

use crate::support::{Reply, SEED_PHONE, SEED_REQUEST, TestNode};

const EVERY_SCOPE: &str = "person_request:read person_request:write person:read otp:read otp:write admin:read admin:write";
const KEY: (&str, &str) = ("api-key", "demo-api-key");

/// A node with a token of every scope, and one for each reason to refuse it.
fn node(dialect: DialectName) -> TestNode {
    let clinic = "c0000000-0000-4000-8000-000000000009";
    let blocked = "c0000000-0000-4000-8000-000000000003";
    let user = "b0000000-0000-4000-8000-000000000001";
    let blocked_user = "b0000000-0000-4000-8000-000000000004";
    let token = |secret: &str, user: &str, client: &str, scope: &str, expires: &str| {
        json!({"name": secret, "secret": {"plain": secret}, "user_id": user, "client_id": client,
            "scope": scope, "expires_at": expires})
    };
    TestNode::speaking_with(
        dialect,
        &json!({
            "clients": [
                {"id": clinic, "name": "all", "access_type": "BROKER"},
                {"id": "c0000000-0000-4000-8000-00000000000a", "name": "vendor", "access_type": "BROKER",
                    "api_key": {"plain": "key-of-all-scopes"}, "broker_scope": EVERY_SCOPE},
            ],
            "tokens": [
                token("token-of-all", user, clinic, EVERY_SCOPE, "+30d"),
                token("token-expired", user, clinic, EVERY_SCOPE, "-1h"),
                token("token-of-blocked-client", user, blocked, EVERY_SCOPE, "+30d"),
                token("token-of-blocked-user", blocked_user, clinic, EVERY_SCOPE, "+30d"),
                token("token-of-no-scope", user, clinic, "", "+30d"),
            ],
        }),
    )
}

/// The row's path, with parameters that have the right form.
fn path(row: &Row) -> String {
    row.path
        .replace("{id}", SEED_REQUEST)
        .replace("{connection_id}", SEED_REQUEST)
        .replace("{factor_id}", SEED_REQUEST)
        .replace("{phone}", SEED_PHONE)
        .replace("{driver}", "turbosms")
        .replace("{name}", "turbosms")
        .replace("{secret}", "not-a-real-secret")
}

/// A call of the row, right but for `headers` and `body`.
struct Wrong<'w> {
    node: &'w TestNode,
    row: &'w Row,
    query: &'w str,
    headers: &'w [(&'w str, &'w str)],
    body: &'w str,
}

impl Wrong<'_> {
    /// Asserts that the refusal is the one of this name.
    fn is(&self, name: &str) {
        let (reply, path) = self.send();
        let names = self.node.described().refusals(self.row.method, &path, &reply);
        let is_it = names.iter().any(|found| found.split_once(' ').unwrap().1 == name);
        assert!(is_it, "{} {path}: {name} is {names:?}\n{}", self.row.method, reply.text);
    }

    fn send(&self) -> (Reply, String) {
        let mut headers = self.headers.to_vec();
        let has = |name: &str| self.headers.iter().any(|(given, _)| *given == name);
        let token = [("authorization", "Bearer token-of-all"), ("api-key", "key-of-all-scopes")];
        headers.extend(token.into_iter().filter(|(name, _)| !has(name)));
        // A header without a value stands for one that is left out.
        headers.retain(|(_, value)| !value.is_empty());
        let length = self.body.len().to_string();
        if !has("content-length") && !has("transfer-encoding") {
            headers.push(("content-length", &length));
        }
        if !has("content-type") {
            headers.push(("content-type", "application/json"));
        }
        let path = path(self.row) + self.query;
        (self.node.by_hand(self.row.method, &path, &headers, self.body.as_bytes()), path)
    }
}

fn each_row(mut look: impl FnMut(&TestNode, &Row, &dyn Fn(&[(&str, &str)], &str, &str, &str))) {
    for dialect in [DialectName::Documented, DialectName::Deployed] {
        let node = node(dialect);
        for row in ROUTES {
            let is = |headers: &[(&str, &str)], query: &str, body: &str, name: &str| {
                Wrong { node: &node, row, query, headers, body }.is(name);
            };
            look(&node, row, &is);
        }
    }
}

#[test]
fn every_operation_refuses_what_no_operation_accepts() {
    let long = format!("?{}", "a".repeat(2100));
    let mut names = String::new();
    (0..70).for_each(|number| write!(names, "x-{number} ").unwrap());
    each_row(|_, _, is| {
        let many: Vec<_> = names.split_whitespace().map(|name| (name, "1")).collect();
        is(&[], &long, "", "UriTooLong");
        is(&many, "", "", "HeadTooLarge");
        is(&[("host", "a b")], "", "", "HostMalformed");
        is(&[("host", "evil.example")], "", "", "HostUnknown");
        is(&[("origin", "http://evil.example")], "", "", "CrossSite");
        is(&[], "?%zz", "", "PathMalformed");
        is(&[KEY, KEY], "", "", "HeaderTwice");
        is(&[("expect", "200-ok")], "", "", "Expectation");
        is(&[("transfer-encoding", "gzip, chunked")], "", "", "TransferEncoding");
        is(&[("accept", "image/png")], "", "", "NotAcceptable");
    });
}

#[test]
fn every_operation_with_a_scope_refuses_every_wrong_caller() {
    each_row(|_, row, is| {
        if row.access == Access::Anyone {
            return;
        }
        is(&[("authorization", "")], "", "", "TokenMissing");
        is(&[("authorization", "Bearer no-such-token")], "", "", "TokenUnknown");
        is(&[("authorization", "Bearer token-expired")], "", "", "TokenExpired");
        is(&[("authorization", "Bearer token-of-blocked-client")], "", "", "ClientBlocked");
        is(&[("authorization", "Bearer token-of-blocked-user")], "", "", "UserBlocked");
        is(&[("authorization", "Bearer token-of-no-scope")], "", "", "ScopeMissing");
        is(&[("api-key", "")], "", "", "ApiKeyMissing");
        is(&[("api-key", "no-such-key")], "", "", "ApiKeyInvalid");
    });
}

#[test]
fn every_operation_with_a_body_refuses_every_wrong_body() {
    each_row(|_, row, is| {
        match row.body {
            Body::None => return,
            // A line that is wrong has its answer in the answer's lines.
            Body::Stream(StreamBody { bounds: StreamBounds { longest_line, .. }, .. }) => {
                let lines = ("content-type", "application/x-ndjson");
                is(&[lines, ("content-length", "9999999999999999")], "", "", "BodyTooLarge");
                is(&[("content-type", "application/json")], "", "{}", "MediaType");
                is(&[lines, ("content-encoding", "gzip")], "", "{}", "ContentEncoding");
                is(&[lines], "", &"a".repeat(longest_line + 1), "LineTooLong");
                is(&[lines, ("transfer-encoding", "chunked")], "", "zz\r\n", "BodyMalformed");
                return;
            }
            _ => {}
        }
        is(&[], "", "{", "BodyMalformed");
        is(&[], "", &format!("\"{}\"", "a".repeat(row.max_body)), "BodyTooLarge");
        is(&[("content-type", "text/plain")], "", "{}", "MediaType");
        is(&[("content-encoding", "gzip")], "", "{}", "ContentEncoding");
    });
}

#[test]
fn every_operation_that_knows_its_parameters_refuses_others() {
    each_row(|_, row, is| {
        if matches!(row.parameters, Parameters::Only(_)) {
            is(&[], "?no_such_parameter=1", "", "Invalid");
        }
        if let Body::Json([_]) = row.body {
            is(&[], "", r#"{"no_such_property": 1}"#, "Invalid");
        }
    });
}
