use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::domain::Fate;
use crate::store::schema::GatewayKey;

/// Receipts that may wait; the oldest go first.
const MOST: usize = 1024;

/// Receipts that came before the answer that gives their message its name: some gateways are that quick.
#[derive(Default)]
pub(super) struct Early(Mutex<VecDeque<(GatewayKey, Fate)>>);

impl Early {
    /// Keeps one. True when an older one had to go for it.
    pub(super) fn keep(&self, key: GatewayKey, fate: Fate) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back((key, fate));
        kept.len() > MOST && kept.pop_front().is_some()
    }

    /// Hands out those for this message, in the order in which they came.
    pub(super) fn take(&self, key: &GatewayKey) -> Vec<Fate> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (taken, left) = kept.drain(..).partition(|(of, _)| of == key);
        *kept = left;
        let taken: VecDeque<_> = taken;
        taken.into_iter().map(|(_, fate)| fate).collect()
    }
}
