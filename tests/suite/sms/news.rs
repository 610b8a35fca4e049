//! What the log says of a message, from the first driver to the last word.

use std::sync::Arc;

use esoz_otp::clock::Clock as _;
use esoz_otp::config::SmsConfig;
use esoz_otp::domain::{DeliveryError, DeliveryReport, Receipt, VendorStatus};
use esoz_otp::sms::{Accepted, ReceiptBatch, SendError, SendFuture, SmsDriver, SmsMessage};
use serde_json::{Value, json};

use super::stand::{Answer, LIFE, Scripted, Stand, all};
use crate::support::{keyring, logged};

const SECRET: &str = "a-secret-of-receipts";

fn no(error: DeliveryError) -> Answer {
    Err(SendError::not_accepted(error))
}

/// The lines about messages and drivers, without their times, and in this order.
fn lines(log: &str) -> Vec<String> {
    let of = |line: &str| {
        let (_, line) = line.trim_start().split_once(' ')?;
        let (level, rest) = line.trim_start().split_once(' ')?;
        let (_, said) = rest.split_once(": ")?;
        let said = said.split(" next_at=").next().unwrap();
        (level != "TRACE" && level != "DEBUG").then(|| format!("{level} {said}"))
    };
    log.lines().filter_map(of).collect()
}

fn check(log: &str, expected: &[&str]) {
    let said = lines(log);
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    for (said, expected) in said.iter().zip(expected) {
        let (level, words) = expected.split_once(' ').unwrap();
        assert!(said.starts_with(level) && said.contains(words), "{said:?} is {expected:?}");
    }
}

#[test]
fn what_each_driver_says_and_how_a_message_ends_is_a_line() {
    let busy = VendorStatus::of("BUSY");
    let refused = SendError::Refused(DeliveryError::Verdict(VendorStatus::of("INVALID")));
    let unclear = || Err(SendError::Ambiguous(DeliveryError::TimedOut));
    let yes = Ok(Accepted::default());
    let answers =
        [no(DeliveryError::NotNow(busy)), Err(refused), unclear(), unclear(), unclear(), yes];
    let driver = Scripted::new("a", answers);
    let log = logged(|| {
        let mut stand = Stand::of(&[&driver]);
        let first = stand.put(1);
        stand.work();
        stand.clock.push(LIFE);
        stand.work();
        assert_eq!(stand.delivery(first).attempts, 1);
        for number in 2..=3 {
            stand.put(number);
            stand.work();
        }
        stand.work_after(5);
        stand.put(4);
        stand.work();
        stand.work_after(5);
    });
    check(
        &log,
        &[
            "WARN sms not taken",
            "INFO sms waits to be tried again",
            "WARN sms not sent: its code's life has ended",
            "WARN sms refused for good",
            "WARN sms failed",
            "WARN sms may have been taken",
            "WARN sms may have been sent, and waits to be sent again",
            "WARN sms may have been taken",
            "WARN sms uncertain: whether it was sent, or twice, is not known",
            "WARN sms may have been taken",
            "WARN sms may have been sent, and waits to be sent again",
            "INFO sms sent",
            "INFO sms uncertain: it was sent, perhaps twice",
        ],
    );
    assert!(log.contains("error=the gateway refused the message: INVALID"), "{log}");
    assert!(log.contains("phone=+38067*****02"), "{log}");
}

#[test]
fn a_driver_that_goes_down_and_comes_back_is_told_of_once_each() {
    let driver = Scripted::new("a", (0..7).map(|_| no(DeliveryError::Unreachable)));
    let mut stand = Stand::of(&[&driver]);
    for number in 0..20 {
        stand.put(number);
    }
    let log = logged(|| (0..30).for_each(|_| stand.work_after(1)));
    let of_the_driver: Vec<_> =
        lines(&log).into_iter().filter(|line| line.contains("the driver")).collect();
    let [down, up] = &of_the_driver[..] else { panic!("{of_the_driver:#?}") };
    assert!(down.starts_with("ERROR the driver has failed too often"), "{down}");
    assert!(up.starts_with("INFO the driver works again driver=\"a\""), "{up}");
}

#[test]
fn a_message_that_a_killed_process_was_sending_is_a_line_at_the_next_start() {
    let driver = Scripted::new("a", []);
    let (gate, seen) = super::Gate::new();
    let mut stand = Stand::with(vec![Arc::new(gate)], SmsConfig::default());
    stand.put(1);
    stand.put(2);
    let mut taken = 0;
    stand.work_until(|| {
        taken += seen.try_iter().count();
        taken == 2
    });
    let log = logged(|| drop(stand.again(&[&driver], &keyring())));
    let again = "WARN sms may have been sent, and waits to be sent again";
    check(&log, &[again, again]);
    assert!(log.contains("error=the node was stopped while the message was being sent"), "{log}");
}

