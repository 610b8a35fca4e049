//! What one gateway or one client can't take from the others: questions, and places in the outbox.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use esoz_otp::config::{SmsConfig, StoreConfig};
use esoz_otp::domain::{DeliveryError, DeliveryReport, VendorStatus};
use esoz_otp::sms::{Accepted, SendError, SendFuture, SmsDriver, SmsMessage, StatusFuture};
use esoz_otp::store::schema::{ASKS, AtKey, Due, QUESTIONS};
use esoz_otp::store::{Priority, Write};
use serde_json::json;

use super::Down;
use super::stand::Stand;
use crate::support::patience::wait_until;
use crate::support::{MIS, TestNode, keyring, start_of_time, without_send_limits};

/// How its gateway answers questions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answers {
    Never,
    Badly,
    Well,
}

/// A driver that is asked what became of messages. It takes those for the numbers from here on, as [`Stand::put`] gives
/// them.
#[derive(Clone)]
struct Polled {
    name: &'static str,
    from: u32,
    answers: Answers,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Polled {
    fn new(name: &'static str, from: u32, answers: Answers) -> Self {
        Self { name, from, answers, asked: Arc::default() }
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl SmsDriver for Polled {
    fn name(&self) -> &str {
        self.name
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> SendFuture<'a> {
        let gateway_id = Some(message.verification_id.to_string());
        let not_now = DeliveryError::NotNow(VendorStatus::of("OTHERS"));
        let takes = message.phone.national() % 1000 >= self.from;
        let said =
            if takes { Ok(Accepted { gateway_id }) } else { Err(SendError::not_accepted(not_now)) };
        Box::pin(std::future::ready(said))
    }

    fn is_asked(&self) -> bool {
        true
    }

    fn ask<'a>(&'a self, gateway_id: &'a str) -> StatusFuture<'a> {
        self.asked.lock().unwrap().push(gateway_id.to_owned());
        Box::pin(async move {
            match self.answers {
                Answers::Never => std::future::pending().await,
                Answers::Badly => Err(DeliveryError::Status(500)),
                Answers::Well => Ok(DeliveryReport::Delivered),
            }
        })
    }
}

/// An outbox whose messages have all been taken: so many by the first driver, then one by the second.
fn sent(first: &Polled, messages: u8, second: &Polled) -> Stand {
    let drivers: Vec<Arc<dyn SmsDriver>> = vec![Arc::new(first.clone()), Arc::new(second.clone())];
    let mut stand = Stand::with(drivers, SmsConfig::default());
    for number in 0..messages {
        stand.put(100 + number);
    }
    stand.work();
    stand.clock.push(Duration::from_millis(1));
    stand.put(1);
    stand.work();
    assert_eq!(stand.kept(), 0);
    stand
}

#[test]
fn a_gateway_that_hangs_on_questions_keeps_no_receipt_of_another_away() {
    let hangs = Polled::new("a", 100, Answers::Never);
    let answers = Polled::new("b", 0, Answers::Well);
    let mut stand = sent(&hangs, 36, &answers);
    stand.clock.push(Duration::from_secs(16));
    stand.work_until(|| answers.asked() == 1);
    assert_eq!(hangs.asked(), 4, "its share");
}

#[test]
fn a_gateway_that_answers_no_question_is_asked_ever_more_seldom() {
    let fails = Polled::new("a", 0, Answers::Badly);
    let node = TestNode::with_driver(without_send_limits(), fails.clone());
    let mut phones = (1..).map(|number| format!("+380671{number:06}"));
    // The worker looks at all questions of this time before it sends.
    let mut send = || {
        assert_eq!(node.initialize(&phones.next().unwrap()).status, 201);
        node.delivered();
    };
    (0..10).for_each(|_| send());
    let push_to = |second| node.clock.set(start_of_time() + Duration::from_secs(second));
    push_to(15);
    node.wake();
    wait_until("four are asked at once", || fails.asked() == 4);
    for (asked, (early, then)) in (4..).zip([(19, 20), (29, 30), (49, 50), (89, 90)]) {
        push_to(early);
        send();
        assert_eq!(fails.asked(), asked, "after {early} s");
        push_to(then);
        node.wake();
        wait_until("one more is asked", || fails.asked() == asked + 1);
    }
    let mut once = fails.asked.lock().unwrap().clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), fails.asked(), "each time for another message");
}

#[test]
fn questions_that_an_earlier_release_left_are_asked() {
    let answers = Polled::new("b", 0, Answers::Well);
    let stand = sent(&answers, 3, &answers);
    let kept = stand.store.page(QUESTIONS, None, 9).unwrap();
    assert_eq!(kept.len(), 4);
    let as_they_were = move |write: &mut Write<'_>| {
        kept.into_iter().try_for_each(|(key, _)| {
            write.remove(QUESTIONS, &key);
            write.put(ASKS, &AtKey { at: key.at, id: key.id }, &Due {})
        })
    };
    stand.store.write_blocking(Priority::Normal, as_they_were).unwrap();
    let drivers: Vec<Arc<dyn SmsDriver>> = vec![Arc::new(answers.clone())];
    let mut stand = stand.again_on(StoreConfig::default(), &keyring(), drivers);
    assert!(stand.store.page(ASKS, None, 9).unwrap().is_empty());
    stand.clock.push(Duration::from_secs(16));
    stand.work_until(|| answers.asked() == 4);
}

#[test]
fn one_client_can_t_take_every_place_in_the_outbox() {
    let mut config = without_send_limits();
    config.sms.queue = 100;
    let node = TestNode::with_driver(config, Down);
    let send = |number: u32| {
        let body = json!({"phone_number": format!("+380671{number:06}")}).to_string();
        node.call("POST", "/api/verifications", &MIS, &body).status
    };
    let statuses: Vec<_> = (0..100).map(send).collect();
    let accepted = statuses.iter().filter(|status| **status == 201).count();
    assert_eq!((accepted, statuses.last()), (75, Some(&503)));
    assert_eq!(node.initialize("+380672000001").status, 201, "another one");
}
