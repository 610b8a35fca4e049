//! Codes leave rows: issued, refused, guessed, used. (Needs the rows to be written by `otp::initialize` and
//! `otp::complete`.)

use std::time::Duration;

use esoz_otp::config::Config;
use esoz_otp::domain::CodeFormat;
use esoz_otp::store::{MAX_RECORD_BYTES, encode};
use serde_json::{Value, json};

use super::{kept, node_with, shown, without_ids};
use crate::support::{SEED_PHONE, SEED_REQUEST, TestNode, other_than, quick};

const CLINIC: &str = "c0000000-0000-4000-8000-000000000001";
const MIS_USER: &str = "b0000000-0000-4000-8000-000000000001";
const OTHER_PHONE: &str = "+380671000041";

/// Event and reason of every row, and how often.
fn events(node: &TestNode) -> Vec<(String, String, u64)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let event =
        |row: &Value| (text(&row["event"]), text(&row["reason"]), row["times"].as_u64().unwrap());
    shown(node).iter().map(event).collect()
}

fn once(event: &str, reason: &str) -> (String, String, u64) {
    (event.to_owned(), reason.to_owned(), 1)
}

fn without_pause() -> Config {
    let mut config = quick();
    let rule = esoz_otp::domain::limits::Rule::Escalating([Duration::ZERO; 4]);
    config.limits = config.limits.with("send_pause", rule).unwrap();
    config
}

#[test]
fn a_request_s_code_leaves_a_row_for_each_step_with_who_and_for_what() {
    let node = node_with(quick());
    let sent = node.resend();
    let code = node.code_for(SEED_PHONE);
    assert_eq!(node.approve(&other_than(&code)).reason(), Some("wrong_code"));
    assert_eq!(node.approve(&code).status, 200);
    let id = sent.data()["id"].as_str().unwrap();
    let expected =
        [("code_issued", None), ("code_wrong", Some("wrong_code")), ("request_approved", None)];
    let expected: Vec<_> = (1..)
        .zip(expected)
        .map(|(number, (event, reason))| {
            json!({
                "number": number, "at": "2026-11-21T12:00:00.000000Z", "event": event,
                "reason": reason, "client_id": CLINIC, "user_id": MIS_USER, "peer": "127.0.0.1", "uid": null,
                "phone_number": "+38095*****84", "verification_id": id,
                "person_request_id": SEED_REQUEST, "times": 1
            })
        })
        .collect();
    assert_eq!(without_ids(shown(&node)), expected);
}

#[test]
fn a_phone_s_code_without_a_token_leaves_rows_of_nobody_but_the_peer() {
    let node = node_with(quick());
    let sent = node.initialize(OTHER_PHONE);
    let code = node.code_for(OTHER_PHONE);
    assert_eq!(node.complete(OTHER_PHONE, &code).status, 200);
    let rows = shown(&node);
    assert_eq!(events(&node), [once("code_issued", ""), once("phone_verified", "")]);
    for row in &rows {
        assert_eq!(row["verification_id"], sent.data()["id"]);
        assert_eq!((&row["client_id"], &row["user_id"]), (&Value::Null, &Value::Null));
        assert_eq!((&row["peer"], &row["person_request_id"]), (&"127.0.0.1".into(), &Value::Null));
        assert_eq!(row["phone_number"], "+38067*****41");
    }
}

#[test]
fn what_belongs_to_a_change_is_there_when_the_answer_is() {
    let node = node_with(quick());
    let rows = || kept(&node).len();
    assert_eq!(node.initialize(OTHER_PHONE).status, 201);
    assert_eq!(rows(), 1);
    let code = node.code_for(OTHER_PHONE);
    assert_eq!(node.complete(OTHER_PHONE, &other_than(&code)).status, 403);
    assert_eq!(rows(), 2);
    assert_eq!(node.complete(OTHER_PHONE, &code).status, 200);
    assert_eq!(rows(), 3);
}

#[test]
fn refused_sends_say_which_limit_and_are_counted() {
    let node = node_with(quick());
    assert_eq!(node.initialize(OTHER_PHONE).status, 201);
    for _ in 0..3 {
        assert_eq!(node.initialize(OTHER_PHONE).status, 429);
    }
    assert_eq!(node.initialize("+380900000001").status, 422);
    let rows = events(&node);
    assert_eq!(rows[0], once("code_issued", ""));
    let limited: u64 = rows
        .iter()
        .filter(|row| row.0 == "send_refused" && row.1 == "send_pause")
        .map(|row| row.2)
        .sum();
    assert_eq!(limited, 3, "{rows:?}");
    assert_eq!(rows.last(), Some(&once("send_refused", "refused_prefix")));
}

#[test]
fn a_number_that_is_not_allowed_is_refused_in_the_same_words() {
    let mut config = quick();
    config.otp.allowed_prefixes = vec!["+38067".into()];
    let node = node_with(config);
    assert_eq!(node.initialize("+380671234567").status, 201);
    let replies = ["+380441234567", "+380029012345", "+380900000001"].map(|it| node.initialize(it));
    for reply in &replies {
        assert_eq!((reply.status, reply.error()), (422, replies[2].error()));
    }
    let rows = events(&node);
    assert_eq!(rows[0], once("code_issued", ""));
    let refused: u64 = rows[1..].iter().map(|row| row.2).sum();
    assert!(rows[1..].iter().all(|row| (&*row.0, &*row.1) == ("send_refused", "refused_prefix")));
    assert_eq!(refused, 3, "{rows:?}");
}

