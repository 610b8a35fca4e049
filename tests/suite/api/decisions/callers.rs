//! Who is let in: token, client, user, api-key, scope, on every method that asks.

use esoz_otp::config::DialectName;
use esoz_otp::domain::{Id, SecretDigest, Timestamp};
use esoz_otp::store::schema::{TOKENS, USERS};
use esoz_otp::store::{Priority, StoreError, Write};
use serde_json::{Value, json};

use super::{Answer, INVALID_TOKEN, NO_PERSON, assert_answers, column, denied};
use crate::support::{Reply, SEED_PHONE, TestNode};

const FACTOR: &str = "/api/cabinet/authentication_factor";

/// Method, path, and what is said to a caller who lacks its scope.
type Method = (&'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const METHODS: [Method; 7] = [
    ("GET", FACTOR, "\"person:read\"", "person:read"),
    ("POST", "/api/person_requests/eeebb86d-5cba-43c9-885b-6482ecaf826b/actions/resend_otp",
        "Invalid scope", "person_request:write"),
    ("PATCH", "/api/person_requests/eeebb86d-5cba-43c9-885b-6482ecaf826b/actions/approve",
        "\"person_request:write\"", "person_request:write"),
    ("GET", "/api/person_requests/eeebb86d-5cba-43c9-885b-6482ecaf826b",
        "\"person_request:read\"", "person_request:read"),
    ("POST", "/api/verifications", "\"otp:write\"", "otp:write"),
    ("PATCH", "/api/verifications/+380631112233/actions/complete", "\"otp:write\"", "otp:write"),
    ("GET", "/api/verifications/+380631112233", "\"otp:read\"", "otp:read"),
];

const NO_TOKEN: Answer = denied("Authorization header is not set or doesn't contain Bearer token");
const DENIED: Answer = denied("Access denied");
const BLOCKED: Answer = denied("User blocked");
const NO_KEY: Answer = denied("Api key is not set");
const WRONG_KEY: Answer = denied("Invalid api key");
const NO_SUCH_TOKEN: Answer = (404, "not_found", Some("Token was not found"), None);
/// In the words that the method has for it.
const NO_SCOPE: Answer = (403, "forbidden", Some("the method's"), None);
/// Let in. What comes then is in other tables.
const ADMITTED: Answer = (0, "", None, None);

/// `Authorization`, `api-key`, and the answers.
type Row = (&'static str, &'static str, Answer, Answer);

const CALLERS: &[Row] = &[
    ("", "", NO_TOKEN, NO_TOKEN),
    ("", "vendor", NO_TOKEN, NO_TOKEN),
    ("Basic ZGVtbzpkZW1v", "vendor", NO_TOKEN, NO_TOKEN),
    ("Bearer", "vendor", NO_TOKEN, NO_TOKEN),
    ("direct", "vendor", NO_TOKEN, NO_TOKEN),
    ("Bearer unknown", "", INVALID_TOKEN, INVALID_TOKEN),
    ("Bearer direct direct", "", INVALID_TOKEN, INVALID_TOKEN),
    ("Bearer revoked", "", INVALID_TOKEN, INVALID_TOKEN),
    ("Bearer expired", "", DENIED, INVALID_TOKEN),
    ("Bearer expired-of-blocked-client", "", DENIED, INVALID_TOKEN),
    ("Bearer ends-now", "", ADMITTED, INVALID_TOKEN),
    ("Bearer of-blocked-client", "", DENIED, INVALID_TOKEN),
    ("Bearer of-blocked-client", "unknown", DENIED, INVALID_TOKEN),
    ("Bearer blocked-of-blocked-client", "", DENIED, INVALID_TOKEN),
    ("Bearer blocked", "", BLOCKED, INVALID_TOKEN),
    ("Bearer blocked-without-scope", "", NO_SCOPE, INVALID_TOKEN),
    ("Bearer blocked-of-clinic", "", NO_KEY, INVALID_TOKEN),
    ("Bearer blocked-of-clinic", "unknown", WRONG_KEY, INVALID_TOKEN),
    ("Bearer blocked-of-clinic", "vendor", BLOCKED, INVALID_TOKEN),
    ("Bearer gone", "", INVALID_TOKEN, INVALID_TOKEN),
    ("Bearer gone-without-scope", "", NO_SCOPE, INVALID_TOKEN),
    ("Bearer of-clinic", "", NO_KEY, INVALID_TOKEN),
    ("Bearer of-clinic-without-scope", "", NO_KEY, INVALID_TOKEN),
    ("Bearer of-clinic", "unknown", WRONG_KEY, INVALID_TOKEN),
    ("Bearer of-clinic", "of-clinic", WRONG_KEY, INVALID_TOKEN),
    ("Bearer of-clinic", "blocked-vendor", WRONG_KEY, INVALID_TOKEN),
    ("Bearer of-clinic", "no-vendor", WRONG_KEY, INVALID_TOKEN),
    ("Bearer of-clinic-without-scope", "unknown", WRONG_KEY, INVALID_TOKEN),
    ("Bearer of-clinic", "narrow-vendor", NO_SCOPE, NO_SCOPE),
    ("Bearer of-clinic-without-scope", "vendor", NO_SCOPE, NO_SCOPE),
    ("Bearer of-clinic", "vendor", ADMITTED, ADMITTED),
    ("Bearer without-scope", "", NO_SCOPE, NO_SCOPE),
    ("Bearer without-scope", "unknown", NO_SCOPE, NO_SCOPE),
    ("Bearer direct", "", ADMITTED, ADMITTED),
    ("Bearer direct", "unknown", ADMITTED, ADMITTED),
    ("bEARER   direct", "", ADMITTED, ADMITTED),
];

