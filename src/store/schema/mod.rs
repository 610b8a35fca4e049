//! Everything that is kept.
//!
//! | id | tree | key | record | swept |
//! |---|---|---|---|---|
//! | 1 | `clients` | client id | [`Client`] | |
//! | 2 | `clients_by_api_key` | SHA-256 of the api-key | client id | |
//! | 3 | `users` | user id | [`User`] | |
//! | 4 | `persons` | person id | [`Person`] | |
//! | 5 | `tokens` | SHA-256 of the token | [`Token`] | |
//! | 6 | `factors` | user id | [`AuthenticationFactor`] | |
//! | 7 | `person_requests` | request id | [`PersonRequest`] | |
//! | 8 | `verifications` | verification id | [`Verification`] | 30 days after its issue |
//! | 9 | `live_codes` | phone, purpose | [`LiveCode`] | with its verification |
//! | 10 | `verified_phones` | phone | [`VerifiedPhone`] | a year after it was last verified |
//! | 11 | `sends` | phone | [`Sends`] | a day after its last entry |
//! | 12 | `guesses` | phone | wrong [`Guesses`] | a day after the last one, if a right one came since; a year and a day, if they are fewer than any lock needs |
//! | 13 | `key_checks` | key id | [`KeyCheck`] | |
//! | 14 | `due` | time, tree, key | [`Due`]: look at that record then | when looked at |
//! | 15 | `marks` | `last`, `swept` | [`Mark`]: how far the database and its sweeping have come | |
//! | 16 | `rates` | limit, subject | [`Rate`]: what a budget owes | when it owes nothing |
//! | 17 | `audit` | running number | [`AuditRow`] | when it and the one behind it are in a file of the log |
//! | 18 | `stray_guesses` | phone | [`Log`] of guesses at codes that were never sent | a day after the last one |
//! | 19 | `deliveries` | verification id | [`Delivery`] | 30 days after it was accepted |
//! | 20 | `outbox` | end of the code's life, verification id | [`SealedMessage`] | when it is handed over or worth nothing |
//! | 21 | `outbox_due` | time, verification id | [`Due`]: a message in the outbox may be sent then | with its message |
//! | 22 | `gateway_ids` | driver, gateway's id | [`GatewayId`]: which delivery that is | with its delivery |
//! | 23 | `asks` | time, verification id | [`Due`]: what `questions` has today; emptied at the start | |
//! | 24 | `outbox_again` | time, verification id | [`Due`]: one that may have left may be sent once more then | with its message |
//! | 25 | `audit_heads` | `log` | [`AuditHead`]: how far the rows of audit have moved to files; under `closed` the same once more while their log is closed in order | |
//! | 26 | `sealed_secrets` | name | [`SealedSecret`]: a secret of the directory itself | |
//! | 27 | `questions` | driver, time, verification id | [`Due`]: ask the driver then what became of it | when asked |
//! | 28 | `senders` | `latest`, `other` | [`Sender`]: which client sent last, and which other one before it | a day after |
//! | | `meta` | `version` | [`DATA_VERSION`], four bytes | |
//! | | `tidying` | `turn` | see the module `database` | |
//! | | `redo` | number of the write, of the chunk | a write that is being carried out | when it is |
//!
//! Ids and names are never given again. A change of a record's layout raises its `VERSION`, reads the old layout in
//! [`Record::upgrade`], keeps the old examples in `fixtures/records` and adds examples of the new layout.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::codec::{BadRecord, Record, decode_body};
use super::earlier::{AuditRowV1, DeliveryV1, RateV1};
use super::table::{Key, Table, TableId, TableInfo};
use crate::domain::audit::AuditRow;
use crate::domain::limits::{DAY, Guesses, Log, Rate, Sends, Subject};
use crate::domain::{
    AuthenticationFactor, Client, ClientId, Delivery, Id, Person, PersonId, PersonRequest,
    PersonRequestId, Phone, Purpose, SecretDigest, Timestamp, Token, User, UserId, Verification,
    VerificationId,
};

/// Version of the whole: raised when a program that knows only the old one would do harm. The module `migrate` has a step
/// from every version to the next.
pub const DATA_VERSION: u32 = 2;

