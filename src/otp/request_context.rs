use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::domain::audit::RequestId;
use crate::domain::{RequestOrigin, Requester};

/// A requester, its request's id, and whether it still waits for the answer.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// The client, user and address.
    pub requester: Requester,
    /// The id that the requester gave its request.
    pub request_id: Option<RequestId>,
    /// Whether the caller waits.
    pub waiting: Waiting,
}

/// Whether a caller still waits for its answer.
#[derive(Clone, Debug, Default)]
pub struct Waiting(Option<Arc<AtomicU8>>);

/// The caller waits as long as this is kept.
#[derive(Debug)]
pub struct Waiter(Arc<AtomicU8>);

const WAITS: u8 = 0;
const HUNG_UP: u8 = 1;
const ANSWERED: u8 = 2;

impl Waiter {
    /// A caller who waits.
    pub fn start() -> (Self, Waiting) {
        let state = Arc::new(AtomicU8::new(WAITS));
        (Self(Arc::clone(&state)), Waiting(Some(state)))
    }

    /// The caller had to be answered before there was anything to say.
    pub fn answer(self) {
        self.0.store(ANSWERED, Ordering::SeqCst);
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        // One that was answered stays so.
        let _ = self.0.compare_exchange(WAITS, HUNG_UP, Ordering::SeqCst, Ordering::SeqCst);
    }
}

impl Waiting {
    /// Whether the caller waits no more: it has hung up, or has had to be answered.
    pub fn is_over(&self) -> bool {
        self.state() != WAITS
    }

    /// Whether the caller has been answered: it takes it that nothing was done.
    pub fn is_answered(&self) -> bool {
        self.state() == ANSWERED
    }

    fn state(&self) -> u8 {
        self.0.as_ref().map_or(WAITS, |state| state.load(Ordering::SeqCst))
    }
}

impl RequestContext {
    /// The requester and the request's id.
    pub fn origin(&self) -> RequestOrigin {
        RequestOrigin { requester: self.requester, request_id: self.request_id }
    }
}

/// A request without an id, the requester of which waits for ever.
impl From<Requester> for RequestContext {
    fn from(requester: Requester) -> Self {
        Self { requester, request_id: None, waiting: Waiting::default() }
    }
}
