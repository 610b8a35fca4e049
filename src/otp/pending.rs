//! Guesses that have been paid for and are not judged yet.
//!
//! What refuses another guess of the same phone or client meanwhile may not last: a right one, and one that is not
//! compared after all, give back what they have taken. So such a guess waits until one of them has been judged, and asks
//! again.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::domain::{ClientId, Phone, VerificationId};

/// The guesses under way.
#[derive(Default)]
pub struct PendingGuesses {
    underway: Mutex<Underway>,
}

#[derive(Default)]
struct Underway {
    of: HashMap<GuessOwner, Pending>,
    at: HashMap<VerificationId, AtCode>,
}

/// What a guess takes something from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum GuessOwner {
    /// The guesses for this phone.
    Phone(Phone),
    /// The guesses of this client; none is who calls without a token.
    Client(Option<ClientId>),
}

/// How many there are, and who waits for one of them to be judged.
#[derive(Default)]
struct Pending {
    count: usize,
    waiting: VecDeque<oneshot::Sender<()>>,
}

/// Those at one code.
#[derive(Default)]
struct AtCode {
    count: usize,
    /// One of them was made the code's last, by an alarm.
    has_last: bool,
}

/// A guess under way, until this is dropped.
pub(super) struct PendingGuess {
    pending: Arc<PendingGuesses>,
    of: [GuessOwner; 2],
    at: Option<AttemptAt>,
}

/// A code that a guess has taken attempts of.
#[derive(Clone, Copy)]
pub(super) struct AttemptAt {
    /// The code's verification.
    pub(super) id: VerificationId,
    /// An alarm has made the guess its last.
    pub(super) is_last: bool,
}

/// The next of them that is judged.
pub(super) struct Judged(oneshot::Receiver<()>);

impl PendingGuesses {
    /// One more of these, at this code if there is one. To be called within the write that pays for it.
    pub(super) fn begin(
        self: &Arc<Self>,
        of: [GuessOwner; 2],
        at: Option<AttemptAt>,
    ) -> PendingGuess {
        let mut underway = self.underway();
        for whose in of {
            underway.of.entry(whose).or_default().count += 1;
        }
        if let Some(AttemptAt { id, is_last }) = at {
            let at_code = underway.at.entry(id).or_default();
            at_code.count += 1;
            at_code.has_last |= is_last;
        }
        PendingGuess { pending: Arc::clone(self), of, at }
    }

    /// The next of these that is judged, if there are any.
    pub(super) fn next_of(&self, whose: GuessOwner) -> Option<Judged> {
        let mut underway = self.underway();
        let pending = underway.of.get_mut(&whose)?;
        let (tell, told) = oneshot::channel();
        pending.waiting.push_back(tell);
        Some(Judged(told))
    }

    fn underway(&self) -> MutexGuard<'_, Underway> {
        self.underway.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Judged {
    /// Waits for it.
    pub(super) async fn wait(self) {
        // With the last one the sender is gone, which says the same.
        drop(self.0.await);
    }
}

impl PendingGuess {
    /// It has been compared. Says whether its code is over if no attempt is left: not while another at it may be given back.
    /// To be called within the write that judges it.
    pub(super) fn judge(&mut self) -> bool {
        let Some(at) = self.at.take() else { return true };
        self.pending.underway().leave(at.id).is_none() || at.is_last
    }

    /// It will not be compared. Says whether its attempts are given back: not when another has been made the last by then.
    /// To be called within the write that gives it back.
    pub(super) fn withdraw(&mut self) -> bool {
        let Some(at) = self.at.take() else { return false };
        match self.pending.underway().leave(at.id) {
            Some(others) if at.is_last => {
                others.has_last = false;
                true
            }
            others => !others.is_some_and(|others| others.has_last),
        }
    }
}

impl Underway {
    /// One guess less at this code; the others at it, if there are any.
    fn leave(&mut self, id: VerificationId) -> Option<&mut AtCode> {
        let at_code = self.at.get_mut(&id)?;
        at_code.count -= 1;
        if at_code.count == 0 {
            self.at.remove(&id);
        }
        self.at.get_mut(&id)
    }

    /// One guess less of these. What it gives back is enough for one of those who wait; after the last, all ask again.
    fn end(&mut self, whose: GuessOwner) {
        let Some(pending) = self.of.get_mut(&whose) else { return };
        pending.count -= 1;
        if pending.count == 0 {
            self.of.remove(&whose);
            return;
        }
        while let Some(tell) = pending.waiting.pop_front()
            && tell.send(()).is_err()
        {}
    }
}

impl Drop for PendingGuess {
    fn drop(&mut self) {
        let mut underway = self.pending.underway();
        if let Some(at) = self.at {
            underway.leave(at.id);
        }
        for whose in self.of {
            underway.end(whose);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Id;

    const NOBODY: GuessOwner = GuessOwner::Client(None);

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
    async fn each_guess_that_ends_wakes_one_who_waits_and_the_last_wakes_all() {
        let pending = Arc::<PendingGuesses>::default();
        assert!(pending.next_of(phone(1)).is_none());
        let guesses = [(); 2].map(|()| pending.begin([phone(1), NOBODY], None));
        let other =
            pending.begin([phone(2), GuessOwner::Client(Some(Id::from_bytes([1; 16])))], None);
        // Who has gone is not the one that is woken.
        drop(pending.next_of(NOBODY));
        let mut of_client = [(); 3].map(|()| Box::pin(pending.next_of(NOBODY).unwrap().wait()));
        let mut of_phone = Box::pin(pending.next_of(phone(1)).unwrap().wait());
        let [first, second] = guesses;
        drop(first);
        let [a, b, c] = &mut of_client;
        assert!(is_over(a).await && !is_over(b).await && !is_over(c).await);
        assert!(is_over(&mut of_phone).await);
        drop(second);
        assert!(is_over(b).await && is_over(c).await);
        assert!(pending.next_of(NOBODY).is_none() && pending.next_of(phone(2)).is_some());
        drop(other);
        assert!(pending.underway().of.is_empty(), "nothing is remembered of who has no guess");
    }

    #[test]
    fn a_code_is_over_with_the_last_guess_at_it_that_is_judged() {
        let pending = Arc::<PendingGuesses>::default();
        let mut guesses = [(); 3].map(|()| pending.begin([phone(1), NOBODY], Some(attempt(false))));
        assert!(!guesses[0].judge() && guesses[1].withdraw() && guesses[2].judge());
        drop(guesses);
        assert!(pending.underway().at.is_empty());
    }

    #[test]
    fn what_an_alarm_has_made_the_last_is_the_last_unless_it_is_given_back() {
        let pending = Arc::<PendingGuesses>::default();
        let begin = |is_last| pending.begin([phone(1), NOBODY], Some(attempt(is_last)));
        let mut guesses = [begin(false), begin(true), begin(false)];
        assert!(!guesses[0].withdraw(), "the last may be compared");
        assert!(guesses[1].judge(), "others don't keep its code open");
        drop(guesses);
        let mut guesses = [begin(false), begin(true)];
        assert!(guesses[1].withdraw() && guesses[0].withdraw());
        drop(guesses);
        assert!(pending.underway().at.is_empty());
    }
}