/// How long a verification is kept after its issue.
pub const KEEP_VERIFICATIONS: Duration = Duration::from_hours(30 * 24);

/// How long a phone counts as verified. A number may have another holder after that; what upstream keeps for ever, and asks for
/// once more if it is not there, need not be kept for ever.
pub const KEEP_VERIFIED_PHONES: Duration = Duration::from_hours(365 * 24);

/// See the table at the head of this file.
pub const CLIENTS: Table<ClientId, Client> = Table::new(1, "clients").cached();
/// See the table at the head of this file.
pub const CLIENTS_BY_API_KEY: Table<SecretDigest, ClientId> =
    Table::new(2, "clients_by_api_key").cached();
/// See the table at the head of this file.
pub const USERS: Table<UserId, User> = Table::new(3, "users").cached();
/// See the table at the head of this file.
pub const PERSONS: Table<PersonId, Person> = Table::new(4, "persons").cached();
/// See the table at the head of this file.
pub const TOKENS: Table<SecretDigest, Token> = Table::new(5, "tokens").cached();
/// See the table at the head of this file.
pub const FACTORS: Table<UserId, AuthenticationFactor> = Table::new(6, "factors").cached();
/// See the table at the head of this file.
pub const PERSON_REQUESTS: Table<PersonRequestId, PersonRequest> = Table::new(7, "person_requests");
/// See the table at the head of this file.
pub const VERIFICATIONS: Table<VerificationId, Verification> = Table::new(8, "verifications");
/// See the table at the head of this file.
pub const LIVE_CODES: Table<(Phone, Purpose), LiveCode> = Table::new(9, "live_codes");
/// See the table at the head of this file.
pub const VERIFIED_PHONES: Table<Phone, VerifiedPhone> = Table::new(10, "verified_phones");
/// See the table at the head of this file.
pub const SENDS: Table<Phone, Sends> = Table::new(11, "sends");
/// See the table at the head of this file.
pub const GUESSES: Table<Phone, Guesses> = Table::new(12, "guesses");
/// See the table at the head of this file.
pub const KEY_CHECKS: Table<String, KeyCheck> = Table::new(13, "key_checks");
/// See the table at the head of this file.
pub(super) const DUE: Table<DueKey, Due> = Table::new(14, "due");

/// See the table at the head of this file.
pub(super) const MARKS: Table<String, Mark> = Table::new(15, "marks");

/// See the table at the head of this file.
pub const RATES: Table<RateKey, Rate> = Table::new(16, "rates");
/// See the table at the head of this file.
pub const STRAY_GUESSES: Table<Phone, Log> = Table::new(18, "stray_guesses");
/// See the table at the head of this file.
pub const AUDIT: Table<u64, AuditRow> = Table::new(17, "audit");

/// See the table at the head of this file.
pub const DELIVERIES: Table<VerificationId, Delivery> = Table::new(19, "deliveries");
/// See the table at the head of this file.
pub const OUTBOX: Table<AtKey, SealedMessage> = Table::new(20, "outbox");
/// See the table at the head of this file.
pub const OUTBOX_DUE: Table<AtKey, Due> = Table::new(21, "outbox_due");
/// See the table at the head of this file.
pub const GATEWAY_IDS: Table<GatewayKey, GatewayId> = Table::new(22, "gateway_ids");
/// See the table at the head of this file.
pub const ASKS: Table<AtKey, Due> = Table::new(23, "asks");
/// See the table at the head of this file.
pub const AUDIT_HEADS: Table<String, AuditHead> = Table::new(25, "audit_heads");
/// See the table at the head of this file.
pub const SEALED_SECRETS: Table<String, SealedSecret> = Table::new(26, "sealed_secrets");

/// See the table at the head of this file.
pub const OUTBOX_AGAIN: Table<AtKey, Due> = Table::new(24, "outbox_again");
/// See the table at the head of this file.
pub const SENDERS: Table<String, Sender> = Table::new(28, "senders");

/// See the table at the head of this file.
pub const QUESTIONS: Table<QuestionKey, Due> = Table::new(27, "questions");

