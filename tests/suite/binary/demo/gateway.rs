//! A gateway that has a bad day: `--sms`, and `POST /demo/gateway`.

use std::path::Path;

use serde_json::{Value, json};

use crate::binary::program::Program;
use crate::support::{SEED_PHONE, patience};

fn demo(directory: &Path, arguments: &[&str]) -> Program {
    let mut demo = Program::start(directory, &[&["demo", "--no-limits"], arguments].concat());
    demo.line("Every SMS appears below");
    demo
}

/// Sends a code, and says which verification's it is.
fn send(demo: &mut Program) -> String {
    let sent = demo.resend();
    assert_eq!(sent.status, 200);
    sent.data()["id"].as_str().unwrap().to_owned()
}

fn delivery(demo: &mut Program, id: &str) -> Value {
    demo.call("GET", &format!("/api/verifications/{id}/delivery"), "").data().clone()
}

fn becomes(demo: &mut Program, id: &str, status: &str) -> Value {
    let mut last = Value::Null;
    patience::wait_until(&format!("the message is {status}"), || {
        last = delivery(demo, id);
        last["status"] == status
    });
    last
}

fn told(demo: &mut Program, plan: &Value) -> Value {
    let reply = demo.call("POST", "/demo/gateway", &plan.to_string());
    assert_eq!(reply.status, 200, "{plan}");
    reply.data().clone()
}

#[test]
fn one_that_refuses_makes_a_message_fail_and_nothing_is_shown() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = demo(directory.path(), &["--sms", "refuse"]);
    let id = send(&mut demo);
    let failed = becomes(&mut demo, &id, "failed");
    assert_eq!(failed["last_error"], "the gateway refused the message: REFUSED_BY_THE_DEMO");
    assert_eq!((&failed["attempts"], &failed["uncertain"]), (&json!(1), &json!(false)));
    let messages = demo.call("GET", "/demo/messages", "");
    assert_eq!(messages.data(), &json!([]));
    assert!(!demo.stop().stdout.contains("SMS +380"));
}

#[test]
fn one_that_is_down_lets_a_message_wait_and_expire_and_is_up_when_it_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = demo(directory.path(), &["--sms", "down", "--life", "2"]);
    let id = send(&mut demo);
    let waits = becomes(&mut demo, &id, "queued");
    assert_eq!(waits["sent_at"], Value::Null);
    let expired = becomes(&mut demo, &id, "expired");
    assert!(expired["last_error"].as_str().unwrap().contains("could not be reached"), "{expired}");
    assert_eq!(told(&mut demo, &json!({"mode": "ok"})), json!({"mode": "ok", "messages": null}));
    let id = send(&mut demo);
    becomes(&mut demo, &id, "sent");
}

#[test]
fn a_message_that_waits_is_sent_when_the_gateway_is_up_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = demo(directory.path(), &["--sms", "down"]);
    let id = send(&mut demo);
    patience::wait_until("it has been tried", || delivery(&mut demo, &id)["attempts"] != 0);
    told(&mut demo, &json!({"mode": "ok"}));
    let sent = becomes(&mut demo, &id, "sent");
    assert!(sent["attempts"].as_u64().unwrap() > 1, "{sent}");
    let code = demo.code_for(SEED_PHONE, 1);
    assert_eq!(demo.approve(&code).status, 200);
}

#[test]
fn one_whose_answer_is_lost_makes_a_message_uncertain_and_its_code_is_good() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = demo(directory.path(), &["--sms", "lost"]);
    let id = send(&mut demo);
    let uncertain = becomes(&mut demo, &id, "uncertain");
    assert_eq!((&uncertain["attempts"], &uncertain["uncertain"]), (&json!(2), &json!(true)));
    let code = demo.code_for(SEED_PHONE, 2);
    let messages = demo.call("GET", "/demo/messages", "");
    assert_eq!(messages.data().as_array().unwrap().len(), 1, "the same message, twice");
    assert_eq!(messages.data()[0]["code"], code.as_str());
    assert_eq!(demo.approve(&code).status, 200);
}

#[test]
fn one_that_is_slow_takes_a_message_in_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = demo(directory.path(), &["--sms", "slow"]);
    let id = send(&mut demo);
    becomes(&mut demo, &id, "submitting");
    assert_eq!(becomes(&mut demo, &id, "sent")["attempts"], 1);
    demo.code_for(SEED_PHONE, 1);
}

#[test]
fn it_behaves_so_to_the_next_messages_and_then_well() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = demo(directory.path(), &[]);
    assert_eq!(
        demo.call("GET", "/demo/gateway", "").data(),
        &json!({"mode": "ok", "messages": null})
    );
    let plan = json!({"mode": "refuse", "messages": 2});
    assert_eq!(told(&mut demo, &plan), plan);
    for (status, left) in [
        ("failed", json!({"mode": "refuse", "messages": 1})),
        ("failed", json!({"mode": "ok", "messages": null})),
        ("sent", json!({"mode": "ok", "messages": null})),
    ] {
        let id = send(&mut demo);
        becomes(&mut demo, &id, status);
        assert_eq!(demo.call("GET", "/demo/gateway", "").data(), &left);
    }
}

#[test]
fn a_plan_is_told_all_its_faults_and_changes_nothing_then() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = demo(directory.path(), &[]);
    let entries = |reply: &crate::support::Reply| -> Vec<String> {
        let invalid = reply.error()["invalid"].as_array().unwrap().clone();
        invalid.iter().map(|entry| entry["entry"].as_str().unwrap().to_owned()).collect()
    };
    for (body, wrong) in [
        (json!({"mode": "up", "messages": 0, "more": 1}), &["$.more", "$.mode", "$.messages"][..]),
        (json!({"mode": 7, "messages": 1001}), &["$.mode", "$.messages"]),
        (json!({"messages": "two"}), &["$.mode", "$.messages"]),
        (json!({"mode": "down", "messages": 1.5}), &["$.messages"]),
        (json!({"mode": "down", "messages": -1}), &["$.messages"]),
        (json!([1]), &["$", "$.mode"]),
        (json!({}), &["$.mode"]),
    ] {
        let reply = demo.call("POST", "/demo/gateway", &body.to_string());
        assert_eq!(reply.status, 422, "{body}");
        assert_eq!(entries(&reply), wrong, "{body}");
    }
    let plan = demo.call("GET", "/demo/gateway", "");
    assert_eq!(plan.data(), &json!({"mode": "ok", "messages": null}));
}

#[test]
fn a_reset_brings_the_gateway_back_and_shows_nothing_that_it_still_had() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = demo(directory.path(), &["--sms", "slow"]);
    let id = send(&mut demo);
    becomes(&mut demo, &id, "submitting");
    assert_eq!(demo.call("POST", "/demo/reset", "").status, 200);
    let other = send(&mut demo);
    becomes(&mut demo, &other, "sent");
    let messages = demo.call("GET", "/demo/messages", "");
    assert_eq!(messages.data().as_array().unwrap().len(), 1, "that of the old world is not shown");
    told(&mut demo, &json!({"mode": "down", "messages": 7}));
    assert_eq!(demo.call("POST", "/demo/reset", "").status, 200);
    let plan = demo.call("GET", "/demo/gateway", "");
    assert_eq!(plan.data(), &json!({"mode": "slow", "messages": null}));
    assert_eq!(demo.stop().stdout.matches("SMS +380").count(), 1);
}
