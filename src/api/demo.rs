//! The parts that a demo has beside a node.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::domain::SecretDigest;
use crate::entropy::EntropyRecording;
use crate::service::import::{Notices, RevealedSecret};
use crate::sms::DemoGateway;
use crate::store::Store;

/// The parts that a demo has beside a node.
pub struct Demo {
    /// The gateway that takes its messages.
    pub gateway: DemoGateway,
    /// The store with its world.
    pub store: Store,
    /// The text of its world; each reset reads it again.
    pub world: ReadWorld,
    /// The random bytes of the secrets that were made, so that a reset makes the same ones.
    pub secrets: Arc<EntropyRecording>,
    /// The secrets that its console has shown.
    pub shown: Mutex<HashSet<SecretDigest>>,
    /// Shows secrets on its console.
    pub show: ShowSecrets,
    /// The age at which a NEW request of its world counts as EXPIRED.
    pub request_life: Duration,
    /// Prints warnings about a world that was read again.
    pub notices: Option<TellNotices>,
    /// Prints a line for each call.
    pub calls: Option<TakeLine>,
    /// The origins of pages that may call it.
    pub origins: Vec<String>,
}

/// Reads the text of a demo's world, or says why it can't be read.
pub type ReadWorld = Box<dyn Fn() -> Result<String, String> + Send + Sync>;

/// Shows secrets on the demo's console.
pub type ShowSecrets = Box<dyn Fn(&[RevealedSecret]) + Send + Sync>;

/// Prints warnings on the demo's console.
pub type TellNotices = Box<dyn Fn(&Notices) + Send + Sync>;

/// Takes a line without waiting.
pub type TakeLine = Box<dyn Fn(String) + Send + Sync>;

impl Demo {
    /// The secrets among these that were not shown before.
    pub(super) fn not_shown(&self, known: Vec<RevealedSecret>) -> Vec<RevealedSecret> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        known.into_iter().filter(|known| shown.insert(known.secret.digest())).collect()
    }
}