pub(super) const ALL: &[TableInfo] = &[
    CLIENTS.info(),
    CLIENTS_BY_API_KEY.info(),
    USERS.info(),
    PERSONS.info(),
    TOKENS.info(),
    FACTORS.info(),
    PERSON_REQUESTS.info(),
    VERIFICATIONS.info(),
    LIVE_CODES.info(),
    VERIFIED_PHONES.info(),
    SENDS.info(),
    GUESSES.info(),
    KEY_CHECKS.info(),
    DUE.info(),
    MARKS.info(),
    RATES.info(),
    AUDIT.info(),
    STRAY_GUESSES.info(),
    DELIVERIES.info(),
    OUTBOX.info(),
    OUTBOX_DUE.info(),
    GATEWAY_IDS.info(),
    ASKS.info(),
    OUTBOX_AGAIN.info(),
    AUDIT_HEADS.info(),
    SEALED_SECRETS.info(),
    QUESTIONS.info(),
    SENDERS.info(),
];

/// Trees that are about the database, its keys or what was done with it, not about the world in it.
pub(super) const NOT_OF_THE_WORLD: [TableId; 5] =
    [KEY_CHECKS.id, MARKS.id, AUDIT.id, AUDIT_HEADS.id, SEALED_SECRETS.id];

/// The name of every tree in the table at the head of this file that has an id.
pub fn tree_names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|table| table.name)
}

/// The verification that a code for this phone and purpose is judged by: the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveCode {
    /// Its id.
    pub verification_id: VerificationId,
    /// Swept together with it.
    pub keep_until: Timestamp,
}

/// A client that had a code sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// Which one. None is who calls without a token.
    pub client_id: Option<ClientId>,
    /// When it last did.
    pub sent_at: Timestamp,
}

/// Somebody has shown that they hold this phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedPhone {
    /// When they last did.
    pub verified_at: Timestamp,
}

/// Derived from a key of the keyring, so that other content under its id is found out at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyCheck {
    /// First half of the key's check value.
    pub value: [u8; 16],
    /// Since when the directory does without the key. The value stays, or the id could be given again.
    pub retired_at: Option<Timestamp>,
}

/// The text of a message that waits, sealed with a key of the keyring.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedMessage {
    /// Which key.
    pub key_id: String,
    /// Drawn for this message.
    pub nonce: [u8; 12],
    /// The text and its tag.
    pub sealed: Vec<u8>,
}

/// The key's id only: what is sealed belongs in no log either.
impl std::fmt::Debug for SealedMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedMessage(key {})", self.key_id)
    }
}

impl SealedMessage {
    /// What is left of a message that is with a driver when its code becomes worth nothing.
    pub fn erased() -> Self {
        Self { key_id: String::new(), nonce: [0; 12], sealed: Vec::new() }
    }

    /// Whether nothing else is left.
    pub fn is_erased(&self) -> bool {
        self.sealed.is_empty()
    }
}

/// Whose message a gateway's id stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayId {
    /// The delivery.
    pub verification_id: VerificationId,
    /// Swept together with it.
    pub keep_until: Timestamp,
}

/// Something of a verification that has its time: the order of what is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AtKey {
    /// When.
    pub at: Timestamp,
    /// Of which verification.
    pub id: VerificationId,
}

/// A question to a driver: each driver's in the order of their times.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QuestionKey {
    /// The driver.
    pub driver: String,
    /// When it is asked.
    pub at: Timestamp,
    /// Of which verification.
    pub id: VerificationId,
}

impl QuestionKey {
    /// Behind all questions to this driver.
    pub fn last_of(driver: String) -> Self {
        Self { driver, at: Timestamp::from_micros(i64::MAX), id: Id::from_bytes([u8::MAX; 16]) }
    }
}

/// What a gateway calls a message: ids are its own only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GatewayKey {
    /// The driver that speaks to it.
    pub driver: String,
    /// Its id.
    pub gateway_id: String,
}

/// Entry of an index: the key says it all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {}

/// How often the database was marked (module `mark`), or how far it is swept, in microseconds (module `sweep`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The number.
    pub number: u64,
}

