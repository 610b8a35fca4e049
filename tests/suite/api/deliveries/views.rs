//! Every status and every error, in words and times.

use std::collections::BTreeSet;

use esoz_otp::domain::{
    Attempt, AttemptOutcome, Delivery, DeliveryError, DeliveryReport, Id, VendorStatus,
    VerificationId,
};
use serde_json::{Value, json};

use super::{at, delivery, keep, queued};
use crate::support::{MIS, TestNode, telling};

fn called(outcome: AttemptOutcome) -> Attempt {
    Attempt { calls: 1, driver: Some("gateway".into()), doubtful_driver: None, outcome }
}

fn taken() -> Attempt {
    called(AttemptOutcome::Accepted(Some("77-a".into())))
}

fn not_taken(error: DeliveryError) -> Attempt {
    called(AttemptOutcome::NotAccepted { error, again_at: at(7) })
}

fn unclear() -> Attempt {
    called(AttemptOutcome::Ambiguous { error: DeliveryError::TimedOut, again_at: at(7) })
}

fn submitted(delivery: Delivery) -> Delivery {
    delivery.submit(at(2)).unwrap()
}

fn time(seconds: u64) -> Value {
    json!(at(seconds).to_string())
}

/// A delivery, its status, and those members in which it differs from one that has just been accepted.
fn cases() -> Vec<(Delivery, &'static str, Value)> {
    let new = || queued(Id::from_bytes([7; 16]), None, 1);
    let submitting = || submitted(new());
    let sent = || submitting().conclude(taken(), at(3)).unwrap();
    let undelivered =
        DeliveryReport::Undelivered(DeliveryError::Undelivered(VendorStatus::of("EXPIRED")));
    let again = submitting().conclude(not_taken(DeliveryError::Unreachable), at(3)).unwrap();
    let perhaps = submitting().conclude(unclear(), at(3)).unwrap();
    let twice = submitted(perhaps.clone()).conclude(unclear(), at(8)).unwrap();
    let refused = DeliveryError::Verdict(VendorStatus::of("INVALID PHONE"));
    let failed = submitting().conclude(called(AttemptOutcome::Refused(refused)), at(3)).unwrap();
    let gateway = json!({
        "driver": "gateway", "attempts": 1, "submitted_at": time(2), "next_attempt_at": null
    });
    let with = |more: Value| {
        let mut all = gateway.as_object().unwrap().clone();
        all.extend(more.as_object().unwrap().clone());
        Value::Object(all)
    };
    vec![
        (new(), "queued", json!({})),
        (submitting(), "submitting", json!({"submitted_at": time(2), "next_attempt_at": null})),
        (
            again,
            "queued",
            with(json!({
                "next_attempt_at": time(7), "last_error": "the gateway could not be reached"
            })),
        ),
        (
            perhaps,
            "queued",
            with(json!({
                "next_attempt_at": time(7), "uncertain": true,
                "last_error": "the gateway did not answer in time; it may have taken the message"
            })),
        ),
        (
            twice,
            "uncertain",
            with(json!({
                "attempts": 2, "uncertain": true, "ended_at": time(8),
                "last_error": "the gateway did not answer in time; it may have taken the message"
            })),
        ),
        (sent(), "sent", with(json!({"gateway_id": "77-a", "sent_at": time(3)}))),
        (
            sent().receive(DeliveryReport::Delivered, at(9)).unwrap(),
            "delivered",
            with(json!({
                "gateway_id": "77-a", "sent_at": time(3), "delivered_at": time(9),
                "ended_at": time(9)
            })),
        ),
        (
            sent().receive(undelivered, at(9)).unwrap(),
            "failed",
            with(json!({
                "gateway_id": "77-a", "sent_at": time(3), "ended_at": time(9),
                "last_error": "the gateway could not deliver the message: EXPIRED"
            })),
        ),
        (
            failed,
            "failed",
            with(json!({
                "ended_at": time(3), "last_error": "the gateway refused the message: INVALID PHONE"
            })),
        ),
        (
            new().expire(at(301)).unwrap(),
            "expired",
            json!({"ended_at": time(301), "next_attempt_at": null}),
        ),
        (
            new().cancel(at(5)).unwrap(),
            "canceled",
            json!({"ended_at": time(5), "next_attempt_at": null}),
        ),
    ]
}

