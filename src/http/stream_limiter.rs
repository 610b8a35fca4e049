use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Limits the streams that a node has at once. A caller beyond the limit is refused at once and does not wait.
#[derive(Clone, Debug)]
pub struct StreamLimiter(Arc<Semaphore>);

/// The right to one stream, until it is dropped.
#[derive(Debug)]
pub struct StreamPermit(
    #[expect(dead_code, reason = "dropping it is its use")] OwnedSemaphorePermit,
);

impl StreamLimiter {
    /// A limiter for `most` streams at once.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most)))
    }

    /// A permit for one more stream. `None` if there are too many already.
    pub fn admit(&self) -> Option<StreamPermit> {
        Arc::clone(&self.0).try_acquire_owned().ok().map(StreamPermit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_than_the_limit_is_refused_until_another_ends() {
        let limiter = StreamLimiter::new(2);
        let (first, second) = (limiter.admit(), limiter.clone().admit());
        assert!(first.is_some() && second.is_some());
        assert!(limiter.admit().is_none());
        drop(first);
        assert!(limiter.admit().is_some());
    }
}
