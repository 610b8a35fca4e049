//! Pending guesses: their cost is reserved, and their result is not written yet.
//!
//! While they are pending, a refusal of another guess of the same phone or client may not be final: a right guess, and
//! one that is not compared after all, give back what they cost. So the other guess waits for the next decision and
//! tries again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::domain::{ClientId, Phone, VerificationId};

/// The pending guesses of a node.
#[derive(Default)]
pub struct PendingGuesses {
    underway: Mutex<Underway>,
}

#[derive(Default)]
struct Underway {
    by_owner: HashMap<GuessOwner, Pending>,
    by_code: HashMap<VerificationId, AtCode>,
}

/// A phone or a client, which has a limit of guesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum GuessOwner {
    /// The phone that the guess is for.
    Phone(Phone),
    /// The client that made the guess; `None` for calls without a token.
    Client(Option<ClientId>),
}

/// The pending guesses of one owner.
#[derive(Default)]
struct Pending {
    count: usize,
    /// Guesses that were refused meanwhile and wait for a decision, in the order of their arrival.
    waiting: VecDeque<oneshot::Sender<()>>,
}

/// The pending guesses at one code.
#[derive(Default)]
struct AtCode {
    count: usize,
    /// An alarm made one of them the code's last attempt.
    has_last: bool,
}

/// One pending guess. Dropping it ends it, and wakes a guess that waits for it.
pub(super) struct PendingGuess {
    pending: Arc<PendingGuesses>,
    owners: [GuessOwner; 2],
    /// Its attempt; `None` if it has no code, or after [`Self::decide`] and [`Self::withdraw`].
    attempt: Option<AttemptAt>,
}

/// An attempt that a guess has taken from a code.
#[derive(Clone, Copy)]
pub(super) struct AttemptAt {
    /// The code's verification.
    pub(super) id: VerificationId,
    /// An alarm made it the code's last attempt.
    pub(super) is_last: bool,
}

/// The moment at which the next pending guess of an owner ends.
pub(super) struct NextDecision(oneshot::Receiver<()>);

impl PendingGuesses {
    /// Adds a guess of these owners, at this code if there is one. To be called within the write that reserves its
    /// cost.
    pub(super) fn begin(
        self: &Arc<Self>,
        owners: [GuessOwner; 2],
        attempt: Option<AttemptAt>,
    ) -> PendingGuess {
        let mut underway = self.underway();
        for owner in owners {
            underway.by_owner.entry(owner).or_default().count += 1;
        }
        if let Some(AttemptAt { id, is_last }) = attempt {
            let at_code = underway.by_code.entry(id).or_default();
            at_code.count += 1;
            at_code.has_last |= is_last;
        }
        PendingGuess { pending: Arc::clone(self), owners, attempt }
    }

    /// The next decision about a guess of this owner; `None` if none is pending.
    pub(super) fn next_decision(&self, owner: GuessOwner) -> Option<NextDecision> {
        let mut underway = self.underway();
        let pending = underway.by_owner.get_mut(&owner)?;
        let (wake, woken) = oneshot::channel();
        pending.waiting.push_back(wake);
        Some(NextDecision(woken))
    }

    fn underway(&self) -> MutexGuard<'_, Underway> {
        self.underway.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NextDecision {
    /// Waits for it.
    pub(super) async fn wait(self) {
        // After the owner's last guess the sender is dropped. That error is a decision too.
        drop(self.0.await);
    }
}

impl PendingGuess {
    /// Notes that the guess was compared. Returns whether its code is over if it has no attempt left: it is not, while
    /// another pending guess at it may give an attempt back. To be called within the write that records the result.
    pub(super) fn decide(&mut self) -> bool {
        let Some(attempt) = self.attempt.take() else { return true };
        self.pending.underway().leave(attempt.id).is_none() || attempt.is_last
    }

    /// Notes that the guess will not be compared. Returns whether its attempts are given back: they are not, if an
    /// alarm has meanwhile made another guess the code's last. To be called within the write that gives back.
    pub(super) fn withdraw(&mut self) -> bool {
        let Some(attempt) = self.attempt.take() else { return false };
        match self.pending.underway().leave(attempt.id) {
            Some(others) if attempt.is_last => {
                others.has_last = false;
                true
            }
            others => !others.is_some_and(|others| others.has_last),
        }
    }
}

impl Underway {
    /// Removes one guess at this code. Returns the other guesses at it, if there are any.
    fn leave(&mut self, id: VerificationId) -> Option<&mut AtCode> {
        let at_code = self.by_code.get_mut(&id)?;
        at_code.count -= 1;
        if at_code.count == 0 {
            self.by_code.remove(&id);
        }
        self.by_code.get_mut(&id)
    }

