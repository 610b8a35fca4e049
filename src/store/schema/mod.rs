//! Everything that is kept: each tree here, with its `keys`, its `records` and the `values` of the domain that are some.
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
//! | 12 | `guesses` | phone | wrong [`WrongGuesses`] | a day after the last one, if a right one came since; a year and a day, if they are fewer than any lock needs |
//! | 13 | `key_checks` | key id | [`KeyCheck`] | |
//! | 14 | `due` | time, tree, key | [`Due`]: look at that record then | when looked at |
//! | 15 | `marks` | `last`, `swept` | [`Mark`]: how far the database and its sweeping have come | |
//! | 16 | `rates` | limit, subject | [`Rate`]: what a budget owes | when it owes nothing |
//! | 17 | `audit` | running number | [`AuditRow`] | when it and the one behind it are in a file of the log |
//! | 18 | `stray_guesses` | phone | [`SlidingWindow`] of guesses at codes that were never sent | a day after the last one |
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
//! [`Record::upgrade`](super::Record::upgrade), keeps the old examples in `fixtures/records` and adds examples of the new layout.

mod keys;
mod records;
mod values;

pub(super) use keys::DueKey;
pub use keys::{AtKey, GatewayKey, QuestionKey, RateKey};
pub use records::{
    AuditHead, Due, GatewayId, KEEP_VERIFIED_PHONES, KeyCheck, LiveCode, Mark, SealedMessage,
    SealedSecret, Sender, VerifiedPhone,
};
pub use values::KEEP_VERIFICATIONS;

use super::table::{Table, TableId, TableInfo};
use crate::domain::audit::AuditRow;
use crate::domain::limits::{Rate, Sends, SlidingWindow, WrongGuesses};
use crate::domain::{
    AuthenticationFactor, Client, ClientId, Delivery, Person, PersonId, PersonRequest,
    PersonRequestId, Phone, Purpose, SecretDigest, Token, User, UserId, Verification,
    VerificationId,
};

/// Version of the whole: raised when a program that knows only the old one would do harm. The module `migrate` has a step
/// from every version to the next.
pub const DATA_VERSION: u32 = 2;

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
pub const GUESSES: Table<Phone, WrongGuesses> = Table::new(12, "guesses");
/// See the table at the head of this file.
pub const KEY_CHECKS: Table<String, KeyCheck> = Table::new(13, "key_checks");
/// See the table at the head of this file.
pub(super) const DUE: Table<DueKey, Due> = Table::new(14, "due");

/// See the table at the head of this file.
pub(super) const MARKS: Table<String, Mark> = Table::new(15, "marks");

/// See the table at the head of this file.
pub const RATES: Table<RateKey, Rate> = Table::new(16, "rates");
/// See the table at the head of this file.
pub const STRAY_GUESSES: Table<Phone, SlidingWindow> = Table::new(18, "stray_guesses");
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

#[cfg(test)]
mod tests {
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
}
