//! Query parameters that a method does not know: refused for operators and authors of tests, whom a misspelt filter would
//! show everything, and not looked at elsewhere.

use esoz_otp::api::routes::ROUTES;
use esoz_otp::api::{Access, Parameters, Row, Surface};
use serde_json::json;

use super::envelope::assert_enveloped;
use super::routes::{path_of, shown_path_of};
use crate::support::{Reply, TestNode};

const ADMIN: [(&str, &str); 1] = [("authorization", "Bearer demo-admin-token")];

fn call(node: &TestNode, row: &Row, query: &str) -> Reply {
    let path = format!("{}?{query}", path_of(row));
    let headers = match row.access {
        Access::Scope(_) => &ADMIN[..],
        Access::Anyone => &[],
    };
    let body = if row.method == "GET" { "" } else { "{}" };
    node.call(row.method, &path, headers, body)
}

fn is_strict(row: &Row) -> bool {
    row.path.starts_with("/admin/") || row.path.starts_with("/demo/")
}

#[test]
fn every_row_for_operators_and_authors_of_tests_refuses_what_it_does_not_know() {
    let node = TestNode::start();
    for row in ROUTES.iter().filter(|row| is_strict(row)) {
        let Parameters::Only(shape) = row.parameters else { panic!("{} takes any", row.path) };
        let known: Vec<_> = shape.fields().iter().map(|field| field.name).collect();
        assert_ne!(row.surface, Surface::Public, "{}", row.path);
        for query in ["phone_number=%2B380671000041", "a", "a=1&b=2"] {
            let refused = call(&node, row, query);
            assert_eq!(
                (refused.status, &refused.error()["type"]),
                (422, &json!("validation_failed"))
            );
            assert_enveloped(&node, &refused, &shown_path_of(row));
            let invalid = &refused.error()["invalid"];
            let name = query.split(['=', '&']).next().unwrap();
            assert_eq!(invalid[0]["entry"], format!("$.{name}"), "{}", row.path);
            assert_eq!(invalid[0]["entry_type"], "query_parameter");
            let rule = &invalid[0]["rules"][0];
            let named: Vec<_> = rule["params"].as_object().unwrap().keys().collect();
            assert_eq!(named.len(), known.len());
            let description = rule["description"].as_str().unwrap();
            for name in &known {
                assert!(named.contains(&&(*name).to_owned()) && description.contains(name));
            }
        }
        for name in &known {
            for query in [(*name).to_owned(), format!("{name}=1&{name}=1")] {
                let refused = call(&node, row, &query);
                let entry = &refused.error()["invalid"][0]["entry"];
                assert_eq!((refused.status, entry), (422, &json!(format!("$.{name}"))), "{query}");
            }
        }
    }
}

#[test]
fn a_name_that_may_be_a_phone_or_a_token_is_not_repeated() {
    let node = TestNode::start();
    for query in ["+380671000041", "%2B380671000041=1", "demo-mis-token=1"] {
        let refused = node.by_hand("GET", &format!("/demo/messages?{query}"), &[], b"");
        assert_eq!((refused.status, &refused.error()["invalid"][0]["entry"]), (422, &json!("$.*")));
    }
}

#[test]
fn who_may_not_call_is_told_that_and_nothing_of_parameters() {
    let node = TestNode::start();
    for row in ROUTES.iter().filter(|row| matches!(row.access, Access::Scope(_))) {
        let path = format!("{}?phone_number=1", path_of(row));
        let body = if row.method == "GET" { "" } else { "{}" };
        assert_eq!(node.call(row.method, &path, &[], body).status, 401, "{path}");
    }
}

#[test]
fn everywhere_else_they_are_not_looked_at() {
    let node = TestNode::start();
    for row in ROUTES.iter().filter(|row| !is_strict(row)) {
        assert!(!matches!(row.parameters, Parameters::Only(_)), "{}", row.path);
        let with = call(&node, row, "phone_number=1&a&a");
        let without = call(&node, row, "");
        assert_eq!(with.status, without.status, "{}", row.path);
    }
}

#[test]
fn a_phone_that_is_none_is_told_its_form_and_is_not_repeated() {
    let node = TestNode::start();
    let texts = ["", "abc", "380671000041", "+38067100004", "0671000041"];
    let messages = texts.map(|text| ("GET", format!("/demo/messages?phone={text}")));
    let unlock = ["abc", "380671000041", "%20"];
    let unlock = unlock.map(|text| ("POST", format!("/admin/phones/{text}/actions/unlock")));
    for (method, path) in messages.into_iter().chain(unlock) {
        let refused = node.by_hand(method, &path, &ADMIN, b"");
        assert_eq!(refused.status, 422, "{path}: {}", refused.text);
        let invalid = &refused.error()["invalid"][0];
        assert_eq!(invalid["entry"], "$.phone");
        let said = invalid["rules"][0]["description"].as_str().unwrap();
        assert!(said.contains("+380 and nine digits"), "{said}");
        assert!(!refused.error().to_string().contains("671000041"), "{}", refused.text);
    }
}

