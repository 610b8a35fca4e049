//! A guess that was paid for and is not compared after all, because nobody waits for it any more when its turn comes.

use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

use esoz_otp::domain::limits::WrongGuesses;
use esoz_otp::domain::{Code, CodeFormat, Id, Phone, Purpose, Refusal, Requester, Verification};
use esoz_otp::otp::{CallerGuard, RequestContext, Target};
use esoz_otp::store::schema::{GUESSES, VERIFICATIONS};
use tokio::runtime::Runtime;

use super::{phone, refused, with_limit};
use crate::otp::hang_up_before_its_turn;
use crate::support::patience::wait_until;
use crate::support::{SEED_PHONE, SEED_REQUEST, TestNode, other_than, without_send_limits};

const BUDGET: &str = "guesses_per_client";

fn node_of(budget: u32, is_strict: bool) -> TestNode {
    let mut config = with_limit(without_send_limits(), BUDGET, budget);
    config.otp.strict_enumeration = is_strict;
    TestNode::with(config)
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap()
}

fn target(phone: &str) -> Target {
    Target { phone: Phone::parse(phone).unwrap(), purpose: Purpose::PhoneVerification }
}

fn code(text: &str) -> Code {
    CodeFormat::new(6).unwrap().parse(text).unwrap()
}

/// The caller of such a guess hangs up when it has been paid for.
fn hang_up(node: &TestNode, target: Target, guess: &str) -> Result<Verification, Refusal> {
    let (api, by) = (node.api(), Requester::default());
    let call = hang_up_before_its_turn(api.service(), node.now(), by, target, code(guess));
    runtime().block_on(call)
}

#[test]
fn a_right_code_loses_nothing_to_guesses_that_are_not_compared() {
    let node = node_of(1, false);
    let reply = node.initialize(SEED_PHONE);
    let id = Id::parse(reply.data()["id"].as_str().unwrap()).unwrap();
    let right = node.code_for(SEED_PHONE);
    for guess in [&right, &other_than(&right), &right, &right, &right] {
        assert_eq!(hang_up(&node, target(SEED_PHONE), guess), Err(Refusal::Busy));
        let kept = node.store.get(GUESSES, &Phone::parse(SEED_PHONE).unwrap()).unwrap();
        assert_eq!(kept.unwrap_or_default(), WrongGuesses::default());
        let kept = node.store.get(VERIFICATIONS, &id).unwrap().unwrap();
        assert_eq!(kept.attempts_left(), 3);
    }
    assert_eq!(node.compared(), 0);
    assert_eq!(node.complete(SEED_PHONE, &right).status, 200);
}

#[test]
fn nor_does_one_that_approves_a_request() {
    let node = node_of(1, false);
    assert_eq!(node.resend().status, 200);
    let right = node.code_for(SEED_PHONE);
    let purpose = Purpose::PersonRequest(Id::parse(SEED_REQUEST).unwrap());
    for _ in 0..5 {
        let target = Target { purpose, ..target(SEED_PHONE) };
        assert_eq!(hang_up(&node, target, &right), Err(Refusal::Busy));
    }
    assert_eq!(node.approve(&right).status, 200);
}

#[test]
fn nor_does_a_guess_at_nothing_that_looks_like_one_at_something() {
    let node = node_of(4, true);
    for _ in 0..5 {
        assert_eq!(hang_up(&node, target(&phone(1)), "123456"), Err(Refusal::Busy));
    }
    for _ in 0..3 {
        assert_eq!(node.complete(&phone(1), "123456").reason(), Some("wrong_code"));
    }
    assert_eq!(node.complete(&phone(1), "123456").reason(), Some("attempts_exhausted"));
    assert_eq!(node.complete(&phone(2), "123456").reason(), Some("wrong_code"));
    assert_eq!(refused(&node.complete(&phone(2), "123456")).0, BUDGET);
}

