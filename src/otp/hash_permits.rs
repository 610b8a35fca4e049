//! Permits to hash, and the order in which hashes run, so that one client can't keep the others waiting.
//!
//! With a bound of `most`: a client that is alone may take `most` permits. When they are taken, each other client may
//! still take half of its even share, `most / (2 * clients)`, divided evenly among its addresses. All clients together
//! take at most `2 * most`. Hashes run in turns: one of each client, and within a client one of each address.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::request_context::{CallerStatus, RequestContext};
use crate::domain::{ClientId, Peer, Refusal};

/// The client and the address that a hash is for. Each lane is a queue of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lane {
    client: Option<ClientId>,
    address: Option<IpAddr>,
}

/// The permits of one node, and the number that each client and address holds.
pub(super) struct HashPermits {
    most: usize,
    taken: Mutex<PermitsTaken>,
}

type CountByAddress = HashMap<Option<IpAddr>, usize>;

#[derive(Default)]
struct PermitsTaken {
    count: usize,
    clients: HashMap<Option<ClientId>, CountByAddress>,
}

/// A permit to hash one code, taken before a call is counted against any limit. Dropping it gives it back.
pub struct HashPermit {
    permits: Arc<HashPermits>,
    pub(super) lane: Lane,
    pub(super) waiting: CallerStatus,
}

impl HashPermits {
    /// Permits for one node: `most` for a client that is alone.
    pub(super) fn of(most: usize) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::default() })
    }

    /// Takes a permit for the context's client and address. [`Refusal::Busy`] if they have their share.
    pub(super) fn take(self: &Arc<Self>, context: &RequestContext) -> Result<HashPermit, Refusal> {
        let RequestContext { requester, waiting, .. } = context;
        let lane =
            Lane { client: requester.client_id, address: requester.peer.and_then(Peer::address) };
        let mut taken = self.taken();
        if !taken.may_have_one_more(lane, self.most) {
            return Err(Refusal::Busy);
        }
        taken.count += 1;
        let addresses = taken.clients.entry(lane.client).or_default();
        *addresses.entry(lane.address).or_default() += 1;
        Ok(HashPermit { permits: Arc::clone(self), lane, waiting: waiting.clone() })
    }

    /// The number of permits that are taken.
    pub(super) fn count(&self) -> usize {
        self.taken().count
    }

    fn taken(&self) -> MutexGuard<'_, PermitsTaken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PermitsTaken {
    /// Whether this lane may take one more permit.
    fn may_have_one_more(&self, Lane { client, address }: Lane, most: usize) -> bool {
        if self.count < most {
            return true;
        }
        let own = self.clients.get(&client);
        let of_client = own.map_or(0, |addresses| addresses.values().sum());
        let of_address = own.and_then(|addresses| addresses.get(&address)).copied().unwrap_or(0);
        let clients = self.clients.len() + usize::from(own.is_none());
        let addresses = own.map_or(1, |own| own.len() + usize::from(!own.contains_key(&address)));
        let share = (most / (2 * clients)).max(1);
        // A client that is alone gets an eighth more for its other addresses. The rest stays for other clients.
        let bound = if clients == 1 { most + (most / 8).max(1) } else { share };
        self.count < 2 * most && of_client < bound && of_address < (share / addresses).max(1)
    }
}

impl Drop for HashPermit {
    fn drop(&mut self) {
        let Lane { client, address } = self.lane;
        let mut taken = self.permits.taken();
        taken.count -= 1;
        let Some(addresses) = taken.clients.get_mut(&client) else { return };
        if let Some(of_address) = addresses.get_mut(&address) {
            *of_address -= 1;
        }
        addresses.retain(|_, of_address| *of_address > 0);
        if addresses.is_empty() {
            taken.clients.remove(&client);
        }
    }
}

/// A fair queue: it serves the clients in turn, and within a client its addresses in turn.
pub(super) struct FairQueue<T> {
    count: usize,
    clients: Round<Option<ClientId>, Round<Option<IpAddr>, VecDeque<T>>>,
}

/// Entries in the order of their turns. After its turn an entry goes to the end.
type Round<K, V> = VecDeque<(K, V)>;

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        Self { count: 0, clients: Round::new() }
    }
}

