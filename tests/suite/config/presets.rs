//! Ready-made settings, held against what the gateways' documentation shows.

use esoz_otp::config::{GatewayConfig, GatewayMethod, NumberFormat, ReceiptsBy, Source, Value};
use serde_json::json;

use super::{load, load_with, refused, refused_with, text_of};

const TURBOSMS: &str =
    "[gateway.backup]\npreset = \"turbosms\"\nsender = \"Clinic\"\nsecret_file = \"t\"\n";

fn gateway(text: &str) -> GatewayConfig {
    load(text).unwrap().config.sms.gateways.remove(0)
}

/// What a gateway's answer says by these settings: the verdict, and the id.
fn read(gateway: &GatewayConfig, answer: &serde_json::Value) -> (String, Option<String>) {
    let found = gateway.verdict_at.iter().filter_map(|at| answer.pointer(at.as_str()));
    let verdict = found.filter(|value| !value.is_null()).find_map(|value| value.as_str());
    let id = answer
        .pointer(gateway.id_at.as_ref().unwrap().as_str())
        .and_then(|id| id.as_str())
        .map(str::to_owned);
    (verdict.unwrap_or_default().to_owned(), id)
}

#[test]
fn turbosms_needs_a_sender_and_a_secret_and_nothing_else() {
    let gateway = gateway(TURBOSMS);
    assert_eq!(text_of(gateway.url.as_ref()), "https://api.turbosms.ua/message/send.json");
    assert_eq!((gateway.method, gateway.number), (GatewayMethod::Post, NumberFormat::Digits));
    assert_eq!(gateway.headers, ["Authorization: Bearer {secret}".parse().unwrap()]);
    let body = gateway.body.as_ref().unwrap().json();
    assert_eq!(body["recipients"], json!(["{phone}"]));
    assert_eq!(body["sms"], json!({"sender": "{sender}", "text": "{text}"}));
    assert_eq!(gateway.receipts.by, ReceiptsBy::Poll);
    assert_eq!(text_of(gateway.receipts.body.as_ref()), r#"{"messages":["{gateway_id}"]}"#);

    let missing = refused("[gateway.backup]\npreset = \"turbosms\"\n");
    assert_eq!(missing.len(), 2, "{missing:#?}");
    assert!(missing.iter().any(|said| said.contains("gateway.backup.sender is not set")));
    assert!(missing.iter().any(|said| said.contains("gateway.backup.secret_file is not set")));
}

#[test]
fn turbosms_is_understood_whether_a_message_or_the_whole_request_is_judged() {
    let gateway = gateway(TURBOSMS);
    let one = |code: u32, status: &str, id: Option<&str>| json!([{"phone": "380931234567", "response_code": code, "message_id": id, "response_status": status}]);
    let of = |code: u32, status: &str, result: serde_json::Value| {
        read(
            &gateway,
            &json!({"response_code": code, "response_status": status, "response_result": result}),
        )
    };
    let id = "f83f8868-5e46-c6cf-e4fb-615e5a293754";
    for (code, status) in
        [(0, "OK"), (800, "SUCCESS_MESSAGE_ACCEPTED"), (801, "SUCCESS_MESSAGE_SENT")]
    {
        let (verdict, found) = of(code, status, one(0, "OK", Some(id)));
        assert!(gateway.taken.contains(&verdict), "{verdict}");
        assert_eq!(found.as_deref(), Some(id));
    }
    // The request went well, the message did not.
    for (code, status) in [(0, "OK"), (802, "SUCCESS_MESSAGE_PARTIAL_ACCEPTED")] {
        let (verdict, found) = of(code, status, one(305, "INVALID_PHONE", None));
        assert!(gateway.refused.contains(&verdict) && found.is_none(), "{verdict}");
        let (verdict, _) = of(code, status, one(406, "NOT_ALLOWED_RECIPIENT_COUNTRY", None));
        assert!(gateway.not_taken.contains(&verdict), "{verdict}");
    }
    // The request is refused as a whole.
    for (code, status) in
        [(103, "REQUIRED_TOKEN"), (203, "REQUIRED_BALANCE"), (301, "INVALID_TOKEN")]
    {
        let (verdict, _) = of(code, status, json!(null));
        assert!(gateway.not_taken.contains(&verdict), "{verdict}");
    }
    // It does not send messages of this kind, or has this one already.
    let (verdict, _) = of(
        802,
        "SUCCESS_MESSAGE_PARTIAL_ACCEPTED",
        one(421, "NOT_ALLOWED_MESSAGE_TRAFFIC_TYPE", None),
    );
    assert!(gateway.refused.contains(&verdict), "{verdict}");
    let (verdict, _) = of(427, "NOT_ALLOWED_MESSAGE_DUPLICATE", json!(null));
    assert_eq!(gateway.taken_before, [verdict]);
    // Nobody can tell.
    for (code, status) in [(999, "FATAL_ERROR"), (507, "FAILED_DUPLICATE_REQUEST")] {
        let (verdict, _) = of(code, status, json!(null));
        let lists = [&gateway.taken, &gateway.not_taken, &gateway.refused];
        assert!(lists.iter().all(|list| !list.contains(&verdict)), "{verdict}");
    }
    // What was sent before under the same id is told once more.
    let (verdict, found) = of(507, "FAILED_DUPLICATE_REQUEST", one(0, "OK", Some(id)));
    assert!(gateway.taken.contains(&verdict) && found.is_some());
}

#[test]
fn whatever_is_set_counts_more_than_the_preset_wherever_it_stands() {
    let early = "[gateway.backup]\nnumber = \"plus\"\npreset = \"turbosms\"\nsender = \"Clinic\"\nsecret_file = \"t\"\n";
    assert_eq!(gateway(early).number, NumberFormat::Plus);

    let environment = [
        ("ESOZ_OTP__GATEWAY__BACKUP__PRESET", "turbosms"),
        ("ESOZ_OTP__GATEWAY__BACKUP__SENDER", "Clinic"),
    ];
    let file = "[gateway.backup]\nsecret_file = \"t\"\nurl = \"https://stand.example/\"\nreceipts.by = \"none\"\n";
    let effective = load_with(file, &environment, Vec::new()).unwrap();
    let gateway = &effective.config.sms.gateways[0];
    assert_eq!(text_of(gateway.url.as_ref()), "https://stand.example/");
    assert_eq!(gateway.verdict_at[1].as_str(), "/response_status");
    assert_eq!(effective.source("gateway.backup.verdict_at"), Source::Preset("turbosms"));
    assert!(effective.to_toml().contains("number = \"digits\"  # preset turbosms"));
}

#[test]
fn what_a_preset_has_set_is_printed_and_means_the_same_when_it_is_used_again() {
    let effective = load(TURBOSMS).unwrap();
    let again = load(&effective.to_toml()).unwrap();
    assert_eq!(again.config, effective.config);
    let found = refused(&TURBOSMS.replace("turbosms", "turbosmss"));
    assert!(found[0].contains("but takes `none` or `turbosms`"), "{found:#?}");
    let none = effective
        .settings()
        .iter()
        .find(|row| row.key == "gateway.backup.preset")
        .unwrap()
        .get(&effective.config);
    assert_eq!(none, Value::from("turbosms"));
}

/// The preset's own would be asked, with the token, about messages that it has never seen.
#[test]
fn messages_that_go_elsewhere_are_not_asked_about_at_the_preset_s_gateway() {
    let elsewhere = format!(
        "{TURBOSMS}url = \"http://127.0.0.1:4100/send\"\nallow_http = true\nallow_local = true\n"
    );
    let found = refused(&elsewhere);
    assert_eq!(found.len(), 1, "{found:#?}");
    let said = "preset turbosms: gateway.backup.receipts.url is on api.turbosms.ua, and url on 127.0.0.1: ";
    assert!(found[0].starts_with(said), "{}", found[0]);
    for receipts in ["url = \"http://127.0.0.1:4100/status\"", "by = \"none\""] {
        assert!(load(&format!("{elsewhere}receipts.{receipts}\n")).is_ok(), "{receipts}");
    }
}

#[test]
fn what_is_wrong_with_a_preset_s_value_is_said_of_the_preset() {
    for (line, said) in [
        (
            "taken = [\"INVALID_PHONE\"]",
            "gateway.backup.refused has \"INVALID_PHONE\", which taken has too.",
        ),
        (
            "receipts.delivered = [\"Expired\"]",
            "gateway.backup.receipts.undelivered has \"Expired\", which receipts.delivered has too.",
        ),
    ] {
        let found = refused(&format!("{TURBOSMS}{line}\n"));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].starts_with(&format!("preset turbosms: {said}")), "{}", found[0]);
    }
}

