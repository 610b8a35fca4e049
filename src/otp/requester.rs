use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::domain::audit::RequestId;
use crate::domain::{By, RequestBy};

/// Who asks for something, and whether the answer is still waited for.
#[derive(Clone, Debug)]
pub struct Requester {
    /// Who that is.
    pub by: By,
    /// What they call the request.
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
    /// Whether nobody waits any more: the caller has hung up, or has had to be answered.
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

impl Requester {
    /// Who that is, and what they call the request.
    pub fn named(&self) -> RequestBy {
        RequestBy { by: self.by, request_id: self.request_id }
    }
}

/// It waits for ever.
impl From<By> for Requester {
    fn from(by: By) -> Self {
        Self { by, request_id: None, waiting: Waiting::default() }
    }
}