impl<T> FairQueue<T> {
    pub(super) fn push(&mut self, Lane { client, address }: Lane, waiting: T) {
        self.count += 1;
        of(of(&mut self.clients, client), address).push_back(waiting);
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        let (client, mut addresses) = self.clients.pop_front()?;
        let (address, mut queue) = addresses.pop_front()?;
        let next = queue.pop_front();
        if !queue.is_empty() {
            addresses.push_back((address, queue));
        }
        if !addresses.is_empty() {
            self.clients.push_back((client, addresses));
        }
        self.count -= usize::from(next.is_some());
        next
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// The entry of this key. A missing one is added at the end.
fn of<K: PartialEq, V: Default>(round: &mut Round<K, V>, key: K) -> &mut V {
    let index = round.iter().position(|(at, _)| *at == key).unwrap_or_else(|| {
        round.push_back((key, V::default()));
        round.len() - 1
    });
    &mut round[index].1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{Id, Requester};

    /// Client 0 stands for calls without a token.
    fn by(client: u8, address: u8) -> RequestContext {
        let client_id = (client > 0).then(|| Id::from_bytes([client; 16]));
        let peer = Some(IpAddr::from([127, 0, 0, address]).into());
        Requester { client_id, peer, ..Requester::default() }.into()
    }

    fn lane(client: u8, address: u8) -> Lane {
        let Requester { client_id: client, peer, .. } = by(client, address).requester;
        Lane { client, address: peer.and_then(Peer::address) }
    }

    fn as_many_as_there_are(permits: &Arc<HashPermits>, by: &RequestContext) -> Vec<HashPermit> {
        std::iter::from_fn(|| permits.take(by).ok()).collect()
    }

    #[test]
    fn a_client_that_is_alone_takes_every_permit_and_others_still_get_some() {
        let permits = HashPermits::of(24);
        let first = as_many_as_there_are(&permits, &by(1, 1));
        assert_eq!(first.len(), 24);
        let second = as_many_as_there_are(&permits, &by(2, 1));
        assert_eq!(second.len(), 6);
        let third = as_many_as_there_are(&permits, &by(0, 1));
        assert_eq!(third.len(), 4);
        assert!(permits.take(&by(1, 1)).is_err() && permits.take(&by(1, 9)).is_err());
        drop((first, second, third));
        assert_eq!(as_many_as_there_are(&permits, &by(2, 1)).len(), 24);
        assert!(permits.taken().clients.is_empty(), "nothing is left behind");
    }

    #[test]
    fn another_address_of_the_same_client_gets_its_part() {
        let permits = HashPermits::of(24);
        let first = as_many_as_there_are(&permits, &by(0, 1));
        let second = as_many_as_there_are(&permits, &by(0, 2));
        assert_eq!((first.len(), second.len()), (24, 3));
        let many: Vec<_> =
            (3..200).flat_map(|it| as_many_as_there_are(&permits, &by(0, it))).collect();
        assert!(many.is_empty(), "however many addresses it has, no more");
        assert_eq!(
            as_many_as_there_are(&permits, &by(1, 1)).len(),
            6,
            "another client has its own"
        );
    }

    #[test]
    fn turns_go_round_clients_and_within_them_round_addresses() {
        let mut queue = FairQueue::default();
        for number in 0..4 {
            queue.push(lane(1, 1), ("flood", number));
        }
        queue.push(lane(1, 2), ("beside it", 0));
        queue.push(lane(2, 1), ("another", 0));
        queue.push(lane(2, 1), ("another", 1));
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        let expected = [
            ("flood", 0),
            ("another", 0),
            ("beside it", 0),
            ("another", 1),
            ("flood", 1),
            ("flood", 2),
            ("flood", 3),
        ];
        assert_eq!(order, expected);
        assert!(queue.is_empty());
    }

    proptest! {
        /// In any order of taking and giving back: a free permit is given to any client, a client without a permit gets
        /// one, and there are never more than twice as many.
        #[test]
        fn a_client_without_a_permit_always_gets_one(
            most in 8_usize..30,
            steps in prop::collection::vec((0_u8..4, 0_u8..3, 0_u8..4), 1..300),
        ) {
            let permits = HashPermits::of(most);
            let mut held: Vec<(u8, HashPermit)> = Vec::new();
            for (client, address, gives_back) in steps {
                if gives_back == 0 && !held.is_empty() {
                    held.swap_remove(usize::from(client) * 7 % held.len());
                    continue;
                }
                let own = held.iter().filter(|(of, _)| *of == client).count();
                match permits.take(&by(client, address)) {
                    Ok(permit) => held.push((client, permit)),
                    Err(_) => prop_assert!(held.len() >= most && own > 0),
                }
                prop_assert!(held.len() <= 2 * most);
            }
        }

        #[test]
        fn everything_that_waits_has_its_turn_and_in_its_lane_in_order(
            lanes in prop::collection::vec((0_u8..3, 0_u8..3), 1..100),
        ) {
            let mut queue = FairQueue::default();
            for (number, (client, address)) in lanes.iter().enumerate() {
                queue.push(lane(*client, *address), (*client, *address, number));
            }
            let order: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
            prop_assert_eq!(order.len(), lanes.len());
            for pair in [(0, 0), (1, 2), (2, 1)] {
                let of_lane: Vec<_> = order.iter().filter(|it| (it.0, it.1) == pair).collect();
                prop_assert!(of_lane.is_sorted_by_key(|it| it.2));
            }
        }
    }
}
