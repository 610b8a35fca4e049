#![doc = include_str!("README.md")]
//!
//! ## In the source
//!
//! [`Otp::initialize`] sends a code: in one write, as long as there are codes made ahead of need. [`Otp::complete`]
//! takes one back: in two writes with argon2 between them, outside the writer thread, and so is a code sent when none is
//! ready. Each write calls `resolve_target` of its caller, which says for which phone and purpose a code is, or refuses.
//! So nothing is granted on a state that has changed meanwhile.

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
mod rows;
mod senders;
mod sources;

use std::sync::Arc;

pub use code_pool::{CodePool, PoolFiller};
pub use context::Target;
pub use hash_permits::HashPermit;
pub use hasher::Hasher;
pub use pending::PendingGuesses;
pub use request_context::{RequestContext, Waiter, Waiting};
pub use sources::GuessSources;

use crate::audit::Recorder;
use crate::config::OtpConfig;
use crate::domain::limits::Limits;
use crate::domain::{CodeFormat, Refusal, Timestamp};
use crate::entropy::{Entropy, NoEntropy};
use crate::sms::Outbox;
use crate::store::schema::RATES;
use crate::store::{Priority, Store, StoreError, Write};

/// The code service.
pub struct Otp {
    /// Where verifications and limits are kept.
    pub store: Store,
    /// Where argon2 runs.
    pub hasher: Hasher,
    /// Codes that are hashed already.
    pub ready: Arc<CodePool>,
    /// Where the others come from.
    pub entropy: Arc<dyn Entropy>,
    /// Where messages go.
    pub outbox: Outbox,
    /// What codes are like.
    pub config: Arc<OtpConfig>,
    /// How often.
    pub limits: Arc<Limits>,
    /// Guesses that are being compared.
    pub pending: Arc<PendingGuesses>,
    /// Who was refused what.
    pub audit: Arc<Recorder>,
    /// Where wrong guesses come from.
    pub wrong_guesses: GuessSources,
}

impl Otp {
    /// Puts counts that a clock made ahead of `now` to `now`. The node calls it before the first code is sent.
    pub fn clamp_limits(&self, now: Timestamp) -> Result<(), StoreError> {
        let kept = self.store.page(RATES, None, usize::MAX)?;
        let limits = Arc::clone(&self.limits);
        let clamp = move |write: &mut Write<'_>| limits::clamp_to_now(write, &kept, &limits, now);
        if self.store.write_blocking(Priority::MayUseReserve, clamp)? {
            limits::tell_alarm_goes_on(&self.limits);
        }
        Ok(())
    }

    /// How codes are written.
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
