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

/// What is said to the connection of this number.
pub(super) fn answer(shared: &Arc<Shared>, request: &Request, number: u64) -> (u16, Value) {
    match request.method.as_str() {
        "GET" => (200, state(shared)),
        "POST" => {
            let told = serde_json::from_slice(&request.body).map_err(|error| error.to_string());
            match told.and_then(|orders| obey(shared, orders, number)) {
                Ok(()) => (200, state(shared)),
                Err(why) => (400, json!({"error": why})),
            }
        }
        other => (405, json!({"error": format!("{other} is neither GET nor POST")})),
    }
}

fn obey(shared: &Arc<Shared>, orders: Orders, number: u64) -> Result<(), String> {
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
        // Whoever has the answer can rely on it.
        shared.door.shut(shared.address, Some(number));
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_secs(seconds));
            shared.door.open();
        });
    }
    Ok(())
}

fn state(shared: &Shared) -> Value {
    let (phones, ids) = shared.book.counts();
    let (mode, next) = shared.script.written();
    let receipts = shared.receipts.lock().unwrap();
    json!({
        "mode": mode,
        "next": next,
        "receipts": receipts.when.written(),
        "receipts_to": receipts.url,
        "receipts_after_ms": receipts.delay.as_millis(),
        "requests": shared.book.requests(),
        "taken": shared.book.count(),
        "taken_by_phone": phones,
        "taken_by_id": ids,
        "connections": shared.door.accepted(),
    })
}