#[test]
fn a_message_whose_code_is_replaced_while_it_waits_is_a_line() {
    let driver = Scripted::new("a", [Err(SendError::Ambiguous(DeliveryError::TimedOut))]);
    let log = logged(|| {
        let mut stand = Stand::of(&[&driver]);
        let first = stand.put(1);
        let second = stand.put_after(2, Some(first)).unwrap();
        stand.work();
        stand.put_after(3, Some(second)).unwrap();
    });
    check(
        &log,
        &[
            "INFO sms not sent: its code is used, spent or replaced",
            "WARN sms may have been taken",
            "WARN sms may have been sent, and waits to be sent again",
            "WARN sms uncertain: whether it was sent, or twice, is not known",
        ],
    );
    assert!(log.contains(&Stand::id_of(1).to_string()), "{log}");
}

#[test]
fn a_message_that_never_came_to_a_driver_ends_with_why() {
    let driver = Scripted::new("a", (0..100).map(|_| no(DeliveryError::Unreachable)));
    let log = logged(|| {
        let mut stand = Stand::with(all(&[&driver]), super::stand::one_at_a_time());
        for number in 0..6 {
            stand.put(number);
        }
        stand.work();
        let last = Stand::id_of(5);
        assert_eq!(stand.delivery(last).attempts, 0);
        // To the very end no driver may be called: the trials fail.
        for _ in 0..LIFE.as_secs() {
            stand.work_after(1);
        }
        let ended = stand.delivery(last);
        assert!(ended.last_error.is_some(), "{ended:?}");
    });
    assert_eq!(log.matches("sms not sent: its code's life has ended").count(), 6, "{log}");
}

/// One whose gateway calls with receipts: lists of an id and whether it has arrived.
struct Called(Scripted);

impl SmsDriver for Called {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> SendFuture<'a> {
        self.0.send(message)
    }

    fn is_called_with(&self, secret: &str) -> bool {
        secret == SECRET
    }

    fn receipts(&self, body: &Value) -> ReceiptBatch {
        let Some((id, has_arrived)) = body[0].as_str().zip(body[1].as_bool()) else {
            return ReceiptBatch { unreadable: 1, ..ReceiptBatch::default() };
        };
        let why = || DeliveryError::Undelivered(VendorStatus::of("ABSENT"));
        let report = if has_arrived {
            DeliveryReport::Delivered
        } else {
            DeliveryReport::Undelivered(why())
        };
        ReceiptBatch {
            receipts: vec![Receipt { gateway_id: id.into(), report }],
            ..ReceiptBatch::default()
        }
    }
}

#[test]
fn what_a_gateway_says_later_is_a_line_and_so_is_what_can_t_be_used() {
    let yes = |id: &str| Ok(Accepted { gateway_id: Some(id.into()) });
    let driver = Scripted::new("a", [yes("x1"), yes("x2")]);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let log = logged(|| {
        let mut stand = Stand::with(vec![Arc::new(Called(driver))], super::stand::one_at_a_time());
        stand.put(1);
        stand.put(2);
        stand.work();
        let now = stand.clock.now();
        let receive = |secret: &str, body: &Value| {
            runtime.block_on(stand.outbox.receive("a", secret, body, now)).unwrap();
        };
        receive(SECRET, &json!(["x1", true]));
        receive(SECRET, &json!(["x1", true]));
        receive(SECRET, &json!(["x2", false]));
        receive(SECRET, &json!(["x3", true]));
        receive(SECRET, &json!(["m-380958697084", true]));
        receive(SECRET, &json!({"id": "x1"}));
        receive("another-secret", &json!(["x2", true]));
    });
    check(
        &log,
        &[
            "INFO sms sent",
            "INFO sms sent",
            "INFO sms delivered",
            "WARN sms failed",
            "WARN receipts for messages that nobody knows were dropped driver=\"a\" unknown=1 gateway_id=\"x3\"",
            "WARN receipts for messages that nobody knows were dropped driver=\"a\" unknown=1 gateway_id=\"(an id that is not shown)\"",
            "WARN no receipts as gateway.a.receipts describes them",
            "WARN receipts were turned away: with a wrong secret",
        ],
    );
    assert!(log.contains("error=the gateway could not deliver the message: ABSENT"), "{log}");
    assert!(!log.contains("secret-of-receipts") && !log.contains("another-secret"), "{log}");
}

#[test]
fn while_nobody_may_be_called_a_message_waits_for_that_and_says_why() {
    let driver = Scripted::new("a", (0..5).map(|_| no(DeliveryError::Unreachable)));
    let mut stand = Stand::with(all(&[&driver]), super::stand::one_at_a_time());
    let ids: Vec<_> = (0..20).map(|number| stand.put(number)).collect();
    stand.work();
    let now = stand.clock.now();
    let until = stand.outbox.delayed_until(now).expect("it is given up on");
    assert!(until > now);
    let waits = stand.delivery(ids[19]).delayed_until(Some(until));
    assert_eq!((waits.due_at(), waits.last_error), (Some(until), Some(DeliveryError::AllDown)));
    let failed = stand.delivery(ids[0]).delayed_until(Some(until));
    assert_eq!(failed.last_error, Some(DeliveryError::Unreachable), "what it knows of itself");
    assert_eq!(failed.due_at(), Some(until));
    let dying = stand.delivery(ids[19]).delayed_until(Some(now + LIFE * 2));
    assert_eq!(dying.due_at(), Some(now + LIFE), "and no longer than its code lives");
    stand.work_after(3);
    assert_eq!(stand.outbox.delayed_until(stand.clock.now()), None);
}
