//! Where the latest wrong guesses came from, for the line of the alarm.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::context::OtpContext;
use crate::domain::{ClientId, Peer, Phone, Timestamp};

/// The most wrong guesses that are remembered; the oldest are dropped first.
const MOST: usize = 10_000;

/// The latest wrong guesses, in memory only.
#[derive(Default)]
pub struct GuessSources(Mutex<VecDeque<Wrong>>);

struct Wrong {
    at: Timestamp,
    phone: Phone,
    client: Option<ClientId>,
    address: Option<IpAddr>,
}

/// The number of wrong guesses, and of the different phones, clients and addresses that they have. Calls without a
/// token count as one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SourceCounts {
    pub(super) guesses: usize,
    pub(super) phones: usize,
    pub(super) clients: usize,
    pub(super) addresses: usize,
}

impl GuessSources {
    /// Adds a wrong guess.
    pub(super) fn note(&self, OtpContext { now, by, target, .. }: OtpContext) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == MOST {
            kept.pop_front();
        }
        let (client, address) = (by.client_id, by.peer.and_then(Peer::address));
        kept.push_back(Wrong { at: now, phone: target.phone, client, address });
    }

    /// Counts the sources of the wrong guesses within `length` before `now`. Older ones are forgotten.
    pub(super) fn sources(&self, length: Duration, now: Timestamp) -> SourceCounts {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|wrong| wrong.at > now - length);
        SourceCounts {
            guesses: kept.len(),
            phones: kept.iter().map(|wrong| wrong.phone).collect::<BTreeSet<_>>().len(),
            clients: different(kept.iter().map(|wrong| wrong.client)),
            addresses: different(kept.iter().filter_map(|wrong| wrong.address)),
        }
    }
}

fn different<T: Eq + Hash>(all: impl Iterator<Item = T>) -> usize {
    all.collect::<HashSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Id, Purpose, Requester};
    use crate::otp::Target;

    #[test]
    fn one_source_differs_from_many_and_old_guesses_are_forgotten() {
        let guesses = GuessSources::default();
        let hour = Duration::from_hours(1);
        let at = |minutes: i64| Timestamp::from_micros(minutes * 60_000_000);
        let guess = |minutes, number: u8| {
            let phone = Phone::from_national(670_000_000 + u32::from(number)).unwrap();
            let client_id = (number > 0).then(|| Id::from_bytes([number; 16]));
            let peer = Some(IpAddr::from([203, 0, 113, number / 2]).into());
            let by = Requester { client_id, peer, ..Requester::default() };
            let target = Target { phone, purpose: Purpose::PhoneVerification };
            guesses.note(OtpContext {
                now: at(minutes),
                by,
                request_id: None,
                target,
                phone_hash: None,
            });
        };
        (0..4).for_each(|minutes| guess(minutes, 0));
        let one = SourceCounts { guesses: 4, phones: 1, clients: 1, addresses: 1 };
        assert_eq!(guesses.sources(hour, at(4)), one);
        (0..4).for_each(|number| guess(30, number));
        let many = SourceCounts { guesses: 8, phones: 4, clients: 4, addresses: 2 };
        assert_eq!(guesses.sources(hour, at(31)), many);
        let later = SourceCounts { guesses: 4, phones: 4, clients: 4, addresses: 2 };
        assert_eq!(guesses.sources(hour, at(63)), later);
        (0..=MOST).for_each(|_| guess(64, 0));
        assert_eq!(guesses.sources(hour, at(64)).guesses, MOST);
    }
}
