//! `GET /` of a demo: where things are.

use serde_json::{Value, json};

use super::envelope::assert_enveloped;
use crate::support::{DEMO_WORLD, Reply, Setup, TestNode, demo_world_with};

/// What a browser sends.
const BROWSER: (&str, &str) =
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8");

fn page(node: &TestNode) -> Reply {
    let reply = node.call("GET", "/", &[BROWSER], "");
    assert_eq!(reply.status, 200);
    reply
}

fn with_secrets_of_its_own() -> TestNode {
    let client = "c0000000-0000-4000-8000-000000000002";
    let token = |name: &str, secret: Value| {
        json!({
            "name": name, "secret": secret, "client_id": client,
            "user_id": "b0000000-0000-4000-8000-000000000001", "scope": "", "expires_at": "+1h"
        })
    };
    let tokens = json!({"tokens": [
        token("laboratory <b>", json!({"plain": "a-very-own-secret"})),
        token("made", json!({"generate": true})),
    ]});
    TestNode::set_up(Setup { world: demo_world_with(&tokens), ..Setup::default() })
}

#[test]
fn it_is_json_unless_the_caller_prefers_a_page() {
    let node = TestNode::start();
    for headers in [&[][..], &[("accept", "*/*")], &[("accept", "application/json")]] {
        let reply = node.call("GET", "/", headers, "");
        assert_enveloped(&node, &reply, "/");
        let methods = reply.data()["methods"].as_array().unwrap();
        let audit = json!({"method": "GET", "path": "/admin/audit", "scope": "admin:read"});
        assert!(methods.contains(&audit), "{methods:#?}");
        assert!(methods.contains(&json!({"method": "GET", "path": "/", "scope": null})));
    }
    let reply = page(&node);
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(reply.text.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"), "{}", reply.text);
    assert_eq!(node.call("GET", "/", &[("accept", "image/png")], "").status, 406);
}

#[test]
fn the_page_may_do_nothing_but_be_read() {
    let node = TestNode::start();
    let reply = page(&node);
    let policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    for (name, value) in [
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{name}");
    }
    for part in ["<script", "<style", "style=", "onclick", "<img", "<form", "src="] {
        assert!(!reply.text.contains(part), "{part}");
    }
}

#[test]
fn each_element_of_the_page_is_closed_in_its_turn() {
    let node = with_secrets_of_its_own();
    let text = page(&node).text;
    let mut open = Vec::new();
    let mut rest = text.strip_prefix("<!DOCTYPE html>").unwrap();
    while let Some((before, tag)) = rest.split_once('<') {
        assert!(!before.contains('>'), "{before}");
        let (tag, after) = tag.split_once('>').unwrap();
        let name = tag.split(' ').next().unwrap();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{before}"),
            None if name == "meta" => {}
            None => open.push(name),
        }
        rest = after;
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn it_has_the_names_of_tokens_and_api_keys_and_no_secret() {
    let node = with_secrets_of_its_own();
    let (page, json) = (page(&node), node.call("GET", "/", &[], ""));
    let names: Vec<_> = json.data()["secrets"].as_array().unwrap().iter().collect();
    for name in
        ["token demo-mis-token", "api-key of client demo-mis", "token laboratory <b>", "token made"]
    {
        assert!(names.contains(&&Value::from(name)), "{names:#?}");
        let escaped = name.replace('<', "&lt;").replace('>', "&gt;");
        assert!(page.text.contains(&format!("<li>{escaped}</li>")), "{name}");
    }
    for text in [&page.text, &json.text] {
        for secret in ["a-very-own-secret", "demo-api-key"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}

#[test]
fn its_names_are_those_of_the_world_after_a_reset() {
    let node = TestNode::start();
    let names = |node: &TestNode| node.call("GET", "/", &[], "").data()["secrets"].clone();
    let before = names(&node);
    assert_eq!(node.call("POST", "/demo/reset", &[], "").status, 200);
    assert_eq!(names(&node), before);
    let plain = DEMO_WORLD.matches("\"plain\"").count();
    assert_eq!(before.as_array().unwrap().len(), plain);
}

#[test]
fn a_link_leads_to_an_answer() {
    let node = TestNode::start();
    let text = page(&node).text;
    let links: Vec<_> =
        text.split("<a href=\"").skip(1).map(|it| it.split('"').next().unwrap()).collect();
    assert_eq!(
        links,
        ["/health/live", "/health/ready", "/openapi.json", "/", "/demo/messages", "/demo/gateway"]
    );
    for link in links {
        assert_eq!(node.call("GET", link, &[BROWSER], "").status, 200, "{link}");
    }
}

#[test]
fn lines_call_the_host_that_was_called_and_another_page_cannot_choose_it() {
    let node = TestNode::start();
    let lines = |host: &str| {
        let reply = node.by_hand("GET", "/", &[("host", host)], b"");
        assert_eq!(reply.status, 200, "{host}");
        reply.text
    };
    assert!(lines("localhost:4000").contains("'http://localhost:4000/demo/messages'"));
    assert!(lines("[::1]:80").contains("'http://[::1]:80/demo/messages'"));
    let foreign = node.by_hand("GET", "/", &[("host", "evil.example")], b"");
    assert_eq!(foreign.status, 400);
}

#[test]
fn only_a_demo_has_it() {
    let node = TestNode::set_up(Setup { is_demo: false, ..Setup::default() });
    assert_eq!(node.call("GET", "/", &[BROWSER], "").status, 404);
    let demo = TestNode::start();
    assert_eq!(demo.by_hand_in_public("GET", "/", &[BROWSER]).status, 404);
}