#[test]
fn a_slip_in_a_preset_s_name_or_in_that_of_its_setting_is_one_fault() {
    for (slip, said) in [
        ("preset = \"turbosm\"", "preset is \"turbosm\", but takes `none` or `turbosms`."),
        (
            "presett = \"turbosms\"",
            "presett is no setting. The nearest known one is gateway.backup.preset.",
        ),
    ] {
        for rest in ["", "sender = \"Clinic\"\nsecret_file = \"t\"\n", "receipts.by = \"poll\"\n"] {
            let found = refused(&format!("[gateway.backup]\n{slip}\n{rest}"));
            assert_eq!(found.len(), 1, "{found:#?}");
            let said = format!("esoz-otp.toml:2: gateway.backup.{said}");
            assert!(found[0].starts_with(&said), "{}", found[0]);
        }
    }
}

#[test]
fn what_follows_from_a_slip_in_a_name_is_no_fault_of_its_own() {
    for slip in ["secret_fil = \"t\"", "receipt = { by = \"callback\", secret_file = \"r\" }"] {
        let text = TURBOSMS.replace("secret_file = \"t\"", slip);
        let text =
            if slip.starts_with("receipt") { format!("{text}secret_file = \"t\"\n") } else { text };
        let found = refused(&text);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].contains("The nearest known one is "), "{}", found[0]);
    }
    let environment = [("ESOZ_OTP__GATEWAY__BACKUP__SENDR", "Clinic")];
    let text = TURBOSMS.replace("sender = \"Clinic\"\n", "");
    let found = refused_with(&text, &environment, Vec::new());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].ends_with("The nearest known one is ESOZ_OTP__GATEWAY__BACKUP__SENDER."),
        "{}",
        found[0]
    );
}
