//! Guesses that have been paid for and are not judged yet.
//!
//! What refuses another guess for the same phone meanwhile may not last: when one of them turns out right, its attempt is
//! given back, and the request that it was for is approved. So such a guess waits until all of them have been judged.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::domain::Phone;

/// The guesses under way, by phone.
#[derive(Default)]
pub struct PendingGuesses {
    by_phone: Mutex<HashMap<Phone, Pending>>,
}

/// How many there are of a phone; what is watched ends with the last of them.
struct Pending {
    count: usize,
    end: watch::Sender<()>,
}

/// A guess under way, until this is dropped.
pub(super) struct PendingGuess {
    pending: Arc<PendingGuesses>,
    phone: Phone,
}

/// The end of those that were under way.
pub(super) struct Judged(watch::Receiver<()>);

impl PendingGuesses {
    /// One more for this phone. To be called within the write that pays for it.
    pub(super) fn begin(self: &Arc<Self>, phone: Phone) -> PendingGuess {
        let mut by_phone = self.by_phone();
        let first = || Pending { count: 0, end: watch::Sender::default() };
        by_phone.entry(phone).or_insert_with(first).count += 1;
        PendingGuess { pending: Arc::clone(self), phone }
    }

    /// The end of those for this phone, if there are any.
    pub(super) fn of(&self, phone: Phone) -> Option<Judged> {
        self.by_phone().get(&phone).map(|pending| Judged(pending.end.subscribe()))
    }

    fn by_phone(&self) -> MutexGuard<'_, HashMap<Phone, Pending>> {
        self.by_phone.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Judged {
    /// Waits for it.
    pub(super) async fn wait(mut self) {
        // Nothing is ever sent: the sender goes with the last guess.
        while self.0.changed().await.is_ok() {}
    }
}

impl Drop for PendingGuess {
    fn drop(&mut self) {
        let mut by_phone = self.pending.by_phone();
        if let Some(pending) = by_phone.get_mut(&self.phone) {
            pending.count -= 1;
            if pending.count == 0 {
                by_phone.remove(&self.phone);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(number: u64) -> Phone {
        Phone::from_national(671_000_000 + u32::try_from(number).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn the_last_guess_of_a_phone_ends_the_waiting_and_no_other_does() {
        let pending = Arc::<PendingGuesses>::default();
        assert!(pending.of(phone(1)).is_none());
        let guesses = [pending.begin(phone(1)), pending.begin(phone(1))];
        let other = pending.begin(phone(2));
        let judged = pending.of(phone(1)).unwrap();
        let mut waiting = Box::pin(judged.wait());
        for guess in guesses {
            let is_over =
                tokio::select! { biased; () = &mut waiting => true, () = async {} => false };
            assert!(!is_over);
            drop(guess);
        }
        waiting.await;
        assert!(pending.of(phone(1)).is_none() && pending.of(phone(2)).is_some());
        drop(other);
        assert!(pending.by_phone().is_empty(), "nothing is remembered of phones without guesses");
    }
}
