//! A state never moves backward, whatever a load says.

use std::time::Duration;

use esoz_otp::domain::{Id, PersonRequestStatus, PersonStatus, SecretDigest, Timestamp};
use esoz_otp::store::schema::{CLIENTS, FACTORS, PERSON_REQUESTS, PERSONS, TOKENS, USERS};
use esoz_otp::store::{Priority, StoreError, Write};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::{CLINIC, apply, id, totals};
use crate::support::TestNode;

const STATUSES: [&str; 6] = ["NEW", "APPROVED", "SIGNED", "REJECTED", "CANCELLED", "EXPIRED"];

/// The states of the records that the lines of [`line`] are about.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a state of another record")]
struct States {
    is_client_blocked: bool,
    is_user_blocked: bool,
    person: PersonStatus,
    expires_at: Timestamp,
    is_revoked: bool,
    has_phone: bool,
    is_active: bool,
    request: PersonRequestStatus,
    needs_no_code: bool,
    request_inserted_at: Timestamp,
}

fn states(node: &TestNode) -> Option<States> {
    let request = node.store.get(PERSON_REQUESTS, &Id::parse(&id(6)).unwrap()).unwrap()?;
    let user = Id::parse(&id(3)).unwrap();
    let token = node.store.get(TOKENS, &digest()).unwrap()?;
    let factor = node.store.get(FACTORS, &user).unwrap()?;
    Some(States {
        is_client_blocked: node
            .store
            .get(CLIENTS, &Id::parse(&id(1)).unwrap())
            .unwrap()?
            .is_blocked,
        is_user_blocked: node.store.get(USERS, &user).unwrap()?.is_blocked,
        person: node.store.get(PERSONS, &Id::parse(&id(2)).unwrap()).unwrap()?.status,
        expires_at: token.expires_at,
        is_revoked: token.is_revoked(),
        has_phone: factor.factor.is_some(),
        is_active: factor.is_active,
        needs_no_code: request.needs_no_code(),
        request: request.status,
        request_inserted_at: request.inserted_at,
    })
}

fn digest() -> SecretDigest {
    SecretDigest::from_hex(&"ab".repeat(32)).unwrap()
}

/// Whether a load may have led from one to the other at this time.
fn is_forward(before: &States, after: &States, now: Timestamp) -> bool {
    use PersonRequestStatus::{Approved, Cancelled, Expired, New, Rejected, Signed};
    let is_request_forward = before.request == after.request
        || matches!(
            (before.request, after.request),
            (New | Approved, Rejected | Cancelled | Expired) | (Approved, Signed)
        );
    before.is_client_blocked <= after.is_client_blocked
        && before.is_user_blocked <= after.is_user_blocked
        && (before.person == PersonStatus::Active || after.person == PersonStatus::Inactive)
        && (before.expires_at > now || after.expires_at <= before.expires_at)
        && before.is_revoked == after.is_revoked
        && (before.has_phone || !after.has_phone)
        && before.is_active >= after.is_active
        && is_request_forward
        && (before.needs_no_code || !after.needs_no_code)
        && before.request_inserted_at == after.request_inserted_at
}

/// A line about one of six records, with any states.
fn line() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec!["one", "other"]);
    prop_oneof![
        (name, any::<bool>()).prop_map(|(name, blocked)| json!({"client": {
            "id": id(1), "name": name, "access_type": "DIRECT", "is_blocked": blocked}})),
        any::<bool>().prop_map(|active| json!({"person": {
            "id": id(2), "status": if active { "active" } else { "inactive" },
            "authentication_method": "OTP"}})),
        any::<bool>().prop_map(|blocked| json!({"user": {"id": id(3), "is_blocked": blocked}})),
        (-2_i64..3, any::<bool>()).prop_map(|(hours, reads)| json!({"token": {
            "name": "a", "secret": {"digest": "ab".repeat(32)}, "user_id": id(3),
            "client_id": id(1), "scope": if reads { "otp:read" } else { "otp:write" },
            "expires_at": format!("2026-11-21T{:02}:00:00Z", 12 + hours)}})),
        (any::<bool>(), any::<bool>()).prop_map(|(active, phone)| json!({"factor": {
            "id": id(4), "user_id": id(3), "type": "sms", "is_active": active,
            "factor": phone.then_some("+380671000001")}})),
        (prop::sample::select(&STATUSES[..]), any::<bool>(), any::<bool>()).prop_map(
            |(status, na, dated)| {
                let method = if na {
                    json!({"type": "NA"})
                } else {
                    json!({"type": "OTP", "phone_number": "+380671000001"})
                };
                let at = dated.then_some("2026-11-21T11:00:00Z");
                json!({"person_request": {"id": id(6), "client_id": CLINIC, "status": status,
                    "authentication_method": method, "inserted_at": at}})
            }
        ),
    ]
}

/// One of each record, so that every later line meets a stored one.
fn beginning() -> Vec<Value> {
    vec![
        json!({"client": {"id": id(1), "name": "one", "access_type": "DIRECT"}}),
        json!({"person": {"id": id(2), "status": "active", "authentication_method": "OTP"}}),
        json!({"user": {"id": id(3)}}),
        json!({"token": {"name": "a", "secret": {"digest": "ab".repeat(32)}, "user_id": id(3),
            "client_id": id(1), "scope": "otp:read", "expires_at": "2026-11-21T13:00:00Z"}}),
        json!({"factor": {"id": id(4), "user_id": id(3), "type": "sms", "factor": "+380671000001"}}),
        json!({"person_request": {"id": id(6), "client_id": CLINIC, "status": "NEW",
            "authentication_method": {"type": "OTP", "phone_number": "+380671000001"}}}),
    ]
}

