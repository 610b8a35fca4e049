//! `GET /admin/phones/{phone}`. The whole suite is watched for a full number in the log.

use std::time::Duration;

use esoz_otp::config::Config;
use esoz_otp::domain::limits::Rule;
use serde_json::{Value, json};

use crate::support::{
    Reply, SEED_PHONE, SEED_REQUEST, TestNode, other_than, quick, start_of_time,
    without_send_limits,
};

const ADMIN: [(&str, &str); 1] = [("authorization", "Bearer demo-admin-token")];
const PHONE: &str = "+380671000041";

fn phone(node: &TestNode, phone: &str) -> Reply {
    let reply = node.call("GET", &format!("/admin/phones/{phone}"), &ADMIN, "");
    for number in ["671000041", "958697084"] {
        assert!(!reply.body["data"].to_string().contains(number), "a full number: {}", reply.text);
    }
    reply
}

fn shown(node: &TestNode, number: &str) -> Value {
    let reply = phone(node, number);
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.data().clone()
}

fn time(seconds: u64) -> String {
    (start_of_time() + Duration::from_secs(seconds)).to_string()
}

fn locking_after(after: u32) -> Config {
    let mut config = quick();
    let lock = Rule::Lock { after, pause: Duration::from_hours(1) };
    config.limits = config.limits.with("guesses_in_a_row", lock).unwrap();
    config
}

#[test]
fn a_phone_of_which_nothing_is_kept_has_all_limits_before_it() {
    let node = TestNode::start();
    let allowed = json!({"limit": null, "next_attempt_at": null});
    let window = |limit, seconds, most| json!({"limit": limit, "seconds": seconds, "count": 0, "most": most});
    let expected = json!({
        "phone_number": "+38067*****41", "verified_at": null, "codes": [], "deliveries": [],
        "guesses": {
            "wrong_in_a_row": 0, "locked_until": null, "next": allowed,
            "windows": [window("too_many_guesses", 3600, 10)],
        },
        "sends": {
            "phone_verification": allowed, "person_request": allowed,
            "windows": [window("sends_per_hour", 3600, 5), window("sends_per_day", 86_400, 10)],
        },
    });
    assert_eq!(shown(&node, PHONE), expected);
}

#[test]
fn codes_sends_and_guesses_are_shown_as_the_limits_judge_them() {
    let node = TestNode::start();
    let id = node.initialize(PHONE).data()["id"].clone();
    let code = node.code_for(PHONE);
    assert_eq!(node.complete(PHONE, &other_than(&code)).status, 403);
    node.delivered();

    let sent = shown(&node, PHONE);
    let view = json!({
        "verification_id": id, "purpose": "phone_verification", "person_request_id": null,
        "status": "new", "inserted_at": time(0), "code_expired_at": time(300), "attempts_left": 2,
    });
    assert_eq!(sent["codes"], json!([view]));
    assert_eq!(sent["guesses"]["wrong_in_a_row"], 1);
    assert_eq!(sent["guesses"]["windows"][0]["count"], 1);
    assert_eq!(sent["sends"]["windows"][0]["count"], 1);
    assert_eq!(sent["deliveries"][0]["verification_id"], id);
    assert_eq!(sent["deliveries"][0]["status"], "sent");
    // The wait that it shows is the one that a caller is answered.
    let refused = node.initialize(PHONE);
    let next = &sent["sends"]["phone_verification"];
    assert_eq!((refused.status, &refused.error()["reason"]), (429, &next["limit"]));
    assert_eq!(
        (&next["limit"], &next["next_attempt_at"]),
        (&json!("send_pause"), &json!(time(60)))
    );
    assert_eq!(refused.error()["next_attempt_at"], next["next_attempt_at"]);

    assert_eq!(node.complete(PHONE, &code).status, 200);
    let verified = shown(&node, PHONE);
    assert_eq!(verified["verified_at"], time(0));
    assert_eq!(verified["codes"][0]["status"], "verified");
    assert_eq!(verified["guesses"]["wrong_in_a_row"], 0);
    assert!(!verified.to_string().contains(&code), "the code: {verified}");
}

#[test]
fn of_each_purpose_the_newest_code_is_shown() {
    let node = TestNode::with(without_send_limits());
    for _ in 0..2 {
        assert_eq!(node.initialize(SEED_PHONE).status, 201);
        node.clock.push(Duration::from_secs(1));
        assert_eq!(node.resend().status, 200);
        node.clock.push(Duration::from_secs(1));
    }
    node.delivered();
    node.clock.push(Duration::from_mins(10));
    let shown = shown(&node, SEED_PHONE);
    let codes = shown["codes"].as_array().unwrap();
    let told: Vec<_> =
        codes.iter().map(|code| (&code["purpose"], &code["person_request_id"])).collect();
    let of_a_request = (&json!("person_request"), &json!(SEED_REQUEST));
    assert_eq!(told, [of_a_request, (&json!("phone_verification"), &Value::Null)]);
    assert_eq!(codes[0]["status"], "expired");
    assert_eq!(shown["deliveries"].as_array().unwrap().len(), 4);
}

#[test]
fn a_locked_phone_says_until_when() {
    let node = TestNode::with(locking_after(10));
    let mut last = 0;
    for round in 0..5 {
        assert_eq!(node.initialize(PHONE).status, 201, "{round}");
        let code = node.code_for(PHONE);
        for _ in 0..2 {
            assert_eq!(node.complete(PHONE, &other_than(&code)).status, 403);
        }
        last = round * 3600;
        if round < 4 {
            assert_eq!(shown(&node, PHONE)["guesses"]["locked_until"], Value::Null);
            node.clock.push(Duration::from_hours(1));
        }
    }
    let guesses = shown(&node, PHONE)["guesses"].clone();
    assert_eq!(guesses["wrong_in_a_row"], 10);
    assert_eq!(guesses["locked_until"], time(last + 3600));
    assert_eq!(guesses["next"], json!({"limit": "locked", "next_attempt_at": time(last + 3600)}));
    // The wait that it shows is the one that a caller is answered.
    let refused = node.complete(PHONE, "000000");
    assert_eq!(refused.reason(), Some("locked"));
    assert_eq!(refused.error()["next_attempt_at"], guesses["locked_until"]);
    let unlock = format!("/admin/phones/{PHONE}/actions/unlock");
    assert_eq!(node.call("POST", &unlock, &ADMIN, "").status, 200);
    assert_eq!(shown(&node, PHONE)["guesses"]["locked_until"], Value::Null);
}

#[test]
fn what_is_no_phone_is_told_its_form_and_not_repeated() {
    let node = TestNode::start();
    for text in ["abc", "380671000041", "+38067100004", "%20"] {
        let refused = phone(&node, text);
        let invalid = &refused.error()["invalid"][0];
        assert_eq!((refused.status, &invalid["entry"]), (422, &json!("$.phone")), "{text}");
        let said = invalid["rules"][0]["description"].as_str().unwrap();
        assert!(said.contains("+380 and nine digits"), "{said}");
        assert!(!refused.error().to_string().contains("671000041"), "{}", refused.text);
    }
}
