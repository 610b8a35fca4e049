//! One-time codes: made, sent, compared.
//!
//! [`Otp::initialize`] sends a code and [`Otp::complete`] takes one back. Each is two writes with argon2 between them,
//! outside the writer thread, and each asks its caller's *gate* inside the write what it is about, so that nothing is
//! granted on a state that has changed meanwhile.

mod complete;
mod hasher;
mod initialize;
mod keyring;
mod limits;
mod rows;

use std::sync::Arc;

pub use hasher::{HashPlace, Hasher};
pub use keyring::{Keyring, KeyringError};

use crate::audit::Recorder;
use crate::config::{OtpConfig, SmsConfig};
use crate::domain::limits::Limits;
use crate::domain::{CodeFormat, Phone, Purpose, Refusal, Timestamp};
use crate::entropy::{Entropy, NoEntropy};
use crate::sms::Outbox;
use crate::store::schema::RATES;
use crate::store::{Store, StoreError};

/// The code service.
pub struct Otp {
    /// Where verifications and limits are kept.
    pub store: Store,
    /// Where argon2 runs.
    pub hasher: Hasher,
    /// Where codes come from.
    pub entropy: Arc<dyn Entropy>,
    /// Where messages go.
    pub outbox: Outbox,
    /// What codes are like.
    pub config: OtpConfig,
    /// How often.
    pub limits: Arc<Limits>,
    /// What the message says.
    pub sms: SmsConfig,
    /// Who was refused what.
    pub audit: Arc<Recorder>,
}

/// Which phone gets a code, and what it is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where the code goes, or went.
    pub phone: Phone,
    /// What it is good for.
    pub purpose: Purpose,
}

impl Otp {
    /// To be called before the first code is sent.
    pub fn settle(&self, now: Timestamp) -> Result<(), StoreError> {
        let kept = self.store.page(RATES, None, usize::MAX)?;
        let limits = Arc::clone(&self.limits);
        self.store.write_blocking(move |write| limits::settle(write, &kept, &limits, now))
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
