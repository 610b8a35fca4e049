//! Whose request a code may be resent for, and who needs an api-key for it.

use super::{SENT, UNKNOWN, path};
use crate::support::{MIS, Reply, SEED_REQUEST, TestNode};

const CABINET_S_OWN: &str = "e0000000-0000-4000-8000-00000000000c";

fn resend_as(node: &TestNode, request: &str, authorization: &str, api_key: &str) -> Reply {
    let headers = [("authorization", authorization), ("api-key", api_key)];
    let given: Vec<_> = headers.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    node.call("POST", &path(request), &given, "")
}

#[test]
fn a_direct_client_s_own_request_needs_no_api_key() {
    let node = TestNode::start();
    let reply = resend_as(&node, CABINET_S_OWN, "Bearer demo-direct-token", "");
    assert_eq!((reply.status, reply.message()), SENT);
    node.code_for("+380671000012");
}

#[test]
fn an_api_key_is_not_looked_at_for_a_direct_client() {
    for api_key in ["nobody-s-key", "demo-api-key-narrow"] {
        let node = TestNode::start();
        let reply = resend_as(&node, CABINET_S_OWN, "Bearer demo-direct-token", api_key);
        assert_eq!((reply.status, reply.message()), SENT, "{api_key}");
    }
}

#[test]
fn another_client_s_request_is_an_unknown_one() {
    let node = TestNode::start();
    let reply = resend_as(&node, SEED_REQUEST, "Bearer demo-direct-token", "");
    assert_eq!((reply.status, reply.message()), UNKNOWN);
    let reply = node.call("POST", &path(CABINET_S_OWN), &MIS, "");
    assert_eq!((reply.status, reply.message()), UNKNOWN);
    assert_eq!(node.messages_waiting(), 0);
}