#[test]
fn it_is_given_back_though_nobody_asks_what_became_of_it() {
    let node = node_of(1, false);
    let reply = node.initialize(SEED_PHONE);
    let right = node.code_for(SEED_PHONE);
    let (runtime, id) = (runtime(), Id::parse(reply.data()["id"].as_str().unwrap()).unwrap());
    // What is paid for from now on is seen in the record.
    node.clock.push(Duration::from_secs(1));
    let (paying, is_paying) = channel();
    let (guard, waiting) = CallerGuard::start();
    let guard = Mutex::new(Some(guard));
    let gate = move |_: &esoz_otp::store::Write<'_>| {
        drop(guard.lock().unwrap().take());
        paying.send(()).unwrap();
        Ok(target(SEED_PHONE))
    };
    let (api, now, guess) = (node.api(), node.now(), code(&right));
    let call = runtime.spawn(async move {
        let requester = RequestContext { waiting, ..Requester::default().into() };
        let done = api.service().otp().complete(now, requester, guess, gate, |_, _| Ok(())).await;
        drop(done);
    });
    is_paying.recv().unwrap();
    call.abort();
    wait_until("it is given back", || {
        let kept = node.store.get(VERIFICATIONS, &id).unwrap().unwrap();
        kept.updated_at == now && kept.attempts_left() == 3
    });
    assert_eq!(node.compared(), 0);
    assert_eq!(node.complete(SEED_PHONE, &right).status, 200);
}

#[test]
fn a_guess_whose_comparison_has_begun_counts_though_its_caller_hangs_up() {
    let node = TestNode::with(without_send_limits());
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    let right = node.code_for(SEED_PHONE);
    let wrong = other_than(&right);
    let runtime = runtime();
    for number in 1..=3 {
        let (guard, waiting) = CallerGuard::start();
        let (api, now, guess) = (node.api(), node.now(), code(&wrong));
        let call = runtime.spawn(async move {
            let requester = RequestContext { waiting, ..Requester::default().into() };
            let phone = Phone::parse(SEED_PHONE).unwrap();
            drop(api.service().complete(requester, phone, guess, now).await);
        });
        wait_until("the comparison begins", || node.compared() == number);
        drop(guard);
        call.abort();
        let api = node.api();
        wait_until("it ends", || api.service().otp().hasher.permits_taken() == 0);
    }
    assert_eq!(node.complete(SEED_PHONE, &right).reason(), Some("attempts_exhausted"));
    assert_eq!(node.compared(), 3);
}

#[test]
fn the_last_wrong_one_leaves_a_code_open_for_what_is_given_back_after_it() {
    let node = TestNode::with(without_send_limits());
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    let right = node.code_for(SEED_PHONE);
    let wrong = other_than(&right);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (api, now) = (node.api(), node.now());
    let service = api.service();
    runtime.block_on(async {
        let held = node.hold_writes();
        let guess = |text| {
            service.complete(Requester::default(), target(SEED_PHONE).phone, code(text), now)
        };
        let hang_up = hang_up_before_its_turn(
            service,
            now,
            Requester::default(),
            target(SEED_PHONE),
            code(&right),
        );
        let go_on = async {
            // By then the others wait for the writer.
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
            drop(held);
        };
        let (first, second, dropped, ()) =
            tokio::join!(guess(&wrong), guess(&wrong), hang_up, go_on);
        assert_eq!((first, second), (Err(Refusal::CodeWrong), Err(Refusal::CodeWrong)));
        assert_eq!(dropped, Err(Refusal::Busy));
    });
    assert_eq!(node.complete(SEED_PHONE, &right).status, 200);
}

#[test]
fn right_codes_that_come_at_once_are_not_refused_for_one_another() {
    const CALLS: usize = 12;
    let node = node_of(3, false);
    for number in 0..2 {
        assert_eq!(node.initialize(&phone(number)).status, 201);
        let wrong = other_than(&node.code_for(&phone(number)));
        assert_eq!(node.complete(&phone(number), &wrong).reason(), Some("wrong_code"));
    }
    let phones: Vec<_> = (10..10 + CALLS).map(phone).collect();
    for phone in &phones {
        assert_eq!(node.initialize(phone).status, 201);
    }
    let codes: Vec<_> = phones.iter().map(|phone| node.code_for(phone)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    // All ask at the same moment, the last of them with a wrong code.
    runtime.block_on(async {
        let held = node.hold_writes();
        let calls: Vec<_> = phones
            .iter()
            .zip(&codes)
            .enumerate()
            .map(|(number, (phone, right))| {
                let text = if number == CALLS - 1 { &other_than(right) } else { right };
                let (api, now, guess, phone) =
                    (node.api(), node.now(), code(text), target(phone).phone);
                tokio::spawn(async move {
                    api.service().complete(Requester::default(), phone, guess, now).await
                })
            })
            .collect();
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        drop(held);
        let mut refusals = Vec::new();
        for call in calls {
            refusals.extend(call.await.unwrap().err());
        }
        assert_eq!(refusals, [Refusal::CodeWrong]);
    });
    assert_eq!(refused(&node.complete(&phones[CALLS - 1], &codes[CALLS - 1])).0, BUDGET);
}
