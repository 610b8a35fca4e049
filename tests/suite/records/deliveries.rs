//! Messages on their way, in every state, with everything that can go wrong.

use esoz_otp::domain::audit::RequestId;
use esoz_otp::domain::{Delivery, DeliveryError, DeliveryState, VendorStatus};
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
        by_error(sample),
        by_state(of_version_1, &full()),
        by_error(of_version_1),
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
        is_final_try: true,
        doubtful_driver: Some("gateway".into()),
        attempts: 300,
        driver: Some("gateway".into()),
        gateway_id: Some("f83f8868-5e46-c6cf-e4fb-615e5a293754".into()),
        last_error: Some(DeliveryError::TimedOut),
        submitted_at: Some(at(2)),
        sent_at: Some(at(3)),
        ended_at: Some(at(9)),
        ..accepted()
    }
}

fn by_state(put: Put, full: &Delivery) -> Vec<Sample> {
    [
        ("queued", accepted().state),
        ("submitting", DeliveryState::Submitting { is_obsolete: false }),
        ("submitting_over", DeliveryState::Submitting { is_obsolete: true }),
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

fn by_error(put: Put) -> Vec<Sample> {
    let word = || VendorStatus::of("INVALID_PHONE");
    [
        ("unreachable", DeliveryError::Unreachable),
        ("target_refused", DeliveryError::TargetRefused),
        ("not_secure", DeliveryError::NotSecure),
        ("timed_out", DeliveryError::TimedOut),
        ("cut_off", DeliveryError::CutOff),
        ("status", DeliveryError::Status(503)),
        ("too_many", DeliveryError::TooMany),
        ("redirected", DeliveryError::Redirected(302)),
        ("unintelligible", DeliveryError::Unintelligible),
        ("verdict", DeliveryError::Verdict(word())),
        ("undelivered", DeliveryError::Undelivered(word())),
        ("not_written", DeliveryError::NotWritten),
        ("written_or_not", DeliveryError::WrittenOrNot),
        ("all_down", DeliveryError::AllDown),
        ("interrupted", DeliveryError::Interrupted),
        ("unopenable", DeliveryError::Unopenable),
        ("unknown_issuer", DeliveryError::UnknownIssuer),
        ("wrong_host", DeliveryError::WrongHost),
        ("certificate_expired", DeliveryError::CertificateExpired),
        ("certificate_not_yet_valid", DeliveryError::CertificateNotYetValid),
        ("authority_as_server", DeliveryError::AuthorityAsServer),
        ("no_tls", DeliveryError::NoTls),
        ("not_now", DeliveryError::NotNow(word())),
        ("taken_before", DeliveryError::AlreadyAccepted(word())),
        ("connection_refused", DeliveryError::ConnectionRefused),
        ("no_such_name", DeliveryError::NoSuchName),
        ("no_name_server", DeliveryError::NoNameServer),
        ("connecting_timed_out", DeliveryError::ConnectingTimedOut),
        ("no_route", DeliveryError::NoRoute),
    ]
    .map(|(variant, error)| {
        put("deliveries", variant, Delivery { last_error: Some(error), ..accepted() })
    })
    .into()
}
