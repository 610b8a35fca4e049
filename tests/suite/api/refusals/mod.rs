//! The refusal table, row by row, as a caller gets to see it.

mod callers;
mod codes;
mod deployed;
mod documented;
mod heads;
mod late;
mod requests;
mod told;

use std::collections::HashSet;
use std::time::Duration;

use esoz_otp::api::ErrorKind::{self, Refused, Rejected};
use esoz_otp::api::Operation;
use esoz_otp::api::RejectionKind;
use esoz_otp::api::dialect;
use esoz_otp::api::routes::ROUTES;
use esoz_otp::clock::Clock as _;
use esoz_otp::config::DialectName;
use esoz_otp::domain::Id;
use esoz_otp::domain::RefusalKind;
use esoz_otp::store::schema::USERS;
use esoz_otp::store::{Priority, StoreError, Write};
use serde_json::json;

use super::envelope::{assert_enveloped, assert_enveloped_at};
use crate::support::{MIS, Reply, TestNode};

const FACTOR: &str = "/api/cabinet/authentication_factor";
const DENIED: &str = "access_denied";
const RESEND: &str = "/api/person_requests/eeebb86d-5cba-43c9-885b-6482ecaf826b/actions/resend_otp";
const UNKNOWN: &str = "/api/person_requests/eeebb86d-5cba-43c9-885b-000000000000";

/// A row of the table, how to come by it, and what it has to say.
struct Case {
    kind: ErrorKind,
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

const fn case(kind: ErrorKind, status: u16, error_type: &'static str) -> Case {
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
const ELSEWHERE: [(ErrorKind, &str); 9] = [
    (
        Refused(RefusalKind::NotAnOperator),
        "needs a process of another user: see `binary::serve::socket`",
    ),
    (
        Refused(RefusalKind::HashingFailed),
        "needs a machine that has not the memory for one hash more",
    ),
    (Refused(RefusalKind::Busy), "needs the writer's queue full: see `late`"),
    (Rejected(RejectionKind::TooSlow), "needs five seconds: see `late`"),
    (Rejected(RejectionKind::BodyTooSlow), "needs five seconds: see `late`"),
    (Refused(RefusalKind::DiskFull), "needs a full disk: see `store::disk_full`"),
    (
        Refused(RefusalKind::MessagesLate),
        "needs a driver that keeps messages waiting: see `health`",
    ),
    (Refused(RefusalKind::DriversDown), "needs a driver that fails again and again: see `health`"),
    (
        Refused(RefusalKind::StorageFailed),
        "needs a store that fails, and ends its node: see `late`",
    ),
];

/// Rows that a dialect shares with the others and does not come by.
fn never_in(dialect: DialectName) -> &'static [(ErrorKind, &'static str)] {
    match dialect {
        DialectName::Documented => &[],
        DialectName::Deployed => {
            &[(Refused(RefusalKind::FactorNotSet), "the list of factors is empty instead")]
        }
    }
}

fn cases(dialect: DialectName) -> impl Iterator<Item = &'static Case> {
    let own = match dialect {
        DialectName::Documented => documented::CASES,
        DialectName::Deployed => deployed::CASES,
    };
    [own, callers::CASES, codes::CASES, requests::CASES, heads::CASES].into_iter().flatten()
}

#[test]
fn every_row_is_worded_as_the_table_says() {
    for dialect in DialectName::ALL {
        let node = node(dialect);
        for case in cases(dialect) {
            assert_worded(&node, case, &format!("{dialect}: {:?} on {:?}", case.kind, case.on));
        }
    }
}

fn assert_worded(node: &TestNode, case: &Case, name: &str) {
    let reply = (case.provoke)(node, case.path);
    let next = case.wait.map(|seconds| node.clock.now() + Duration::from_secs(seconds));
    let next = next.map(|at| at.rounded_up().to_string());
    let message = case.message.map(|text| format!("{text}{}", next.as_deref().unwrap_or("")));
    let expected = (case.status, case.error_type, message.as_deref(), case.reason);
    assert_eq!(reply.refusal(), expected, "{name}");
    let wait = case.wait.map(|seconds| seconds.to_string());
    assert_eq!(reply.header("retry-after"), wait.as_deref(), "{name}");
    assert_eq!(reply.error()["next_attempt_at"].as_str(), next.as_deref(), "{name}");
    let host = case.host.map_or_else(|| node.address().to_string(), str::to_owned);
    assert_enveloped_at(&reply, &format!("http://{host}{}", case.path));
}

