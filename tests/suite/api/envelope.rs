//! What every answer carries, success or not.

use serde_json::json;

use crate::support::{MIS, Reply, SEED_PHONE, SEED_REQUEST, TestNode};

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
    assert_eq!(meta["idempotency_key"].as_str(), reply.header("x-idempotency-key"), "{url}");
    let members = if meta.get("idempotency_key").is_some() { 5 } else { 4 };
    assert_eq!(meta.as_object().unwrap().len(), members, "{url}");
    assert_eq!(reply.body.get("paging").is_some(), data_type == "list", "{url}");
    let scheme = (reply.status == 401).then_some("Bearer");
    assert_eq!(reply.header("www-authenticate"), scheme, "{url}");
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
fn the_caller_s_own_id_is_kept_if_it_has_1_to_200_visible_characters() {
    let node = TestNode::start();
    let of_length = |length: usize| "x".repeat(length);
    let made = "6617aeec-15e2-4d6f-b9bd-53559c358f97#17810".to_owned();
    let ulid = "01JDX5ZK3V8M2N4P6Q7R8S9TAB".to_owned();
    for id in [of_length(1), "17".into(), of_length(19), of_length(200), ulid, made] {
        for (path, status) in [("/health/live", 200), ("/nowhere", 404)] {
            let reply = node.call("GET", path, &[("x-request-id", &id)], "");
            assert_eq!(reply.status, status);
            assert_eq!(reply.header("x-request-id"), Some(id.as_str()));
            assert_enveloped(&node, &reply, path);
        }
    }
    let with_space = "with a space in the middle of it".to_owned();
    let with_quote_of_another_script = "ідентифікатор-запиту-без-пробілів".to_owned();
    for id in [String::new(), of_length(201), with_space, with_quote_of_another_script] {
        let reply = node.by_hand("GET", "/health/live", &[("x-request-id", &id)], b"");
        assert_ne!(reply.header("x-request-id"), Some(id.as_str()));
        number_of(reply.header("x-request-id").unwrap());
        assert_enveloped(&node, &reply, "/health/live");
    }
}

#[test]
fn a_caller_s_key_is_repeated_if_it_is_one_word_of_at_most_200_characters() {
    let node = TestNode::start();
    let longest = "k".repeat(200);
    for key in ["1", "a-key;of=theirs", longest.as_str()] {
        for (path, status) in [("/health/live", 200), ("/nowhere", 404)] {
            let reply = node.call("GET", path, &[("x-idempotency-key", key)], "");
            assert_eq!((reply.status, reply.header("x-idempotency-key")), (status, Some(key)));
            assert_enveloped(&node, &reply, path);
        }
    }
    let too_long = "k".repeat(201);
    for key in ["", "two words", "ключ", too_long.as_str()] {
        let reply = node.by_hand("GET", "/health/live", &[("x-idempotency-key", key)], b"");
        assert_eq!((reply.status, reply.header("x-idempotency-key")), (200, None), "{key}");
        assert_enveloped(&node, &reply, "/health/live");
    }
}

#[test]
fn of_two_ids_or_keys_none_is_repeated() {
    let node = TestNode::start();
    let twice = "the-same-one-for-both-of-them";
    for name in ["x-request-id", "x-idempotency-key"] {
        let reply = node.by_hand("GET", "/health/live", &[(name, twice), (name, twice)], b"");
        assert_eq!(reply.status, 200, "{name}");
        assert_ne!(reply.header(name), Some(twice));
        assert_enveloped(&node, &reply, "/health/live");
    }
}

#[test]
fn a_list_tells_where_it_stands_among_its_pages() {
    let node = TestNode::start();
    for (sent, phone) in ["+380631112233", "+380631112234"].into_iter().enumerate() {
        let reply = node.call("GET", "/demo/messages", &[], "");
        assert_enveloped(&node, &reply, "/demo/messages");
        let paging = json!({
            "page_number": 1, "page_size": 10_000, "total_entries": sent, "total_pages": 1
        });
        assert_eq!(reply.body["paging"], paging);
        assert_eq!(node.initialize(phone).status, 201);
        node.code_for(phone);
    }
}

/// A phone in every place that a request has; what is said of it may stand in a log of the caller's.
#[test]
fn no_error_repeats_a_phone_a_code_or_a_token() {
    let node = TestNode::start();
    let token = "demo-mis-token";
    let resend = format!("/api/person_requests/{SEED_REQUEST}/actions/resend_otp");
    let approve = format!("/api/person_requests/{SEED_REQUEST}/actions/approve");
    let complete = format!("/verifications/{SEED_PHONE}/actions/complete");
    let bodies = [
        format!(r#"{{"phone_number": "{SEED_PHONE}0"}}"#),
        format!(r#"{{"phone_number": {}}}"#, &SEED_PHONE[1..]),
        format!(r#"{{"phone_number": "{SEED_PHONE}", "{SEED_PHONE}": 1}}"#),
        format!(r#"{{"p{}": 1, "{token}": 2, "code123456": 3}}"#, &SEED_PHONE[1..]),
        format!(r#"{{"code": "{SEED_PHONE}", "verification_code": "{token}"}}"#),
        format!(r#"["{SEED_PHONE}", "123456", "{token}"]"#),
        format!(r#""{SEED_PHONE} {token} 123456""#),
        format!("{SEED_PHONE} {token} 123456"),
    ];
    let paths = [
        ("POST", "/verifications"),
        ("PATCH", &complete),
        ("PATCH", &approve),
        ("POST", "/nowhere/+380958697084"),
        ("DELETE", &complete),
        ("POST", &resend),
    ];
    for (method, path) in paths {
        for body in &bodies {
            let path = format!("{path}?phone={SEED_PHONE}&token={token}&code=123456");
            let headers = [MIS[0], MIS[1], ("x-phone", SEED_PHONE)];
            let reply = node.call(method, &path, &headers, body);
            let told = reply.error().to_string();
            for secret in [&SEED_PHONE[1..], "958697084", token, "123456"] {
                assert!(!told.contains(secret), "{method} {path} {body}: {told}");
            }
        }
    }
}

#[test]
fn a_property_that_was_not_asked_for_is_named_unless_its_name_may_be_a_secret() {
    let node = TestNode::start();
    let told = |name: &str| {
        let body = json!({"phone_number": "+380631112233", name: 1}).to_string();
        let reply = node.call("POST", "/verifications", &[], &body);
        assert_eq!(reply.status, 422, "{name}");
        reply.error()["invalid"][0]["entry"].as_str().unwrap().to_owned()
    };
    assert_eq!(told("phoneNumber"), "$.phoneNumber");
    assert_eq!(told("address_2"), "$.address_2");
    for name in [SEED_PHONE, "tel380958697084", "123456", "demo-mis-token", "пошта", ""] {
        assert_eq!(told(name), "$.*", "{name}");
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
