//! A gateway that hangs for some numbers and takes messages for all others.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use esoz_otp::config::SmsConfig;
use esoz_otp::domain::{DeliveryError, DeliveryStatus, Id, Phone, VendorStatus};
use esoz_otp::sms::{Accepted, SendError, SendFuture, SmsDriver, SmsMessage};
use esoz_otp::store::schema::{AtKey, DELIVERIES, Due, OUTBOX_AGAIN, OUTBOX_DUE};
use esoz_otp::store::{Priority, Write};
use tokio::sync::Semaphore;

use super::Gate;
use super::stand::{LIFE, Scripted, Stand, all, one_at_a_time};
use crate::api::deliveries::id_of;
use crate::support::patience::{PATIENCE, wait_until};
use crate::support::{TestNode, keyring, logged, start_of_time, without_send_limits};

/// Numbers from this one on, as [`Stand::put`] gives them, have a route that fails.
const BAD: u8 = 100;

/// A driver that fails so for some numbers, and takes messages for all others.
#[derive(Clone)]
struct Route {
    name: &'static str,
    fails: DeliveryError,
    seen: Arc<Mutex<Vec<Phone>>>,
}

impl Route {
    fn that_fails(name: &'static str, fails: DeliveryError) -> Self {
        Self { name, fails, seen: Arc::default() }
    }

    fn that_hangs() -> Self {
        Self::that_fails("a", DeliveryError::TimedOut)
    }

    fn seen(&self) -> Vec<Phone> {
        self.seen.lock().unwrap().clone()
    }

    fn alone(&self, config: SmsConfig) -> Stand {
        Stand::with(vec![Arc::new(self.clone())], config)
    }
}

fn is_bad(phone: Phone) -> bool {
    phone.national() % 1000 >= BAD.into()
}

impl SmsDriver for Route {
    fn name(&self) -> &str {
        self.name
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> SendFuture<'a> {
        self.seen.lock().unwrap().push(message.phone);
        let error = self.fails.clone();
        Box::pin(std::future::ready(match (is_bad(message.phone), &error) {
            (false, _) => Ok(Accepted::default()),
            (true, DeliveryError::TimedOut) => Err(SendError::Ambiguous(error)),
            (true, _) => Err(SendError::not_accepted(error)),
        }))
    }
}

/// A driver that holds messages for some numbers until their time is said to be over.
#[derive(Clone)]
struct Hanging {
    over: Arc<Semaphore>,
    held: Arc<AtomicUsize>,
}

impl Hanging {
    fn new() -> Self {
        Self { over: Arc::new(Semaphore::new(0)), held: Arc::default() }
    }

    fn wait_until_it_holds(&self, messages: usize) {
        let holds = || self.held.load(Ordering::SeqCst) == messages;
        wait_until(&format!("it holds {messages} messages"), holds);
    }

    /// The time of those that it holds is over.
    fn time_out(&self, messages: usize) {
        self.over.add_permits(messages);
        self.wait_until_it_holds(0);
    }
}

impl SmsDriver for Hanging {
    fn name(&self) -> &'static str {
        "hanging"
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> SendFuture<'a> {
        Box::pin(async move {
            if !is_bad(message.phone) {
                return Ok(Accepted::default());
            }
            self.held.fetch_add(1, Ordering::SeqCst);
            self.over.acquire().await.unwrap().forget();
            self.held.fetch_sub(1, Ordering::SeqCst);
            Err(SendError::Ambiguous(DeliveryError::TimedOut))
        })
    }
}

fn phone(number: u8) -> String {
    format!("+380671000{number:03}")
}

/// A node whose driver holds messages for so many numbers, and their ids.
fn node_that_waits_for(driver: &Hanging, messages: u8, parallel: usize) -> (TestNode, Vec<String>) {
    let mut config = without_send_limits();
    config.sms = SmsConfig { parallel, timeout: PATIENCE * 2, ..config.sms };
    let node = TestNode::with_driver(config, driver.clone());
    let ids = (0..messages).map(|number| id_of(&node.initialize(&phone(BAD + number))));
    let ids = ids.collect();
    driver.wait_until_it_holds(messages.into());
    (node, ids)
}

fn leaves(node: &TestNode, number: u8) {
    let id = id_of(&node.initialize(&phone(number)));
    becomes(node, &id, DeliveryStatus::Sent);
}

fn becomes(node: &TestNode, id: &str, status: DeliveryStatus) {
    let id = Id::parse(id).unwrap();
    let delivery = || node.store.get(DELIVERIES, &id).unwrap().unwrap();
    wait_until("the delivery gets on", || delivery().status() == status);
}

