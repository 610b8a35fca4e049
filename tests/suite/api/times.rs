//! One form of time in every answer. Whatever a node of the suite answers is looked at for others, too.

use std::time::Duration;

use crate::support::{MIS, Reply, SEED_PHONE, SEED_REQUEST, TestNode, other_form_of_time};

#[test]
fn control_other_forms_of_time_are_found() {
    for text in [
        "2026-11-21T12:01:00Z",
        "2026-11-21T12:01:00.1Z",
        "2026-11-21T12:01:00.123Z",
        "2026-11-21T12:01:00.123456+00:00",
        "2026-11-21T12:01:00.1234567Z",
        "at 2026-11-21T12:01:00",
        "2026-11-21 12:01:00",
    ] {
        assert!(other_form_of_time(text).is_some(), "{text}");
    }
    for text in ["", "2026-11-21T12:01:00.123456Z", "at 2026-11-21T12:01:00.000000Z.", "2026-11"] {
        assert_eq!(other_form_of_time(text), None, "{text}");
    }
}

fn assert_waits_until(reply: &Reply, until: &str) {
    assert_eq!(reply.status, 429);
    assert_eq!(reply.error()["next_attempt_at"], until);
    let message = reply.message().unwrap();
    assert!(message.ends_with(&format!("Next attempt will be available at {until}")), "{message}");
}

#[test]
fn a_next_attempt_is_rounded_up_so_that_who_reads_no_fractions_waits_long_enough() {
    for (micros, until) in [
        (0, "2026-11-21T12:01:00.000000Z"),
        (1, "2026-11-21T12:01:01.000000Z"),
        (999_999, "2026-11-21T12:01:01.000000Z"),
        (1_000_000, "2026-11-21T12:01:01.000000Z"),
    ] {
        let node = TestNode::start();
        node.clock.push(Duration::from_micros(micros));
        assert_eq!(node.resend().status, 200);
        let refused = node.resend();
        assert_waits_until(&refused, until);
        let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        node.clock.push(Duration::from_secs(seconds));
        assert_eq!(node.resend().status, 200, "{until}");
    }
}

#[test]
fn every_time_of_every_answer_has_that_form() {
    let node = TestNode::start();
    node.clock.push(Duration::from_micros(300_597));
    let sent = node.resend();
    let id = sent.data()["id"].as_str().unwrap().to_owned();
    node.code_for(SEED_PHONE);
    node.delivered();
    let admin = [("authorization", "Bearer demo-admin-token")];
    let seen = [
        sent,
        node.resend(),
        node.call("GET", &format!("/api/v3/person_requests/{SEED_REQUEST}"), &MIS, ""),
        node.call("GET", &format!("/api/person_requests/{SEED_REQUEST}/deliveries"), &MIS, ""),
        node.call("GET", &format!("/api/verifications/{id}/delivery"), &MIS, ""),
        node.call("GET", &format!("/admin/verifications/{id}/delivery"), &admin, ""),
        node.call("GET", "/admin/audit", &admin, ""),
        node.call("GET", "/demo/messages", &[], ""),
        node.initialize("+380671000041"),
        node.complete("+380671000041", "000000"),
    ];
    for reply in seen {
        assert_eq!(other_form_of_time(&reply.text), None);
        let times = reply.text.matches("2026-11-21T").count();
        assert!(times > 0 || reply.reason() == Some("wrong_code"), "{}", reply.text);
    }
}

#[test]
fn the_readme_shows_that_form_and_no_other_in_what_is_answered() {
    let readme = include_str!("../../../src/api/README.md");
    for shown in [
        readme,
        include_str!("../../../systemd/GATEWAYS.md"),
        include_str!("../../../fixtures/transcripts/documented.txt"),
        include_str!("../../../fixtures/transcripts/deployed.txt"),
    ] {
        for line in shown.lines().filter(|line| line.starts_with("  ") && line.contains("{\"")) {
            assert_eq!(other_form_of_time(line), None, "{line}");
        }
    }
    for call in
        ["DateTimeImmutable($text)", "Instant.parse(text)", "fromisoformat(text)", "new Date(text)"]
    {
        assert!(readme.contains(call), "{call}");
    }
}
