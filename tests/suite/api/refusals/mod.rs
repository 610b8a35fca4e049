//! The refusal table, row by row, as a caller gets to see it.

mod callers;
mod codes;
mod heads;
mod late;
mod requests;

use std::collections::HashSet;
use std::time::Duration;

use esoz_otp::api::Kind;
use esoz_otp::api::dialect::DOCUMENTED;
use esoz_otp::api::routes::{Operation, ROUTES};
use esoz_otp::clock::Clock as _;
use esoz_otp::domain::Id;
use esoz_otp::store::schema::USERS;
use esoz_otp::store::{StoreError, Write};
use serde_json::json;

use super::envelope::{assert_enveloped, assert_enveloped_at};
use crate::support::{Reply, TestNode};

const FACTOR: &str = "/api/cabinet/authentication_factor";
const RESEND: &str = "/api/person_requests/eeebb86d-5cba-43c9-885b-6482ecaf826b/actions/resend_otp";
const UNKNOWN: &str = "/api/person_requests/eeebb86d-5cba-43c9-885b-000000000000";

/// A row of the table, how to come by it, and what it has to say.
struct Case {
    kind: Kind,
    on: Option<Operation>,
    path: &'static str,
    /// What `meta.url` has before the path, when it is not the node's address.
    host: Option<&'static str>,
    provoke: fn(&TestNode, &str) -> Reply,
    status: u16,
    error_type: &'static str,
    message: Option<&'static str>,
    reason: Option<&'static str>,
    /// Seconds until it is worth while to come back; the time stands behind the message too.
    wait: Option<u64>,
}

const fn case(kind: Kind, status: u16, error_type: &'static str) -> Case {
    Case {
        kind,
        on: None,
        path: "",
        host: None,
        provoke: |_, _| unreachable!("every case provokes something"),
        status,
        error_type,
        message: None,
        reason: None,
        wait: None,
    }
}

/// Rows that no call to a healthy node comes by in the moment a test has.
const ELSEWHERE: [(Kind, &str); 4] = [
    (Kind::Busy, "needs the writer's queue full: see `late`"),
    (Kind::TooSlow, "needs five seconds: see `late`"),
    (Kind::BodyTooSlow, "needs five seconds: see `late`"),
    (Kind::StorageFailed, "needs a store that fails"),
];

fn cases() -> impl Iterator<Item = &'static Case> {
    callers::CASES.iter().chain(codes::CASES).chain(requests::CASES).chain(heads::CASES)
}

#[test]
fn every_row_is_worded_as_the_table_says() {
    let node = node();
    for case in cases() {
        let name = format!("{:?} on {:?}", case.kind, case.on);
        let reply = (case.provoke)(&node, case.path);
        let next = case.wait.map(|seconds| node.clock.now() + Duration::from_secs(seconds));
        let next = next.map(esoz_otp::domain::Timestamp::to_whole_second);
        let message = case.message.map(|text| format!("{text}{}", next.as_deref().unwrap_or("")));
        let expected = (case.status, case.error_type, message.as_deref(), case.reason);
        assert_eq!(reply.refusal(), expected, "{name}");
        let wait = case.wait.map(|seconds| seconds.to_string());
        assert_eq!(reply.header("retry-after"), wait.as_deref(), "{name}");
        assert_eq!(reply.error()["next_attempt_at"].as_str(), next.as_deref(), "{name}");
        let host = case.host.map_or_else(|| node.address().to_string(), str::to_owned);
        assert_enveloped_at(&reply, &format!("http://{host}{}", case.path));
    }
}

#[test]
fn no_row_of_the_table_is_left_out() {
    let elsewhere = ELSEWHERE.iter().map(|(kind, _)| (*kind, None));
    let covered: HashSet<_> = cases().map(|case| (case.kind, case.on)).chain(elsewhere).collect();
    let rows: HashSet<_> = DOCUMENTED.all_rows().map(|row| (row.kind, row.on)).collect();
    assert_eq!(covered, rows);
}

#[test]
fn every_refusal_has_words_on_every_method_and_no_row_hides_another() {
    assert_eq!(HashSet::from(Kind::ALL).len(), Kind::ALL.len());
    let operations = ROUTES.iter().map(|row| Some(row.operation)).chain([None]);
    for operation in operations {
        for kind in Kind::ALL {
            assert!(DOCUMENTED.find(kind, operation).is_some(), "{kind:?} on {operation:?}");
        }
    }
    for row in DOCUMENTED.all_rows() {
        let found = DOCUMENTED.find(row.kind, row.on).unwrap();
        assert!(std::ptr::eq(found, row), "{:?} on {:?}", row.kind, row.on);
    }
}

/// The demo, and a patient who is in no registry, and a user who has gone while their token has not.
fn node() -> TestNode {
    let gone = "b0000000-0000-4000-8000-000000000020";
    let no_person = "b0000000-0000-4000-8000-000000000021";
    let token = |name: &str, user: &str| {
        json!({
            "name": name, "secret": {"plain": name}, "user_id": user,
            "client_id": "c0000000-0000-4000-8000-000000000002",
            "scope": "person:read person_request:read", "expires_at": "+30d"
        })
    };
    let node = TestNode::with_more(&json!({
        "users": [{"id": gone}, {"id": no_person}],
        "tokens": [token("gone-user-token", gone), token("no-person-token", no_person)],
    }));
    let gone = Id::parse(gone).unwrap();
    let remove = move |write: &mut Write<'_>| {
        write.remove(USERS, &gone);
        Ok::<_, StoreError>(())
    };
    node.store.write_blocking(remove).unwrap();
    node
}

impl TestNode {
    /// A GET with this token alone.
    fn get_as(&self, token: &str, path: &str) -> Reply {
        self.call("GET", path, &[("authorization", &format!("Bearer {token}"))], "")
    }
}
