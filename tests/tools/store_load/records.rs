//! What a write writes.
//!
//! Every caller writes turn after turn, each once the one before is acknowledged. All records of a write carry its
//! number, from which caller and turn follow.
//!
//! | turn | write |
//! |---|---|
//! | 4, 8, 12, … | one record: the caller's `verified_phones` |
//! | 31, 63, 95, … of the first caller | as below, and all `large` records of `clients` |
//! | others | new in `person_requests` and `verifications`; replaced in `live_codes` and `sends`; moved in `users` |

use esoz_otp::domain::limits::{DAY, Limits, Sends};
use esoz_otp::domain::{
    AccessType, AuthenticationMethod, Client, HashedCode, Id, PersonRequest, PersonRequestStatus,
    Phone, Purpose, Timestamp, User, Verification, VerificationRules,
};
use esoz_otp::store::schema::{
    CLIENTS, LIVE_CODES, LiveCode, PERSON_REQUESTS, SENDS, USERS, VERIFICATIONS, VERIFIED_PHONES,
    VerifiedPhone,
};
use esoz_otp::store::{Store, StoreError, Write};

const SINGLE: u64 = 4;
const LARGE: u64 = 32;
const LARGE_NAME_BYTES: usize = 1500;

/// How many callers write, and how many records a large write has.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) callers: u64,
    pub(crate) large: u64,
}

/// One write of one caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) caller: u64,
    pub(crate) turn: u64,
}

impl Shape {
    pub(crate) fn number(self, Turn { caller, turn }: Turn) -> u64 {
        turn * self.callers + caller
    }

    pub(crate) fn turn(self, number: u64) -> Turn {
        Turn { caller: number % self.callers, turn: number / self.callers }
    }

    fn is_large(self, Turn { caller, turn }: Turn) -> bool {
        self.large > 0 && caller == 0 && turn % LARGE == LARGE - 1
    }

    /// The turn of the last large write, 0 for none.
    pub(crate) fn last_large(self, head: u64) -> u64 {
        (1..=head).rev().take(32).find(|&turn| self.is_large(Turn { caller: 0, turn })).unwrap_or(0)
    }
}

impl Turn {
    pub(crate) fn is_single(self) -> bool {
        self.turn.is_multiple_of(SINGLE)
    }

    /// The caller's newest turn, up to this one, that wrote one record.
    pub(crate) fn last_single(self) -> Self {
        Self { turn: self.turn - self.turn % SINGLE, ..self }
    }

    /// The caller's newest turn, up to this one, that wrote several; turn 0 is none.
    pub(crate) fn last_several(self) -> Self {
        Self {
            turn: if self.is_single() { self.turn.saturating_sub(1) } else { self.turn },
            ..self
        }
    }

    pub(crate) fn phone(self) -> Phone {
        Phone::from_national(u32::try_from(self.caller).expect("callers are few"))
            .expect("callers are few")
    }
}

/// Everything that the write of this turn puts and removes.
pub(crate) fn write(write: &mut Write<'_>, shape: Shape, turn: Turn) -> Result<(), StoreError> {
    let number = shape.number(turn);
    if turn.is_single() {
        let verified = VerifiedPhone { verified_at: time(number) };
        return write.put(VERIFIED_PHONES, &turn.phone(), &verified);
    }
    several(write, turn.phone(), number)?;
    let before = Turn { turn: turn.turn - 1, ..turn }.last_several();
    if before.turn > 0 {
        write.remove(USERS, &id(shape.number(before)));
    }
    if shape.is_large(turn) {
        for place in 0..shape.large {
            write.put(CLIENTS, &id(place), &client(place, number))?;
        }
    }
    Ok(())
}

/// One record each in five trees (and the entry for sweeping that one of them brings along).
pub(crate) fn several(write: &mut Write<'_>, phone: Phone, number: u64) -> Result<(), StoreError> {
    write.put(PERSON_REQUESTS, &id(number), &person_request(number, phone))?;
    write.put(VERIFICATIONS, &id(number), &verification(number, phone))?;
    let live = LiveCode { verification_id: id(number), keep_until: time(number) };
    write.put(LIVE_CODES, &(phone, Purpose::PhoneVerification), &live)?;
    let mut sends = Sends::default();
    sends.count(&Limits::default(), time(number));
    write.put(SENDS, &phone, &sends)?;
    let user = User {
        id: id(number),
        person_id: None,
        is_blocked: false,
        block_reason: None,
        inserted_at: None,
        updated_at: None,
    };
    write.put(USERS, &id(number), &user)
}

/// The caller's newest turn that the store knows of.
pub(crate) fn head(store: &Store, shape: Shape, caller: u64) -> Result<u64, StoreError> {
    let phone = Turn { caller, turn: 0 }.phone();
    let single = store.get(VERIFIED_PHONES, &phone)?.map_or(0, |it| number(it.verified_at));
    let several = store.get(SENDS, &phone)?.map_or(0, |log| logged(&log));
    Ok(shape.turn(single.max(several)).turn)
}

/// Ids are spread over the tree, as real ones are.
pub(crate) fn id<T>(number: u64) -> Id<T> {
    const ODD: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;
    Id::from_bytes(u128::from(number).wrapping_mul(ODD).to_be_bytes())
}

pub(crate) fn time(number: u64) -> Timestamp {
    Timestamp::from_micros(i64::try_from(number).expect("numbers are far below that"))
}

pub(crate) fn number(time: Timestamp) -> u64 {
    u64::try_from(time.as_micros()).expect("times here are numbers")
}

pub(crate) fn logged(sends: &Sends) -> u64 {
    number(sends.keep_until() - DAY)
}

/// The number that a record of a large write carries.
pub(crate) fn named(client: &Client) -> Option<u64> {
    client.name.trim_end_matches('.').parse().ok()
}

fn client(place: u64, number: u64) -> Client {
    Client {
        id: id(place),
        name: format!("{number}{}", ".".repeat(LARGE_NAME_BYTES)),
        access_type: AccessType::Direct,
        broker_scope: None,
        is_blocked: false,
        block_reason: None,
        inserted_at: None,
        updated_at: None,
    }
}

fn person_request(number: u64, phone_number: Phone) -> PersonRequest {
    PersonRequest {
        id: id(number),
        client_id: id(0),
        person_id: None,
        status: PersonRequestStatus::New,
        authentication_method: AuthenticationMethod::Otp { phone_number },
        approved_by: None,
        inserted_at: time(number),
        updated_at: time(number),
    }
}

fn verification(number: u64, phone: Phone) -> Verification {
    let rules = VerificationRules { life: std::time::Duration::from_mins(5), attempts: 3 };
    let code = HashedCode { key_id: "one".into(), salt: [7; 16], hash: [9; 32] };
    Verification::issue(id(number), phone, Purpose::PhoneVerification, code, rules, time(number))
}
