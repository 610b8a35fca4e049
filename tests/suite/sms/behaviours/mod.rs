//! Every way in which a gateway is known to behave, end to end: what the API answered, how many SMS left, and what the
//! delivery says.

mod rows;

use std::sync::Arc;
use std::time::Duration;

use esoz_otp::clock::ManualClock;
use esoz_otp::config::{GatewayConfig, ReceiptsBy, ReceiptsConfig};
use esoz_otp::domain::{Delivery, DeliveryState, Id, Secret};
use esoz_otp::sms::{GatewaySecrets, HttpGateway};
use esoz_otp::store::schema::DELIVERIES;
use rows::{Does, Row, rows};
use serde_json::{Value, json};

use crate::api::deliveries::id_of;
use crate::support::gateway::{Behaviour, Receipts, StubGateway, When};
use crate::support::patience::{wait_for, wait_until};
use crate::support::{Setup, TestNode, call, quick, start_of_time};

/// How long the gateway may take for one message here.
const TIMEOUT: Duration = Duration::from_millis(400);

/// Longer than any pause between two tries of a message, or of a driver that has failed too often.
const STEP: Duration = Duration::from_secs(31);

/// More steps than any code lives.
const MOST_STEPS: usize = 30;

const RECEIPT_SECRET: &str = "s3cret-of-receipts";
const PHONE: &str = "+380671000021";

#[test]
fn whatever_a_gateway_does_the_api_answers_and_the_delivery_says_what_became_of_it() {
    let seen = |row: &Row| {
        let (answered, left, delivery) = send(&row.does);
        json!([row.gateway, answered, left, delivery])
    };
    let expected = |row: &Row| {
        let error = row.last_error.as_ref().map(ToString::to_string);
        let delivery = json!([row.status, row.attempts, row.uncertain, error]);
        json!([row.gateway, 201, row.left, delivery])
    };
    for row in rows() {
        assert_eq!(seen(&row), expected(&row));
    }
}

#[test]
fn a_gateway_that_says_for_how_long_is_left_alone_for_so_long() {
    let stub = StubGateway::start();
    let node = node(&stub);
    stub.next([Behaviour::too_many(Some("60"))]);
    let first = id_of(&node.initialize(PHONE));
    assert!(rest(&node, &first).is_some());
    node.clock.push(Duration::from_secs(59));
    node.wake();
    // Each of them has the worker look, too.
    let others = (22..30).map(|number| id_of(&node.initialize(&format!("+3806710000{number}"))));
    let all: Vec<_> = [first].into_iter().chain(others).collect();
    assert_eq!(stub.count(), 0);
    node.clock.push(Duration::from_secs(1));
    node.wake();
    for id in &all {
        assert_eq!(rest(&node, id), None);
        let submitted_at = kept(&node, id).submitted_at;
        assert_eq!(submitted_at, Some(start_of_time() + Duration::from_mins(1)));
    }
}

/// Has one message sent through a gateway that does this, until no more becomes of it. What the API answered, how many
/// messages the gateway took, and what the delivery says.
fn send(does: &Does) -> (u16, usize, Value) {
    let stub = StubGateway::start();
    let node = node(&stub);
    let mut down_until = start_of_time();
    match does {
        Does::First(behaviour) => stub.next([behaviour.clone()]),
        Does::InTurn(behaviours) => stub.next(behaviours.clone()),
        Does::Always(behaviour) => stub.set(behaviour.clone()),
        Does::IsDown(time) => {
            stub.down();
            down_until = start_of_time() + *time;
        }
        Does::Tells(when) => stub.send_receipts(receipts(&node, *when)),
    }
    let answer = node.initialize(PHONE);
    let id = &id_of(&answer);
    for _ in 0..MOST_STEPS {
        let Some(due_in) = rest(&node, id) else { break };
        assert!(due_in <= STEP, "it is tried again in {due_in:?}");
        // Before it is due: the worker also looks by itself.
        if node.now() + STEP >= down_until {
            stub.up();
        }
        node.clock.push(STEP);
        node.wake();
    }
    if let Does::Tells(when) = does {
        hear(&node, &stub, id, *when);
    }
    let said = delivery(&node, id);
    let what = ["status", "attempts", "uncertain", "last_error"].map(|member| &said[member]);
    (answer.status, stub.count(), json!(what))
}

