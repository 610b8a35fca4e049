//! What holds for every row of the route table, read off the table itself.

use std::collections::BTreeSet;

use esoz_otp::api::routes::ROUTES;
use esoz_otp::api::{Access, Operation, Row, Surface};

use super::envelope::assert_enveloped;
use crate::support::{Reply, SEED_REQUEST, Setup, TestNode};

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The row's path with something in its braces that is not known.
pub(super) fn path_of(row: &Row) -> String {
    let path = row.path.replace("{id}", SEED_REQUEST).replace("{phone}", "+380631112233");
    let path = path.replace("{connection_id}", SEED_REQUEST).replace("{name}", "turbosms");
    let path = path.replace("{connection_id}", SEED_REQUEST).replace("{factor_id}", SEED_REQUEST);
    path.replace("{driver}", "turbosms").replace("{secret}", "a-worthless-secret")
}

/// What an answer shows of that path.
pub(super) fn shown_path_of(row: &Row) -> String {
    match row.operation {
        Operation::Receipts => "/receipts/***".into(),
        _ => path_of(row),
    }
}

/// A row that answers as if it were not there to who does not know the right thing.
pub(super) fn may_be_unknown(row: &Row) -> bool {
    matches!(
        row.operation,
        Operation::InternalGetVerifiedPhone | Operation::InternalGetDelivery | Operation::Receipts
    )
}

fn call(node: &TestNode, row: &Row, headers: &[(&str, &str)]) -> Reply {
    let body = if row.method == "GET" { "" } else { "{}" };
    node.call(row.method, &path_of(row), headers, body)
}

/// What a row without a scope answers to an empty body.
fn status_of_an_open_row(operation: Operation) -> u16 {
    match operation {
        Operation::Live
        | Operation::Ready
        | Operation::OpenApi
        | Operation::DemoIndex
        | Operation::DemoMessages
        | Operation::DemoReset
        | Operation::DemoGateway => 200,
        // The body is lines.
        Operation::DemoWorld => 415,
        Operation::InternalInitialize | Operation::InternalComplete | Operation::DemoSetGateway => {
            422
        }
        Operation::InternalGetVerifiedPhone
        | Operation::InternalGetDelivery
        | Operation::Receipts => 404,
        Operation::ResendOtp
        | Operation::Approve
        | Operation::GetPersonRequest
        | Operation::AuthenticationFactor
        | Operation::Initialize
        | Operation::Complete
        | Operation::GetVerifiedPhone
        | Operation::GetDelivery
        | Operation::ListDeliveries
        | Operation::AdminGetDelivery
        | Operation::AdminListDeliveries
        | Operation::AdminGetPhone
        | Operation::ReadAudit
        | Operation::Apply
        | Operation::AdminListClients
        | Operation::AdminAddClient
        | Operation::AdminGetClient
        | Operation::AdminGetClientDetails
        | Operation::AdminPutClient
        | Operation::AdminChangeClient
        | Operation::AdminDeleteClient
        | Operation::AdminBlockClient
        | Operation::AdminUnblockClient
        | Operation::AdminDeactivateTokens
        | Operation::AdminListConnections
        | Operation::AdminPutConnection
        | Operation::AdminGetConnection
        | Operation::AdminChangeConnection
        | Operation::AdminRefreshSecret
        | Operation::AdminDeleteConnection
        | Operation::AdminListTokens
        | Operation::AdminAddToken
        | Operation::AdminRevokeTokens
        | Operation::AdminGetToken
        | Operation::AdminChangeToken
        | Operation::AdminRevokeToken
        | Operation::AdminAddAccessToken
        | Operation::AdminRevokeTokensOfUser
        | Operation::ListDrivers
        | Operation::TestDriver
        | Operation::GetLimits
        | Operation::GetStatus
        | Operation::AdminListUsers
        | Operation::AdminAddUser
        | Operation::AdminGetUser
        | Operation::AdminChangeUser
        | Operation::AdminDeleteUser
        | Operation::AdminBlockUser
        | Operation::AdminUnblockUser
        | Operation::AdminListFactors
        | Operation::AdminAddFactor
        | Operation::AdminGetFactor
        | Operation::AdminResetFactor
        | Operation::AdminDisableFactor
        | Operation::AdminEnableFactor
        | Operation::UnlockPhone => panic!("{operation:?} is open to everybody"),
    }
}

