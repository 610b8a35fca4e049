//! `GET /openapi.json`. That it is right is tested by every other test: each answer is held against it.

mod provoked;
mod rules;
mod seen;

use std::collections::BTreeSet;

use esoz_otp::api::routes::ROUTES;
use esoz_otp::api::{Row, Surface};
use esoz_otp::config::DialectName;
use serde_json::{Value, json};

use crate::support::{Reply, Setup, TestNode};

fn document(node: &TestNode) -> Value {
    let reply = node.call("GET", "/openapi.json", &[], "");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(reply.body["openapi"], "3.1.0");
    reply.body
}

fn described(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let methods = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().keys();
        let methods =
            methods.filter(|name| !matches!(name.as_str(), "parameters" | "x-other-methods"));
        methods.map(move |method| (method.to_ascii_uppercase(), path.clone()))
    });
    methods.collect()
}

#[test]
fn it_has_the_methods_that_the_node_serves() {
    for is_demo in [true, false] {
        let node = TestNode::set_up(Setup { is_demo, ..Setup::default() });
        let is_served = |row: &&Row| is_demo || row.surface != Surface::Demo;
        let served = ROUTES.iter().filter(is_served);
        let served = served.flat_map(|row| match row.method {
            "GET" => vec![("GET".into(), row.path.into()), ("HEAD".into(), row.path.into())],
            method => vec![(method.into(), row.path.into())],
        });
        let served: BTreeSet<_> = served.collect();
        assert_eq!(described(&document(&node)), served);
    }
}

#[test]
fn it_is_on_the_internal_listener_only() {
    let node = TestNode::start();
    assert_eq!(node.by_hand_in_public("GET", "/openapi.json", &[]).status, 404);
}

#[test]
fn every_operation_says_who_may_call_it_and_has_all_parameters_of_its_path() {
    let node = TestNode::start();
    let document = document(&node);
    let mut ids = BTreeSet::new();
    for row in ROUTES {
        let operation = &document["paths"][row.path][row.method.to_ascii_lowercase()];
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{}", row.path);
        assert_ne!(operation["summary"], "", "{}", row.path);
        match row.access.scope() {
            Some(scope) => assert_eq!(operation["security"][0]["token"][0], scope),
            None => assert_eq!(operation["security"], json!([])),
        }
        let parameters = operation["parameters"].as_array().unwrap().iter();
        let of_path = parameters.filter(|parameter| parameter["in"] == "path");
        let names: Vec<_> = of_path.map(|parameter| parameter["name"].as_str().unwrap()).collect();
        let parts = row.path.split('/').filter_map(|part| part.strip_prefix('{'));
        let expected: Vec<_> = parts.filter_map(|part| part.strip_suffix('}')).collect();
        assert_eq!(names, expected, "{}", row.path);
    }
}

#[test]
fn refusals_are_those_of_the_dialect() {
    let statuses_of = |dialect| {
        let document = document(&TestNode::speaking(dialect));
        let factor = &document["paths"]["/api/cabinet/authentication_factor"]["get"];
        let data = &factor["responses"]["200"]["content"]["application/json"]["schema"]["properties"]
            ["data"];
        let examples = &document["components"]["examples"];
        let expired = &examples["TokenExpired"]["value"]["error"]["message"];
        let not_set = !examples["FactorNotSet"].is_null();
        (data["type"].as_str().map(str::to_owned), expired.as_str().unwrap().to_owned(), not_set)
    };
    assert_eq!(statuses_of(DialectName::Documented), (None, "Access denied".into(), true));
    let deployed = statuses_of(DialectName::Deployed);
    assert_eq!(deployed, (Some("array".into()), "Invalid access token".into(), false));
}

#[test]
fn an_answer_that_it_does_not_have_is_found() {
    let node = TestNode::start();
    let fault = |method: &str, path: &str, change: fn(&mut Reply)| {
        let mut reply = node.call("GET", path, &[], "");
        assert_eq!(node.described().fault("GET", path, &reply), Ok(()), "{path}");
        change(&mut reply);
        node.described().fault(method, path, &reply).expect_err("a fault")
    };
    let live = "/health/live";
    let factor = "/api/cabinet/authentication_factor";
    for (found, expected) in [
        (fault("GET", live, |reply| reply.status = 418), "has no 418 for GET /health/live"),
        (
            fault("GET", live, |reply| reply.body["data"]["more"] = json!(1)),
            "$.data.more is unknown",
        ),
        (fault("GET", live, |reply| reply.body["data"] = json!({})), "$.data.status is missing"),
        (
            fault("GET", live, |reply| reply.body["data"]["status"] = json!(1)),
            "$.data.status is no ",
        ),
        (fault("GET", "/nowhere", |reply| reply.status = 200), "has no such path"),
        (fault("DELETE", live, |_| {}), "200 for a method without a description"),
        (
            fault("DELETE", live, |reply| {
                reply.status = 405;
                reply.headers.insert("allow", "GET".parse().unwrap());
            }),
            "Allow of /health/live is GET",
        ),
        (
            fault("GET", factor, |reply| reply.body["error"]["reason"] = json!("expired")),
            "no example has the type",
        ),
        (
            fault("GET", factor, |reply| drop(reply.headers.remove("www-authenticate"))),
            "no header WWW-Authenticate",
        ),
    ] {
        assert!(found.contains(expected), "{found}");
    }
}
