//! One value of every record, and of every variant that is laid out in its own way.

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use esoz_otp::domain::audit::{
    AdminAction, AdminChange, AuditEvent, AuditRow, AuditTarget, GuessFault, PhoneHash, RecordKind,
    RequestId, SendFault, TokenFault,
};
use esoz_otp::domain::limits::{Budget, Limits, Rate, Sends, SlidingWindow, WrongGuesses};
use esoz_otp::domain::{
    AccessType, AuthenticationFactor, AuthenticationMethod, Client, Connection, FactorType,
    HashedCode, Id, MethodType, Peer, Person, PersonRequest, PersonRequestStatus, PersonStatus,
    Phone, Purpose, Requester, Scopes, Secret, SecretDigest, Timestamp, Token, User, Verification,
    VerificationState,
};
use esoz_otp::store::schema::{
    AuditHead, AuditTimes, Count, Due, DueRecords, KeyCheck, LiveCode, Mark, SealedSecret, Sender,
    VerifiedPhone,
};
use esoz_otp::store::{BadRecord, Record, decode, encode};

use super::deliveries::deliveries;

/// A value of a tree and its stored form.
pub(super) struct Sample {
    pub(super) tree: &'static str,
    variant: &'static str,
    pub(super) encoded: Vec<u8>,
    pub(super) value: Box<dyn Value>,
    /// Its layout is an earlier version's: it is read, and never written again.
    pub(super) is_earlier: bool,
}

/// A record whose type is forgotten.
pub(super) trait Value {
    /// The version in which the record is stored today.
    fn version(&self) -> u8;

    /// Reads the bytes as a record of the same type; whether they are this very value.
    fn is_read_from(&self, bytes: &[u8]) -> Result<bool, BadRecord>;

    /// Reads the bytes as a record of the same type, and stores that again; what comes out is the same record.
    fn stored_again(&self, bytes: &[u8]) -> Result<Vec<u8>, BadRecord>;
}

impl<V: Record + PartialEq> Value for V {
    fn version(&self) -> u8 {
        V::VERSION
    }

    fn is_read_from(&self, bytes: &[u8]) -> Result<bool, BadRecord> {
        decode::<V>(bytes).map(|read| read == *self)
    }

    fn stored_again(&self, bytes: &[u8]) -> Result<Vec<u8>, BadRecord> {
        let value = decode::<V>(bytes)?;
        let again = encode(&value).expect("what has been read can be stored");
        assert!(decode::<V>(&again).unwrap() == value, "stored again, it is another");
        Ok(again)
    }
}

impl Sample {
    /// Its file below `fixtures/records`.
    pub(super) fn path(&self) -> PathBuf {
        let dash = if self.variant.is_empty() { "" } else { "-" };
        format!("v{}/{}{dash}{}.bin", self.encoded[0], self.tree, self.variant).into()
    }
}

pub(super) fn sample<V>(tree: &'static str, variant: &'static str, value: V) -> Sample
where
    V: Record + PartialEq + 'static,
{
    let encoded = encode(&value).unwrap();
    Sample { tree, variant, encoded, value: Box::new(value), is_earlier: false }
}

/// The file of an earlier version, and the value that is read from it today.
pub(super) fn earlier<V>(version: u8, tree: &'static str, variant: &'static str, value: V) -> Sample
where
    V: Record + PartialEq + 'static,
{
    let encoded = vec![version];
    let mut sample = Sample { tree, variant, encoded, value: Box::new(value), is_earlier: true };
    sample.encoded = fs::read(super::folder().join(sample.path())).unwrap();
    sample
}

