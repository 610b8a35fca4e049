//! The table of trees: everything that is kept. The types of its rows are in `keys`, `records` and the domain.
//!
//! Three more trees have no row: `meta` holds [`DATA_VERSION`] under `version`, in four bytes; `redo` holds writes that are
//! being carried out; `tidying` is left from earlier releases.

mod keys;
mod parts;
mod records;

use std::time::Duration;

pub(super) use keys::DueKey;
pub use keys::{AtKey, GatewayKey, QuestionKey, RateKey};
pub use parts::{IsRevoked, KeyPart};
pub use records::{
    AuditHead, AuditTimes, Due, DueRecords, GatewayId, KeyCheck, LiveCode, Mark, SealedMessage,
    SealedSecret, Sender, VerifiedPhone,
};

use super::codec::{BadRecord, Record, decode_body};
use super::earlier::{AuditRowV1, ClientV1, DeliveryV1, RateV1, TokenV1, UserV1};
pub use super::index::Count;
use super::index::{Counter, Derived, Index};
use super::table::{AnyTable, Table, TableId, tables};
use crate::domain::audit::{AuditRow, RequestId};
use crate::domain::limits::{DAY, Rate, Sends, SlidingWindow, WrongGuesses};
use crate::domain::{
    AuthenticationFactor, Client, ClientId, Connection, ConnectionId, Delivery, DeliveryStatus,
    FactorId, Person, PersonId, PersonRequest, PersonRequestId, PersonRequestStatus, Phone,
    Purpose, SecretDigest, Timestamp, Token, TokenId, User, UserId, Verification, VerificationId,
};

/// Version of the whole: raised when a program that knows only the old one would do harm. The module `migrate` has a step
/// from every version to the next.
pub const DATA_VERSION: u32 = 5;

/// How long a verification is kept after its issue, and its delivery.
pub const KEEP_VERIFICATIONS: Duration = Duration::from_hours(30 * 24);

/// How long a phone counts as verified. A number may have another holder after that. Upstream keeps the entry for ever, and
/// asks for another verification if there is none.
pub const KEEP_VERIFIED_PHONES: Duration = Duration::from_hours(365 * 24);

// Ids and names are never given again. A change of a record's layout raises its version, reads the old layout from `earlier`,
// keeps the old examples in `fixtures/records` and adds examples of the new layout.
tables! {
    /// Clients.
    pub CLIENTS = 1 "clients":
        ClientId => Client { version: 2, earlier: [1 => ClientV1] }, cached;

    /// The index of api-keys of earlier releases. The migration to data version 5 empties it.
    pub(super) CLIENTS_BY_API_KEY = 2 "clients_by_api_key":
        SecretDigest => ClientId { version: 1 };

    /// Users.
    pub USERS = 3 "users": UserId => User { version: 2, earlier: [1 => UserV1] }, cached;

    /// Patients.
    pub PERSONS = 4 "persons": PersonId => Person { version: 1 }, cached;

    /// Tokens, by their SHA-256.
    pub TOKENS = 5 "tokens":
        SecretDigest => Token { version: 2, earlier: [1 => TokenV1] }, cached;

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

    /// The index for sweeping: the records to look at, by the time.
    pub(super) DUE = 14 "due": DueKey => DueRecords { version: 2, earlier: [1 => Due] };

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
    pub OUTBOX_DUE = 21 "outbox_due": AtKey => Due { version: 1 };

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

    /// A client's person requests, the oldest first.
    pub PERSON_REQUESTS_BY_CLIENT = 29 "person_requests_by_client":
        (ClientId, Timestamp, PersonRequestId) => Due;

    /// The same by their stored status: a request that is too old to be NEW still stands under NEW.
    pub PERSON_REQUESTS_BY_STATUS = 30 "person_requests_by_status":
        (ClientId, PersonRequestStatus, Timestamp, PersonRequestId) => Due;

    /// How many person requests a client has in each stored status.
    pub PERSON_REQUEST_COUNTS = 31 "person_request_counts":
        (ClientId, PersonRequestStatus) => Count { version: 1 };

    /// A phone's verifications, the oldest first. A verification's delivery has its id.
    pub VERIFICATIONS_BY_PHONE = 32 "verifications_by_phone":
        (Phone, Timestamp, VerificationId) => Due;

    /// Deliveries that are neither queued nor with a driver, by their status and the time of acceptance. The others are in
    /// the outbox.
    pub DELIVERIES_BY_STATUS = 33 "deliveries_by_status":
        (DeliveryStatus, Timestamp, VerificationId) => Due;

    /// Deliveries by the driver that was called last, those in the outbox too.
    pub DELIVERIES_BY_DRIVER = 34 "deliveries_by_driver":
        (String, Timestamp, VerificationId) => Due;

    /// Deliveries by the caller's id of the request that had the code sent.
    pub DELIVERIES_BY_REQUEST = 35 "deliveries_by_request":
        (RequestId, Timestamp, VerificationId) => Due;

    /// A user's tokens: first those that were not revoked, then those that were, each by the time at which they expire.
    pub TOKENS_BY_USER = 36 "tokens_by_user":
        (UserId, IsRevoked, Timestamp, SecretDigest) => Due;

    /// A client's tokens, in the same order.
    pub TOKENS_BY_CLIENT = 37 "tokens_by_client":
        (ClientId, IsRevoked, Timestamp, SecretDigest) => Due;

    /// All deliveries by the time of acceptance.
    pub DELIVERIES_BY_TIME = 38 "deliveries_by_time": (Timestamp, VerificationId) => Due;

    /// The times of rows of audit in files, by the number of the first of these rows.
    pub AUDIT_TIMES = 39 "audit_times": u64 => AuditTimes { version: 1 }, surviving_reset;

    /// The vendors' api-keys.
    pub CONNECTIONS = 40 "connections": ConnectionId => Connection { version: 1 }, cached;

    /// A client's connections.
    pub CONNECTIONS_BY_CLIENT = 41 "connections_by_client": (ClientId, ConnectionId) => Due;

    /// The connection that an api-key belongs to, by the key's SHA-256: the key that counts, and the one before it. The
    /// connection says until when that one counts.
    pub CONNECTIONS_BY_SECRET = 42 "connections_by_secret":
        SecretDigest => ConnectionId { version: 1 }, cached;

    /// The digest of a token by its id.
    pub TOKENS_BY_ID = 43 "tokens_by_id": TokenId => SecretDigest { version: 1 };

    /// How many records there are of a kind, by the name of their tree.
    pub RECORD_COUNTS = 44 "record_counts": String => Count;

    /// The user of a factor by the factor's id.
    pub FACTORS_BY_ID = 45 "factors_by_id": FactorId => UserId { version: 1 };
}

