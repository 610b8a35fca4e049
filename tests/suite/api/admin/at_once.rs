//! What is revoked, blocked or rotated counts from the next request on, while many others read.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use super::{CLINIC, OPERATORS, admin, data, id, new_token};
use crate::support::{MIS, SEED_REQUEST, TestNode, call};

/// Readers at the same time.
const READERS: usize = 16;

/// Reads with these headers over many connections, makes the change meanwhile, and holds that no request that begins after
/// its answer is admitted.
fn counts_at_once(node: &TestNode, path: &str, headers: &[(&str, &str)], change: impl FnOnce()) {
    let (is_answered, is_over) = (AtomicBool::new(false), AtomicBool::new(false));
    let (admitted, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let address = node.address();
    let read = || {
        while !is_over.load(Ordering::SeqCst) {
            let is_late = is_answered.load(Ordering::SeqCst);
            let status = call(address, "GET", path, headers, "").status;
            assert!(matches!(status, 200 | 401), "{status}");
            assert!(!is_late || status == 401, "a request after the answer was admitted");
            let count = if status == 200 { &admitted } else { &refused };
            count.fetch_add(1, Ordering::SeqCst);
        }
    };
    let wait_for = |count: &AtomicUsize, least: usize| {
        while count.load(Ordering::SeqCst) < least {
            thread::yield_now();
        }
    };
    thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(read);
        }
        wait_for(&admitted, 4 * READERS);
        change();
        is_answered.store(true, Ordering::SeqCst);
        wait_for(&refused, 4 * READERS);
        is_over.store(true, Ordering::SeqCst);
    });
}

#[test]
fn a_revoked_token_admits_no_request_that_begins_after_the_answer() {
    let node = TestNode::start();
    for way in ["token", "client", "user", "block"] {
        let user = json!({"token": {"client_id": OPERATORS, "scope": "admin:read"}});
        let path = format!("/admin/users/{}/tokens/access", super::CLINIC_USER);
        let token = match way {
            "token" | "user" => data(&admin(&node, "POST", &path, &user), 201),
            _ => new_token(&node, CLINIC, "admin:read"),
        };
        let bearer = format!("Bearer {}", token["value"].as_str().unwrap());
        let headers = [("authorization", bearer.as_str()), MIS[1]];
        // A vendor allows no administration, so a token of the clinic reads its request.
        let (reads, headers) = match way {
            "token" | "user" => ("/admin/clients".to_owned(), &headers[..1]),
            _ => (format!("/api/person_requests/{SEED_REQUEST}"), &headers[..]),
        };
        if matches!(way, "client" | "block") {
            let scope = json!({"token": {"scope": "person_request:read"}});
            let path = format!("/admin/tokens/{}", id(&token));
            data(&admin(&node, "PATCH", &path, &scope), 200);
        }
        counts_at_once(&node, &reads, headers, || {
            let (method, path, status) = match way {
                "token" => ("DELETE", format!("/admin/tokens/{}", id(&token)), 204),
                "user" => ("DELETE", format!("/admin/users/{}/tokens", super::CLINIC_USER), 204),
                "client" => {
                    ("PATCH", format!("/admin/clients/{CLINIC}/actions/deactivate_tokens"), 200)
                }
                _ => ("PATCH", format!("/admin/clients/{CLINIC}/actions/block"), 200),
            };
            assert_eq!(admin(&node, method, &path, &Value::Null).status, status, "{way}");
        });
    }
}

#[test]
fn a_key_that_was_rotated_or_removed_admits_no_request_that_begins_after_the_answer() {
    let node = TestNode::start();
    let scope = json!({"client": {"name": "vendor", "priv_settings":
        {"access_type": "BROKER", "broker_scope": "person_request:read"}}});
    let vendor = data(&admin(&node, "POST", "/admin/clients", &scope), 201);
    let connections = format!("/admin/clients/{}/connections", id(&vendor));
    let made = data(&admin(&node, "PUT", &connections, &json!({})), 201);
    let reads = format!("/api/person_requests/{SEED_REQUEST}");
    let first = made["secret"].as_str().unwrap().to_owned();
    let mut second = String::new();
    counts_at_once(&node, &reads, &[MIS[0], ("api-key", &first)], || {
        let path = format!("{connections}/{}/actions/refresh_secret", id(&made));
        let refreshed = data(&admin(&node, "PATCH", &path, &Value::Null), 200);
        second = refreshed["secret"].as_str().unwrap().to_owned();
    });
    counts_at_once(&node, &reads, &[MIS[0], ("api-key", &second)], || {
        let path = format!("{connections}/{}", id(&made));
        assert_eq!(admin(&node, "DELETE", &path, &Value::Null).status, 204);
    });
}
