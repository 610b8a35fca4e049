//! What every answer carries, success or not.

use crate::support::{Reply, TestNode};

const NODE_S_OWN: usize = 36;

/// Headers and `meta` of an answer to a request for this path, its query left off.
pub(super) fn assert_enveloped(node: &TestNode, reply: &Reply, path: &str) {
    assert_enveloped_at(reply, &format!("http://{}{path}", node.address()));
}

pub(super) fn assert_enveloped_at(reply: &Reply, url: &str) {
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("content-type", "application/json; charset=utf-8"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{url}");
    }
    let meta = &reply.body["meta"];
    let data_type = if reply.data().is_array() { "list" } else { "object" };
    let id = reply.header("x-request-id").expect("an answer has a request id");
    assert_eq!(meta["request_id"], id, "{url}");
    assert_eq!(meta["code"], reply.status, "{url}");
    assert_eq!(meta["type"], data_type, "{url}");
    assert_eq!(meta["url"], url);
    assert_eq!(meta.as_object().unwrap().len(), 4, "{url}");
    let is_refusal = reply.status >= 400;
    assert_eq!(reply.body.get("error").is_some(), is_refusal, "{url}");
    assert_eq!(reply.body.get("data").is_some(), !is_refusal, "{url}");
}

/// The number behind the `#` of an id that the node made.
fn number_of(id: &str) -> u64 {
    let (process, number) = id.split_once('#').unwrap();
    assert_eq!(process.len(), NODE_S_OWN);
    assert!(uuid::Uuid::try_parse(process).is_ok(), "{id}");
    number.parse().unwrap()
}

#[test]
fn an_answer_has_an_id_of_the_node_s_own_that_counts_up() {
    let node = TestNode::start();
    let id = |reply: &Reply| reply.header("x-request-id").unwrap().to_owned();
    let first = id(&node.call("GET", "/health/live", &[], ""));
    let second = id(&node.call("GET", "/nowhere", &[], ""));
    assert_eq!(number_of(&second), number_of(&first) + 1);
    assert_eq!(first[..NODE_S_OWN], second[..NODE_S_OWN]);
}

#[test]
fn the_caller_s_own_id_is_kept_if_it_has_20_to_200_visible_characters() {
    let node = TestNode::start();
    let of_length = |length: usize| "x".repeat(length);
    for id in [of_length(20), of_length(200), "6617aeec-15e2-4d6f-b9bd-53559c358f97#17810".into()] {
        for (path, status) in [("/health/live", 200), ("/nowhere", 404)] {
            let reply = node.call("GET", path, &[("x-request-id", &id)], "");
            assert_eq!(reply.status, status);
            assert_eq!(reply.header("x-request-id"), Some(id.as_str()));
            assert_enveloped(&node, &reply, path);
        }
    }
    let with_space = "with a space in the middle of it".to_owned();
    let with_quote_of_another_script = "ідентифікатор-запиту-без-пробілів".to_owned();
    for id in [of_length(19), of_length(201), with_space, with_quote_of_another_script] {
        let reply = node.by_hand("GET", "/health/live", &[("x-request-id", &id)], b"");
        assert_ne!(reply.header("x-request-id"), Some(id.as_str()));
        number_of(reply.header("x-request-id").unwrap());
        assert_enveloped(&node, &reply, "/health/live");
    }
}

#[test]
fn a_url_is_told_without_its_query_and_with_the_host_that_was_asked() {
    let node = TestNode::start();
    for path in ["/demo/messages?phone=%2B380958697084", "/nowhere?phone=+380958697084"] {
        let reply = node.call("GET", path, &[], "");
        assert_enveloped(&node, &reply, path.split('?').next().unwrap());
    }
    for (host, told) in [("localhost:4000", "localhost:4000"), ("localhost:80", "localhost")] {
        let reply = node.by_hand("GET", "/health/live?deep=1", &[("host", host)], b"");
        assert_enveloped_at(&reply, &format!("http://{told}/health/live"));
    }
}
