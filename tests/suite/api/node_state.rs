//! `GET /admin/status`, `/admin/limits` and `/admin/drivers`, and the test of a driver.

use std::sync::Arc;

use esoz_otp::clock::ManualClock;
use esoz_otp::config::Config;
use esoz_otp::domain::limits::{BudgetScope, Rule};
use esoz_otp::sms::{Memory, TEST_TEXT};
use serde_json::{Value, json};

use crate::support::{Reply, SEED_PHONE, TestNode, quick, start_of_time};

const ADMIN: [(&str, &str); 1] = [("authorization", "Bearer demo-admin-token")];

fn get(node: &TestNode, path: &str) -> Value {
    let reply = node.call("GET", path, &ADMIN, "");
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.data().clone()
}

fn test(node: &TestNode, driver: &str, body: &Value) -> Reply {
    let path = format!("/admin/drivers/{driver}/actions/test");
    node.call("POST", &path, &ADMIN, &body.to_string())
}

/// The row of this limit.
fn limit(limits: &Value, name: &str) -> Value {
    let rows = limits["limits"].as_array().unwrap();
    rows.iter().find(|row| row["name"] == name).unwrap().clone()
}

#[test]
fn limits_are_as_they_are_set_and_those_of_the_node_say_what_is_spent() {
    let mut config = quick();
    let rate = Rule::Rate {
        per: BudgetScope::Node,
        burst: 10,
        period: std::time::Duration::from_hours(1),
    };
    config.limits = config.limits.with("sends_per_node", rate).unwrap();
    let node = TestNode::with(config);
    let before = get(&node, "/admin/limits");
    assert_eq!(before["kept_for_person_requests"], 40);
    assert_eq!(before["limits"].as_array().unwrap().len(), 11);
    assert_eq!(limit(&before, "send_pause")["pauses"], json!([60, 120, 300, 900]));
    assert_eq!(limit(&before, "sends_per_hour")["most"], 5);
    assert_eq!(limit(&before, "sends_per_node")["spent"], 0);
    assert_eq!(node.resend().status, 200);
    let after = get(&node, "/admin/limits");
    let expected = json!({"name": "sends_per_node", "per": "node", "most": 10, "seconds": 3600, "pauses": null,
        "keeps_a_share": true, "spent": 1, "low_until": null});
    assert_eq!(limit(&after, "sends_per_node"), expected);
    assert_eq!(limit(&after, "sends_per_client")["spent"], Value::Null);
}

#[test]
fn a_driver_that_answers_is_closed_and_says_since_when() {
    let node = TestNode::start();
    let before = get(&node, "/admin/drivers");
    assert_eq!((&before[0]["state"], &before[0]["answered_at"]), (&"closed".into(), &Value::Null));
    assert_eq!(node.resend().status, 200);
    node.code_for(SEED_PHONE);
    let expected = json!({"name": before[0]["name"], "host": null, "state": "closed", "failures": 0,
        "paused_until": null, "answered_at": start_of_time().to_string(), "failed_at": null});
    crate::support::patience::wait_until("the driver has answered", || {
        get(&node, "/admin/drivers")[0] == expected
    });
}

#[test]
fn a_test_of_a_driver_sends_a_text_without_a_code_and_leaves_a_row_of_audit() {
    let memory = Memory::new(Arc::new(ManualClock::at(start_of_time())));
    let node = TestNode::with_driver(quick(), memory.clone());
    let reply = test(&node, "memory", &json!({"phone_number": "+380671112233"}));
    let expected = json!({"driver": "memory", "phone_number": "+38067*****33", "outcome": "accepted",
        "gateway_id": null, "error": null});
    assert_eq!((reply.status, reply.data()), (200, &expected), "{}", reply.text);
    let sent = memory.sent(None);
    let texts: Vec<_> = sent.iter().map(|sent| sent.message.text()).collect();
    assert_eq!(texts, [TEST_TEXT]);
    let rows = get(&node, "/admin/audit?event=driver_tested");
    assert_eq!(rows.as_array().unwrap().len(), 1);
    assert_eq!(rows[0]["phone_number"], "+38067*****33");
    assert!(rows[0]["client_id"].is_string() && rows[0]["verification_id"].is_null());
    let limits = get(&node, "/admin/limits");
    assert_eq!(limit(&limits, "sends_per_node")["spent"], 0, "no limit counts it");
}

#[test]
fn a_test_of_no_driver_or_to_a_number_that_gets_no_codes_is_refused() {
    let mut config: Config = quick();
    config.otp.allowed_prefixes = vec!["+38067".into()];
    let node = TestNode::with(config);
    let name = get(&node, "/admin/drivers")[0]["name"].as_str().unwrap().to_owned();
    let to = |phone: &str| json!({"phone_number": phone});
    assert_eq!(test(&node, "nothing", &to("+380671112233")).status, 404);
    assert_eq!(test(&node, &name, &to("+380631112233")).status, 422);
    assert_eq!(test(&node, &name, &to("0671112233")).status, 422);
    assert_eq!(test(&node, &name, &json!({})).status, 422);
    assert_eq!(get(&node, "/admin/audit?event=driver_tested"), json!([]));
}

#[test]
fn the_status_says_how_the_node_is() {
    let node = TestNode::start();
    assert_eq!(node.resend().status, 200);
    let status = get(&node, "/admin/status");
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&status["dialect"], &status["is_ready"]), (&"documented".into(), &true.into()));
    assert_eq!(status["clocks"]["started_at"], start_of_time().to_string());
    assert_eq!(status["audit_rows"], 1);
    assert!(status["disk"]["database"].as_u64().unwrap() > 0);
    assert!(status["disk"]["free"].as_u64().unwrap() > 0);
    assert_eq!(status["drivers"].as_array().unwrap().len(), 1);
    assert!(status.get("settings").is_none());
    assert_eq!(get(&node, "/admin/status?report=true")["settings"], json!([]));
    assert_eq!(node.call("GET", "/admin/status?report=maybe", &ADMIN, "").status, 422);
}
