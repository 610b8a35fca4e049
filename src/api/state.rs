//! The state that all handlers share, and the parts that only `demo` adds to it.

use std::collections::HashSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use hyper::body::Bytes;

use super::dialect::Dialect;
use crate::clock::Clock;
use crate::config::ShownSetting;
use crate::domain::{Scope, SecretDigest, Timestamp};
use crate::entropy::EntropyRecording;
use crate::http::StreamLimiter;
use crate::service::Service;
use crate::service::import::{Notices, RevealedSecret};
use crate::sms::DemoGateway;
use crate::store::Store;

/// The state that all handlers share.
pub struct ApiState {
    pub(super) service: Service,
    pub(super) dialect: &'static Dialect,
    /// `None` on a node that is no demo.
    pub(super) demo: Option<Demo>,
    /// Method, path and scope of each row.
    pub(super) methods: Vec<(&'static str, &'static str, Option<Scope>)>,
    /// The scopes that the rows of the route table require. A world with other scopes gets a warning.
    pub(super) scopes: Vec<Scope>,
    /// The streams of all listeners.
    pub(super) streams: StreamLimiter,
    /// The time, for handlers that last: any other has `Call::now`.
    pub(super) clock: Arc<dyn Clock>,
    /// When the node was started, by its clock.
    pub(super) started_at: Timestamp,
    /// The settings of the node with their sources, if its command has set them.
    pub(super) settings: OnceLock<Vec<ShownSetting>>,
    /// Whether the node stops, and so cuts its streams.
    pub(super) is_stopping: AtomicBool,
    /// The answer of `GET /openapi.json`, made when it is first asked for.
    pub(super) openapi: LazyLock<Bytes, DescribeMethods>,
}

/// The parts of `demo` beside those of a node.
pub struct Demo {
    /// The gateway that keeps the demo's messages in memory.
    pub gateway: DemoGateway,
    /// The store with the demo's world, which a reset replaces.
    pub store: Store,
    /// Reads the file of the world. `POST /demo/reset` calls it again.
    pub world: ReadWorld,
    /// The random bytes of the secrets that were made at the start. A reset replays them and makes the same secrets.
    pub secrets: Arc<EntropyRecording>,
    /// The digests of the secrets that the console has shown. Each is shown once.
    pub shown: Mutex<HashSet<SecretDigest>>,
    /// The names of the tokens and api-keys in the world, without the secrets.
    pub secret_names: Mutex<Vec<String>>,
    /// Shows secrets on the console.
    pub show: ShowSecrets,
    /// The age at which a NEW person request of the world counts as EXPIRED.
    pub request_life: Duration,
    /// Prints the warnings about a world that a reset has read. `None` for the built-in world, which has none.
    pub notices: Option<TellNotices>,
    /// Prints a line for each request; `None` for no lines.
    pub calls: Option<TakeLine>,
    /// The origins of web pages that may call the demo.
    pub origins: Vec<String>,
}

/// Makes the description of the methods.
pub(super) type DescribeMethods = Box<dyn FnOnce() -> Bytes + Send>;

/// Reads the text of the demo's world, or returns the reason why the file can't be read.
pub type ReadWorld = Box<dyn Fn() -> Result<String, String> + Send + Sync>;

/// Shows secrets on the demo's console. It may wait for the terminal.
pub type ShowSecrets = Box<dyn Fn(&[RevealedSecret]) + Send + Sync>;

/// Prints warnings on the demo's console. It may wait for the terminal.
pub type TellNotices = Box<dyn Fn(&Notices) + Send + Sync>;

/// Queues a line for the demo's console, without waiting for the terminal.
pub type TakeLine = Box<dyn Fn(String) + Send + Sync>;

/// The names of these secrets.
pub fn secret_names(known: &[RevealedSecret]) -> Vec<String> {
    known.iter().map(|known| known.owner.clone()).collect()
}

impl Demo {
    /// Takes the names of the secrets in a world that was read again.
    pub(super) fn rename_secrets(&self, known: &[RevealedSecret]) {
        *self.secret_names.lock().unwrap_or_else(PoisonError::into_inner) = secret_names(known);
    }

    /// The names of the tokens and api-keys in the world.
    pub(super) fn names_of_secrets(&self) -> Vec<String> {
        self.secret_names.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The secrets among `known` that the console has not shown yet. They count as shown from now on.
    pub(super) fn not_shown(&self, known: Vec<RevealedSecret>) -> Vec<RevealedSecret> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        known.into_iter().filter(|known| shown.insert(known.secret.digest())).collect()
    }
}
