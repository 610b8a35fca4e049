//! Receipts that come before the answer that gives their message its name.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use esoz_otp::domain::{DeliveryError, DeliveryReport, Receipt};
use esoz_otp::sms::{Accepted, ReceiptBatch, SendError, SendFuture, SmsDriver, SmsMessage};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::api::deliveries::id_of;
use crate::support::patience::wait_until;
use crate::support::{TestNode, quick};

const PHONE: &str = "+380671000031";
const OTHER_PHONE: &str = "+380671000032";

/// Tells what it is handed, and takes it under the name that it is given then. Any call with a list of names is a receipt
/// for each: it has arrived.
struct Named {
    handed: Sender<()>,
    names: Arc<Mutex<UnboundedReceiver<&'static str>>>,
}

impl SmsDriver for Named {
    fn name(&self) -> &'static str {
        "gateway"
    }

    fn send<'a>(&'a self, _: &'a SmsMessage) -> SendFuture<'a> {
        Box::pin(async move {
            self.handed.send(()).expect("the test waits for it");
            let name = self.names.lock().await.recv().await;
            name.map(|name| Accepted { gateway_id: Some(name.into()) })
                .ok_or(SendError::Ambiguous(DeliveryError::CutOff))
        })
    }

    fn is_called_with(&self, _: &str) -> bool {
        true
    }

    fn receipts(&self, body: &Value) -> ReceiptBatch {
        let names = body.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned());
        let arrived = |gateway_id| Receipt { gateway_id, report: DeliveryReport::Delivered };
        ReceiptBatch { receipts: names.map(arrived).collect(), ..ReceiptBatch::default() }
    }
}

struct Stand {
    node: TestNode,
    handed: Receiver<()>,
    names: UnboundedSender<&'static str>,
}

impl Stand {
    fn new() -> Self {
        let (tell, handed) = channel();
        let (names, coming) = unbounded_channel();
        let driver = Named { handed: tell, names: Arc::new(Mutex::new(coming)) };
        Self { node: TestNode::with_driver(quick(), driver), handed, names }
    }

    /// A message that the gateway has, and has not answered for yet.
    fn hand_over(&self, phone: &str) -> String {
        let id = id_of(&self.node.initialize(phone));
        self.handed.recv_timeout(super::PATIENCE).unwrap();
        id
    }

    /// Known and unknown ones.
    fn arrived(&self, names: &[&str]) -> (Value, Value) {
        let path = "/receipts/gateway/not-a-real-secret";
        let reply = self.node.call("POST", path, &[], &json!(names).to_string());
        (reply.data()["known"].clone(), reply.data()["unknown"].clone())
    }

    fn becomes(&self, id: &str, status: &str) {
        wait_until("it has come so far", || {
            let seen = self.node.call("GET", &format!("/verifications/{id}/delivery"), &[], "");
            seen.data()["status"] == status
        });
    }

    fn unknown(&self) -> u64 {
        self.node.api().service().otp().outbox.unknown_receipts()
    }
}

#[test]
fn one_is_for_the_message_that_was_being_handed_over_when_it_came() {
    let stand = Stand::new();
    let id = stand.hand_over(PHONE);
    assert_eq!(stand.arrived(&["g-1", "g-2"]), (json!(2), json!(0)));
    stand.names.send("g-1").unwrap();
    stand.becomes(&id, "delivered");
}

#[test]
fn one_says_nothing_of_a_message_that_was_accepted_later() {
    let stand = Stand::new();
    let first = stand.hand_over(PHONE);
    assert_eq!(stand.arrived(&["g-2"]), (json!(1), json!(0)));
    stand.names.send("g-1").unwrap();
    stand.becomes(&first, "sent");
    let second = stand.hand_over(OTHER_PHONE);
    stand.names.send("g-2").unwrap();
    stand.node.delivered();
    stand.becomes(&second, "sent");
    assert_eq!(stand.arrived(&["g-2"]), (json!(1), json!(0)));
    stand.becomes(&second, "delivered");
}

#[test]
fn one_is_forgotten_after_a_minute_and_counts_as_one_for_a_message_that_nobody_knows() {
    let stand = Stand::new();
    let id = stand.hand_over(PHONE);
    assert_eq!(stand.arrived(&["g-1"]), (json!(1), json!(0)));
    assert_eq!(stand.unknown(), 0);
    stand.node.clock.push(Duration::from_mins(1));
    stand.node.wake();
    wait_until("it is forgotten", || stand.unknown() == 1);
    stand.names.send("g-1").unwrap();
    stand.becomes(&id, "sent");
}