pub(super) fn samples() -> Vec<Sample> {
    [
        people(),
        tokens_and_keys(),
        person_requests(),
        verifications(),
        phones(),
        deliveries(),
        small(),
        index_entries(),
        audit(),
        earlier_audit(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub(super) fn id<T>(number: u8) -> Id<T> {
    Id::from_bytes([number; 16])
}

pub(super) fn phone() -> Phone {
    Phone::parse("+380958697084").unwrap()
}

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_800_000_000_300_597 + seconds * 1_000_000)
}

fn people() -> Vec<Sample> {
    let vendor = Client {
        id: id(1),
        name: "МІС «Приклад»".into(),
        access_type: AccessType::Broker,
        broker_scope: Some(Scopes::new("otp:read otp:write")),
        is_blocked: false,
        block_reason: None,
        inserted_at: Some(at(0)),
        updated_at: Some(at(60)),
    };
    let clinic = Client {
        id: id(2),
        name: "Клініка".into(),
        access_type: AccessType::Direct,
        broker_scope: None,
        is_blocked: true,
        block_reason: Some("договір закінчився".into()),
        inserted_at: None,
        updated_at: None,
    };
    let without_times = |client: &Client| Client {
        block_reason: None,
        inserted_at: None,
        updated_at: None,
        ..client.clone()
    };
    let patient = User {
        id: id(3),
        person_id: Some(id(4)),
        is_blocked: false,
        block_reason: None,
        inserted_at: Some(at(0)),
        updated_at: Some(at(60)),
    };
    let blocked = User {
        id: id(5),
        person_id: None,
        is_blocked: true,
        block_reason: Some("звільнена".into()),
        ..patient.clone()
    };
    let old = |user: &User| User {
        block_reason: None,
        inserted_at: None,
        updated_at: None,
        ..user.clone()
    };
    let person = Person {
        id: id(4),
        status: PersonStatus::Active,
        authentication_method: MethodType::Otp,
        updated_at: at(0),
    };
    vec![
        earlier(1, "clients", "vendor", without_times(&vendor)),
        earlier(1, "clients", "bare", without_times(&clinic)),
        sample("clients", "vendor", vendor),
        sample("clients", "blocked", clinic),
        sample("clients_by_api_key", "", id::<Client>(1)),
        earlier(1, "users", "patient", old(&patient)),
        earlier(1, "users", "bare", old(&blocked)),
        sample("users", "patient", patient),
        sample("users", "blocked", blocked),
        sample("persons", "", person),
    ]
}

fn tokens_and_keys() -> Vec<Sample> {
    let secret = Secret::new("0123456789abcdef".repeat(4));
    let token = Token {
        id: id(16),
        name: Some("МІС".into()),
        last_four: secret.last_four(),
        user_id: id(3),
        client_id: id(2),
        scope: Scopes::new("otp:read"),
        expires_at: at(3600),
        inserted_at: Some(at(0)),
        revoked_at: None,
    };
    let bare = Token {
        id: Id::from_bytes([0; 16]),
        name: None,
        last_four: None,
        inserted_at: None,
        ..token.clone()
    };
    let revoked = Token { revoked_at: Some(at(60)), ..token.clone() };
    let key = Connection {
        redirect_uri: Some("https://mis.example/oauth".into()),
        consumer_id: Some(id(2)),
        ..Connection::new(id(17), id(1), secret.digest(), secret.last_four(), at(0))
    };
    let bare_key = Connection {
        inserted_at: None,
        updated_at: None,
        ..Connection::new(id(1), id(1), SecretDigest::of(b"an api-key"), None, at(0))
    };
    let rotated = key.clone().rotated(SecretDigest::of(b"another"), None, at(3600), at(60));
    vec![
        earlier(1, "tokens", "", bare),
        sample("tokens", "", token),
        sample("tokens", "revoked", revoked),
        sample("tokens_by_id", "", SecretDigest::of(b"a token")),
        sample("factors_by_id", "", id::<User>(10)),
        sample("connections", "", key),
        sample("connections", "bare", bare_key),
        sample("connections", "rotated", rotated),
        sample("connections_by_secret", "", id::<Connection>(17)),
    ]
}

fn person_requests() -> Vec<Sample> {
    let request = |authentication_method| PersonRequest {
        id: id(6),
        client_id: id(2),
        person_id: None,
        status: PersonRequestStatus::New,
        authentication_method,
        approved_by: None,
        inserted_at: at(0),
        updated_at: at(0),
    };
    let third = |phone_number| AuthenticationMethod::ThirdPerson { person_id: id(4), phone_number };
    let approved = PersonRequest {
        person_id: Some(id(4)),
        status: PersonRequestStatus::Approved,
        approved_by: Some(id(7)),
        updated_at: at(60),
        ..request(AuthenticationMethod::Otp { phone_number: phone() })
    };
    [
        ("otp", request(AuthenticationMethod::Otp { phone_number: phone() })),
        ("third_person", request(third(Some(phone())))),
        ("third_person_without_phone", request(third(None))),
        ("offline", request(AuthenticationMethod::Offline)),
        ("na", request(AuthenticationMethod::Na)),
        ("approved", approved),
    ]
    .map(|(variant, value)| sample("person_requests", variant, value))
    .into()
}

fn verifications() -> Vec<Sample> {
    let verification = |purpose, state| Verification {
        id: id(7),
        phone_number: phone(),
        purpose,
        inserted_at: at(0),
        code_expired_at: at(300),
        updated_at: at(30),
        state,
    };
    let code = HashedCode { key_id: "key-1".into(), salt: [8; 16], hash: [9; 32] };
    let new = VerificationState::New { code, attempts_left: 3 };
    let phone = Purpose::PhoneVerification;
    [
        ("new", verification(phone, new.clone())),
        ("new_for_person_request", verification(Purpose::PersonRequest(id(6)), new)),
        ("verified", verification(phone, VerificationState::Verified)),
        ("unverified", verification(phone, VerificationState::Unverified)),
        ("canceled", verification(phone, VerificationState::Canceled)),
    ]
    .map(|(variant, value)| sample("verifications", variant, value))
    .into()
}

fn phones() -> Vec<Sample> {
    let factor = AuthenticationFactor {
        id: id(10),
        user_id: id(3),
        factor_type: FactorType::Sms,
        factor: Some(phone()),
        is_active: true,
        inserted_at: at(0),
        updated_at: at(60),
    };
    let reset = AuthenticationFactor { factor: None, is_active: false, ..factor.clone() };
    vec![
        sample("factors", "", factor),
        sample("factors", "reset", reset),
        sample("live_codes", "", LiveCode { verification_id: id(7), keep_until: at(2_592_000) }),
        sample("verified_phones", "", VerifiedPhone { verified_at: at(60) }),
        earlier(1, "sends", "", Sends::from(filled_log())),
        earlier(1, "sends", "empty", Sends::default()),
        sample("sends", "", filled_sends()),
        sample("sends", "empty", Sends::default()),
        sample("stray_guesses", "", filled_log()),
        sample("senders", "", Sender { client_id: Some(id(2)), sent_at: at(60) }),
        sample("senders", "tokenless", Sender { client_id: None, sent_at: at(60) }),
        sample("guesses", "", filled_guesses()),
        sample("guesses", "empty", WrongGuesses::default()),
        earlier(1, "rates", "", old_rate()),
        earlier(1, "rates", "empty", Rate::default()),
        sample("rates", "", spent_rate()),
        sample("rates", "empty", Rate::default()),
    ]
}

/// Two moments counted, the second after a right code.
fn filled_log() -> SlidingWindow {
    let rows = Limits::default().sends;
    let mut log = SlidingWindow::default();
    log.count(&rows, at(0));
    log.restart();
    log.count(&rows, at(60));
    log
}

/// Two sends counted, the first given back.
fn filled_sends() -> Sends {
    let limits = Limits::default();
    let mut sends = Sends::default();
    for second in [0, 60] {
        sends.count(&limits, at(second));
    }
    assert!(sends.give_back(at(0)));
    sends
}

/// Two wrong ones.
fn filled_guesses() -> WrongGuesses {
    let limits = Limits::default();
    let mut guesses = WrongGuesses::default();
    for second in [0, 60] {
        guesses.spend(&limits, Purpose::PhoneVerification, at(second)).unwrap();
    }
    guesses
}

/// Two of two are spent.
fn spent_rate() -> Rate {
    let budget = Budget { burst: 2, period: Duration::from_mins(1), low_water: 2 };
    let mut rate = Rate::default();
    rate.spend(budget, at(0));
    rate.spend(budget, at(0));
    rate
}

/// The same when nothing said when it was last spent from.
fn old_rate() -> Rate {
    Rate::of_old(spent_rate().keep_until(), true)
}

fn small() -> Vec<Sample> {
    vec![
        sample("key_checks", "", KeyCheck { value: [11; 16], retired_at: None }),
        sample("key_checks", "retired", KeyCheck { value: [11; 16], retired_at: Some(at(3)) }),
        sample("due", "", DueRecords { others: vec![(9, vec![1, 2, 3]), (19, vec![4; 16])] }),
        earlier(1, "due", "", DueRecords::default()),
        sample("marks", "", Mark { number: 300 }),
        sample("audit_heads", "", AuditHead { number: 300, hash: [13; 32], kept_from: 7 }),
        sample("audit_times", "", AuditTimes { last: 300, earliest: at(3), latest: at(4) }),
        sample("sealed_secrets", "", sealed_secret()),
        sample("person_request_counts", "", Count { number: 300 }),
        sample("record_counts", "", Count { number: 300 }),
    ]
}

/// The entries of indexes are all key.
fn index_entries() -> Vec<Sample> {
    let indexes = [
        "person_requests_by_client",
        "person_requests_by_status",
        "verifications_by_phone",
        "deliveries_by_status",
        "deliveries_by_driver",
        "deliveries_by_request",
        "deliveries_by_time",
        "tokens_by_user",
        "tokens_by_client",
        "connections_by_client",
    ];
    indexes.map(|index| sample(index, "", Due {})).into()
}

fn sealed_secret() -> SealedSecret {
    SealedSecret { key_id: "key-1".into(), nonce: [14; 12], sealed: vec![15; 48] }
}

/// Every event in its place, the last about everything that a row can be about.
fn audit() -> Vec<Sample> {
    let changes = [
        ("admin_changed", AdminAction::Changed, AuditTarget::Client(id(1))),
        ("admin_created", AdminAction::Created, AuditTarget::Connection(id(17))),
        ("admin_tested", AdminAction::Tested, AuditTarget::Driver("turbosms".into())),
        ("admin_phone", AdminAction::Reset, AuditTarget::Phone(phone().into())),
    ];
    let changes = changes.map(|(variant, action, target)| {
        let change = AdminChange::new(action, target)
            .field("name", &"one".to_owned(), &"another".to_owned())
            .field("is_blocked", &false, &true);
        (
            variant,
            AuditRow::new(at(60), AuditEvent::AdminChanged(Box::new(change)), Requester::default()),
        )
    });
    let rows = audit_rows().into_iter().chain(later_rows()).chain(changes);
    rows.map(|(variant, value)| sample("audit", variant, value)).collect()
}

/// The rows that version 2 has more than version 1.
fn later_rows() -> [(&'static str, AuditRow); 6] {
    let [(_, whole), ..] = audit_rows();
    let whole = whole.findable_by(Some(PhoneHash::from_bytes([12; 16])));
    let request_id = RequestId::of("6617aeec-15e2-4d6f-b9bd-53559c358f97#17810");
    let whole = AuditRow { request_id, ..whole };
    let without_code =
        AuditRow::new(at(60), AuditEvent::RequestApprovedWithoutCode, Requester::default());
    let without_code = without_code.about_request(id(6));
    let row = |event| AuditRow { times: 64, ..AuditRow::new(at(60), event, Requester::default()) };
    let over_socket = Requester { peer: Some(Peer::Uid(1000)), ..Requester::default() };
    [
        ("whole", whole),
        ("request_approved_without_code", without_code),
        ("records_added", row(AuditEvent::RecordsAdded(RecordKind::PersonRequest))),
        ("records_changed", row(AuditEvent::RecordsChanged(RecordKind::Client))),
        ("driver_tested", row(AuditEvent::DriverTested)),
        ("socket_refused", AuditRow::new(at(60), AuditEvent::SocketRefused, over_socket)),
    ]
}

/// The same before a row had a hash of the number and the request's id.
fn earlier_audit() -> Vec<Sample> {
    audit_rows().map(|(variant, value)| earlier(1, "audit", variant, value)).into()
}

fn audit_rows() -> [(&'static str, AuditRow); 21] {
    let by = |peer: &str| Requester {
        client_id: Some(id(2)),
        user_id: Some(id(3)),
        peer: Some(peer.parse::<IpAddr>().unwrap().into()),
    };
    let row = |event| AuditRow::new(at(60), event, Requester::default());
    let verification = Verification {
        id: id(7),
        phone_number: phone(),
        purpose: Purpose::PersonRequest(id(6)),
        inserted_at: at(0),
        code_expired_at: at(300),
        updated_at: at(30),
        state: VerificationState::Verified,
    };
    let issued = AuditRow::new(at(0), AuditEvent::CodeIssued, by("203.0.113.9"));
    let wrong = AuditRow::new(at(30), AuditEvent::CodeWrong, by("2001:db8::9"));
    let guess = AuditEvent::GuessRefused;
    let token = AuditEvent::TokenRefused;
    let limit = || "a_limit".into();
    [
        (
            "code_issued",
            issued.about_phone(verification.phone_number, verification.purpose).of(verification.id),
        ),
        ("code_wrong", wrong.about_phone(phone(), Purpose::PhoneVerification)),
        ("send_refused_prefix", row(AuditEvent::SendRefused(SendFault::RefusedPrefix))),
        ("send_refused_limit", row(AuditEvent::SendRefused(SendFault::Limited(limit())))),
        ("guess_refused_no_code", row(guess(GuessFault::NoCode))),
        ("guess_refused_expired", row(guess(GuessFault::Expired))),
        ("guess_refused_attempts_exhausted", row(guess(GuessFault::AttemptsExhausted))),
        ("guess_refused_already_used", row(guess(GuessFault::AlreadyUsed))),
        ("guess_refused_superseded", row(guess(GuessFault::Superseded))),
        ("guess_refused_limit", row(guess(GuessFault::Limited(limit())))),
        ("phone_verified", row(AuditEvent::PhoneVerified)),
        ("request_approved", row(AuditEvent::RequestApproved)),
        ("token_refused_unknown", row(token(TokenFault::Unknown))),
        ("token_refused_expired", row(token(TokenFault::Expired))),
        ("token_refused_client_blocked", row(token(TokenFault::ClientBlocked))),
        ("token_refused_user_unknown", row(token(TokenFault::UserUnknown))),
        ("token_refused_user_blocked", row(token(TokenFault::UserBlocked))),
        ("token_refused_api_key_missing", row(token(TokenFault::ApiKeyMissing))),
        ("token_refused_scope_missing", row(token(TokenFault::ScopeMissing))),
        ("api_key_refused", row(AuditEvent::ApiKeyRefused)),
        ("not_recorded", AuditRow { times: u32::MAX, ..row(AuditEvent::NotRecorded) }),
    ]
}