#[test]
fn a_code_leaves_although_six_codes_before_it_hang() {
    for parallel in [1, 16] {
        let driver = Route::that_hangs();
        let mut stand = driver.alone(SmsConfig { parallel, ..SmsConfig::default() });
        let hanging: Vec<_> = (0..6).map(|number| stand.put(BAD + number)).collect();
        stand.work();
        stand.clock.push(Duration::from_secs(11));
        let good = stand.put(1);
        stand.work();
        assert_eq!(stand.status(good), DeliveryStatus::Sent, "{parallel} at a time");
        (0..60).for_each(|_| stand.work_after(5));
        assert!(hanging.iter().all(|id| stand.status(*id) == DeliveryStatus::Uncertain));
        assert_eq!(driver.seen().len(), 13, "each that hangs is sent twice");
    }
}

#[test]
fn while_a_driver_hangs_for_all_each_message_is_tried_once_and_the_second_tries_are_its_trials() {
    let driver = Route::that_hangs();
    let mut stand = driver.alone(SmsConfig::default());
    let ids: Vec<_> = (0..10).map(|number| stand.put(BAD + number)).collect();
    stand.work();
    assert_eq!(driver.seen().len(), 10);
    // Pauses of 2, 4, 8 and 15 s.
    (0..30).for_each(|_| stand.work_after(1));
    let trials = driver.seen().len() - 10;
    assert!((3..=5).contains(&trials), "{trials}");
    let is_over = |id: &&_| stand.status(**id) == DeliveryStatus::Uncertain;
    assert_eq!(ids.iter().filter(is_over).count(), trials, "each of them another message");
}

#[test]
fn a_driver_that_takes_others_meanwhile_is_not_given_up_on() {
    let driver = Hanging::new();
    let (node, hanging) = node_that_waits_for(&driver, 6, 16);
    node.clock.push(Duration::from_secs(1));
    leaves(&node, 1);
    driver.time_out(6);
    for id in hanging {
        becomes(&node, &id, DeliveryStatus::Queued);
    }
    assert_eq!(node.call("GET", "/health/ready", &[], "").status, 200);
}

#[test]
fn second_tries_hold_no_more_than_a_quarter_of_the_places() {
    let driver = Hanging::new();
    let (node, _) = node_that_waits_for(&driver, 8, 8);
    node.clock.push(Duration::from_secs(1));
    driver.time_out(8);
    leaves(&node, 1);
    node.clock.push(Duration::from_secs(3));
    node.wake();
    driver.wait_until_it_holds(2);
    for number in 2..=9 {
        leaves(&node, number);
    }
    assert_eq!(driver.held.load(Ordering::SeqCst), 2);
    // A node waits for its driver before it ends.
    driver.over.add_permits(8);
}

#[test]
fn one_number_that_fails_again_and_again_keeps_no_other_waiting() {
    let driver = Route::that_fails("a", DeliveryError::Status(500));
    let mut stand = driver.alone(one_at_a_time());
    let bad = stand.put(BAD);
    for _ in 0..200 {
        stand.work_after(1);
        if stand.delivery(bad).attempts == 5 {
            break;
        }
    }
    assert_eq!(stand.delivery(bad).attempts, 5);
    let good = stand.put(1);
    stand.work();
    assert_eq!(stand.status(good), DeliveryStatus::Sent);
}

#[test]
fn a_trial_is_a_message_that_was_never_tried_if_there_is_one() {
    let driver = Route::that_fails("a", DeliveryError::Status(500));
    let mut stand = driver.alone(one_at_a_time());
    for number in 0..5 {
        stand.put(BAD + number);
    }
    stand.work();
    // Those five are due again by then.
    stand.clock.push(Duration::from_secs(30));
    let good = stand.put(1);
    stand.work();
    assert_eq!(stand.status(good), DeliveryStatus::Sent);
}

#[test]
fn what_a_driver_hangs_for_keeps_nothing_from_another_driver() {
    let (one, other) = (Route::that_hangs(), Scripted::new("b", []));
    let drivers: Vec<Arc<dyn SmsDriver>> = vec![Arc::new(one.clone()), Arc::new(other.clone())];
    let mut stand = Stand::with(drivers, one_at_a_time());
    let ids: Vec<_> = (0..20).map(|number| stand.put(BAD + number)).collect();
    stand.work();
    assert_eq!((one.seen().len(), other.seen().len()), (5, 15), "it is given up on as ever");
    (0..5).for_each(|_| stand.work_after(1));
    assert!(ids.iter().all(|id| !stand.delivery(*id).is_in_outbox()));
}

