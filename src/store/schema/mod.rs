//! The table of trees: everything that is kept. The types of its rows are in `keys`, `records` and the domain.
//!
//! Three more trees have no row: `meta` holds [`DATA_VERSION`] under `version`, in four bytes; `redo` holds writes that are
//! being carried out; `tidying` is left from earlier releases.

mod keys;
mod records;

use std::time::Duration;

pub(super) use keys::DueKey;
pub use keys::{AtKey, GatewayKey, QuestionKey, RateKey};
pub use records::{
    AuditHead, Due, GatewayId, KeyCheck, LiveCode, Mark, SealedMessage, SealedSecret, Sender,
    VerifiedPhone,
};

use super::codec::{BadRecord, Record, decode_body};
use super::earlier::{AuditRowV1, DeliveryV1, RateV1};
use super::table::{AnyTable, Table, tables};
use crate::domain::audit::AuditRow;
use crate::domain::limits::{DAY, Rate, Sends, SlidingWindow, WrongGuesses};
use crate::domain::{
    AuthenticationFactor, Client, ClientId, Delivery, Person, PersonId, PersonRequest,
    PersonRequestId, Phone, Purpose, SecretDigest, Token, User, UserId, Verification,
    VerificationId,
};

/// Version of the whole: raised when a program that knows only the old one would do harm. The module `migrate` has a step
/// from every version to the next.
pub const DATA_VERSION: u32 = 2;

/// How long a verification is kept after its issue, and its delivery.
pub const KEEP_VERIFICATIONS: Duration = Duration::from_hours(30 * 24);

/// How long a phone counts as verified. A number may have another holder after that. Upstream keeps the entry for ever, and
/// asks for another verification if there is none.
pub const KEEP_VERIFIED_PHONES: Duration = Duration::from_hours(365 * 24);

// Ids and names are never given again. A change of a record's layout raises its version, reads the old layout from `earlier`,
// keeps the old examples in `fixtures/records` and adds examples of the new layout.
tables! {
    /// Clients.
    pub CLIENTS = 1 "clients": ClientId => Client { version: 1 }, cached;

    /// The vendor that an API key belongs to, by the key's SHA-256.
    pub CLIENTS_BY_API_KEY = 2 "clients_by_api_key":
        SecretDigest => ClientId { version: 1 }, cached;

    /// Users.
    pub USERS = 3 "users": UserId => User { version: 1 }, cached;

    /// Patients.
    pub PERSONS = 4 "persons": PersonId => Person { version: 1 }, cached;

    /// Tokens, by their SHA-256.
    pub TOKENS = 5 "tokens": SecretDigest => Token { version: 1 }, cached;

    /// The patients' authentication factors.
    pub FACTORS = 6 "factors": UserId => AuthenticationFactor { version: 1 }, cached;

    /// Person requests.
    pub PERSON_REQUESTS = 7 "person_requests": PersonRequestId => PersonRequest { version: 1 };

    /// Verifications, kept for 30 days after their issue.
    pub VERIFICATIONS = 8 "verifications": VerificationId => Verification { version: 1 },
        kept_until(|it| Some(it.inserted_at + KEEP_VERIFICATIONS));

    /// The newest verification of a phone and purpose, kept as long as the verification.
    pub LIVE_CODES = 9 "live_codes": (Phone, Purpose) => LiveCode { version: 1 },
        kept_until(|it| Some(it.keep_until));

    /// Verified phones, kept for a year after the last verification.
    pub VERIFIED_PHONES = 10 "verified_phones": Phone => VerifiedPhone { version: 1 },
        kept_until(|it| Some(it.verified_at + KEEP_VERIFIED_PHONES));

    /// A phone's sends, kept for a day after the last one.
    pub SENDS = 11 "sends": Phone => Sends { version: 2, earlier: [1 => SlidingWindow] },
        kept_until(|it| Some(it.keep_until()));

    /// A phone's wrong guesses. Kept for a day after the last one if a right one came since; for a year and a day if they
    /// are fewer than any lock needs; otherwise for ever.
    pub GUESSES = 12 "guesses": Phone => WrongGuesses { version: 1 },
        kept_until(WrongGuesses::keep_until);

    /// Check values of the keyring's keys, by key id.
    pub KEY_CHECKS = 13 "key_checks": String => KeyCheck { version: 1 }, surviving_reset;

    /// The index for sweeping: the record to look at, by the time.
    pub(super) DUE = 14 "due": DueKey => Due { version: 1 };

    /// How far the database (`last`) and its sweeping (`swept`) have come.
    pub(super) MARKS = 15 "marks": String => Mark { version: 1 }, surviving_reset;

    /// What a budget owes, kept until it owes nothing.
    pub RATES = 16 "rates": RateKey => Rate { version: 2, earlier: [1 => RateV1] },
        kept_until(|it| Some(it.keep_until()));

    /// Rows of audit by their number, until they are in a file of the log.
    pub AUDIT = 17 "audit": u64 => AuditRow { version: 2, earlier: [1 => AuditRowV1] },
        surviving_reset;

    /// Guesses at codes that were never sent, kept for a day after the last one.
    pub STRAY_GUESSES = 18 "stray_guesses": Phone => SlidingWindow { version: 1 },
        kept_until(|it| Some(it.keep_until()));

    /// Deliveries, kept for 30 days after the node accepted them.
    pub DELIVERIES = 19 "deliveries":
        VerificationId => Delivery { version: 2, earlier: [1 => DeliveryV1] },
        kept_until(|it| Some(it.queued_at + KEEP_VERIFICATIONS));

    /// Messages that have not been handed over, by the end of their code's life.
    pub OUTBOX = 20 "outbox": AtKey => SealedMessage { version: 1 };

    /// When a message of the outbox may be sent.
    pub OUTBOX_DUE = 21 "outbox_due": AtKey => Due;

    /// The delivery behind a gateway's id, kept as long as the delivery.
    pub GATEWAY_IDS = 22 "gateway_ids": GatewayKey => GatewayId { version: 1 },
        kept_until(|it| Some(it.keep_until));

    /// The `questions` of earlier releases. The start of the node moves them there.
    pub ASKS = 23 "asks": AtKey => Due;

    /// When a message that may have left may be sent once more.
    pub OUTBOX_AGAIN = 24 "outbox_again": AtKey => Due;

    /// How far the rows of audit have moved to files: under `log`, and under `closed` once more while the log is closed in
    /// order.
    pub AUDIT_HEADS = 25 "audit_heads": String => AuditHead { version: 1 }, surviving_reset;

    /// Secrets of the directory itself, by name.
    pub SEALED_SECRETS = 26 "sealed_secrets": String => SealedSecret { version: 1 },
        surviving_reset;

    /// When to ask a driver for the state of a delivery.
    pub QUESTIONS = 27 "questions": QuestionKey => Due;

    /// The client that sent last (`latest`), and the other one before it (`other`). Kept for a day.
    pub SENDERS = 28 "senders": String => Sender { version: 1 },
        kept_until(|it| Some(it.sent_at + DAY));
}

/// The name on disk of every tree that has a row.
pub fn tree_names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|table| table.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_and_no_name_stands_for_two_trees() {
        for (i, one) in ALL.iter().enumerate() {
            assert!(!["redo", "meta", "tidying"].contains(&one.name()));
            for other in &ALL[i + 1..] {
                assert!(one.id() != other.id() && one.name() != other.name(), "{}", one.name());
            }
        }
    }
}