#[test]
fn no_row_of_a_table_is_left_out() {
    for name in DialectName::ALL {
        let elsewhere = ELSEWHERE.iter().chain(never_in(name)).map(|(kind, _)| (*kind, None));
        let covered: HashSet<_> =
            cases(name).map(|case| (case.kind, case.on)).chain(elsewhere).collect();
        let rows: HashSet<_> = dialect::of(name).all_rows().map(|row| (row.kind, row.on)).collect();
        let of = |kinds: &HashSet<_>, others| {
            let left: HashSet<_> = kinds.difference(others).copied().collect();
            let mut shown: Vec<_> = left
                .iter()
                .map(|(kind, on): &(ErrorKind, Option<Operation>)| format!("{kind:?} on {on:?}"))
                .collect();
            shown.sort_unstable();
            shown
        };
        let untried = of(&rows, &covered);
        assert!(untried.is_empty(), "{name}: rows without a case here: {untried:#?}");
        let unknown = of(&covered, &rows);
        assert!(unknown.is_empty(), "{name}: cases without a row in src/api/dialect: {unknown:#?}");
    }
}

#[test]
fn every_refusal_has_words_on_every_method_and_no_row_hides_another() {
    assert_eq!(ErrorKind::all().collect::<HashSet<_>>().len(), ErrorKind::all().count());
    for name in DialectName::ALL {
        let dialect = dialect::of(name);
        assert_eq!(dialect.name, name);
        for operation in ROUTES.iter().map(|row| Some(row.operation)).chain([None]) {
            for kind in ErrorKind::all() {
                let found = dialect.find(kind, operation);
                let files = format!("src/api/dialect/{name}.rs or common.rs");
                assert!(found.is_some(), "{files} needs a row for {kind:?} on {operation:?}");
            }
        }
        for row in dialect.all_rows() {
            let found = dialect.find(row.kind, row.on).unwrap();
            assert!(std::ptr::eq(found, row), "{name}: {:?} on {:?}", row.kind, row.on);
        }
    }
}

/// The demo, and a patient who is in no registry, and a user who has gone while their token has not.
fn node(dialect: DialectName) -> TestNode {
    let gone = "b0000000-0000-4000-8000-000000000020";
    let no_person = "b0000000-0000-4000-8000-000000000021";
    let token = |name: &str, user: &str| {
        json!({
            "name": name, "secret": {"plain": name}, "user_id": user,
            "client_id": "c0000000-0000-4000-8000-000000000002",
            "scope": "person:read person_request:read", "expires_at": "+30d"
        })
    };
    let world = json!({
        "users": [{"id": gone}, {"id": no_person}],
        "tokens": [token("gone-user-token", gone), token("no-person-token", no_person)],
    });
    let node = TestNode::speaking_with(dialect, &world);
    let gone = Id::parse(gone).unwrap();
    let remove = move |write: &mut Write<'_>| {
        write.remove(USERS, &gone);
        Ok::<_, StoreError>(())
    };
    node.store.write_blocking(Priority::Normal, remove).unwrap();
    node
}

fn with_a_wrong_key(node: &TestNode, path: &str) -> Reply {
    node.call("POST", path, &[MIS[0], ("api-key", "nobody-s-key")], "")
}

fn resend_without_the_scope(node: &TestNode, path: &str) -> Reply {
    node.call("POST", path, &[("authorization", "Bearer demo-noscope-token")], "")
}

impl TestNode {
    /// A GET with this token alone.
    fn get_as(&self, token: &str, path: &str) -> Reply {
        self.call("GET", path, &[("authorization", &format!("Bearer {token}"))], "")
    }
}
