//! Codes that are not sent, and codes that are not right. Each case has a phone to itself.

use std::time::Duration;

use esoz_otp::api::ErrorKind::Refused;
use esoz_otp::api::Operation;
use esoz_otp::domain::RefusalKind;
use esoz_otp::domain::{Phone, Purpose, VerificationState};
use esoz_otp::store::schema::{LIVE_CODES, VERIFICATIONS};
use esoz_otp::store::{Priority, Write};

use super::{Case, RESEND, case};
use crate::support::{Reply, SEED_PHONE, TestNode, other_than};

const APPROVE: &str = "/api/person_requests/eeebb86d-5cba-43c9-885b-6482ecaf826b/actions/approve";
const LIFE: Duration = Duration::from_mins(5);

pub(super) static CASES: &[Case] = &[
    Case {
        path: "/verifications",
        provoke: |node, _| node.initialize("+380800000001"),
        message: Some(
            "Validation failed. You can find validators description at our API Manifest: \
             http://docs.apimanifest.apiary.io/#introduction/interacting-with-api/errors.",
        ),
        ..case(Refused(RefusalKind::PhoneRefused), 422, "validation_failed")
    },
    Case {
        path: RESEND,
        provoke: |node, _| {
            assert_eq!(node.resend().status, 200);
            node.clock.push(Duration::from_secs(18));
            node.resend()
        },
        message: Some("Sending SMS timeout. Try later. Next attempt will be available at "),
        reason: Some("send_pause"),
        wait: Some(42),
        ..case(Refused(RefusalKind::SendLimited), 429, "too_many_requests")
    },
    Case {
        on: Some(Operation::Approve),
        path: APPROVE,
        provoke: |node, _| node.approve(&other_than(&node.code_for(SEED_PHONE))),
        message: Some("Invalid verification code"),
        reason: Some("wrong_code"),
        ..case(Refused(RefusalKind::CodeWrong), 422, "forbidden")
    },
    Case {
        on: Some(Operation::Approve),
        path: APPROVE,
        provoke: |node, _| {
            node.clock.push(LIFE);
            node.approve("000000")
        },
        message: Some("Verification code expired"),
        reason: Some("expired"),
        ..case(Refused(RefusalKind::CodeExpired), 422, "forbidden")
    },
    Case {
        on: Some(Operation::Approve),
        path: APPROVE,
        provoke: |node, _| {
            assert_eq!(node.resend().status, 200);
            let code = node.code_for(SEED_PHONE);
            for _ in 0..3 {
                assert_eq!(node.approve(&other_than(&code)).reason(), Some("wrong_code"));
            }
            node.approve(&code)
        },
        message: Some("Maximum attempts exceed"),
        reason: Some("attempts_exhausted"),
        ..case(Refused(RefusalKind::CodeSpent), 422, "forbidden")
    },
    Case {
        path: "/verifications/+380631000001/actions/complete",
        provoke: |node, _| {
            let code = sent(node, "+380631000001");
            node.complete("+380631000001", &other_than(&code))
        },
        message: Some("Invalid verification code"),
        reason: Some("wrong_code"),
        ..case(Refused(RefusalKind::CodeWrong), 403, "forbidden")
    },
    Case {
        path: "/verifications/+380631000002/actions/complete",
        provoke: |node, _| {
            let code = sent(node, "+380631000002");
            node.clock.push(LIFE);
            node.complete("+380631000002", &code)
        },
        message: Some("Verification code expired"),
        reason: Some("expired"),
        ..case(Refused(RefusalKind::CodeExpired), 403, "forbidden")
    },
    Case {
        path: "/verifications/+380631000003/actions/complete",
        provoke: |node, _| {
            let code = sent(node, "+380631000003");
            assert_eq!(node.complete("+380631000003", &code).status, 200);
            node.complete("+380631000003", &code)
        },
        message: Some("Maximum attempts exceed"),
        reason: Some("already_used"),
        ..case(Refused(RefusalKind::CodeSpent), 403, "forbidden")
    },
    Case {
        path: "/verifications/+380631000004/actions/complete",
        provoke: |node, _| too_many_guesses(node, "+380631000004"),
        message: Some("Too many attempts. Next attempt will be available at "),
        reason: Some("too_many_guesses"),
        // An hour after the first guess; 60, 120 and 300 seconds have gone by.
        wait: Some(3600 - 480),
        ..case(Refused(RefusalKind::GuessLimited), 429, "too_many_requests")
    },
    Case {
        path: "/verifications/+380631000005/actions/complete",
        provoke: |node, _| {
            let code = sent(node, "+380631000005");
            lose_the_key_of(node, "+380631000005");
            node.complete("+380631000005", &code)
        },
        message: Some("Verification code expired"),
        reason: Some("expired"),
        ..case(Refused(RefusalKind::CodeExpired), 403, "forbidden")
    },
];

/// As if the key that the code was made with had been retired by force.
fn lose_the_key_of(node: &TestNode, phone: &str) {
    let place = (Phone::parse(phone).unwrap(), Purpose::PhoneVerification);
    let id = node.store.get(LIVE_CODES, &place).unwrap().unwrap().verification_id;
    let lose = move |write: &mut Write<'_>| {
        let mut verification = write.get(VERIFICATIONS, &id)?.unwrap();
        let VerificationState::New { code, .. } = &mut verification.state else {
            panic!("it was just sent")
        };
        code.key_id = "lost".into();
        write.put(VERIFICATIONS, &id, &verification)
    };
    node.store.write_blocking(Priority::Normal, lose).unwrap();
}

fn sent(node: &TestNode, phone: &str) -> String {
    assert_eq!(node.initialize(phone).status, 201);
    node.code_for(phone)
}

/// Ten wrong codes over four sends; then even the right one has to wait.
fn too_many_guesses(node: &TestNode, phone: &str) -> Reply {
    let mut code = String::new();
    for (pause, guesses) in [(0, 3), (60, 3), (120, 3), (300, 1)] {
        node.clock.push(Duration::from_secs(pause));
        code = sent(node, phone);
        for _ in 0..guesses {
            assert_eq!(node.complete(phone, &other_than(&code)).reason(), Some("wrong_code"));
        }
    }
    node.complete(phone, &code)
}
