use std::sync::{Arc, Weak};

use crate::domain::audit::RequestId;
use crate::domain::{By, RequestBy};

/// Who asks for something, and whether the answer is still waited for.
#[derive(Clone, Debug)]
pub struct Requester {
    /// Who that is.
    pub by: By,
    /// What they call the request.
    pub request_id: Option<RequestId>,
    /// Whether somebody waits.
    pub waiting: Waiting,
}

/// Whether a caller still waits for its answer: one that has hung up, or has had to be answered, does not.
#[derive(Clone, Debug, Default)]
pub struct Waiting(Option<Weak<()>>);

/// The caller waits as long as this is kept.
#[derive(Debug)]
pub struct Waiter(Arc<()>);

impl Waiter {
    /// A caller who waits.
    pub fn start() -> (Self, Waiting) {
        let waiter = Self(Arc::new(()));
        let waiting = Waiting(Some(Arc::downgrade(&waiter.0)));
        (waiter, waiting)
    }
}

impl Waiting {
    /// Whether nobody waits any more.
    pub fn is_over(&self) -> bool {
        self.0.as_ref().is_some_and(|waiter| waiter.strong_count() == 0)
    }
}

/// It waits for ever.
impl Requester {
    /// Who that is, and what they call the request.
    pub fn named(&self) -> RequestBy {
        RequestBy { by: self.by, request_id: self.request_id }
    }
}

impl From<By> for Requester {
    fn from(by: By) -> Self {
        Self { by, request_id: None, waiting: Waiting::default() }
    }
}
