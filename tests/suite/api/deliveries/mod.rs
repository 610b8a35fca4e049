//! What became of a message, as its owner, a stranger and an operator get to see it.

mod list;
mod one;
mod search;
mod views;

use std::time::Duration;

use esoz_otp::domain::{Delivery, Id, Phone, Timestamp, VerificationId};
use esoz_otp::store::schema::DELIVERIES;
use esoz_otp::store::{Priority, StoreError, Write};
use serde_json::{Value, json};

use crate::support::{MIS, Reply, SEED_PHONE, TestNode, start_of_time};

/// The client of [`MIS`], and the one of the demo's patients.
pub const CLINIC: &str = "c0000000-0000-4000-8000-000000000001";
pub const CABINET: &str = "c0000000-0000-4000-8000-000000000002";

pub const ADMIN: [(&str, &str); 1] = [("authorization", "Bearer demo-admin-token")];

/// A caller of another client, who may read deliveries.
const STRANGER: [(&str, &str); 1] = [("authorization", "Bearer a-stranger-s-token")];

/// They take longer than any message does on a machine that is busy with other tests.
const MOST_QUESTIONS: usize = 20_000;

/// A caller like [`STRANGER`], to be added to the demo's world.
fn stranger() -> Value {
    json!({"tokens": [{
        "name": "stranger", "secret": {"plain": "a-stranger-s-token"}, "client_id": CABINET,
        "user_id": "b0000000-0000-4000-8000-000000000007",
        "scope": "otp:read otp:write person_request:read", "expires_at": "+30d"
    }]})
}

/// The message of a verification, for whoever asks with these headers on this surface.
pub fn delivery(node: &TestNode, surface: &str, id: &str, headers: &[(&str, &str)]) -> Reply {
    node.call("GET", &format!("{surface}/verifications/{id}/delivery"), headers, "")
}

/// The same for the clinic, once it has come so far.
pub fn delivery_once(node: &TestNode, id: &str, status: &str) -> Value {
    let asked = || delivery(node, "/api", id, &MIS);
    asked_until(asked, |reply| reply.data()["status"] == status).data().clone()
}

/// Asks until the answer is as it has to become.
pub fn asked_until(ask: impl Fn() -> Reply, has_become: impl Fn(&Reply) -> bool) -> Reply {
    let mut replies = (0..MOST_QUESTIONS).map(|_| ask());
    replies.find(has_become).unwrap_or_else(|| panic!("it stays {}", ask().text))
}

pub fn id_of(reply: &Reply) -> String {
    assert!(reply.status < 300, "{}", reply.text);
    reply.data()["id"].as_str().unwrap().to_owned()
}

fn at(seconds: u64) -> Timestamp {
    start_of_time() + Duration::from_secs(seconds)
}

/// A message of the clinic's for the page's phone, of which nobody knows but the store.
fn queued(id: VerificationId, previous: Option<VerificationId>, seconds: u64) -> Delivery {
    let phone = Phone::parse(SEED_PHONE).unwrap();
    Delivery::queue(id, Id::parse(CLINIC), phone, previous, at(seconds), at(seconds + 300))
}

fn keep(node: &TestNode, delivery: Delivery) {
    let put =
        move |write: &mut Write<'_>| write.put(DELIVERIES, &delivery.verification_id, &delivery);
    node.store.write_blocking::<_, StoreError, _>(Priority::Normal, put).unwrap();
}