/// The same callers where the factor answers otherwise.
const ON_THE_FACTOR: &[Row] = &[
    ("Bearer unknown", "", NO_SUCH_TOKEN, INVALID_TOKEN),
    ("Bearer direct direct", "", NO_SUCH_TOKEN, INVALID_TOKEN),
    ("Bearer revoked", "", NO_SUCH_TOKEN, INVALID_TOKEN),
    ("Bearer blocked", "", BLOCKED, BLOCKED),
    ("Bearer blocked-without-scope", "", NO_SCOPE, BLOCKED),
    ("Bearer blocked-of-clinic", "", NO_KEY, BLOCKED),
    ("Bearer blocked-of-clinic", "unknown", WRONG_KEY, BLOCKED),
    ("Bearer blocked-of-clinic", "vendor", BLOCKED, BLOCKED),
    ("Bearer gone", "", NO_PERSON, NO_PERSON),
    ("Bearer gone-without-scope", "", NO_SCOPE, NO_PERSON),
];

#[test]
fn callers_are_refused_for_the_first_thing_that_is_against_them() {
    for dialect in DialectName::ALL {
        let node = node(dialect);
        for method in METHODS {
            for caller in CALLERS {
                let on_the_factor =
                    ON_THE_FACTOR.iter().find(|row| (row.0, row.1) == (caller.0, caller.1));
                let row = on_the_factor.filter(|_| method.1 == FACTOR).unwrap_or(caller);
                assert_decides(&node, dialect, method, row);
            }
        }
        // Of all those callers one may have a code sent for this request.
        node.code_for(SEED_PHONE);
        assert_eq!(node.messages_waiting(), 0);
    }
}

#[test]
fn whoever_is_special_on_the_factor_is_a_caller_elsewhere_too() {
    for special in ON_THE_FACTOR {
        let elsewhere = CALLERS.iter().find(|row| (row.0, row.1) == (special.0, special.1));
        let (documented, deployed) = elsewhere.map(|row| (row.2, row.3)).unwrap();
        assert_ne!((documented, deployed), (special.2, special.3), "{}", special.0);
    }
}

fn assert_decides(node: &TestNode, dialect: DialectName, method: Method, row: &Row) {
    let (verb, path, documented, deployed) = method;
    let (authorization, api_key, ..) = *row;
    let headers = [("authorization", authorization), ("api-key", api_key)];
    let given: Vec<_> = headers.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let body = if verb == "GET" { "" } else { "{}" };
    let reply = node.call(verb, path, &given, body);
    let case = format!("{dialect}: {verb} {path} by {authorization:?} {api_key:?}");
    match column(dialect, row.2, row.3) {
        ADMITTED => assert!(![401, 403].contains(&reply.status), "{case}: {}", reply.text),
        NO_SCOPE => assert_lacks_scope(&reply, column(dialect, documented, deployed), &case),
        answer => assert_answers(&reply, answer, &case),
    }
}

