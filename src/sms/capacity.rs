//! The places of the outbox: one for each message, `sms.queue` of them.
//!
//! A client may hold [`SHARE`] times as many places as are free, so that it never takes the last ones: three quarters of
//! all places when it is alone, and less of what others have left. All calls without a token are one client.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::ClientId;

const SHARE: usize = 3;

#[derive(Debug)]
pub(super) struct OutboxCapacity {
    most: usize,
    taken: Mutex<Reserved>,
}

/// The places that are taken, in all and by client.
#[derive(Debug, Default)]
struct Reserved {
    all: usize,
    by_client: HashMap<Option<ClientId>, usize>,
}

impl OutboxCapacity {
    pub(super) fn new(most: usize) -> Self {
        Self { most, taken: Mutex::default() }
    }

    /// Takes a place. Returns `false` when the client has its share, or none is free.
    pub(super) fn take(&self, client: Option<ClientId>) -> bool {
        let mut taken = self.lock();
        let free = self.most.saturating_sub(taken.all);
        let its = taken.by_client.get(&client).copied().unwrap_or(0);
        let may_take = its < free.saturating_mul(SHARE);
        if may_take {
            taken.add(client);
        }
        may_take
    }

    /// Counts a message of an earlier process, even beyond `sms.queue`.
    pub(super) fn keep(&self, client: Option<ClientId>) {
        self.lock().add(client);
    }

    /// Gives a place of this client back.
    pub(super) fn give_back(&self, client: Option<ClientId>) {
        let mut taken = self.lock();
        let Some(its) = taken.by_client.get_mut(&client) else { return };
        *its -= 1;
        if *its == 0 {
            taken.by_client.remove(&client);
        }
        taken.all -= 1;
    }

    /// Gives all places back.
    pub(super) fn clear(&self) {
        *self.lock() = Reserved::default();
    }

    /// The number of places that are taken.
    pub(super) fn count(&self) -> usize {
        self.lock().all
    }

    fn lock(&self) -> MutexGuard<'_, Reserved> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reserved {
    fn add(&mut self, client: Option<ClientId>) {
        self.all += 1;
        *self.by_client.entry(client).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Id;

    fn client(number: u8) -> ClientId {
        Id::from_bytes([number; 16])
    }

    #[test]
    fn one_client_leaves_a_quarter_to_others_and_none_is_lost() {
        let places = OutboxCapacity::new(100);
        let take_all = |client| (0..1000).filter(|_| places.take(client)).count();
        assert_eq!(
            (take_all(Some(client(1))), take_all(Some(client(2))), take_all(None)),
            (75, 19, 5)
        );
        assert_eq!((take_all(Some(client(1))), places.count()), (0, 99));
        (0..75).for_each(|_| places.give_back(Some(client(1))));
        places.give_back(Some(client(1)));
        assert_eq!(places.count(), 24, "it had no more to give");
        places.clear();
        assert_eq!((places.count(), take_all(Some(client(1)))), (0, 75));
    }

    #[test]
    fn a_single_place_is_for_any_client() {
        let places = OutboxCapacity::new(1);
        assert!(
            places.take(Some(client(1))) && !places.take(Some(client(1))) && !places.take(None)
        );
    }

    proptest! {
        /// A client with few messages finds a place beside any other client.
        #[test]
        fn a_client_alone_never_takes_the_last_places(
            most in 4_usize..500, calls in proptest::collection::vec(any::<bool>(), 0..2000),
        ) {
            let places = OutboxCapacity::new(most);
            for takes in calls {
                if takes { places.take(Some(client(1))); } else { places.give_back(Some(client(1))); }
                prop_assert!(places.count() < most);
                prop_assert!(places.take(None));
                places.give_back(None);
            }
        }
    }
}