/// Waits until the worker has done with the message what is to be done now. How soon it is due again, if it is.
fn rest(node: &TestNode, id: &str) -> Option<Duration> {
    wait_for("the worker has done with the message", || match kept(node, id).state {
        DeliveryState::Queued { due_at } if due_at > node.now() => {
            Some(Some(due_at.since(node.now())))
        }
        DeliveryState::Queued { .. } | DeliveryState::Submitting { .. } => None,
        DeliveryState::Sent
        | DeliveryState::Delivered
        | DeliveryState::Failed
        | DeliveryState::Uncertain
        | DeliveryState::Expired
        | DeliveryState::Canceled => Some(None),
    })
}

/// Waits until a receipt that the gateway sends has come, and sends it again where that is what it does.
fn hear(node: &TestNode, stub: &StubGateway, id: &str, when: When) {
    if when != When::Never {
        wait_until("the receipt has come", || kept(node, id).state != DeliveryState::Sent);
    }
    if when == When::Twice {
        let gateway_id = stub.taken().remove(0).gateway_id;
        let again = json!({"message_id": gateway_id, "status": "Delivered"}).to_string();
        let path = format!("/receipts/stub/{RECEIPT_SECRET}");
        assert_eq!(call(node.public_address(), "POST", &path, &[], &again).status, 200);
    }
}

fn kept(node: &TestNode, id: &str) -> Delivery {
    node.store.get(DELIVERIES, &Id::parse(id).unwrap()).unwrap().unwrap()
}

fn delivery(node: &TestNode, id: &str) -> Value {
    let path = format!("/verifications/{id}/delivery");
    node.call("GET", &path, &[], "").data().clone()
}

fn receipts(node: &TestNode, when: When) -> Receipts {
    let url = format!("http://{}/receipts/stub/{RECEIPT_SECRET}", node.public_address());
    Receipts { url, when, delay: Duration::ZERO }
}

fn node(stub: &StubGateway) -> TestNode {
    let secret = Some(Secret::new(RECEIPT_SECRET.into()));
    let secrets = GatewaySecrets { receipt_secret: secret, ..GatewaySecrets::default() };
    let clock = Arc::new(ManualClock::at(start_of_time()));
    let driver = HttpGateway::of(&gateway(stub), secrets, TIMEOUT, clock).unwrap();
    let mut config = quick();
    config.sms.timeout = TIMEOUT;
    TestNode::set_up(Setup { config, driver: Some(Arc::new(driver)), ..Setup::default() })
}

fn gateway(stub: &StubGateway) -> GatewayConfig {
    let word = |word: &str| vec![word.to_owned()];
    GatewayConfig {
        url: Some(stub.url().parse().unwrap()),
        body: Some(r#"{"id": "{id}", "phone": "{phone}", "text": "{text}"}"#.parse().unwrap()),
        id_at: Some("/response_result/0/message_id".parse().unwrap()),
        verdict_at: ["/response_result/0/response_status", "/response_status"]
            .map(|pointer| pointer.parse().unwrap())
            .into(),
        taken: word("OK"),
        not_taken: word("REQUIRED_BALANCE"),
        refused: word("INVALID_PHONE"),
        refused_statuses: vec![422],
        taken_before: word("NOT_ALLOWED_MESSAGE_DUPLICATE"),
        allow_local: true,
        allow_http: true,
        receipts: ReceiptsConfig {
            by: ReceiptsBy::Callback,
            id_at: "/message_id".parse().unwrap(),
            verdict_at: "/status".parse().unwrap(),
            delivered: word("Delivered"),
            undelivered: word("Undelivered"),
            ..ReceiptsConfig::default()
        },
        ..GatewayConfig::named("stub")
    }
}

/// The table in `systemd/GATEWAYS.md` is these rows and no others.
#[test]
fn the_document_lists_exactly_these_behaviours() {
    let document = include_str!("../../../../systemd/GATEWAYS.md");
    let head =
        "| the gateway | SMS that left | `status` | `attempts` | `uncertain` | `last_error` |";
    let listed = document.split_once(head).map(|(_, rest)| rest.lines().skip(2));
    let listed: Vec<_> =
        listed.into_iter().flatten().take_while(|line| line.starts_with('|')).collect();
    let lines: Vec<_> = rows().iter().map(line).collect();
    assert_eq!(listed, lines, "the table should be\n{head}\n{}", lines.join("\n"));
}

fn line(row: &Row) -> String {
    let Row { gateway, does: _, left, status, attempts, uncertain, last_error } = row;
    let error = last_error.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string);
    let uncertain = if *uncertain { "yes" } else { "no" };
    // How many more depends on chance, and on how time passes.
    let attempts = if *attempts > 2 { "several".to_owned() } else { attempts.to_string() };
    format!("| {gateway} | {left} | `{status}` | {attempts} | {uncertain} | {error} |")
}
