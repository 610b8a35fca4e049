#![doc = include_str!("README.md")]
//!
//! ## In the source
//!
//! [`Otp::initialize`] sends a code: in one write if a ready code is in the [`CodePool`], otherwise in two.
//! [`Otp::complete`] compares a guess, in two writes. Between two writes argon2 runs in the [`Hasher`]'s threads, never
//! in the writer thread. Each write calls `resolve_target`, which the service passes: it returns the phone and purpose,
//! or refuses. So no write acts on a state that has changed since the one before.
//!
//! - `initialize`, `complete`: the two operations;
//! - `guess_check`, `pending`: what a guess costs, and guesses that are being compared;
//! - `limits`, `senders`, `sources`: the limits within a write, and where wrong guesses come from;
//! - `hasher`, `hash_pool`, `hash_permits`: argon2 and the fair use of it;
//! - `code_pool`: codes that are hashed before they are needed;
//! - `context`, `request_context`: what a call carries.

mod code_pool;
mod complete;
mod context;
mod guess_check;
mod hash_permits;
mod hash_pool;
mod hasher;
mod initialize;
mod limits;
mod pending;
mod request_context;
mod senders;
mod sources;

use std::sync::Arc;

pub use code_pool::{CodePool, PoolFiller};
pub use context::Target;
pub use hash_permits::HashPermit;
pub use hasher::Hasher;
pub use pending::PendingGuesses;
pub use request_context::{CallerGuard, CallerStatus, RequestContext};
pub use sources::GuessSources;

use crate::audit::Recorder;
use crate::config::OtpConfig;
use crate::domain::limits::Limits;
use crate::domain::{CodeFormat, Refusal, Timestamp};
use crate::entropy::{Entropy, NoEntropy};
use crate::sms::Outbox;
use crate::store::schema::RATES;
use crate::store::{Priority, Store, StoreError, Write};

/// The code service: sends codes and compares guesses.
pub struct Otp {
    /// Verifications and limits.
    pub store: Store,
    /// Runs argon2.
    pub hasher: Hasher,
    /// Codes that are hashed already.
    pub ready: Arc<CodePool>,
    /// The source of codes, salts and ids.
    pub entropy: Arc<dyn Entropy>,
    /// The queue of messages to send.
    pub outbox: Outbox,
    /// The section `[otp]` of the settings.
    pub config: Arc<OtpConfig>,
    /// The limits of sends and guesses.
    pub limits: Arc<Limits>,
    /// Guesses that are being compared.
    pub pending: Arc<PendingGuesses>,
    /// Notes refusals for the audit.
    pub audit: Arc<Recorder>,
    /// The sources of the latest wrong guesses, for the alarm.
    pub wrong_guesses: Arc<GuessSources>,
}

impl Otp {
    /// Sets times in the stored limits that are after `now` to `now`, since the clock may have been set back. The node
    /// calls this before the first code is sent.
    pub fn clamp_limits(&self, now: Timestamp) -> Result<(), StoreError> {
        let kept = self.store.page(RATES, None, usize::MAX)?;
        let limits = Arc::clone(&self.limits);
        let clamp = move |write: &mut Write<'_>| limits::clamp_to_now(write, &kept, &limits, now);
        if self.store.write_blocking(Priority::MayUseReserve, clamp)? {
            limits::log_alarm_goes_on(&self.limits);
        }
        Ok(())
    }

    /// The number of digits of codes, and how a guess is parsed.
    pub fn format(&self) -> CodeFormat {
        self.config.format
    }
}

impl From<NoEntropy> for Refusal {
    fn from(error: NoEntropy) -> Self {
        tracing::error!(%error, "no code, salt or id can be drawn");
        Self::Busy
    }
}