/// Removes the records, and makes them anew.
fn begin_again(node: &TestNode) {
    node.store
        .write_blocking(Priority::Normal, |write: &mut Write<'_>| {
            write.remove(CLIENTS, &Id::parse(&id(1)).unwrap());
            write.remove(PERSONS, &Id::parse(&id(2)).unwrap());
            write.remove(USERS, &Id::parse(&id(3)).unwrap());
            write.remove(TOKENS, &digest());
            write.remove(FACTORS, &Id::parse(&id(3)).unwrap());
            write.remove(PERSON_REQUESTS, &Id::parse(&id(6)).unwrap());
            Ok::<_, StoreError>(())
        })
        .unwrap();
    assert_eq!(totals(&apply(node, &beginning())), [6, 6, 0, 0, 0, 0]);
}

#[test]
fn no_sequence_of_lines_moves_a_state_backward_and_a_repeated_load_has_the_same_result() {
    let node = TestNode::start();
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() };
    let loads = prop::collection::vec(prop::collection::vec(line(), 1..6), 1..6);
    let run = TestRunner::new(config).run(&(loads, any::<bool>()), |(loads, revoke)| {
        begin_again(&node);
        if revoke {
            let revoke = |write: &mut Write<'_>| {
                let mut token = write.get(TOKENS, &digest())?.unwrap();
                token.revoked_at = Some(Timestamp::from_micros(1));
                write.put(TOKENS, &digest(), &token)
            };
            node.store.write_blocking(Priority::Normal, revoke).unwrap();
        }
        for load in &loads {
            for line in load {
                let before = states(&node).unwrap();
                let answer = apply(&node, std::slice::from_ref(line));
                prop_assert_eq!(totals(&answer)[5], 0, "{}", line);
                let after = states(&node).unwrap();
                prop_assert!(
                    is_forward(&before, &after, node.now()),
                    "{line}: {before:?} {after:?}"
                );
            }
            // The last line about a record has been applied, so it changes nothing once more.
            let end = states(&node);
            let last = load.last().unwrap();
            prop_assert_eq!(totals(&apply(&node, std::slice::from_ref(last)))[2], 0, "{}", last);
            prop_assert_eq!(states(&node), end);
        }
        Ok(())
    });
    run.unwrap();
}

/// Loads that break off anywhere and are sent again end as if they had been sent once.
#[test]
fn a_load_that_broke_off_and_is_sent_again_ends_as_a_whole_one() {
    let node = TestNode::start();
    let config = ProptestConfig { cases: 32, failure_persistence: None, ..Default::default() };
    // A load with one line for each record: the files of an operator.
    let load = prop::collection::vec(line(), 1..12).prop_map(|lines| {
        let mut kinds = std::collections::BTreeMap::new();
        for line in lines {
            let kind = line.as_object().unwrap().keys().next().unwrap().clone();
            kinds.insert(kind, line);
        }
        kinds.into_values().collect::<Vec<_>>()
    });
    let run = TestRunner::new(config).run(&(load, any::<prop::sample::Index>()), |(load, at)| {
        begin_again(&node);
        apply(&node, &load);
        let whole = states(&node);
        begin_again(&node);
        apply(&node, &load[..at.index(load.len())]);
        apply(&node, &load);
        prop_assert_eq!(states(&node), whole);
        Ok(())
    });
    run.unwrap();
}

#[test]
fn a_load_approves_nothing_and_lifts_no_need_of_a_code() {
    let node = TestNode::start();
    begin_again(&node);
    let method = json!({"type": "OTP", "phone_number": "+380671000001"});
    let request = |status: &str, method: &Value| {
        json!({"person_request": {"id": id(6), "client_id": CLINIC, "status": status,
            "authentication_method": method}})
    };
    for status in ["APPROVED", "SIGNED"] {
        assert_eq!(totals(&apply(&node, &[request(status, &method)])), [1, 0, 0, 1, 1, 0]);
    }
    let na = json!({"type": "NA"});
    assert_eq!(totals(&apply(&node, &[request("NEW", &na)])), [1, 0, 0, 1, 1, 0]);
    assert_eq!(node.resend_for(&id(6)).status, 200);
    assert_eq!(totals(&apply(&node, &[request("CANCELLED", &method)])), [1, 0, 1, 0, 0, 0]);
    assert_eq!(totals(&apply(&node, &[request("NEW", &method)])), [1, 0, 0, 1, 1, 0]);
    assert_eq!(node.resend_for(&id(6)).status, 409);
}

#[test]
fn an_expired_token_stays_expired() {
    let node = TestNode::start();
    begin_again(&node);
    node.clock.push(Duration::from_hours(2));
    let later = json!({"token": {"name": "a", "secret": {"digest": "ab".repeat(32)},
        "user_id": id(3), "client_id": id(1), "scope": "otp:read", "expires_at": "+30d"}});
    assert_eq!(totals(&apply(&node, &[later])), [1, 0, 0, 1, 1, 0]);
}
