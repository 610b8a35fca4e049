//! Secrets that a load makes.

use serde_json::json;

use super::{apply, apply_as, id, of, totals};
use crate::support::TestNode;

#[test]
fn an_api_key_is_made_for_a_new_client_and_never_again() {
    let node = TestNode::start();
    let vendor = json!({"client": {"id": id(1), "name": "vendor", "access_type": "DIRECT",
        "broker_scope": "person_request:read", "api_key": {"generate": true}}});
    let answer = apply_as(&node, "/admin/apply?dry_run=true", std::slice::from_ref(&vendor));
    assert!(of(&answer, "secret").is_empty());

    let answer = apply(&node, &[vendor.clone(), vendor.clone()]);
    assert_eq!(totals(&answer), [2, 1, 0, 1, 0, 0]);
    let secrets = of(&answer, "secret");
    assert_eq!((secrets.len(), &secrets[0]["line"]), (1, &json!(1)));
    assert_eq!(secrets[0]["owner"], "api-key of client vendor");
    let key = secrets[0]["value"].as_str().unwrap();
    let path = format!("/api/person_requests/{}", crate::support::SEED_REQUEST);
    let headers = [("authorization", "Bearer demo-mis-token"), ("api-key", key)];
    assert_eq!(node.call("GET", &path, &headers, "").status, 200);

    let again = apply(&node, &[vendor]);
    assert!(of(&again, "secret").is_empty());
    assert_eq!(totals(&again), [1, 0, 0, 1, 0, 0]);
    assert_eq!(node.call("GET", &path, &headers, "").status, 200);
}
