//! `{:?}` of whatever holds something secret.

use std::fmt::Debug;

use esoz_otp::clock::ManualClock;
use esoz_otp::config::Config;
use esoz_otp::domain::audit::{AuditEvent, AuditRow};
use esoz_otp::domain::{
    AuthenticationMethod, CodeFormat, Id, PersonRequest, PersonRequestStatus, Phone, Purpose,
    Requester, Secret, Verification,
};
use esoz_otp::entropy::SystemEntropy;
use esoz_otp::otp::{Hasher, Target};
use esoz_otp::service::import;
use esoz_otp::sms::{Memory, SmsDriver, SmsMessage};

use crate::support::{DEMO_WORLD, SEED_PHONE, keyring, quick, start_of_time};

const CODE: u64 = 9_876_543_210;
const TOKEN: &str = "a-token-that-nobody-may-see";

/// Whatever none of these may show, however it is printed.
fn is_silent(value: &impl Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!text.is_empty());
        for secret in [&CODE.to_string(), &SEED_PHONE[1..], "958697084", TOKEN, "0123456789abcdef"]
        {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn nothing_that_holds_a_secret_prints_it() {
    let phone = Phone::parse(SEED_PHONE).unwrap();
    let code = CodeFormat::new(10).unwrap().code(CODE).unwrap();
    let text = format!("Код: {}", code.reveal());
    let message = SmsMessage::new(Id::from_bytes([1; 16]), phone, text.clone().into());
    let secret = Secret::new(TOKEN.to_owned());
    assert!(message.text() == text && secret.reveal() == TOKEN, "they hold what they hide");

    is_silent(&phone);
    is_silent(&code);
    is_silent(&message);
    is_silent(&secret);
    is_silent(&secret.digest());
    is_silent(
        &AuditRow::new(start_of_time(), AuditEvent::CodeIssued, Requester::default())
            .about_phone(phone, Purpose::PhoneVerification),
    );
    is_silent(&Target { phone, purpose: Purpose::PhoneVerification });
    is_silent(&keyring());
    is_silent(&Config::default());
    is_silent(&import::RevealedSecret { owner: "somebody".into(), secret, is_new: true });

    let sent = Memory::new(std::sync::Arc::new(ManualClock::at(start_of_time())));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(sent.send(&message)).unwrap();
    assert_eq!(sent.sent(None).len(), 1);
    is_silent(&sent.sent(None));
}

#[test]
fn no_record_prints_the_number_it_is_about_or_the_hash_it_keeps() {
    let phone = Phone::parse(SEED_PHONE).unwrap();
    let code = CodeFormat::new(10).unwrap().code(CODE).unwrap();
    let id = Id::from_bytes([1; 16]);
    let hasher = Hasher::start(keyring(), quick().otp.argon2, 1).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let hashing = hasher.hash(hasher.reserve(Requester::default()).unwrap(), id, code, [0xa5; 16]);
    let kept = runtime.block_on(hashing).unwrap();
    let hash = format!("{:?}", kept.hash);
    let (rules, now) = (Config::default().otp.rules, start_of_time());
    let verification =
        Verification::issue(id, phone, Purpose::PhoneVerification, kept.clone(), rules, now);
    let request = PersonRequest {
        id: Id::from_bytes([2; 16]),
        client_id: Id::from_bytes([3; 16]),
        person_id: None,
        status: PersonRequestStatus::New,
        authentication_method: AuthenticationMethod::Otp { phone_number: phone },
        approved_by: None,
        inserted_at: now,
        updated_at: now,
    };
    is_silent(&kept);
    is_silent(&verification);
    is_silent(&request);
    assert!(!format!("{kept:?}{verification:?}").contains(&hash));
}

#[test]
fn a_faulty_world_s_message_shows_no_secret_of_it() {
    let faulty = DEMO_WORLD
        .replace("demo-mis-token\"}", &format!("{TOKEN}\"}}"))
        .replace("\"demo\": true", "\"demo\": false");
    assert!(faulty.contains(TOKEN));
    let Err(error) = import::read(&faulty, start_of_time(), &SystemEntropy::new()) else {
        panic!("secrets in clear are refused");
    };
    is_silent(&error);
    assert!(!error.to_string().contains(TOKEN));
}