/// How far the rows of audit have moved to the files of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// Number of the last row that is in a file.
    pub number: u64,
    /// Chain hash of the last entry of the files.
    pub hash: [u8; 32],
    /// Number of the first row that is kept.
    pub kept_from: u64,
}

/// A secret that the data directory has for itself, sealed with a key of the keyring.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSecret {
    /// Which key.
    pub key_id: String,
    /// Drawn for this secret.
    pub nonce: [u8; 12],
    /// The secret and its tag.
    pub sealed: Vec<u8>,
}

/// The key's id only.
impl std::fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedSecret(key {})", self.key_id)
    }
}

/// A row of the limits' table, and whose budget it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RateKey {
    /// The row's name.
    pub limit: String,
    /// Whose.
    pub subject: Subject,
}

/// When to look at which record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct DueKey {
    pub(super) at: Timestamp,
    pub(super) table: TableId,
    pub(super) key: Vec<u8>,
}

impl Record for Delivery {
    const VERSION: u8 = 2;

    fn keep_until(&self) -> Option<Timestamp> {
        Some(self.queued_at + KEEP_VERIFICATIONS)
    }

    fn upgrade(version: u8, body: &[u8]) -> Option<Result<Self, BadRecord>> {
        (version == 1).then(|| decode_body::<DeliveryV1>(body).map(Self::from))
    }
}

impl Record for SealedMessage {
    const VERSION: u8 = 1;
}

impl Record for GatewayId {
    const VERSION: u8 = 1;

    fn keep_until(&self) -> Option<Timestamp> {
        Some(self.keep_until)
    }
}

impl Record for Client {
    const VERSION: u8 = 1;
}

impl<T: 'static> Record for Id<T> {
    const VERSION: u8 = 1;
}

impl Record for User {
    const VERSION: u8 = 1;
}

impl Record for Person {
    const VERSION: u8 = 1;
}

impl Record for Token {
    const VERSION: u8 = 1;
}

impl Record for AuthenticationFactor {
    const VERSION: u8 = 1;
}

impl Record for PersonRequest {
    const VERSION: u8 = 1;
}

impl Record for Verification {
    const VERSION: u8 = 1;

    fn keep_until(&self) -> Option<Timestamp> {
        Some(self.inserted_at + KEEP_VERIFICATIONS)
    }
}

impl Record for LiveCode {
    const VERSION: u8 = 1;

    fn keep_until(&self) -> Option<Timestamp> {
        Some(self.keep_until)
    }
}

impl Record for VerifiedPhone {
    const VERSION: u8 = 1;

    fn keep_until(&self) -> Option<Timestamp> {
        Some(self.verified_at + KEEP_VERIFIED_PHONES)
    }
}

impl Record for Log {
    const VERSION: u8 = 1;

    fn keep_until(&self) -> Option<Timestamp> {
        Some(Log::keep_until(self))
    }
}

/// Version 1 was the [`Log`] alone.
impl Record for Sends {
    const VERSION: u8 = 2;

    fn keep_until(&self) -> Option<Timestamp> {
        Some(Sends::keep_until(self))
    }

    fn upgrade(version: u8, body: &[u8]) -> Option<Result<Self, BadRecord>> {
        (version == 1).then(|| decode_body::<Log>(body).map(Self::from))
    }
}

impl Record for Guesses {
    const VERSION: u8 = 1;

    fn keep_until(&self) -> Option<Timestamp> {
        Guesses::keep_until(self)
    }
}

impl Record for Rate {
    const VERSION: u8 = 2;

    fn keep_until(&self) -> Option<Timestamp> {
        Some(Rate::keep_until(self))
    }

    fn upgrade(version: u8, body: &[u8]) -> Option<Result<Self, BadRecord>> {
        (version == 1).then(|| decode_body::<RateV1>(body).map(Self::from))
    }
}

impl Record for Sender {
    const VERSION: u8 = 1;

    fn keep_until(&self) -> Option<Timestamp> {
        Some(self.sent_at + DAY)
    }
}

impl Record for KeyCheck {
    const VERSION: u8 = 1;
}