#[test]
fn a_row_with_a_scope_asks_for_a_token_and_the_others_serve_whoever_comes() {
    const MISSING: &str = "Authorization header is not set or doesn't contain Bearer token";
    let node = TestNode::start();
    for row in ROUTES {
        let without = call(&node, row, &[]);
        if row.operation != Operation::OpenApi {
            assert_enveloped(&node, &without, &shown_path_of(row));
        }
        let worthless = call(&node, row, &[("authorization", "Bearer nobody's")]);
        match row.access {
            Access::Scope(_) => {
                let expected = (401, "access_denied", Some(MISSING), None);
                assert_eq!(without.refusal(), expected, "{}", row.path);
            }
            Access::Anyone => {
                let expected = status_of_an_open_row(row.operation);
                assert_eq!(without.status, expected, "{}", row.path);
                assert_eq!(worthless.status, expected, "{}", row.path);
            }
        }
    }
}

#[test]
fn a_token_without_the_scope_is_told_which_one_it_lacks() {
    let node = TestNode::start();
    let token = [("authorization", "Bearer demo-noscope-token")];
    for row in ROUTES {
        let Access::Scope(scope) = row.access else { continue };
        let reply = call(&node, row, &token);
        let message = match row.operation {
            Operation::ResendOtp => "Invalid scope".to_owned(),
            _ => format!(
                "Your scope does not allow to access this resource. Missing allowances: \"{scope}\""
            ),
        };
        let expected = (403, "forbidden", Some(message.as_str()), None);
        assert_eq!(reply.refusal(), expected, "{}", row.path);
        assert_enveloped(&node, &reply, &shown_path_of(row));
    }
}

#[test]
fn another_method_is_refused_with_those_that_are_allowed() {
    let node = TestNode::start();
    for row in ROUTES {
        let allowed: BTreeSet<_> = ROUTES
            .iter()
            .filter(|other| other.path == row.path)
            .map(|other| other.method)
            .collect();
        for method in METHODS.iter().filter(|method| !allowed.contains(*method)) {
            let reply = node.by_hand(method, &path_of(row), &[], b"");
            assert_refused_for_its_method(&node, &reply, row, &allowed);
        }
    }
}

fn assert_refused_for_its_method(
    node: &TestNode,
    reply: &Reply,
    row: &Row,
    allowed: &BTreeSet<&str>,
) {
    let message = Some("Method is not allowed. See the header Allow.");
    assert_eq!(reply.refusal(), (405, "method_not_allowed", message, None), "{}", row.path);
    assert_enveloped(node, reply, &shown_path_of(row));
    let mut told: BTreeSet<_> = reply.header("allow").unwrap().split(", ").collect();
    assert_eq!(told.remove("HEAD"), allowed.contains("GET"), "{}", row.path);
    assert_eq!(told, *allowed, "{}", row.path);
}

#[test]
fn head_answers_as_get_without_a_body_and_is_refused_where_nothing_is_read() {
    let node = TestNode::start();
    let headers = [
        ("authorization", "Bearer demo-direct-token"),
        ("x-request-id", "the-same-one-for-both-of-them"),
    ];
    for row in ROUTES {
        let path = path_of(row);
        let mut head = node.by_hand("HEAD", &path, &headers, b"");
        assert_eq!(head.text, "", "{path}");
        if row.method == "GET" {
            let mut get = node.by_hand("GET", &path, &headers, b"");
            assert_eq!(head.status, get.status, "{path}");
            assert_eq!(get.header("content-length"), Some(get.text.len().to_string().as_str()));
            // The second may change between the two.
            assert!(head.headers.remove("date").is_some() && get.headers.remove("date").is_some());
            assert_eq!(head.headers, get.headers, "{path}");
        } else if !ROUTES.iter().any(|other| other.path == row.path && other.method == "GET") {
            assert_eq!(head.status, 405, "{path}");
            assert_eq!(head.header("allow"), Some(row.method), "{path}");
        }
    }
}

