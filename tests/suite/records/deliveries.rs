//! Messages on their way, in every state, with everything that can go wrong.

use esoz_otp::domain::audit::RequestId;
use esoz_otp::domain::{Delivery, DeliveryState, GatewayWord, Trouble};
use esoz_otp::store::schema::{Due, GatewayId, SealedMessage};

use super::samples::{Sample, at, earlier, id, phone, sample};

pub(super) fn deliveries() -> Vec<Sample> {
    let message = SealedMessage { key_id: "key-1".into(), nonce: [12; 12], sealed: vec![13; 80] };
    let named = GatewayId { verification_id: id(7), keep_until: at(2_592_000) };
    let others = vec![
        sample("outbox", "", message),
        sample("outbox", "erased", SealedMessage::erased()),
        sample("outbox_due", "", Due {}),
        sample("gateway_ids", "", named),
        sample("asks", "", Due {}),
        sample("outbox_again", "", Due {}),
        sample("questions", "", Due {}),
    ];
    let named = Delivery {
        request_id: RequestId::of("6617aeec-15e2-4d6f-b9bd-53559c358f97#17810"),
        ..full()
    };
    let of_version_1: Put = |tree, variant, value| earlier(1, tree, variant, value);
    [
        by_state(sample, &named),
        by_trouble(sample),
        by_state(of_version_1, &full()),
        by_trouble(of_version_1),
        others,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Makes a sample of a delivery.
type Put = fn(&'static str, &'static str, Delivery) -> Sample;

/// Asked for without a token, the first of its kind.
fn accepted() -> Delivery {
    Delivery::queue(id(7), None, phone(), None, at(0), at(300))
}

/// All that a delivery of version 1 could hold.
fn full() -> Delivery {
    Delivery {
        client_id: Some(id(2)),
        previous: Some(id(5)),
        is_uncertain: true,
        is_last: true,
        doubted: Some("gateway".into()),
        attempts: 300,
        driver: Some("gateway".into()),
        gateway_id: Some("f83f8868-5e46-c6cf-e4fb-615e5a293754".into()),
        last_error: Some(Trouble::TimedOut),
        submitted_at: Some(at(2)),
        sent_at: Some(at(3)),
        ended_at: Some(at(9)),
        ..accepted()
    }
}

fn by_state(put: Put, full: &Delivery) -> Vec<Sample> {
    [
        ("queued", accepted().state),
        ("submitting", DeliveryState::Submitting { is_over: false }),
        ("submitting_over", DeliveryState::Submitting { is_over: true }),
        ("sent", DeliveryState::Sent),
        ("delivered", DeliveryState::Delivered),
        ("failed", DeliveryState::Failed),
        ("uncertain", DeliveryState::Uncertain),
        ("expired", DeliveryState::Expired),
        ("canceled", DeliveryState::Canceled),
    ]
    .map(|(variant, state)| put("deliveries", variant, Delivery { state, ..full.clone() }))
    .into_iter()
    .chain([put("deliveries", "accepted", accepted())])
    .collect()
}

fn by_trouble(put: Put) -> Vec<Sample> {
    let word = || GatewayWord::of("INVALID_PHONE");
    [
        ("unreachable", Trouble::Unreachable),
        ("target_refused", Trouble::TargetRefused),
        ("not_secure", Trouble::NotSecure),
        ("timed_out", Trouble::TimedOut),
        ("cut_off", Trouble::CutOff),
        ("status", Trouble::Status(503)),
        ("too_many", Trouble::TooMany),
        ("redirected", Trouble::Redirected(302)),
        ("unintelligible", Trouble::Unintelligible),
        ("verdict", Trouble::Verdict(word())),
        ("undelivered", Trouble::Undelivered(word())),
        ("not_written", Trouble::NotWritten),
        ("written_or_not", Trouble::WrittenOrNot),
        ("all_down", Trouble::AllDown),
        ("interrupted", Trouble::Interrupted),
        ("unopenable", Trouble::Unopenable),
        ("unknown_issuer", Trouble::UnknownIssuer),
        ("wrong_host", Trouble::WrongHost),
        ("certificate_expired", Trouble::CertificateExpired),
        ("certificate_not_yet_valid", Trouble::CertificateNotYetValid),
        ("authority_as_server", Trouble::AuthorityAsServer),
        ("no_tls", Trouble::NoTls),
        ("not_now", Trouble::NotNow(word())),
        ("taken_before", Trouble::TakenBefore(word())),
        ("connection_refused", Trouble::ConnectionRefused),
        ("no_such_name", Trouble::NoSuchName),
        ("no_name_server", Trouble::NoNameServer),
        ("connecting_timed_out", Trouble::ConnectingTimedOut),
        ("no_route", Trouble::NoRoute),
    ]
    .map(|(variant, trouble)| {
        put("deliveries", variant, Delivery { last_error: Some(trouble), ..accepted() })
    })
    .into()
}
