use serde_json::{Value, json};

/// Person requests, each with a phone of its own.
pub(super) const REQUESTS: usize = 2048;
/// Phones that are verified without a request.
pub(super) const PHONES: usize = 16_384;

pub(super) const CLINIC: &str = "bench-clinic-token";
pub(super) const PATIENT: &str = "bench-patient-token";

/// A clinic with so many requests, and a patient with a factor.
pub(super) fn world() -> Value {
    let (client, person) = (id(0xc, 1), id(0xa, 1));
    let (clerk, patient) = (id(0xb, 1), id(0xb, 2));
    let requests: Vec<_> = (0..REQUESTS)
        .map(|i| {
            json!({
                "id": request(i), "client_id": client, "status": "NEW",
                "authentication_method": {"type": "OTP", "phone_number": phone_of_request(i)},
            })
        })
        .collect();
    json!({
        "format": 1,
        "demo": true,
        "clients": [{"id": client, "name": "bench-clinic", "access_type": "DIRECT"}],
        "persons": [{"id": person, "status": "active", "authentication_method": "OTP"}],
        "users": [{"id": clerk}, {"id": patient, "person_id": person}],
        "tokens": [
            token(CLINIC, &clerk, &client, "person_request:write"),
            token(PATIENT, &patient, &client, "person:read"),
        ],
        "factors": [
            {"id": id(0xf, 1), "user_id": patient, "type": "sms", "factor": "+380671234567"},
        ],
        "person_requests": requests,
    })
}

fn token(secret: &str, user: &str, client: &str, scope: &str) -> Value {
    json!({
        "name": secret, "secret": {"plain": secret}, "user_id": user, "client_id": client,
        "scope": scope, "expires_at": "+1d",
    })
}

pub(super) fn request(number: usize) -> String {
    id(0xe, number % REQUESTS)
}

fn phone_of_request(number: usize) -> String {
    format!("+38050{number:07}")
}

pub(super) fn phone(number: usize) -> String {
    format!("+38067{:07}", number % PHONES)
}

fn id(kind: u8, number: usize) -> String {
    format!("{kind:x}0000000-0000-4000-8000-{number:012x}")
}
