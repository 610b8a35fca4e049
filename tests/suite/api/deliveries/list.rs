//! The messages of a person request, page by page.

use std::time::Duration;

use esoz_otp::config::DialectName;
use esoz_otp::domain::{Id, Phone, Purpose, Verification, VerificationId, VerificationState};
use esoz_otp::store::schema::{
    DELIVERIES, KEEP_VERIFICATIONS, LIVE_CODES, LiveCode, VERIFICATIONS,
};
use esoz_otp::store::{Priority, StoreError, Write};
use serde_json::{Value, json};

use super::{STRANGER, at, delivery_once, id_of, keep, queued, stranger};
use crate::support::{MIS, Reply, SEED_PHONE, SEED_REQUEST, TestNode};

const THIRD_PERSON: &str = "e0000000-0000-4000-8000-000000000001";

fn list(node: &TestNode, request: &str, query: &str) -> Reply {
    node.call("GET", &format!("/api/person_requests/{request}/deliveries{query}"), &MIS, "")
}

/// The ids on a page, and what the next one comes behind.
fn page(node: &TestNode, query: &str) -> (Vec<String>, Option<String>) {
    let reply = list(node, SEED_REQUEST, query);
    assert_eq!(reply.status, 200, "{query}: {}", reply.text);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let views = reply.data().as_array().unwrap().iter();
    let ids = views.map(|view| text(&view["verification_id"]).unwrap()).collect();
    (ids, text(&reply.body["paging"]["next_after"]))
}

fn number(number: u8) -> VerificationId {
    Id::from_bytes([number; 16])
}

/// As many codes for the page's request, one after the other, a minute between them. The ids, newest first.
fn issue(node: &TestNode, codes: u8) -> Vec<String> {
    let phone = Phone::parse(SEED_PHONE).unwrap();
    let purpose = Purpose::PersonRequest(Id::parse(SEED_REQUEST).unwrap());
    let put = move |write: &mut Write<'_>| {
        let mut previous = None;
        for code in 1..=codes {
            let (id, now) = (number(code), at(u64::from(code) * 60));
            let verification = Verification {
                id,
                phone_number: phone,
                purpose,
                inserted_at: now,
                code_expired_at: now,
                updated_at: now,
                state: VerificationState::Canceled,
            };
            write.put(VERIFICATIONS, &id, &verification)?;
            write.put(DELIVERIES, &id, &queued(id, previous, u64::from(code) * 60))?;
            let live = LiveCode { verification_id: id, keep_until: now + KEEP_VERIFICATIONS };
            write.put(LIVE_CODES, &(phone, purpose), &live)?;
            previous = Some(id);
        }
        Ok(())
    };
    node.store.write_blocking::<_, StoreError, _>(Priority::Normal, put).unwrap();
    (1..=codes).rev().map(|code| number(code).to_string()).collect()
}

fn forget(node: &TestNode, id: VerificationId) {
    let remove = move |write: &mut Write<'_>| {
        write.remove(DELIVERIES, &id);
        Ok(())
    };
    node.store.write_blocking::<_, StoreError, _>(Priority::Normal, remove).unwrap();
}

#[test]
fn many_messages_are_listed_newest_first_in_pages_of_fifty_at_most() {
    let node = TestNode::start();
    let all = issue(&node, 120);
    let mut listed = Vec::new();
    let mut query = String::new();
    for length in [50, 50, 20] {
        let (ids, next) = page(&node, &query);
        assert_eq!(ids.len(), length);
        query = next.as_ref().map(|next| format!("?after={next}")).unwrap_or_default();
        assert_eq!(next.as_ref(), ids.last().filter(|_| length == 50));
        listed.extend(ids);
    }
    assert_eq!(listed, all);
}

#[test]
fn whatever_the_length_of_pages_nothing_is_left_out_and_nothing_told_twice() {
    let node = TestNode::start();
    let all = issue(&node, 12);
    for size in [1, 5, 6, 11, 12, 13, 50] {
        let (mut listed, mut after) = (Vec::new(), String::new());
        loop {
            let (ids, next) = page(&node, &format!("?page_size={size}{after}"));
            assert!(!ids.is_empty() && ids.len() <= size, "{size}");
            listed.extend(ids);
            let Some(next) = next else { break };
            after = format!("&after={next}");
        }
        assert_eq!(listed, all, "{size}");
    }
}

#[test]
fn a_list_that_grows_while_it_is_read_goes_on_where_it_was() {
    let node = TestNode::start();
    let before = issue(&node, 4);
    let (first, next) = page(&node, "?page_size=2");
    issue(&node, 5);
    let (second, end) = page(&node, &format!("?page_size=2&after={}", next.unwrap()));
    assert_eq!([first, second].concat(), before);
    assert_eq!(end, None);
}

