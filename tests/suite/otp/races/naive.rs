//! What codes would be like without their protections: read, think, then write. Everybody waits between the reading
//! and the writing until all have read, so what can go wrong does.

use std::sync::Barrier;

use esoz_otp::config::Argon2Cost;
use esoz_otp::domain::{Code, Phone, Purpose, Requester, Verification, VerificationState};
use esoz_otp::otp::Hasher;
use esoz_otp::store::schema::{LIVE_CODES, LiveCode, VERIFICATIONS};
use esoz_otp::store::{Priority, Record, Store, StoreError, Table};

use super::at_once;
use crate::support::{keyring, quick};

/// A hasher with the keys of every node under test, and a counter of its own.
pub(super) fn hasher() -> Hasher {
    hasher_of(quick().otp.argon2)
}

/// The same at another cost.
pub(super) fn hasher_of(cost: Argon2Cost) -> Hasher {
    Hasher::start(keyring(), cost, 2).unwrap()
}

/// The verification that a code for this phone and purpose is judged by.
pub fn live(store: &Store, phone: Phone, purpose: Purpose) -> Verification {
    let live = store.get(LIVE_CODES, &(phone, purpose)).unwrap().unwrap();
    store.get(VERIFICATIONS, &live.verification_id).unwrap().unwrap()
}

/// Compares without having spent anything.
pub(super) fn is_right(hasher: &Hasher, verification: &Verification, guess: &Code) -> bool {
    let VerificationState::New { code, attempts_left: 1.. } = verification.state.clone() else {
        return false;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime
        .block_on(hasher.compare(
            hasher.reserve(Requester::default()).unwrap(),
            verification.id,
            guess.clone(),
            code,
        ))
        .unwrap()
}

/// Takes the verification for what it was when it was read.
pub(super) fn verify(store: &Store, mut verification: Verification) {
    verification.state = VerificationState::Verified;
    put(store, verification);
}

/// Spends the attempt after the comparison.
pub(super) fn reject(store: &Store, mut verification: Verification) {
    if let VerificationState::New { attempts_left, .. } = &mut verification.state {
        *attempts_left -= 1;
    }
    put(store, verification);
}

/// How many of the callers the limits let through, when the log is read, judged and put back, each on its own.
pub(super) fn let_through<V: Record + Default>(
    store: &Store,
    table: Table<Phone, V>,
    phone: Phone,
    callers: usize,
    pass: impl Fn(&mut V) -> bool + Sync,
) -> usize {
    let all_have_read = Barrier::new(callers);
    let passed = at_once(callers, |_| {
        let mut log = store.get(table, &phone).unwrap().unwrap_or_default();
        all_have_read.wait();
        let passes = pass(&mut log);
        store
            .write_blocking(Priority::Normal, move |write| write.put(table, &phone, &log))
            .unwrap();
        passes
    });
    passed.into_iter().filter(|passes| *passes).count()
}

/// A new code in the place of the one that was read, which every caller thinks to be the last.
pub(super) fn issue(store: &Store, old: &Verification, all_have_read: &Barrier, number: u8) {
    let read = live(store, old.phone_number, old.purpose);
    all_have_read.wait();
    let new = Verification { id: esoz_otp::domain::Id::from_bytes([number; 16]), ..old.clone() };
    let live = LiveCode { verification_id: new.id, keep_until: new.code_expired_at };
    let place = (new.phone_number, new.purpose);
    let canceled = read.cancel(new.inserted_at);
    let done: Result<(), StoreError> = store.write_blocking(Priority::Normal, move |write| {
        if let Some(canceled) = canceled {
            write.put(VERIFICATIONS, &canceled.id, &canceled)?;
        }
        write.put(LIVE_CODES, &place, &live)?;
        write.put(VERIFICATIONS, &new.id, &new)
    });
    done.unwrap();
}

fn put(store: &Store, verification: Verification) {
    let done: Result<(), StoreError> = store.write_blocking(Priority::Normal, move |write| {
        write.put(VERIFICATIONS, &verification.id, &verification)
    });
    done.unwrap();
}