/// The page on resending has words of its own; all others name what is missing.
fn assert_lacks_scope(reply: &Reply, words: &str, case: &str) {
    let message = match words {
        "Invalid scope" => words.to_owned(),
        scope => format!(
            "Your scope does not allow to access this resource. Missing allowances: {scope}"
        ),
    };
    assert_eq!(reply.refusal(), (403, "forbidden", Some(message.as_str()), None), "{case}");
}

const GONE: &str = "b1000000-0000-4000-8000-000000000001";

/// Callers with one thing against them, or two; what the file can't say is done to the store.
fn node(dialect: DialectName) -> TestNode {
    let node = TestNode::speaking_with(dialect, &world());
    let make = move |write: &mut Write<'_>| {
        write.remove(USERS, &Id::parse(GONE).unwrap());
        let digest = SecretDigest::of(b"revoked");
        let mut token = write.get(TOKENS, &digest)?.unwrap();
        token.revoked_at = Some(Timestamp::from_micros(1));
        write.put(TOKENS, &digest, &token)?;
        Ok::<_, StoreError>(())
    };
    node.store.write_blocking(Priority::Normal, make).unwrap();
    node
}

fn world() -> Value {
    const ALL: &str = "person:read person_request:read person_request:write otp:read otp:write";
    const CLINIC: &str = "c0000000-0000-4000-8000-000000000001";
    const CABINET: &str = "c0000000-0000-4000-8000-000000000002";
    const BLOCKED_CLINIC: &str = "c0000000-0000-4000-8000-000000000003";
    const PATIENT: &str = "d290f1ee-6c54-4b01-90e6-d701748f0851";
    const BLOCKED_USER: &str = "b0000000-0000-4000-8000-000000000004";
    let vendor = |last: u8, name: &str, scope: Option<&str>, is_blocked: bool| {
        json!({
            "id": format!("c1000000-0000-4000-8000-00000000000{last}"), "name": name,
            "access_type": "BROKER", "api_key": {"plain": name}, "broker_scope": scope,
            "is_blocked": is_blocked
        })
    };
    let token = |name: &str, client: &str, user: &str, scope: &str, expires_at: &str| {
        json!({
            "name": name, "secret": {"plain": name}, "client_id": client, "user_id": user,
            "scope": scope, "expires_at": expires_at
        })
    };
    json!({
        "users": [{"id": GONE}],
        "clients": [
            vendor(1, "vendor", Some(ALL), false),
            vendor(2, "narrow-vendor", Some("person_request:sign"), false),
            vendor(3, "blocked-vendor", Some(ALL), true),
            vendor(4, "no-vendor", None, false),
        ],
        "tokens": [
            token("direct", CABINET, PATIENT, ALL, "+1h"),
            token("without-scope", CABINET, PATIENT, "person_request:sign", "+1h"),
            token("of-clinic", CLINIC, PATIENT, ALL, "+1h"),
            token("of-clinic-without-scope", CLINIC, PATIENT, "", "+1h"),
            token("revoked", CABINET, PATIENT, ALL, "+1h"),
            token("expired", CABINET, PATIENT, ALL, "-1s"),
            token("ends-now", CABINET, PATIENT, ALL, "2026-11-21T12:00:00Z"),
            token("expired-of-blocked-client", BLOCKED_CLINIC, PATIENT, ALL, "-1s"),
            token("of-blocked-client", BLOCKED_CLINIC, PATIENT, ALL, "+1h"),
            token("blocked-of-blocked-client", BLOCKED_CLINIC, BLOCKED_USER, ALL, "+1h"),
            token("blocked", CABINET, BLOCKED_USER, ALL, "+1h"),
            token("blocked-without-scope", CABINET, BLOCKED_USER, "", "+1h"),
            token("blocked-of-clinic", CLINIC, BLOCKED_USER, ALL, "+1h"),
            token("gone", CABINET, GONE, ALL, "+1h"),
            token("gone-without-scope", CABINET, GONE, "", "+1h"),
        ],
    })
}
