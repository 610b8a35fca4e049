//! What somebody can find out about a phone by trying.

use esoz_otp::clock::Clock as _;
use esoz_otp::store::schema::STRAY_GUESSES;

use super::{at_rest, phone, with_limit};
use crate::support::{SEED_PHONE, TestNode, other_than, quick, without_send_limits};

/// Hashes compared, writes made, those of deliveries included.
fn work(node: &TestNode) -> (u64, u64) {
    node.delivered();
    (node.compared(), node.store.written())
}

fn work_of(node: &TestNode, act: impl FnOnce()) -> (u64, u64) {
    let before = work(node);
    act();
    let after = work(node);
    (after.0 - before.0, after.1 - before.1)
}

fn strict() -> TestNode {
    let mut config = quick();
    config.otp.strict_enumeration = true;
    at_rest(TestNode::with(config))
}

#[test]
fn sending_a_code_is_the_same_work_for_a_phone_that_is_known_and_one_that_is_not() {
    let node = at_rest(TestNode::start());
    let known = work_of(&node, || assert_eq!(node.initialize(SEED_PHONE).status, 201));
    let unknown = work_of(&node, || assert_eq!(node.initialize(&phone(0)).status, 201));
    assert_eq!(known, unknown);
}

#[test]
fn when_strict_a_phone_without_a_code_is_a_wrong_code_for_the_same_work() {
    let node = strict();
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    let wrong = other_than(&node.code_for(SEED_PHONE));
    let mut answers = [Vec::new(), Vec::new()];
    for (phone, answers) in [SEED_PHONE, &phone(0)].into_iter().zip(&mut answers) {
        for _ in 0..5 {
            let mut told = None;
            let work = work_of(&node, || {
                let reply = node.complete(phone, &wrong);
                let mut body = reply.body.clone();
                body["meta"] = serde_json::Value::Null;
                told = Some((reply.status, body));
            });
            answers.push((told.unwrap(), work));
        }
    }
    let [known, unknown] = answers;
    assert_eq!(known, unknown);
    let (status, body) = &known[0].0;
    assert_eq!((*status, body["error"]["reason"].as_str()), (403, Some("wrong_code")));
    assert_eq!(known[0].1, (1, 2), "one hash, two writes");
    assert_eq!(known[3].0.1["error"]["reason"], "attempts_exhausted");
    assert_eq!(known[3].1, (0, 0));
}

#[test]
fn when_strict_a_phone_without_a_code_runs_into_the_same_limit_of_guesses() {
    let node = strict();
    let unknown = phone(0);
    let mut wrong = 0;
    let limited = loop {
        let reply = node.complete(&unknown, "000000");
        match reply.reason() {
            Some("wrong_code") => wrong += 1,
            Some("attempts_exhausted") => {
                node.clock.push(std::time::Duration::from_mins(5));
            }
            reason => break (reply.status, reason.map(str::to_owned)),
        }
    };
    assert_eq!((wrong, limited), (10, (429, Some("too_many_guesses".into()))));
}

#[test]
fn when_strict_guesses_at_a_phone_without_a_code_take_nothing_from_its_person_requests() {
    let node = strict();
    let mut guesses = 0;
    loop {
        let reply = node.complete(SEED_PHONE, "000000");
        match reply.reason() {
            Some("wrong_code") => guesses += 1,
            Some("attempts_exhausted") => node.clock.push(std::time::Duration::from_mins(5)),
            Some("too_many_guesses") => break,
            _ => panic!("{reply:?}"),
        }
    }
    assert_eq!(guesses, 10);
    let admin = [("authorization", "Bearer demo-admin-token")];
    let path = format!("/admin/phones/{SEED_PHONE}/actions/unlock");
    assert_eq!(node.call("POST", &path, &admin, "").status, 200);
    assert_eq!(node.complete(SEED_PHONE, "000000").reason(), Some("wrong_code"), "unlocked");
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE);
    for _ in 0..2 {
        assert_eq!(node.approve(&other_than(&code)).reason(), Some("wrong_code"));
    }
    assert_eq!(node.approve(&code).status, 200);
}

#[test]
fn when_strict_guesses_at_phones_without_a_code_raise_no_alarm_and_look_the_same_under_one() {
    let mut config = with_limit(without_send_limits(), "wrong_guesses_per_hour", 2);
    config.otp.strict_enumeration = true;
    let node = TestNode::with(config);
    for number in 0..5 {
        assert_eq!(node.complete(&phone(number), "000000").reason(), Some("wrong_code"));
    }
    assert_eq!(node.initialize(&phone(5)).status, 201, "no alarm");
    let wrong = other_than(&node.code_for(&phone(5)));
    for _ in 0..2 {
        assert_eq!(node.complete(&phone(5), &wrong).reason(), Some("wrong_code"));
    }
    assert_eq!(node.initialize(&phone(6)).status, 429, "alarm");
    assert_eq!(node.initialize_with_token(&phone(6)).status, 201);
    for with_a_code in [&phone(6), &phone(7)] {
        let reasons = [(); 2].map(|()| {
            node.complete(with_a_code, "123456").reason().map(str::to_owned).unwrap_or_default()
        });
        assert_eq!(reasons, ["wrong_code", "attempts_exhausted"]);
    }
}

#[test]
fn when_strict_guesses_at_nothing_are_forgotten_in_a_day() {
    let node = strict();
    assert_eq!(node.complete(&phone(0), "000000").reason(), Some("wrong_code"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let left_after = |hours| {
        let then = node.clock.now() + std::time::Duration::from_hours(hours);
        runtime.block_on(node.store.sweep(then, 1000)).unwrap();
        node.store.page(STRAY_GUESSES, None, 9).unwrap().len()
    };
    assert_eq!((left_after(23), left_after(24)), (1, 0));
}

#[test]
fn otherwise_a_phone_that_no_code_was_sent_to_is_not_found_and_costs_no_hash() {
    let node = at_rest(TestNode::start());
    let mut status = 0;
    let work = work_of(&node, || status = node.complete(&phone(0), "000000").status);
    assert_eq!((status, work), (404, (0, 1)), "the client's budget of wrong guesses counts it");
}

#[test]
fn a_locked_phone_gets_codes_as_any_other() {
    let node = at_rest(TestNode::start());
    for _ in 0..2 {
        assert_eq!(node.initialize(SEED_PHONE).status, 201);
        let wrong = other_than(&node.code_for(SEED_PHONE));
        for _ in 0..3 {
            assert_eq!(node.complete(SEED_PHONE, &wrong).reason(), Some("wrong_code"));
        }
        node.clock.push(std::time::Duration::from_mins(2));
    }
    let locked = work_of(&node, || assert_eq!(node.initialize(SEED_PHONE).status, 201));
    let other = work_of(&node, || assert_eq!(node.initialize(&phone(0)).status, 201));
    assert_eq!(locked, other);
}
