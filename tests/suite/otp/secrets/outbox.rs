//! Messages that wait: what lies on the disk of them, and what is left when they are gone.

use esoz_otp::domain::DeliveryError;
use esoz_otp::keyring::Keyring;
use esoz_otp::sms::SendError;
use esoz_otp::store::schema::{OUTBOX, VERIFICATIONS};

use super::directory::{forms, plant};
use super::places_of;
use crate::sms::stand::{Scripted, Stand, all, code, one_at_a_time};

/// The text of a message as it is sent.
fn text_of(number: u8) -> Vec<u8> {
    format!("eHealth: {}", code(number).reveal()).into_bytes()
}

fn down() -> Scripted {
    let no = || Err(SendError::not_accepted(DeliveryError::Unreachable));
    Scripted::new("a", (0..100).map(|_| no()))
}

#[test]
fn no_code_lies_in_the_directory_in_clear_while_its_message_waits() {
    let driver = down();
    let mut stand = Stand::of(&[&driver]);
    for number in 0..20 {
        stand.put(number);
    }
    stand.work();
    stand.work_after(10);
    let folder = stand.folder();
    for number in 0..20 {
        assert_eq!(places_of(&text_of(number), folder), [""; 0]);
        for form in forms(code(number).reveal()) {
            assert_eq!(places_of(&form, folder), [""; 0]);
        }
    }
    plant(&stand.store, code(7).reveal(), 1);
    let [text, ..] = forms(code(7).reveal());
    assert_eq!(places_of(&text, folder).len(), 1, "a planted one is found");
    assert_eq!(stand.kept(), 20);
}

#[test]
fn whoever_has_the_directory_and_another_keyring_opens_no_message() {
    let driver = down();
    let mut stand = Stand::of(&[&driver]);
    let id = stand.put(1);
    stand.work();
    let file = serde_json::json!({"format": 1, "keys": [
        {"id": "test", "created_at": "2026-01-01T00:00:00Z", "key": "5".repeat(64)},
    ]});
    // The same id, and another key.
    let thief = Keyring::parse(&file.to_string()).unwrap();
    let seen = Scripted::new("thief", []);
    let mut stolen = stand.again(&[&seen], &thief);
    stolen.work_after(5);
    assert_eq!(seen.seen().len(), 0);
    assert_eq!(stolen.delivery(id).last_error, Some(DeliveryError::Unopenable));
}

#[test]
fn what_is_handed_over_refused_replaced_or_over_is_kept_no_more_not_even_sealed() {
    let refused = Err(SendError::Refused(DeliveryError::Status(400)));
    let driver = Scripted::new("a", [Ok(esoz_otp::sms::Accepted::default()), refused]);
    let mut stand = Stand::with(all(&[&driver]), one_at_a_time());
    let (sent, failed) = (stand.put(1), stand.put(2));
    let sealed = |stand: &Stand| stand.store.page(OUTBOX, None, 10).unwrap();
    assert_eq!(sealed(&stand).len(), 2);
    stand.work();
    assert_eq!(sealed(&stand), []);
    let replaced = stand.put(3);
    stand.put_after(4, Some(replaced)).unwrap();
    assert_eq!(sealed(&stand).len(), 1);
    stand.work_after(600);
    assert_eq!(sealed(&stand), []);
    for id in [sent, failed, replaced] {
        let delivery = stand.delivery(id);
        assert!(!format!("{delivery:?}").contains("1234567"), "{delivery:?}");
        assert_eq!(stand.store.get(VERIFICATIONS, &id).unwrap(), None, "nothing else was kept");
    }
}