#[test]
fn refused_guesses_say_why() {
    let node = node_with(without_pause());
    assert_eq!(node.complete(OTHER_PHONE, "123456").status, 404);
    assert_eq!(events(&node), [once("guess_refused", "no_code")]);

    assert_eq!(node.initialize(OTHER_PHONE).status, 201);
    let code = node.code_for(OTHER_PHONE);
    for _ in 0..3 {
        assert_eq!(node.complete(OTHER_PHONE, &other_than(&code)).status, 403);
    }
    assert_eq!(node.complete(OTHER_PHONE, &code).reason(), Some("attempts_exhausted"));
    assert_eq!(events(&node)[5..], [once("guess_refused", "attempts_exhausted")]);

    assert_eq!(node.initialize(OTHER_PHONE).status, 201);
    let code = node.code_for(OTHER_PHONE);
    node.clock.push(Duration::from_mins(5));
    assert_eq!(node.complete(OTHER_PHONE, &code).reason(), Some("expired"));
    assert_eq!(events(&node)[7..], [once("guess_refused", "expired")]);

    assert_eq!(node.initialize(OTHER_PHONE).status, 201);
    let code = node.code_for(OTHER_PHONE);
    assert_eq!(node.complete(OTHER_PHONE, &code).status, 200);
    assert_eq!(node.complete(OTHER_PHONE, &code).reason(), Some("already_used"));
    assert_eq!(
        events(&node)[9..],
        [once("phone_verified", ""), once("guess_refused", "already_used")]
    );
}

#[test]
fn too_many_guesses_are_refused_by_the_name_of_their_limit() {
    let node = node_with(without_pause());
    for _ in 0..4 {
        assert_eq!(node.initialize(OTHER_PHONE).status, 201);
        let code = node.code_for(OTHER_PHONE);
        for _ in 0..3 {
            node.complete(OTHER_PHONE, &other_than(&code));
        }
    }
    let rows = events(&node);
    assert_eq!(rows.iter().filter(|row| row.0 == "code_wrong").count(), 10);
    let limited: Vec<_> = rows.iter().filter(|row| row.0 == "guess_refused").collect();
    assert_eq!(limited.iter().map(|row| row.2).sum::<u64>(), 2, "{rows:?}");
    let reply = node.complete(OTHER_PHONE, "000000");
    assert!(limited.iter().all(|row| Some(&*row.1) == reply.reason()), "{limited:?}");
}

/// A right code that comes second is no wrong guess, and is in the rows as what it is.
#[test]
fn of_right_codes_at_once_one_is_used_and_the_others_are_refused() {
    let node = node_with(quick());
    assert_eq!(node.initialize(OTHER_PHONE).status, 201);
    let code = node.code_for(OTHER_PHONE);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| node.complete(OTHER_PHONE, &code));
        }
    });
    let rows = events(&node);
    let count = |event| rows.iter().filter(|row| row.0 == event).map(|row| row.2).sum::<u64>();
    assert_eq!(
        (count("phone_verified"), count("guess_refused"), count("code_wrong")),
        (1, 2, 0),
        "{rows:?}"
    );
}

#[test]
fn a_phone_without_a_code_leaves_a_row_that_says_so_when_nobody_else_is_told() {
    let mut config = quick();
    config.otp.strict_enumeration = true;
    let node = node_with(config);
    let reply = node.complete(OTHER_PHONE, "123456");
    assert_eq!((reply.status, reply.reason()), (403, Some("wrong_code")));
    assert_eq!(events(&node), [once("guess_refused", "no_code")]);
}

#[test]
fn what_is_stored_of_it_holds_no_code_and_no_number() {
    let mut config = without_pause();
    config.otp.format = CodeFormat::new(10).unwrap();
    let node = node_with(config);
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE);
    node.approve(&other_than(&code));
    node.approve(&code);
    node.approve(&code);
    node.complete(SEED_PHONE, &code);
    shown(&node);
    let national: u32 = SEED_PHONE[4..].parse().unwrap();
    let number: u64 = code.parse().unwrap();
    let secrets = [
        code.as_bytes().to_vec(),
        SEED_PHONE.as_bytes()[1..].to_vec(),
        SEED_PHONE.as_bytes()[4..].to_vec(),
        national.to_le_bytes().to_vec(),
        national.to_be_bytes().to_vec(),
        number.to_le_bytes().to_vec(),
        number.to_be_bytes().to_vec(),
    ];
    let rows = kept(&node);
    assert!(rows.len() >= 4, "{rows:?}");
    for (_, row) in rows {
        let stored = encode(&row).unwrap();
        assert!(stored.len() < MAX_RECORD_BYTES);
        let holds = |secret: &Vec<u8>| stored.windows(secret.len()).any(|part| part == secret);
        assert!(!secrets.iter().any(holds), "{row:?}");
    }
}