#[test]
fn every_status_is_told_with_its_times() {
    let node = TestNode::start();
    let id: VerificationId = Id::from_bytes([7; 16]);
    let mut told = BTreeSet::new();
    for (message, status, differs) in cases() {
        keep(&node, message);
        let mut expected = json!({
            "verification_id": id, "status": status, "phone_number": "+38095*****84",
            "driver": null, "gateway_id": null, "attempts": 0, "uncertain": false,
            "last_error": null, "queued_at": time(1), "submitted_at": null, "sent_at": null,
            "delivered_at": null, "ended_at": null, "next_attempt_at": time(1),
            "expires_at": time(301), "request_id": null
        });
        expected.as_object_mut().unwrap().extend(differs.as_object().unwrap().clone());
        let reply = delivery(&node, "/api", &id.to_string(), &MIS);
        assert_eq!(reply.data(), &expected);
        told.insert(status);
    }
    let readme = include_str!("../../../../src/api/README.md");
    let (_, rest) = readme.split_once("| `status` | what it says |\n|---|---|\n").unwrap();
    let rows = rest.lines().take_while(|line| line.starts_with("| `"));
    let words = rows.flat_map(|row| row.split("` | ").next().unwrap().split(['|', '`', ',', ' ']));
    let listed: BTreeSet<_> = words.filter(|word| !word.is_empty()).collect();
    assert_eq!(told, listed, "the README's table");
}

#[test]
fn every_trouble_is_told_in_words_and_no_number_with_it() {
    let node = TestNode::start();
    let id = Id::from_bytes([7; 16]);
    let word = || VendorStatus::of("+380958697084 has no credit");
    for (error, told) in [
        (DeliveryError::Unreachable, "could not be reached"),
        (DeliveryError::ConnectionRefused, "could not be reached: the connection was refused"),
        (DeliveryError::NoSuchName, "could not be reached: there is no such name"),
        (DeliveryError::NoNameServer, "could not be reached: the name server did not answer"),
        (DeliveryError::ConnectingTimedOut, "could not be reached: connecting timed out"),
        (DeliveryError::NoRoute, "could not be reached: there is no route"),
        (
            DeliveryError::AlreadyAccepted(VendorStatus::of("DUPLICATE")),
            "taken the same message before: DUPLICATE",
        ),
        (DeliveryError::TargetRefused, "is on this machine or link, which is not allowed"),
        (DeliveryError::NotSecure, "no secure connection"),
        (DeliveryError::TimedOut, "did not answer in time"),
        (DeliveryError::CutOff, "the connection broke before an answer"),
        (DeliveryError::Status(503), "answered with status 503"),
        (DeliveryError::TooMany, "takes no more for now"),
        (DeliveryError::Redirected(302), "redirects (status 302)"),
        (DeliveryError::Unintelligible, "has no verdict that is known"),
        (DeliveryError::Verdict(word()), "refused the message: (a word that is not shown)"),
        (
            DeliveryError::Undelivered(word()),
            "could not deliver the message: (a word that is not shown)",
        ),
        (DeliveryError::NotWritten, "could not be written"),
        (DeliveryError::WrittenOrNot, "whether it was written is not known"),
        (DeliveryError::AllDown, "every driver is down or resting"),
        (DeliveryError::Interrupted, "the node was stopped"),
        (DeliveryError::Unopenable, "its key is not in the keyring"),
        (DeliveryError::UnknownIssuer, "no authority that is trusted here has signed"),
        (DeliveryError::WrongHost, "is for another host than the one in url"),
        (DeliveryError::CertificateExpired, "certificate has expired"),
        (DeliveryError::CertificateNotYetValid, "certificate is not valid yet"),
        (DeliveryError::AuthorityAsServer, "is an authority's, not a server's"),
        (DeliveryError::NoTls, "does not speak TLS, or hangs up on it"),
        (
            DeliveryError::NotNow(word()),
            "did not take the message for now: (a word that is not shown)",
        ),
    ] {
        let message = submitted(queued(id, None, 1)).conclude(not_taken(error), at(3)).unwrap();
        keep(&node, message);
        let reply = delivery(&node, "/api", &id.to_string(), &MIS);
        let error = reply.data()["last_error"].as_str().unwrap();
        assert!(error.contains(told), "{told}: {error}");
        assert_eq!(telling(&reply.text), None);
    }
}
