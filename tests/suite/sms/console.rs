//! The console as a driver.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use esoz_otp::clock::ManualClock;
use esoz_otp::domain::{DeliveryError, Id, Phone};
use esoz_otp::sms::{Accepted, Console, Memory, SendError, SmsDriver, SmsMessage};

use super::PATIENCE;
use crate::otp::at_once;
use crate::support::{SEED_PHONE, TestNode, start_of_time, without_send_limits};

/// A console that takes a line only when it is let.
struct Paper {
    lets: Receiver<()>,
    lines: Sender<String>,
}

impl Paper {
    fn new() -> (Self, Sender<()>, Receiver<String>) {
        let (letting, lets) = channel();
        let (lines, printed) = channel();
        (Self { lets, lines }, letting, printed)
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Nobody is there to let it any more: it prints on.
        let _ = self.lets.recv();
        drop(self.lines.send(String::from_utf8(bytes.to_vec()).unwrap()));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn message(code: &str) -> SmsMessage {
    let text = format!("Код авторизації дій в системі eHealth: {code}");
    SmsMessage::new(Id::from_bytes([7; 16]), Phone::parse(SEED_PHONE).unwrap(), text.into())
}

/// Hands it over without waiting until it is printed.
fn send(console: &Console, code: &str) {
    drop(console.send(&message(code)));
}

#[test]
fn a_message_is_one_line_with_the_number_and_the_whole_text() {
    let (paper, let_print, printed) = Paper::new();
    drop(let_print);
    let console = Console::to(paper).unwrap();
    send(&console, "000042");
    let line = printed.recv_timeout(PATIENCE).unwrap();
    assert_eq!(line, "SMS +380958697084 Код авторизації дій в системі eHealth: 000042\n");
}

#[test]
fn a_message_is_taken_when_it_is_printed_and_not_before() {
    let (paper, let_print, printed) = Paper::new();
    let console = Console::to(paper).unwrap();
    let message = message("000042");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let mut sending = console.send(&message);
        let early = tokio::time::timeout(Duration::from_millis(50), &mut sending).await;
        assert!(early.is_err() && printed.try_recv().is_err());
        let_print.send(()).unwrap();
        assert_eq!(sending.await, Ok(Accepted::default()));
    });
    assert!(printed.try_recv().is_ok());
}

/// A disk that is full.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A disk with room for a little.
struct NearlyFull(usize, Sender<Vec<u8>>);

impl Write for NearlyFull {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = bytes.len().min(self.0);
        self.0 -= written;
        self.1.send(bytes[..written].to_vec()).unwrap();
        if written == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(written) }
    }

    fn flush(&mut self) -> io::Result<()> {
        // Somebody makes room.
        self.0 = 1000;
        Ok(())
    }
}

#[test]
fn a_line_that_was_written_in_part_may_have_been_read_and_the_next_one_begins_below_it() {
    let (written, seen) = channel();
    let console = Console::to(NearlyFull(20, written)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let send = |code| runtime.block_on(console.send(&message(code)));
    assert_eq!(send("000042"), Err(SendError::Ambiguous(DeliveryError::WrittenOrNot)));
    assert_eq!(
        send("000043"),
        Err(SendError::not_accepted(DeliveryError::NotWritten)),
        "still full"
    );
    drop(console);
    let text = String::from_utf8(seen.try_iter().flatten().collect()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn a_line_that_could_not_be_written_was_not_sent() {
    let console = Console::to(Full).unwrap();
    let message = message("000042");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let refused = runtime.block_on(console.send(&message));
    assert_eq!(refused, Err(SendError::not_accepted(DeliveryError::NotWritten)));
}

#[test]
fn a_console_that_nobody_reads_keeps_no_answer_waiting() {
    let (paper, let_print, printed) = Paper::new();
    let console = Console::to(paper).unwrap();
    let node = TestNode::with_driver(without_send_limits(), console);
    // More than a console may have waiting.
    let answers = at_once(8, |caller| {
        (0..150).map(|i| node.initialize(&format!("+38067{caller}00{i:04}")).status).collect()
    });
    let answers: Vec<u16> = answers.into_iter().flat_map(|of_one: Vec<u16>| of_one).collect();
    assert_eq!(answers, [201; 1200]);
    assert_eq!(printed.try_iter().count(), 0);
    drop(let_print);
    assert!(printed.recv_timeout(PATIENCE).is_ok(), "it goes on when somebody reads again");
}

#[test]
fn a_console_that_is_closed_prints_what_waits_first() {
    let (paper, let_print, printed) = Paper::new();
    let console = Console::to(paper).unwrap();
    for code in ["000001", "000002", "000003"] {
        send(&console, code);
    }
    let (told, closed) = channel();
    std::thread::spawn(move || {
        drop(console);
        told.send(()).unwrap();
    });
    let a_moment = Duration::from_millis(100);
    assert_eq!(closed.recv_timeout(a_moment), Err(RecvTimeoutError::Timeout));
    drop(let_print);
    closed.recv_timeout(PATIENCE).unwrap();
    assert_eq!(printed.try_iter().count(), 3);
}

#[test]
fn a_console_that_nobody_reads_does_not_keep_a_process_from_ending() {
    let (paper, _let_print, printed) = Paper::new();
    let console = Console::to(paper).unwrap();
    send(&console, "000001");
    drop(console);
    assert_eq!(printed.try_iter().count(), 0);
}

#[test]
fn a_message_that_is_sent_once_more_is_remembered_once() {
    let clock = Arc::new(ManualClock::at(start_of_time()));
    let memory = Memory::new(clock);
    let message = |number: u8| {
        let phone = Phone::parse(SEED_PHONE).unwrap();
        SmsMessage::new(Id::from_bytes([number; 16]), phone, "a".to_owned().into())
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for number in [1, 2, 1] {
        runtime.block_on(memory.send(&message(number))).unwrap();
    }
    let ids = memory.sent(None).into_iter().map(|sent| sent.message.verification_id);
    assert_eq!(ids.collect::<Vec<_>>(), [2, 1].map(|number| Id::from_bytes([number; 16])));
}
