use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::domain::audit::RequestId;
use crate::domain::{RequestOrigin, Requester};

/// The origin of a call, and whether its caller still waits for the answer.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// Client, user and IP address.
    pub requester: Requester,
    /// The `X-Request-ID` as it is stored.
    pub request_id: Option<RequestId>,
    /// Whether the caller still waits.
    pub waiting: CallerStatus,
}

/// Whether a caller still waits for the answer. Clones share the state. The default waits for ever.
#[derive(Clone, Debug, Default)]
pub struct CallerStatus(Option<Arc<AtomicU8>>);

/// Keeps a caller's [`CallerStatus`] at "waits". Dropping it means that the caller has hung up.
#[derive(Debug)]
pub struct CallerGuard(Arc<AtomicU8>);

const WAITS: u8 = 0;
const HUNG_UP: u8 = 1;
const ANSWERED: u8 = 2;

impl CallerGuard {
    /// A caller who waits.
    pub fn start() -> (Self, CallerStatus) {
        let state = Arc::new(AtomicU8::new(WAITS));
        (Self(Arc::clone(&state)), CallerStatus(Some(state)))
    }

    /// The caller was answered before the operation ended, because its deadline was over.
    pub fn answer(self) {
        self.0.store(ANSWERED, Ordering::SeqCst);
    }
}

impl Drop for CallerGuard {
    fn drop(&mut self) {
        // `ANSWERED` stays.
        let _ = self.0.compare_exchange(WAITS, HUNG_UP, Ordering::SeqCst, Ordering::SeqCst);
    }
}

impl CallerStatus {
    /// Whether the caller no longer waits: it has hung up, or was answered.
    pub fn is_over(&self) -> bool {
        self.state() != WAITS
    }

    /// Whether the caller was answered with a failure. It will try again, so the operation must not succeed after all.
    pub fn is_answered(&self) -> bool {
        self.state() == ANSWERED
    }

    fn state(&self) -> u8 {
        self.0.as_ref().map_or(WAITS, |state| state.load(Ordering::SeqCst))
    }
}

impl RequestContext {
    /// The requester and the request id, without the status.
    pub fn origin(&self) -> RequestOrigin {
        RequestOrigin { requester: self.requester, request_id: self.request_id }
    }
}

/// The context of a call without a request id. Its caller waits for ever.
impl From<Requester> for RequestContext {
    fn from(requester: Requester) -> Self {
        Self { requester, request_id: None, waiting: CallerStatus::default() }
    }
}