impl Record for Due {
    const VERSION: u8 = 1;
}

impl Record for Mark {
    const VERSION: u8 = 1;
}

impl Record for AuditHead {
    const VERSION: u8 = 1;
}

impl Record for SealedSecret {
    const VERSION: u8 = 1;
}

impl Record for AuditRow {
    const VERSION: u8 = 2;

    fn upgrade(version: u8, body: &[u8]) -> Option<Result<Self, BadRecord>> {
        (version == 1).then(|| decode_body::<AuditRowV1>(body).map(Self::from))
    }
}

impl<T: 'static> Key for Id<T> {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Id::from_bytes)
    }
}

impl Key for SecretDigest {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(SecretDigest::from_bytes)
    }
}

impl Key for Phone {
    fn to_bytes(&self) -> Vec<u8> {
        self.national().to_be_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Phone::from_national(u32::from_be_bytes(bytes.try_into().ok()?))
    }
}

impl Key for (Phone, Purpose) {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.0.to_bytes();
        match self.1 {
            Purpose::PhoneVerification => bytes.push(0),
            Purpose::PersonRequest(id) => {
                bytes.push(1);
                bytes.extend_from_slice(id.as_bytes());
            }
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (phone, purpose) = bytes.split_at_checked(4)?;
        let purpose = match purpose.split_first()? {
            (0, []) => Purpose::PhoneVerification,
            (1, id) => Purpose::PersonRequest(Id::from_bytes(id.try_into().ok()?)),
            (_, _) => return None,
        };
        Some((Phone::from_bytes(phone)?, purpose))
    }
}

impl Key for RateKey {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.limit.as_bytes().to_vec();
        bytes.push(0);
        match self.subject {
            Subject::Node => bytes.push(0),
            Subject::Client(None) => bytes.push(1),
            Subject::Client(Some(id)) => {
                bytes.push(2);
                bytes.extend_from_slice(id.as_bytes());
            }
            Subject::Range(digits) => {
                bytes.push(3);
                bytes.extend_from_slice(&digits.to_be_bytes());
            }
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == 0)?;
        let (limit, subject) = bytes.split_at_checked(end)?;
        let subject = match subject.get(1..)?.split_first()? {
            (0, []) => Subject::Node,
            (1, []) => Subject::Client(None),
            (2, id) => Subject::Client(Some(Id::from_bytes(id.try_into().ok()?))),
            (3, digits) => Subject::Range(u32::from_be_bytes(digits.try_into().ok()?)),
            (_, _) => return None,
        };
        Some(Self { limit: String::from_utf8(limit.to_vec()).ok()?, subject })
    }
}

impl Key for String {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::from_utf8(bytes.to_vec()).ok()
    }
}