/// Every index and every counter. A new one is a row here and a tree above.
pub(super) const DERIVED: &[&dyn Derived] = &[
    &Index {
        version: 1,
        of: CONNECTIONS,
        to: CONNECTIONS_BY_CLIENT,
        entry: |id, it| Some(((it.client_id, *id), Due {})),
    },
    // Two rows for one tree have the same version.
    &Index {
        version: 1,
        of: CONNECTIONS,
        to: CONNECTIONS_BY_SECRET,
        entry: |id, it| Some((it.secret, *id)),
    },
    &Index {
        version: 1,
        of: CONNECTIONS,
        to: CONNECTIONS_BY_SECRET,
        entry: |id, it| Some((it.previous?.secret, *id)),
    },
    &Index { version: 1, of: FACTORS, to: FACTORS_BY_ID, entry: |_, it| Some((it.id, it.user_id)) },
    &Index { version: 1, of: TOKENS, to: TOKENS_BY_ID, entry: |digest, it| Some((it.id, *digest)) },
    &Counter { version: 1, of: CLIENTS, to: RECORD_COUNTS, key: |_, _| Some(CLIENTS.name.into()) },
    &Counter { version: 1, of: USERS, to: RECORD_COUNTS, key: |_, _| Some(USERS.name.into()) },
    &Counter { version: 1, of: TOKENS, to: RECORD_COUNTS, key: |_, _| Some(TOKENS.name.into()) },
    &Counter { version: 1, of: FACTORS, to: RECORD_COUNTS, key: |_, _| Some(FACTORS.name.into()) },
    &Counter { version: 1, of: PERSONS, to: RECORD_COUNTS, key: |_, _| Some(PERSONS.name.into()) },
    &Index {
        version: 1,
        of: PERSON_REQUESTS,
        to: PERSON_REQUESTS_BY_CLIENT,
        entry: |id, it| Some(((it.client_id, it.inserted_at, *id), Due {})),
    },
    &Index {
        version: 1,
        of: PERSON_REQUESTS,
        to: PERSON_REQUESTS_BY_STATUS,
        entry: |id, it| Some(((it.client_id, it.status, it.inserted_at, *id), Due {})),
    },
    &Counter {
        version: 1,
        of: PERSON_REQUESTS,
        to: PERSON_REQUEST_COUNTS,
        key: |_, it| Some((it.client_id, it.status)),
    },
    &Index {
        version: 1,
        of: VERIFICATIONS,
        to: VERIFICATIONS_BY_PHONE,
        entry: |id, it| Some(((it.phone_number, it.inserted_at, *id), Due {})),
    },
    &Index {
        version: 1,
        of: DELIVERIES,
        to: DELIVERIES_BY_STATUS,
        entry: |id, it| Some(((settled(it)?, it.queued_at, *id), Due {})),
    },
    &Index {
        version: 2,
        of: DELIVERIES,
        to: DELIVERIES_BY_DRIVER,
        entry: |id, it| Some(((it.driver.clone()?, it.queued_at, *id), Due {})),
    },
    &Index {
        version: 2,
        of: DELIVERIES,
        to: DELIVERIES_BY_REQUEST,
        entry: |id, it| Some(((it.request_id?, it.queued_at, *id), Due {})),
    },
    &Index {
        version: 1,
        of: DELIVERIES,
        to: DELIVERIES_BY_TIME,
        entry: |id, it| Some(((it.queued_at, *id), Due {})),
    },
    &Index {
        version: 2,
        of: TOKENS,
        to: TOKENS_BY_USER,
        entry: |digest, it| {
            Some(((it.user_id, IsRevoked(it.is_revoked()), it.expires_at, *digest), Due {}))
        },
    },
    &Index {
        version: 2,
        of: TOKENS,
        to: TOKENS_BY_CLIENT,
        entry: |digest, it| {
            Some(((it.client_id, IsRevoked(it.is_revoked()), it.expires_at, *digest), Due {}))
        },
    },
];

/// The status of a delivery that is in no queue.
fn settled(delivery: &Delivery) -> Option<DeliveryStatus> {
    let status = delivery.status();
    let is_queued = matches!(status, DeliveryStatus::Queued | DeliveryStatus::Submitting);
    (!is_queued).then_some(status)
}

/// The table with this number.
pub(super) fn table(id: TableId) -> Option<&'static dyn AnyTable> {
    ALL.iter().copied().find(|table| table.id() == id)
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
