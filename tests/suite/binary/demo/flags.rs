//! Flags that change codes, limits and where its data is.

use std::fs;
use std::path::Path;

use esoz_otp::clock::{Clock as _, SystemClock};
use esoz_otp::domain::Timestamp;

use crate::binary::program::{Program, command, run};
use crate::support::{SEED_PHONE, other_than, patience};

fn demo(directory: &Path, arguments: &[&str]) -> Program {
    Program::start(directory, &[&["demo"], arguments].concat())
}

#[test]
fn codes_have_as_many_digits_as_is_said_or_as_the_dialect_s_clients_validate() {
    for (arguments, digits) in [
        (&[][..], 6),
        (&["--dialect", "deployed"], 4),
        (&["--dialect", "deployed", "--digits", "6"], 6),
        (&["--digits", "10"], 10),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let mut demo = demo(directory.path(), arguments);
        assert_eq!(demo.resend().status, 200);
        let code = demo.code_for(SEED_PHONE, 1);
        assert_eq!(code.len(), digits, "{arguments:?}");
        assert_eq!(demo.approve(&code).status, 200, "{arguments:?}");
    }
}

#[test]
fn a_code_has_the_life_and_the_attempts_that_are_said() {
    let directory = tempfile::tempdir().unwrap();
    let mut one_try = demo(directory.path(), &["--attempts", "1"]);
    assert_eq!(one_try.resend().status, 200);
    let code = one_try.code_for(SEED_PHONE, 1);
    assert_eq!(one_try.approve(&other_than(&code)).reason(), Some("wrong_code"));
    assert_eq!(one_try.approve(&code).reason(), Some("attempts_exhausted"));
    assert_eq!(one_try.stop().code, Some(0));

    let mut short = demo(directory.path(), &["--life", "1"]);
    let sent = short.resend();
    assert_eq!(sent.status, 200);
    let ends = Timestamp::parse(sent.data()["code_expired_at"].as_str().unwrap()).unwrap();
    let code = short.code_for(SEED_PHONE, 1);
    let clock = SystemClock::start();
    patience::wait_until("its life is over", || clock.now() > ends);
    assert_eq!(short.approve(&code).reason(), Some("expired"));
}

#[test]
fn without_limits_neither_codes_nor_guesses_wait() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = demo(directory.path(), &["--no-limits"]);
    // Each message is waited for: the next code would cancel one that has not left yet.
    for message in 1..=25 {
        assert_eq!(demo.answered(Program::resend).status, 200);
        demo.code_for(SEED_PHONE, message);
        assert_eq!(demo.answered(|demo| demo.initialize("+380671000099")).status, 201);
        demo.code_for("+380671000099", message);
    }
    for message in 26..=40 {
        assert_eq!(demo.answered(Program::resend).status, 200);
        let wrong = other_than(&demo.code_for(SEED_PHONE, message));
        let refused = demo.answered(|demo| demo.approve(&wrong));
        assert_eq!(refused.reason(), Some("wrong_code"));
    }
    let conflict = run(directory.path(), &["demo", "--no-limits", "--pause", "3"]);
    assert_eq!(conflict.code, Some(64), "{}", conflict.stderr);
}

#[test]
fn its_data_is_where_it_is_said_and_made_anew_and_nothing_of_others_is_touched() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let mut demo = demo(directory.path(), &["--data", "elsewhere/mine"]);
        assert_eq!(demo.resend().status, 200, "no pause from the last time");
        assert_eq!(demo.stop().code, Some(0));
    }
    assert!(directory.path().join("elsewhere/mine/.esoz-otp-demo").exists());
    assert!(!directory.path().join("data").exists());

    let thesis = directory.path().join("thesis");
    fs::create_dir(&thesis).unwrap();
    fs::write(thesis.join("thesis.txt"), "three years of work").unwrap();
    let made = run(directory.path(), &["init", "--data", "node"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    for taken in ["thesis", "node", "."] {
        let ended = run(directory.path(), &["demo", "--listen", "127.0.0.1:0", "--data", taken]);
        assert_eq!(ended.code, Some(78), "{taken}: {}", ended.stderr);
        assert!(ended.stderr.contains("it was not changed"), "{}", ended.stderr);
    }
    assert_eq!(fs::read_to_string(thesis.join("thesis.txt")).unwrap(), "three years of work");
    assert!(directory.path().join("node/store/db").exists());
}

#[test]
fn variables_of_ours_are_warned_of_once_by_name_and_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = command(directory.path(), &["demo", "--listen", "127.0.0.1:0"]);
    command.env("ESOZ_OTP__OTP__DIGITS", "a-value").env("ESOZ_OTP_DIALECT", "deployed");
    let mut demo = Program::spawn(&mut command);
    assert_eq!(demo.resend().status, 200);
    assert_eq!(demo.code_for(SEED_PHONE, 1).len(), 6);
    let told = demo.stop().stderr;
    let warnings: Vec<_> = told.lines().filter(|line| line.contains("warning")).collect();
    let [warning] = warnings[..] else { panic!("{told}") };
    assert!(warning.contains("ESOZ_OTP_DIALECT, ESOZ_OTP__OTP__DIGITS"), "{warning}");
    assert!(!told.contains("a-value"), "{told}");
}
