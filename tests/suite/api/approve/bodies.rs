//! How a code may be written, and what is said of everything else.

use esoz_otp::domain::CodeFormat;
use serde_json::{Value, json};

use crate::support::{MIS, Reply, SEED_PHONE, SEED_REQUEST, TestNode, quick, without_send_limits};

/// A node that has sent `000042`.
fn with_an_older_code() -> TestNode {
    let node = TestNode::start();
    assert_eq!(node.resend().status, 200);
    node.as_if_sent("000042");
    node
}

fn approve(node: &TestNode, body: &str) -> Reply {
    let path = format!("/api/person_requests/{SEED_REQUEST}/actions/approve");
    node.call("PATCH", &path, &MIS, body)
}

fn of_code(value: &str) -> String {
    format!(r#"{{"verification_code": {value}}}"#)
}

/// Refused as validation does it, with these entries.
fn assert_invalid(reply: &Reply, invalid: &Value, body: &str) {
    assert_eq!((reply.status, &reply.error()["type"]), (422, &json!("validation_failed")));
    assert_eq!(reply.reason(), None, "{body}");
    assert_eq!(reply.error()["invalid"], *invalid, "{body}");
}

fn entry(rule: &str, params: &Value, description: &str) -> Value {
    let rule = json!({"rule": rule, "params": params, "description": description});
    json!({"entry_type": "json_data_property", "entry": "$.verification_code", "rules": [rule]})
}

#[test]
fn a_code_is_text_of_all_its_digits_or_a_number_without_the_leading_zeros() {
    let table = [
        (4, "\"0042\""),
        (4, r#""\u0030042""#),
        (4, "42"),
        (6, "\"000042\""),
        (6, "42"),
        (10, "\"0000000042\""),
        (10, "42"),
    ];
    for (digits, value) in table {
        let mut config = quick();
        config.otp.format = CodeFormat::new(digits).unwrap();
        let node = TestNode::with(config);
        assert_eq!(node.resend().status, 200);
        node.as_if_sent(&format!("{:0digits$}", 42, digits = usize::from(digits)));
        assert_eq!(approve(&node, &of_code(value)).status, 200, "{digits} {value}");
    }
}

#[test]
fn no_code_that_is_sent_begins_with_a_zero_and_as_a_number_it_has_all_its_digits() {
    for digits in [4_u8, 6, 10] {
        let mut config = without_send_limits();
        config.otp.format = CodeFormat::new(digits).unwrap();
        for ready in [0, 16] {
            config.otp.ready = ready;
            let node = TestNode::with(config.clone());
            // Of codes that may begin with a zero one in ten does: twenty without one are a matter of luck, six times twenty none.
            for number in 0..20 {
                let phone = format!("+3806711100{number:02}");
                assert_eq!(node.initialize(&phone).status, 201);
                let code = node.code_for(&phone);
                assert_eq!(code.len(), usize::from(digits));
                assert!(!code.starts_with('0'), "{code}");
            }
            assert_eq!(node.resend().status, 200);
            let number: u64 = node.code_for(SEED_PHONE).parse().unwrap();
            let approved = approve(&node, &of_code(&number.to_string()));
            assert_eq!(approved.status, 200, "{digits} digits");
        }
    }
}

#[test]
fn what_is_no_code_is_refused_and_costs_no_attempt() {
    let node = with_an_older_code();
    let pattern = "^[0-9]{6}$";
    let description = format!("string does not match pattern \"{pattern}\"");
    let format = json!([entry("format", &json!([pattern]), &description)]);
    for value in [
        "42.0",
        "4.2e1",
        "42e0",
        "42E0",
        "-42",
        "-0",
        "1000042",
        "18446744073709551658",
        "1e30",
        "\"42\"",
        "\"0000042\"",
        "\" 00042\"",
        "\"000042 \"",
        "\"000042\\n\"",
        "\"+00042\"",
        "\"-00042\"",
        "\"0.0042\"",
        "\"0x002a\"",
        "\"000042\\u0000\"",
        "\"\"",
        "\"٠٠٠٠٤٢\"",
        "\"００００４２\"",
        "\"00004２\"",
    ] {
        let body = of_code(value);
        assert_invalid(&approve(&node, &body), &format, &body);
    }
    for (value, got) in
        [("true", "Boolean"), ("null", "Null"), ("[42]", "Array"), (r#"{"code": 42}"#, "Object")]
    {
        let body = of_code(value);
        let description = format!("type mismatch. Expected Number but got {got}");
        let cast = json!([entry("cast", &json!(["number"]), &description)]);
        assert_invalid(&approve(&node, &body), &cast, &body);
    }
    assert_eq!(node.compared(), 0);
    assert_eq!(approve(&node, &of_code("42")).status, 200);
}

#[test]
fn a_body_without_the_code_is_told_what_is_missing() {
    let node = with_an_older_code();
    let description = "required property verification_code was not present";
    let required = entry("required", &json!([]), description);
    for body in ["", "{}", "[]"] {
        assert_invalid(&approve(&node, body), &json!([required]), body);
    }
    let extra = json!({
        "entry_type": "json_data_property", "entry": "$.code",
        "rules": [{
            "rule": "schema", "params": {"verification_code": {}},
            "description": "schema does not allow additional properties"
        }]
    });
    let body = r#"{"code": 42}"#;
    assert_invalid(&approve(&node, body), &json!([extra, required]), body);
    let body = r#"{"code": 42, "verification_code": 42}"#;
    assert_invalid(&approve(&node, body), &json!([extra]), body);

    for body in ["null", "42", "\"000042\"", "[42]"] {
        let reply = approve(&node, body);
        assert_eq!(reply.status, 422, "{body}");
        assert_eq!(reply.error()["invalid"][0]["entry"], "$", "{body}");
        assert_eq!(reply.error()["invalid"][0]["rules"][0]["rule"], "cast", "{body}");
    }
    assert_eq!(node.compared(), 0);
    assert_eq!(approve(&node, &of_code("42")).status, 200);
}

#[test]
fn a_body_that_is_no_json_or_says_so_is_refused_and_costs_no_attempt() {
    let node = with_an_older_code();
    for body in ["{", "{\"verification_code\": 000042}", "verification_code=42"] {
        assert_eq!(approve(&node, body).status, 400, "{body}");
    }
    let path = format!("/api/person_requests/{SEED_REQUEST}/actions/approve");
    let headers = [MIS[0], MIS[1], ("content-type", "text/plain")];
    assert_eq!(node.call("PATCH", &path, &headers, &of_code("42")).status, 415);
    assert_eq!(node.compared(), 0);
    assert_eq!(approve(&node, &of_code("42")).status, 200);
}
