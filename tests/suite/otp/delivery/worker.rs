//! The worker by itself, and what it writes down.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use esoz_otp::domain::{Id, Phone};
use esoz_otp::sms::{Message, Outbox, SmsDriver, Worker, outbox};
use tracing_subscriber::fmt::MakeWriter;

use super::{Down, Gate, Seen};
use crate::support::SEED_PHONE;

/// Collects what is logged.
#[derive(Clone, Default)]
struct Pages(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Pages {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Pages {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Runs the worker until nothing waits, and returns what it logged.
fn log_of(worker: Worker) -> String {
    let pages = Pages::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(pages.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(worker.run(std::future::ready(())));
    });
    String::from_utf8(pages.0.lock().unwrap().clone()).unwrap()
}

fn put(outbox: &Outbox, number: u8) {
    let phone = Phone::parse(SEED_PHONE).unwrap();
    let text = format!("Код: 12345{number}");
    let message = Message::new(Id::from_bytes([number; 16]), phone, text.into());
    outbox.reserve().unwrap().put(message);
}

fn with_two_messages(driver: impl SmsDriver, timeout: Duration) -> Worker {
    let (outbox, worker) = outbox(Arc::new(driver), timeout);
    put(&outbox, 1);
    put(&outbox, 2);
    worker
}

#[test]
fn a_message_that_the_driver_refused_is_logged_without_number_and_code() {
    let log = log_of(with_two_messages(Down, Duration::from_secs(10)));
    let lines: Vec<_> = log.lines().collect();
    assert_eq!(lines.len(), 2, "{log}");
    for (line, id) in lines.into_iter().zip(["01010101-0101", "02020202-0202"]) {
        assert!(line.contains("WARN") && line.contains("sms not sent"), "{line}");
        assert!(line.contains("the gateway is down") && line.contains("driver=\"down\""), "{line}");
        assert!(line.contains(id) && line.contains("+38095*****84"), "{line}");
        assert!(!line.contains("12345") && !line.contains("958697084"), "{line}");
    }
}

#[test]
fn a_driver_that_takes_too_long_is_given_up_on_and_the_next_message_has_its_turn() {
    let (gate, seen) = Gate::new();
    let log = log_of(with_two_messages(gate, Duration::from_millis(5)));
    assert_eq!(log.matches("sms not sent: time-out").count(), 2, "{log}");
    let turns: Vec<_> = seen.try_iter().collect();
    assert!(matches!(turns[..], [Seen::Taken(_), Seen::Taken(_)]), "{turns:?}");
}

#[test]
fn a_place_that_was_taken_before_closing_is_still_good() {
    let (gate, seen) = Gate::new();
    gate.let_go(1);
    let (outbox, worker) = outbox(Arc::new(gate), Duration::from_secs(10));
    let place = outbox.reserve().unwrap();
    let text = String::from("Код: 123456").into();
    let late = Message::new(Id::from_bytes([1; 16]), Phone::parse(SEED_PHONE).unwrap(), text);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let (closed, closing) = tokio::sync::oneshot::channel::<()>();
        let running = tokio::spawn(worker.run(async { drop(closing.await) }));
        drop(closed);
        // Until the worker has heard of it, places are still given.
        while outbox.reserve().is_ok() {
            tokio::task::yield_now().await;
        }
        place.put(late);
        running.await.unwrap();
    });
    assert_eq!(super::handed_over(&seen).text(), "Код: 123456");
}