#[test]
fn after_a_restart_too_what_was_never_tried_goes_first() {
    let (gate, seen) = Gate::new();
    let mut stand = Stand::with(vec![Arc::new(gate)], one_at_a_time());
    let interrupted = stand.put(1);
    stand.work_until(|| seen.try_recv().is_ok());
    let driver = Scripted::new("b", []);
    let mut stand = stand.again(&[&driver], &keyring());
    stand.clock.push(Duration::from_secs(1));
    let new = stand.put(2);
    stand.work();
    let order: Vec<_> = driver.seen().iter().map(|message| message.verification_id).collect();
    assert_eq!(order, [new, interrupted]);
}

#[test]
fn a_second_try_that_an_earlier_release_left_is_set_apart_at_the_start() {
    let driver = Route::that_hangs();
    let mut stand = driver.alone(one_at_a_time());
    let id = stand.put(BAD);
    stand.work();
    let at = stand.delivery(id).due_at().unwrap();
    let as_it_was = move |write: &mut Write<'_>| {
        write.remove(OUTBOX_AGAIN, &AtKey { at, id });
        write.put(OUTBOX_DUE, &AtKey { at, id }, &Due {})
    };
    stand.store.write_blocking(Priority::Normal, as_it_was).unwrap();
    let driver = Scripted::new("b", []);
    let mut stand = stand.again(&[&driver], &keyring());
    assert!(stand.store.page(OUTBOX_DUE, None, 9).unwrap().is_empty());
    assert_eq!(stand.store.page(OUTBOX_AGAIN, None, 9).unwrap().len(), 1);
    stand.work_after(3);
    assert_eq!((driver.seen().len(), stand.status(id)), (1, DeliveryStatus::Uncertain));
    assert!(stand.store.page(OUTBOX_AGAIN, None, 9).unwrap().is_empty());
}

#[test]
fn the_log_says_when_so_many_messages_hang_that_others_wait_and_for_which_numbers() {
    let warnings = |messages| {
        let driver = Route::that_hangs();
        let mut stand = driver.alone(SmsConfig::default());
        for number in 0..messages {
            stand.put(BAD + number);
        }
        let log = logged(|| stand.work());
        let is_it = |line: &&str| line.contains("others wait: they hold more than half");
        log.lines().filter(is_it).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(warnings(8).len(), 0, "half of sixteen");
    let [line] = &warnings(16)[..] else { panic!("one line") };
    assert!(line.contains(r#"driver="a" messages=9 starts="+38067 (9)""#), "{line}");
}

#[test]
fn given_up_is_given_up_while_a_message_waits_and_comes_back_by_itself_when_none_does() {
    let driver = Scripted::new(
        "a",
        (0..1000).map(|_| Err(SendError::not_accepted(DeliveryError::Unreachable))),
    );
    let mut stand = Stand::with(all(&[&driver]), one_at_a_time());
    for number in 0..6 {
        stand.put(number);
    }
    stand.work();
    let is_down = |stand: &Stand, after: Duration| {
        stand.outbox.health(start_of_time() + after).unwrap().is_down
    };
    let seconds = Duration::from_secs;
    assert!((0..60).all(|second| is_down(&stand, seconds(second))), "nobody has tried it");
    for second in 1..LIFE.as_secs() {
        stand.work_after(1);
        assert!(is_down(&stand, seconds(second)), "after {second} s");
    }
    stand.work_after(1);
    assert_eq!(stand.kept(), 0);
    assert!(!is_down(&stand, LIFE + seconds(15)), "none waits, so none can show that it is back");
}

#[test]
fn a_driver_that_answers_in_order_is_given_up_on_no_longer() {
    let busy = SendError::not_accepted(DeliveryError::NotNow(VendorStatus::of("BUSY")));
    let down = (0..5).map(|_| Err(SendError::not_accepted(DeliveryError::Unreachable)));
    let driver = Scripted::new("a", down.chain([Err(busy)]));
    let mut stand = Stand::of(&[&driver]);
    for number in 0..6 {
        stand.put(number);
    }
    stand.work();
    stand.clock.push(Duration::from_secs(2));
    let now = start_of_time() + Duration::from_secs(2);
    assert!(stand.outbox.health(now).unwrap().is_down);
    stand.work();
    assert!(!stand.outbox.health(now).unwrap().is_down);
}
