//! It is told how to behave by `POST /control`, and `GET /control` says how it does and what it took.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Shared;
use super::behaviour::Behaviour;
use super::receipts::{Receipts, When};
use super::request::Request;

/// What may be told, all of it optional.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Orders {
    mode: Option<String>,
    next: Option<Vec<String>>,
    receipts: Option<String>,
    receipts_to: Option<String>,
    receipts_after_ms: Option<u64>,
    down_seconds: Option<u64>,
}

pub(super) fn answer(shared: &Arc<Shared>, request: &Request) -> (u16, Value) {
    if request.method == "POST" {
        let told = serde_json::from_slice(&request.body).map_err(|error| error.to_string());
        if let Err(why) = told.and_then(|orders| obey(shared, orders)) {
            return (400, json!({"error": why}));
        }
    }
    (200, state(shared))
}

fn obey(shared: &Arc<Shared>, orders: Orders) -> Result<(), String> {
    let mode = orders.mode.map(|mode| Behaviour::parse(&mode)).transpose()?;
    let next = orders.next.unwrap_or_default();
    let next = next.iter().map(|mode| Behaviour::parse(mode)).collect::<Result<Vec<_>, _>>()?;
    let when = orders.receipts.map(|when| When::parse(&when)).transpose()?;
    if let Some(mode) = mode {
        shared.script.set(mode);
    }
    shared.script.next(next);
    let mut receipts = shared.receipts.lock().unwrap();
    let delay = orders.receipts_after_ms.map(Duration::from_millis);
    *receipts = Receipts {
        url: orders.receipts_to.unwrap_or_else(|| receipts.url.clone()),
        when: when.unwrap_or(receipts.when),
        delay: delay.unwrap_or(receipts.delay),
    };
    drop(receipts);
    if let Some(seconds) = orders.down_seconds {
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            // This answer is to arrive first.
            std::thread::sleep(Duration::from_millis(200));
            shared.door.shut(shared.address);
            std::thread::sleep(Duration::from_secs(seconds));
            shared.door.open();
        });
    }
    Ok(())
}

fn state(shared: &Shared) -> Value {
    let (phones, ids) = shared.book.counts();
    let receipts = shared.receipts.lock().unwrap();
    json!({
        "behaviour": shared.script.shown(),
        "receipts": format!("{receipts:?}"),
        "requests": shared.book.requests(),
        "taken": shared.book.count(),
        "taken_by_phone": phones,
        "taken_by_id": ids,
        "connections": shared.door.accepted(),
    })
}