#[test]
fn two_rows_never_fit_the_same_request() {
    let fit = |one: &str, other: &str| {
        one.split('/').count() == other.split('/').count()
            && one
                .split('/')
                .zip(other.split('/'))
                .all(|(a, b)| a == b || a.starts_with('{') || b.starts_with('{'))
    };
    for (i, one) in ROUTES.iter().enumerate() {
        for other in &ROUTES[i + 1..] {
            if one.operation == other.operation {
                assert_are_versions(one, other);
            }
            // One path, whatever its methods, is one spelling: `Allow` is read off it.
            if fit(one.path, other.path) {
                assert_eq!(one.path, other.path);
                assert_ne!(one.method, other.method, "{}", one.path);
            }
        }
    }
}

/// Two rows of one operation are versions of one path, and differ in nothing else.
fn assert_are_versions(one: &Row, other: &Row) {
    let unversioned = |row: &Row| row.path.replace("/v2/", "/").replace("/v3/", "/");
    let rest = |row: &Row| (row.method, row.surface, row.access, row.body, row.max_body);
    assert_ne!(one.path, other.path);
    assert_eq!(unversioned(one), unversioned(other));
    assert_eq!(rest(one), rest(other), "{} {}", one.path, other.path);
    assert_eq!(one.deadline, other.deadline);
}

#[test]
fn the_demo_s_rows_are_unknown_to_a_node_that_is_no_demo() {
    let node = TestNode::set_up(Setup { is_demo: false, ..Setup::default() });
    for row in ROUTES {
        let reply = call(&node, row, &[]);
        let is_unknown = reply.refusal() == (404, "not_found", None, None);
        match row.surface {
            Surface::Demo => assert!(is_unknown, "{}", row.path),
            Surface::Public | Surface::Internal => {
                assert!(!is_unknown || may_be_unknown(row), "{}", row.path);
            }
        }
        let other_method = node.by_hand("OPTIONS", &path_of(row), &[], b"");
        let expected = if row.surface == Surface::Demo { 404 } else { 405 };
        assert_eq!(other_method.status, expected, "{}", row.path);
    }
}

#[test]
fn the_readme_lists_exactly_these_methods() {
    let readme = include_str!("../../../README.md");
    let section = readme.split("\n## ").find_map(|part| part.strip_prefix("Methods\n"));
    let listed: BTreeSet<_> = section.unwrap().lines().filter_map(listed_method).collect();
    let served: BTreeSet<_> = ROUTES
        .iter()
        .map(|row| {
            let scope = match row.access {
                Access::Scope(scope) => scope,
                Access::Anyone => "none",
            };
            (format!("{} {}", row.method, row.path), scope.to_owned())
        })
        .collect();
    assert_eq!(listed, served);
}

#[test]
fn the_readme_s_first_refusals_are_among_all_of_them() {
    let (_, first) = include_str!("../../../README.md")
        .split_once("| refused because | status | `error.message` |\n|---|---|---|\n")
        .expect("README.md has the table");
    let (_, all) = include_str!("../../../src/api/README.md")
        .split_once("\n## Refusals\n")
        .expect("src/api/README.md has the chapter");
    let (all, _) = all.split_once("\n## ").unwrap();
    let rows: Vec<_> = first.lines().take_while(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 13);
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let is_there =
            |line: &str| line.contains(cells[1]) && line.ends_with(&format!("{} |", cells[2]));
        assert!(all.lines().any(is_there), "{row}");
    }
}

/// Method with path, and scope, of a line that begins ``| `POST /…` | `otp:write` |``.
fn listed_method(line: &str) -> Option<(String, String)> {
    let (method, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
    let (scope, _) = rest.split_once(" |")?;
    Some((method.to_owned(), scope.trim_matches('`').to_owned()))
}