impl Key for u64 {
    fn to_bytes(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

impl Key for AtKey {
    fn to_bytes(&self) -> Vec<u8> {
        [&order(self.at)[..], self.id.as_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (at, id) = bytes.split_at_checked(8)?;
        Some(Self { at: time_of(at)?, id: Id::from_bytes(id.try_into().ok()?) })
    }
}

impl Key for QuestionKey {
    fn to_bytes(&self) -> Vec<u8> {
        [self.driver.as_bytes(), &[0], &order(self.at)[..], self.id.as_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == 0)?;
        let (driver, rest) = bytes.split_at_checked(end)?;
        let AtKey { at, id } = AtKey::from_bytes(rest.get(1..)?)?;
        Some(Self { driver: String::from_utf8(driver.to_vec()).ok()?, at, id })
    }
}

impl Key for GatewayKey {
    fn to_bytes(&self) -> Vec<u8> {
        [self.driver.as_bytes(), &[0], self.gateway_id.as_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (driver, gateway_id) = std::str::from_utf8(bytes).ok()?.split_once('\0')?;
        Some(Self { driver: driver.to_owned(), gateway_id: gateway_id.to_owned() })
    }
}

impl Key for DueKey {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = order(self.at).to_vec();
        bytes.push(self.table);
        bytes.extend_from_slice(&self.key);
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (at, rest) = bytes.split_at_checked(8)?;
        let (table, key) = rest.split_first()?;
        Some(Self { at: time_of(at)?, table: *table, key: key.to_vec() })
    }
}

/// Bytes that sort as times do, those before 1970 included.
fn order(at: Timestamp) -> [u8; 8] {
    (at.as_micros() ^ i64::MIN).to_be_bytes()
}

fn time_of(bytes: &[u8]) -> Option<Timestamp> {
    let ordered = i64::from_be_bytes(bytes.try_into().ok()?);
    Some(Timestamp::from_micros(ordered ^ i64::MIN))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_id_and_no_name_stands_for_two_trees() {
        for (i, one) in ALL.iter().enumerate() {
            assert!(!["redo", "meta", "tidying"].contains(&one.name));
            for other in &ALL[i + 1..] {
                assert!(one.id != other.id && one.name != other.name, "{}", one.name);
            }
        }
    }

    proptest! {
        #[test]
        fn keys_come_back_and_sort_by_time(
            a in any::<i64>(), b in any::<i64>(), table in any::<u8>(), key in any::<Vec<u8>>(),
        ) {
            let due = |at| DueKey { at: Timestamp::from_micros(at), table, key: key.clone() };
            prop_assert_eq!(DueKey::from_bytes(&due(a).to_bytes()), Some(due(a)));
            prop_assert_eq!(due(a).to_bytes().cmp(&due(b).to_bytes()), a.cmp(&b));
        }

        #[test]
        fn keys_of_what_is_due_come_back_and_sort_by_time(
            a in any::<i64>(), b in any::<i64>(), id in any::<[u8; 16]>(),
        ) {
            let key = |at| AtKey { at: Timestamp::from_micros(at), id: Id::from_bytes(id) };
            prop_assert_eq!(AtKey::from_bytes(&key(a).to_bytes()), Some(key(a)));
            prop_assert_eq!(key(a).to_bytes().cmp(&key(b).to_bytes()), a.cmp(&b));
        }

        #[test]
        fn questions_come_back_and_sort_by_driver_and_time(
            one in "[a-z]{1,9}", other in "[a-z]{1,9}", a in any::<i64>(), b in any::<i64>(),
            id in any::<[u8; 16]>(),
        ) {
            let key = |driver: &String, at| QuestionKey {
                driver: driver.clone(),
                at: Timestamp::from_micros(at),
                id: Id::from_bytes(id),
            };
            let (a, b) = ((&one, a), (&other, b));
            let [first, second] = [a, b].map(|(driver, at)| key(driver, at).to_bytes());
            prop_assert_eq!(QuestionKey::from_bytes(&first), Some(key(a.0, a.1)));
            prop_assert_eq!(first.cmp(&second), a.cmp(&b));
            let last = QuestionKey::last_of(one.clone()).to_bytes();
            prop_assert!(first <= last && (last < second) == (one < other));
        }

        #[test]
        fn a_gateway_s_key_comes_back(driver in "[a-z]{1,9}", gateway_id in "[ -~]{0,40}") {
            let key = GatewayKey { driver, gateway_id };
            prop_assert_eq!(GatewayKey::from_bytes(&key.to_bytes()), Some(key));
        }

        #[test]
        fn a_budget_s_key_comes_back(digits in 0_u32..100_000, id in any::<[u8; 16]>()) {
            for subject in [
                Subject::Node,
                Subject::Client(None),
                Subject::Client(Some(Id::from_bytes(id))),
                Subject::Range(digits),
            ] {
                let key = RateKey { limit: "sends_per_node".into(), subject };
                prop_assert_eq!(RateKey::from_bytes(&key.to_bytes()), Some(key));
            }
        }

        #[test]
        fn phone_and_purpose_come_back(number in 0_u32..=999_999_999, id in any::<[u8; 16]>()) {
            let phone = Phone::from_national(number).unwrap();
            for purpose in [Purpose::PhoneVerification, Purpose::PersonRequest(Id::from_bytes(id))] {
                prop_assert_eq!(
                    <(Phone, Purpose)>::from_bytes(&(phone, purpose).to_bytes()),
                    Some((phone, purpose))
                );
            }
        }
    }
}
