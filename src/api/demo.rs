//! What a demo has beside a node.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::domain::SecretDigest;
use crate::entropy::Tape;
use crate::service::import::{Notices, RevealedSecret};
use crate::sms::DemoGateway;
use crate::store::Store;

/// What a demo has beside a node.
pub struct Demo {
    /// What takes its messages.
    pub gateway: DemoGateway,
    /// Where its world is.
    pub store: Store,
    /// The text of its world; each reset reads it again.
    pub world: ReadWorld,
    /// The secrets that the file wants made.
    pub secrets: Arc<Tape>,
    /// The secrets that its console has shown.
    pub shown: Mutex<HashSet<SecretDigest>>,
    /// Shows secrets on its console.
    pub show: ShowSecrets,
    /// After how long a request of its world that is NEW counts as EXPIRED.
    pub request_life: Duration,
    /// Tells what of a world that was read again may not be what was meant.
    pub notices: Option<TellNotices>,
    /// Takes a line for each call.
    pub calls: Option<TakeLine>,
    /// Origins whose pages may call it.
    pub origins: Vec<String>,
}

/// Reads the text of a demo's world, or says why it can't be read.
pub type ReadWorld = Box<dyn Fn() -> Result<String, String> + Send + Sync>;

/// Shows secrets to whoever runs a demo.
pub type ShowSecrets = Box<dyn Fn(&[RevealedSecret]) + Send + Sync>;

/// Tells whoever runs a demo what was noticed.
pub type TellNotices = Box<dyn Fn(&Notices) + Send + Sync>;

/// Takes a line, and keeps nobody waiting.
pub type TakeLine = Box<dyn Fn(String) + Send + Sync>;

impl Demo {
    /// Those of these secrets that nobody was shown before.
    pub(super) fn not_shown(&self, known: Vec<RevealedSecret>) -> Vec<RevealedSecret> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        known.into_iter().filter(|known| shown.insert(known.secret.digest())).collect()
    }
}
