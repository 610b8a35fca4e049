//! The store keeps what it has acknowledged: after a kill, after a power cut, on a full disk.
//!
//! `ESOZ_OTP_LONG=1` runs ten times as many rounds.

mod behaviour;
mod cache;
pub mod child;
mod counting;
mod crash_images;
mod damage_after_a_crash;
mod disk_full;
mod earlier;
mod group;
mod growth;
pub mod image;
mod kill;
mod mixed;
mod opening;
mod renewal;
mod sweep;

use std::hash::{BuildHasher, Hasher};
use std::path::Path;

use esoz_otp::config::StoreConfig;
use esoz_otp::domain::{Phone, Timestamp};
use esoz_otp::store::schema::VerifiedPhone;
use esoz_otp::store::{OpenError, Priority, Store, StoreError};

/// Whether the long run was asked for.
pub fn is_long() -> bool {
    std::env::var_os("ESOZ_OTP_LONG").is_some_and(|value| value == "1")
}

fn open(path: &Path) -> Result<Store, OpenError> {
    Store::open(path, StoreConfig { cache_mib: 8, ..StoreConfig::default() })
}

fn phone(number: u32) -> Phone {
    Phone::from_national(number).unwrap()
}

fn time(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn verified(micros: i64) -> VerifiedPhone {
    VerifiedPhone { verified_at: time(micros) }
}

/// A write in the words of the tests.
fn write<T: Send + 'static>(
    store: &Store,
    decide: impl FnOnce(&mut esoz_otp::store::Write<'_>) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    store.write_blocking(Priority::Normal, decide)
}

/// Random moments from a seed that a failing test prints (xorshift64*).
pub struct Chance {
    seed: u64,
    state: u64,
}

impl Chance {
    /// From `ESOZ_OTP_SEED`, or another each time.
    pub fn new() -> Self {
        let given = std::env::var("ESOZ_OTP_SEED").ok().and_then(|seed| seed.parse().ok());
        let random = || std::hash::RandomState::new().build_hasher().finish();
        Self::of(given.unwrap_or_else(random))
    }

    /// Always the same.
    pub fn of(seed: u64) -> Self {
        let seed = seed.max(1);
        Self { seed, state: seed }
    }

    /// What it began with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    pub fn one_of<'a, T>(&mut self, these: &'a [T]) -> &'a T {
        &these[usize::try_from(self.below(these.len() as u64)).unwrap()]
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) % bound
    }
}