#[test]
fn a_misspelt_filter_shows_nobody_s_messages() {
    let node = TestNode::start();
    assert_eq!(node.initialize("+380671000041").status, 201);
    node.code_for("+380671000041");
    for query in ["phone_number=%2B380671000042", "Phone=%2B380671000042", "phone"] {
        let refused = node.call("GET", &format!("/demo/messages?{query}"), &[], "");
        assert_eq!((refused.status, refused.data().is_null()), (422, true), "{query}");
    }
    let of_one = node.call("GET", "/demo/messages?phone=%2B380671000042", &[], "");
    assert_eq!((of_one.status, of_one.data()), (200, &json!([])));
    assert_eq!(node.call("POST", "/demo/reset?phone=1", &[], "").status, 422);
    let all = node.call("GET", "/demo/messages", &[], "");
    assert_eq!(all.data().as_array().unwrap().len(), 1, "nothing was reset");
}

/// The entries of `error.invalid`, sorted.
fn entries(refused: &Reply) -> Vec<String> {
    let invalid = refused.error()["invalid"].as_array().unwrap().iter();
    let mut entries: Vec<_> =
        invalid.map(|fault| fault["entry"].as_str().unwrap().to_owned()).collect();
    entries.sort();
    entries
}

#[test]
fn all_faults_of_a_call_come_at_once() {
    let node = TestNode::start();
    let unknown = "11111111-1111-4111-8111-111111111111";
    for (method, path, body, expected) in [
        (
            "GET",
            "/admin/deliveries?phone=067&status=lost&from=yesterday&limit=5",
            "",
            &["$.from", "$.limit", "$.phone", "$.status"][..],
        ),
        (
            "GET",
            "/admin/deliveries?phone=067&page_size=1&page_size=2&to",
            "",
            &["$.page_size", "$.phone", "$.to"],
        ),
        ("GET", "/admin/deliveries?after=7&order=x", "", &["$.after", "$.order"]),
        (
            "GET",
            &format!("/admin/deliveries?after={unknown}&order=x&a=1"),
            "",
            &["$.a", "$.after", "$.order"],
        ),
        (
            "GET",
            "/admin/audit?event=x&page_size=0&limit=5",
            "",
            &["$.event", "$.limit", "$.page_size"],
        ),
        ("GET", "/demo/messages?phone=067&a=1", "", &["$.a", "$.phone"]),
        ("POST", "/admin/apply?dry_run=yes&a=1", "", &["$.a", "$.dry_run"]),
        ("POST", "/demo/world?dry_run=yes&a=1", "", &["$.a", "$.dry_run"]),
        ("GET", "/admin/phones/067?a=1", "", &["$.a", "$.phone"]),
        ("POST", "/admin/phones/067/actions/unlock?a=1&b=2", "{}", &["$.a", "$.b", "$.phone"]),
        ("POST", "/demo/gateway?a=1", r#"{"mode": "x", "c": 1}"#, &["$.a", "$.c", "$.mode"]),
        ("POST", "/demo/gateway?a=1", r#"{"mode": "ok"}"#, &["$.a"]),
    ] {
        let lines = ("content-type", "application/x-ndjson");
        let headers = if path.contains("dry_run") { &[ADMIN[0], lines][..] } else { &ADMIN };
        let refused = node.call(method, path, headers, body);
        assert_eq!(refused.status, 422, "{path}: {}", refused.text);
        assert_eq!(entries(&refused), expected, "{path}");
    }
    // What is right alone is right together with nothing else.
    assert_eq!(node.call("POST", "/demo/gateway", &[], r#"{"mode": "ok"}"#).status, 200);
}

#[test]
fn a_page_of_a_request_s_messages_has_all_faults_too() {
    let node = TestNode::start();
    let path = "/api/person_requests/eeebb86d-5cba-43c9-885b-6482ecaf826b/deliveries";
    let mis = [("authorization", "Bearer demo-mis-token"), ("api-key", "demo-api-key")];
    let known = node.call("GET", path, &mis, "");
    assert_eq!(known.status, 200, "{}", known.text);
    let refused = node.call("GET", &format!("{path}?after=7&page_size=0"), &mis, "");
    assert_eq!(
        (refused.status, entries(&refused)),
        (422, vec!["$.after".into(), "$.page_size".into()])
    );
}
