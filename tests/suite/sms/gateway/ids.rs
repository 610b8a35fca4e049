//! What a gateway calls a message may be a number that no machine counts with.

use esoz_otp::config::{JsonPointer, ReceiptsBy};
use esoz_otp::domain::{DeliveryReport, Secret};
use esoz_otp::sms::{GatewaySecrets, SmsDriver as _};
use serde_json::json;

use super::{PATIENCE, Stand, driver_with, parsed, pointers, secrets, settings_of};
use crate::api::deliveries::id_of;
use crate::support::gateway::{Answer, Behaviour, StubGateway};
use crate::support::patience::wait_until;
use crate::support::{TestNode, quick};

const CALLED_WITH: &str = "3f7a9c1e5b2d8046aa";

fn says(body: String) -> Behaviour {
    Behaviour::Say(Answer { status: 200, body, takes: true, ..Answer::default() })
}

#[test]
fn an_id_keeps_its_digits_in_answers_questions_and_receipts() {
    let stub = StubGateway::start();
    let mut config = settings_of(&stub);
    config.id_at = Some(parsed("/id"));
    config.verdict_at = pointers(&["/ok"]);
    config.taken = vec!["true".into()];
    config.receipts.url = Some(parsed(&stub.url()));
    config.receipts.list_at = JsonPointer::default();
    config.receipts.id_at = "/id".parse().unwrap();
    let stand = Stand::of(&config);
    for id in ["123456789012345678901", "123456789012345678902", "18446744073709551616", "1e3", "7"]
    {
        stub.next([says(format!(r#"{{"ok":true,"id":{id}}}"#))]);
        assert_eq!(stand.send().unwrap().gateway_id.as_deref(), Some(id));
        stub.next([says(format!(
            r#"[{{"id":{id}1,"status":"x"}},{{"id":{id},"status":"Delivered"}}]"#
        ))]);
        assert_eq!(stand.runtime.block_on(stand.driver.ask(id)), Ok(DeliveryReport::Delivered));
        assert_eq!(stub.taken().last().unwrap().body["messages"], json!([id]));
    }
}

#[test]
fn receipts_for_two_ids_that_differ_in_their_last_digit_are_for_two_messages() {
    let stub = StubGateway::start();
    let mut config = settings_of(&stub);
    config.id_at = Some(parsed("/id"));
    config.verdict_at = Vec::new();
    (config.taken, config.not_taken, config.refused) = (Vec::new(), Vec::new(), Vec::new());
    config.receipts.by = ReceiptsBy::Callback;
    config.receipts.list_at = JsonPointer::default();
    config.receipts.id_at = "/id".parse().unwrap();
    let receipt_secret = Some(Secret::new(CALLED_WITH.into()));
    let secrets = GatewaySecrets { receipt_secret, ..secrets() };
    let node = TestNode::with_driver(quick(), driver_with(&config, secrets, PATIENCE).unwrap());
    let ids = [1, 2].map(|last| {
        let body = format!(r#"{{"id":12345678901234567890{last}}}"#);
        stub.next([says(body)]);
        let id = id_of(&node.initialize(&format!("+38067100004{last}")));
        delivered_as(&node, &id, "sent");
        id
    });
    let path = format!("/receipts/backup/{CALLED_WITH}");
    let body = r#"{"id":123456789012345678902,"status":"Delivered"}"#;
    assert_eq!(node.call("POST", &path, &[], body).data()["known"], 1);
    delivered_as(&node, &ids[1], "delivered");
    delivered_as(&node, &ids[0], "sent");
    let seen = node.call("GET", &format!("/verifications/{}/delivery", ids[1]), &[], "");
    assert_eq!(seen.data()["gateway_id"], "123456789012345678902");
}

fn delivered_as(node: &TestNode, id: &str, status: &str) {
    wait_until("it has come so far", || {
        let seen = node.call("GET", &format!("/verifications/{id}/delivery"), &[], "");
        seen.data()["status"] == status
    });
}