#[test]
fn a_list_ends_where_the_messages_are_kept_no_longer() {
    let node = TestNode::start();
    let all = issue(&node, 6);
    forget(&node, number(3));
    assert_eq!(page(&node, ""), (all[..3].to_vec(), None));
    assert_eq!(page(&node, "?page_size=3"), (all[..3].to_vec(), None));
    assert_eq!(page(&node, &format!("?after={}", number(4))), (vec![], None));
    assert_eq!(page(&node, &format!("?after={}", number(3))), (vec![], None));
    forget(&node, number(6));
    assert_eq!(page(&node, ""), (vec![], None));
}

#[test]
fn a_page_begins_behind_a_message_of_this_request_or_is_refused() {
    let node = TestNode::start();
    issue(&node, 3);
    let elsewhere = id_of(&node.resend_for(THIRD_PERSON));
    let of_a_phone = id_of(&node.initialize("+380671000022"));
    keep(&node, queued(number(99), None, 0));
    let unverified = number(99).to_string();
    for after in [&elsewhere, &of_a_phone, &unverified, SEED_REQUEST, "no-uuid", "", "1"] {
        let reply = list(&node, SEED_REQUEST, &format!("?after={after}"));
        assert_eq!((reply.status, &reply.error()["type"]), (422, &json!("validation_failed")));
        let description = "expected the verification_id of a delivery in this list";
        let rule = json!({"rule": "inclusion", "params": [], "description": description});
        let entry = json!({"entry_type": "query_parameter", "entry": "$.after", "rules": [rule]});
        assert_eq!(reply.error()["invalid"], json!([entry]), "{after}");
    }
    for size in ["0", "51", "-1", "x", ""] {
        let reply = list(&node, SEED_REQUEST, &format!("?after=x&page_size={size}"));
        let invalid = reply.error()["invalid"].as_array().unwrap();
        let entries: Vec<_> = invalid.iter().map(|fault| &fault["entry"]).collect();
        assert_eq!(entries, ["$.after", "$.page_size"], "every fault at once: {size}");
    }
    assert_eq!(list(&node, SEED_REQUEST, "?page=2&after=x%").status, 400);
    assert_eq!(list(&node, SEED_REQUEST, "?page=2").status, 200);
}

#[test]
fn each_request_has_its_own_list_though_the_phone_be_the_same() {
    let family = json!({"person_requests": [{
        "id": "e0000000-0000-4000-8000-0000000000f1", "status": "NEW",
        "client_id": "c0000000-0000-4000-8000-000000000001",
        "authentication_method": {"type": "OTP", "phone_number": SEED_PHONE}
    }]});
    let node = TestNode::with_more(&family);
    let sibling = "e0000000-0000-4000-8000-0000000000f1";
    let first = id_of(&node.resend());
    node.clock.push(Duration::from_mins(1));
    let second = id_of(&node.resend_for(sibling));
    for (request, id) in [(SEED_REQUEST, first), (sibling, second)] {
        delivery_once(&node, &id, "sent");
        let reply = list(&node, request, "");
        let views = reply.data().as_array().unwrap();
        assert_eq!(views.len(), 1, "{request}");
        assert_eq!(views[0]["verification_id"], id, "{request}");
    }
}

#[test]
fn a_request_in_any_status_and_of_any_method_has_a_list() {
    let node = TestNode::start();
    for last in 1..=9 {
        let reply = list(&node, &format!("e0000000-0000-4000-8000-00000000000{last}"), "");
        assert_eq!((reply.status, reply.data()), (200, &json!([])), "{last}");
    }
    let id = id_of(&node.resend_for(THIRD_PERSON));
    let reply = list(&node, THIRD_PERSON, "");
    assert_eq!(reply.data()[0]["verification_id"], id, "the number is the other person's");
    assert_eq!(reply.data()[0]["phone_number"], "+38067*****01");
    let id = id_of(&node.resend());
    let code = node.code_for(SEED_PHONE);
    assert_eq!(node.approve(&code).status, 200);
    assert_eq!(list(&node, SEED_REQUEST, "").data()[0]["verification_id"], id, "approved or not");
}

#[test]
fn another_client_s_request_and_one_that_is_none_have_no_list() {
    for (dialect, message) in
        [(DialectName::Documented, Some("not_found")), (DialectName::Deployed, None)]
    {
        let node = TestNode::speaking_with(dialect, &stranger());
        let unknown = (404, "not_found", message, None);
        id_of(&node.resend());
        for query in ["", "?after=no-uuid", "?page_size=0"] {
            for request in ["e0000000-0000-4000-8000-00000000000c", "no-uuid", "e0000000"] {
                assert_eq!(list(&node, request, query).refusal(), unknown, "{request}{query}");
            }
            let path = format!("/api/person_requests/{SEED_REQUEST}/deliveries{query}");
            assert_eq!(node.call("GET", &path, &STRANGER, "").refusal(), unknown, "{query}");
            let request = format!("/api/person_requests/{SEED_REQUEST}");
            assert_eq!(node.call("GET", &request, &STRANGER, "").refusal(), unknown);
        }
    }
}