    /// Removes one guess of this owner and wakes one waiting guess, for which a given back guess is enough. After the
    /// last one it wakes all: none of them has to wait any more.
    fn end(&mut self, owner: GuessOwner) {
        let Some(pending) = self.by_owner.get_mut(&owner) else { return };
        pending.count -= 1;
        if pending.count == 0 {
            self.by_owner.remove(&owner);
            return;
        }
        // The receiver of a caller who hung up is gone: the next one is woken instead.
        while let Some(wake) = pending.waiting.pop_front()
            && wake.send(()).is_err()
        {}
    }
}

impl Drop for PendingGuess {
    fn drop(&mut self) {
        let mut underway = self.pending.underway();
        if let Some(attempt) = self.attempt {
            underway.leave(attempt.id);
        }
        for owner in self.owners {
            underway.end(owner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Id;

    const NO_TOKEN: GuessOwner = GuessOwner::Client(None);

    fn phone(number: u64) -> GuessOwner {
        let national = 671_000_000 + u32::try_from(number).unwrap();
        GuessOwner::Phone(Phone::from_national(national).unwrap())
    }

    fn attempt(is_last: bool) -> AttemptAt {
        AttemptAt { id: Id::from_bytes([1; 16]), is_last }
    }

    async fn is_over(waiting: &mut (impl Future<Output = ()> + Unpin)) -> bool {
        tokio::select! { biased; () = waiting => true, () = async {} => false }
    }

    #[tokio::test]
    async fn each_guess_that_ends_wakes_one_waiting_guess_and_the_last_wakes_all() {
        let pending = Arc::<PendingGuesses>::default();
        assert!(pending.next_decision(phone(1)).is_none());
        let guesses = [(); 2].map(|()| pending.begin([phone(1), NO_TOKEN], None));
        let other =
            pending.begin([phone(2), GuessOwner::Client(Some(Id::from_bytes([1; 16])))], None);
        // A waiting guess that was dropped is passed over.
        drop(pending.next_decision(NO_TOKEN));
        let mut of_client =
            [(); 3].map(|()| Box::pin(pending.next_decision(NO_TOKEN).unwrap().wait()));
        let mut of_phone = Box::pin(pending.next_decision(phone(1)).unwrap().wait());
        let [first, second] = guesses;
        drop(first);
        let [a, b, c] = &mut of_client;
        assert!(is_over(a).await && !is_over(b).await && !is_over(c).await);
        assert!(is_over(&mut of_phone).await);
        drop(second);
        assert!(is_over(b).await && is_over(c).await);
        assert!(
            pending.next_decision(NO_TOKEN).is_none() && pending.next_decision(phone(2)).is_some()
        );
        drop(other);
        assert!(pending.underway().by_owner.is_empty(), "an owner without guesses is forgotten");
    }

    #[test]
    fn a_code_is_over_with_the_last_decided_guess_at_it() {
        let pending = Arc::<PendingGuesses>::default();
        let mut guesses =
            [(); 3].map(|()| pending.begin([phone(1), NO_TOKEN], Some(attempt(false))));
        assert!(!guesses[0].decide() && guesses[1].withdraw() && guesses[2].decide());
        drop(guesses);
        assert!(pending.underway().by_code.is_empty());
    }

    #[test]
    fn a_guess_that_an_alarm_made_the_last_is_the_last_unless_it_is_given_back() {
        let pending = Arc::<PendingGuesses>::default();
        let begin = |is_last| pending.begin([phone(1), NO_TOKEN], Some(attempt(is_last)));
        let mut guesses = [begin(false), begin(true), begin(false)];
        assert!(!guesses[0].withdraw(), "the last may be compared");
        assert!(guesses[1].decide(), "others don't keep its code open");
        drop(guesses);
        let mut guesses = [begin(false), begin(true)];
        assert!(guesses[1].withdraw() && guesses[0].withdraw());
        drop(guesses);
        assert!(pending.underway().by_code.is_empty());
    }
}
