//! What becomes of a code: approved with, completed with, wrong, old, used, spent.

use std::time::Duration;

use esoz_otp::config::DialectName;

use super::{Answer, NOT_NEW, OK, UNKNOWN, assert_answers, because, column};
use crate::support::{Reply, SEED_PHONE, TestNode, other_than};

const LIFE: Duration = Duration::from_mins(5);

/// Where a code comes from and where it goes.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    /// Resent for the request, and given to approve it.
    Approve,
    /// Initialized for the phone, and given to complete it.
    Complete,
}
use Purpose::{Approve, Complete};

const WRONG: &str = "Invalid verification code";
const EXPIRED: &str = "Verification code expired";
const SPENT: &str = "Maximum attempts exceed";
const LIMITED: Answer =
    (429, "too_many_requests", Some("Too many attempts."), Some("too_many_guesses"));
const PAUSED: Answer =
    (429, "too_many_requests", Some("Sending SMS timeout. Try later."), Some("send_pause"));

const fn at_approve(message: &'static str, reason: &'static str) -> Answer {
    (422, "forbidden", Some(message), Some(reason))
}

const fn at_complete(message: &'static str, reason: &'static str) -> Answer {
    (403, "forbidden", Some(message), Some(reason))
}

/// What happens, what for, and the answer to the last call in either dialect.
type Row = (fn(&TestNode, Purpose) -> Reply, Purpose, Answer, Answer);

#[rustfmt::skip]
const CODES: &[Row] = &[
    (right, Approve, OK, OK),
    (right, Complete, OK, OK),
    (never_sent, Approve, at_approve(WRONG, "wrong_code"), at_approve(WRONG, "wrong_code")),
    (never_sent, Complete, UNKNOWN, UNKNOWN),
    (wrong, Approve, at_approve(WRONG, "wrong_code"), at_approve(WRONG, "wrong_code")),
    (wrong, Complete, at_complete(WRONG, "wrong_code"), at_complete(WRONG, "wrong_code")),
    (wrong_for_the_third_time, Approve, at_approve(WRONG, "wrong_code"), at_approve(WRONG, "wrong_code")),
    (wrong_for_the_third_time, Complete, at_complete(WRONG, "wrong_code"), at_complete(WRONG, "wrong_code")),
    (right_after_three_wrong, Approve,
        at_approve(SPENT, "attempts_exhausted"), at_approve(SPENT, "attempts_exhausted")),
    (right_after_three_wrong, Complete,
        at_complete(SPENT, "attempts_exhausted"), at_complete(SPENT, "attempts_exhausted")),
    (right_but_late, Approve, at_approve(EXPIRED, "expired"), at_approve(EXPIRED, "expired")),
    (right_but_late, Complete, at_complete(EXPIRED, "expired"), at_complete(EXPIRED, "expired")),
    (right_once_more, Approve, because("already_used", NOT_NEW), because("already_used", NOT_NEW)),
    (right_once_more, Complete, at_complete(SPENT, "already_used"), at_complete(SPENT, "already_used")),
    (the_one_before_the_newest, Approve, at_approve(WRONG, "wrong_code"), at_approve(WRONG, "wrong_code")),
    (the_one_before_the_newest, Complete, at_complete(WRONG, "wrong_code"), at_complete(WRONG, "wrong_code")),
    (sent_for_the_other_purpose, Approve, at_approve(WRONG, "wrong_code"), at_approve(WRONG, "wrong_code")),
    (sent_for_the_other_purpose, Complete, UNKNOWN, UNKNOWN),
    (right_after_ten_wrong, Approve, LIMITED, LIMITED),
    (right_after_ten_wrong, Complete, LIMITED, LIMITED),
    (sent_twice_within_a_minute, Approve, PAUSED, PAUSED),
    (sent_twice_within_a_minute, Complete, PAUSED, PAUSED),
];

#[test]
fn what_a_code_is_decides_and_the_dialects_agree() {
    for dialect in DialectName::ALL {
        for (i, (happen, purpose, documented, deployed)) in CODES.iter().enumerate() {
            let node = TestNode::speaking(dialect);
            let case = format!("{dialect}: row {i}, to {purpose:?}");
            let expected = column(dialect, *documented, *deployed);
            assert_answers(&happen(&node, *purpose), expected, &case);
        }
    }
}

fn send(node: &TestNode, purpose: Purpose) -> Reply {
    match purpose {
        Approve => node.resend(),
        Complete => node.initialize(SEED_PHONE),
    }
}

/// A code that was sent for this purpose.
fn sent(node: &TestNode, purpose: Purpose) -> String {
    let reply = send(node, purpose);
    assert!([200, 201].contains(&reply.status), "{}", reply.text);
    node.code_for(SEED_PHONE)
}

fn give(node: &TestNode, purpose: Purpose, code: &str) -> Reply {
    match purpose {
        Approve => node.approve(code),
        Complete => node.complete(SEED_PHONE, code),
    }
}

fn guess(node: &TestNode, purpose: Purpose, code: &str, times: usize) {
    for _ in 0..times {
        let reply = give(node, purpose, &other_than(code));
        assert_eq!(reply.reason(), Some("wrong_code"), "{}", reply.text);
    }
}

fn right(node: &TestNode, purpose: Purpose) -> Reply {
    let code = sent(node, purpose);
    give(node, purpose, &code)
}

fn never_sent(node: &TestNode, purpose: Purpose) -> Reply {
    give(node, purpose, "000000")
}

fn wrong(node: &TestNode, purpose: Purpose) -> Reply {
    let code = sent(node, purpose);
    give(node, purpose, &other_than(&code))
}

fn wrong_for_the_third_time(node: &TestNode, purpose: Purpose) -> Reply {
    let code = sent(node, purpose);
    guess(node, purpose, &code, 2);
    give(node, purpose, &other_than(&code))
}

fn right_after_three_wrong(node: &TestNode, purpose: Purpose) -> Reply {
    let code = sent(node, purpose);
    guess(node, purpose, &code, 3);
    give(node, purpose, &code)
}

fn right_but_late(node: &TestNode, purpose: Purpose) -> Reply {
    let code = sent(node, purpose);
    node.clock.push(LIFE);
    give(node, purpose, &code)
}

fn right_once_more(node: &TestNode, purpose: Purpose) -> Reply {
    let code = sent(node, purpose);
    assert_eq!(give(node, purpose, &code).status, 200);
    give(node, purpose, &code)
}

/// As often as it takes for the two codes not to be the same by chance.
fn the_one_before_the_newest(node: &TestNode, purpose: Purpose) -> Reply {
    let mut before = sent(node, purpose);
    loop {
        node.clock.push(Duration::from_mins(15));
        let newest = sent(node, purpose);
        if newest != before {
            return give(node, purpose, &before);
        }
        before = newest;
    }
}

fn sent_for_the_other_purpose(node: &TestNode, purpose: Purpose) -> Reply {
    let other = match purpose {
        Approve => Complete,
        Complete => Approve,
    };
    let code = sent(node, other);
    give(node, purpose, &code)
}

fn right_after_ten_wrong(node: &TestNode, purpose: Purpose) -> Reply {
    let mut code = String::new();
    for (pause, guesses) in [(0, 3), (60, 3), (120, 3), (300, 1)] {
        node.clock.push(Duration::from_secs(pause));
        code = sent(node, purpose);
        guess(node, purpose, &code, guesses);
    }
    give(node, purpose, &code)
}

fn sent_twice_within_a_minute(node: &TestNode, purpose: Purpose) -> Reply {
    sent(node, purpose);
    node.clock.push(Duration::from_secs(59));
    send(node, purpose)
}
