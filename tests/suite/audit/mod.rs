//! Who had which code sent, guessed and used, and who was refused: written down, read, taken away, watched.

mod codes;
mod log;
mod reading;
mod recorder;
mod refused;
mod rows;
mod streaming;
mod trimming;
mod watching;

use std::path::Path;

use esoz_otp::config::{Config, DialectName, StoreConfig};
use esoz_otp::domain::audit::{AuditEvent, AuditRow, TokenFault};
use esoz_otp::domain::{Id, Requester, Timestamp};
use esoz_otp::store::Store;
use esoz_otp::store::schema::AUDIT;
use serde_json::{Value, json};

use crate::support::{Reply, Setup, TestNode, demo_world_with, quick, start_of_time};

const ADMIN: [(&str, &str); 1] = [("authorization", "Bearer admin-token")];
const OPERATOR: &str = "b0000000-0000-4000-8000-000000000001";
const CABINET: &str = "c0000000-0000-4000-8000-000000000002";

fn open(path: &Path) -> Store {
    Store::open(path, StoreConfig { cache_mib: 8, ..StoreConfig::default() }).unwrap()
}

/// What waits for the store, waited for.
fn wait<T>(waiting: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(waiting)
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(start_of_time().as_micros() + seconds * 1_000_000)
}

/// Somebody with this number was refused for an unknown token.
fn refused_at(seconds: i64, who: u128) -> AuditRow {
    let by = Requester { user_id: Some(Id::from_bytes(who.to_be_bytes())), ..Requester::default() };
    AuditRow::new(at(seconds), AuditEvent::TokenRefused(TokenFault::Unknown), by)
}

/// Every row with its number, of a store whose rows nothing moves.
fn all(store: &Store) -> Vec<(u64, AuditRow)> {
    store.page(AUDIT, None, 100_000).unwrap()
}

/// Every row of a node with its number, wherever it is.
fn kept(node: &TestNode) -> Vec<(u64, AuditRow)> {
    node.api().service().audit_log().page(0, 100_000).unwrap()
}

/// The demo's world, and somebody who may read what is audited.
fn world() -> String {
    let token = json!({
        "name": "admin", "secret": {"plain": "admin-token"}, "client_id": CABINET,
        "user_id": OPERATOR, "scope": "admin:read", "expires_at": "+1h"
    });
    demo_world_with(&json!({"tokens": [token]}))
}

fn node_with(config: Config) -> TestNode {
    TestNode::set_up(Setup { config, world: world(), ..Setup::default() })
}

fn node(dialect: DialectName) -> TestNode {
    node_with(Config { dialect, ..quick() })
}

fn read(node: &TestNode, query: &str) -> Reply {
    node.call("GET", &format!("/admin/audit{query}"), &ADMIN, "")
}

/// Rows without the ids of their requests, which each of these has, and which the node has made.
fn without_ids(rows: Vec<Value>) -> Vec<Value> {
    let without = |mut row: Value| {
        let id = row.as_object_mut().unwrap().remove("request_id");
        assert!(id.is_some_and(|id| id.is_string()), "{row}");
        row
    };
    rows.into_iter().map(without).collect()
}

/// Every row as it is shown.
fn shown(node: &TestNode) -> Vec<Value> {
    let reply = read(node, "?page_size=500");
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.data().as_array().unwrap().clone()
}
