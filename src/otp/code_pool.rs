//! Ready codes: codes that are drawn and hashed before they are needed, so that sending one does not wait for argon2.
//!
//! That is possible because a code is random, and its hash depends on neither phone nor purpose. One thread fills the
//! pool while no caller waits for a hash: at the start, and again when less than half of the codes are left. The codes
//! are in memory only. Each is used once. At the end of the process the others are wiped, so none outlives a change of
//! the keyring, which is read at the start.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;

use argon2::Block;
use tokio::sync::oneshot;

use super::hash_pool::HashPool;
use super::hasher::{HashParams, Hasher};
use crate::domain::{Code, CodeFormat, HashedCode, VerificationId};
use crate::entropy::{Entropy, NoEntropy, draw_bytes, draw_code, draw_id};

/// The nice value of the filling thread: the lowest priority.
const NICENESS: i32 = 19;

/// A code that is drawn and not hashed yet, with the id and the salt of its hash.
pub(super) struct NewCode {
    pub(super) id: VerificationId,
    pub(super) code: Code,
    pub(super) salt: [u8; 16],
}

/// A hashed code that can be issued. Dropping it wipes the code.
pub(super) struct PreparedCode {
    pub(super) id: VerificationId,
    pub(super) code: Code,
    pub(super) hashed: HashedCode,
}

/// The ready codes of a node.
pub struct CodePool {
    /// The number of codes in a full pool.
    bound: usize,
    kept: Mutex<PooledCodes>,
    /// Wakes the filling thread.
    wanted: Condvar,
}

struct PooledCodes {
    codes: Vec<PreparedCode>,
    is_filling: bool,
    is_over: bool,
}

/// The handle of the thread that fills a pool. Dropping it ends the thread after its current hash.
pub struct PoolFiller {
    ready: Arc<CodePool>,
    pool: Arc<HashPool>,
    ended: oneshot::Receiver<()>,
}

impl NewCode {
    pub(super) fn new(entropy: &dyn Entropy, format: CodeFormat) -> Result<Self, NoEntropy> {
        let id = draw_id(entropy)?;
        let code = draw_code(entropy, format)?;
        Ok(Self { id, code, salt: draw_bytes(entropy)? })
    }

    fn hash(self, params: &HashParams, memory: &mut [Block]) -> Option<PreparedCode> {
        let Self { id, code, salt } = self;
        let hashed = params.hash(id, &code, salt, memory)?;
        Some(PreparedCode { id, code, hashed })
    }
}

impl CodePool {
    /// An empty pool for at most `bound` codes. With 0 it stays empty.
    pub fn up_to(bound: usize) -> Arc<Self> {
        let kept = PooledCodes { codes: Vec::new(), is_filling: bound > 0, is_over: bound == 0 };
        Arc::new(Self { bound, kept: Mutex::new(kept), wanted: Condvar::new() })
    }

    /// The number of codes in the pool.
    pub fn count(&self) -> usize {
        self.kept().codes.len()
    }

    /// Takes a code out of the pool, if there is one. Wakes the filling thread when less than half are left.
    pub(super) fn take(&self) -> Option<PreparedCode> {
        let mut kept = self.kept();
        let taken = kept.codes.pop();
        if kept.codes.len() * 2 < self.bound && !kept.is_filling {
            kept.is_filling = true;
            self.wanted.notify_one();
        }
        taken
    }

    /// Waits until fewer than half of the codes are left; `false` when the pool has ended.
    fn wait_until_wanted(&self) -> bool {
        let kept = self.kept();
        let idle = |kept: &mut PooledCodes| !kept.is_filling && !kept.is_over;
        let kept = self.wanted.wait_while(kept, idle).unwrap_or_else(PoisonError::into_inner);
        !kept.is_over
    }

    /// Adds a code, unless the pool has ended; `true` when the pool is full.
    fn put(&self, prepared: PreparedCode) -> bool {
        let mut kept = self.kept();
        if kept.is_over {
            return false;
        }
        kept.codes.push(prepared);
        kept.is_filling = kept.codes.len() < self.bound;
        !kept.is_filling
    }

    /// Stops filling until a code is taken again, after a code could not be made.
    fn give_up(&self) {
        self.kept().is_filling = false;
    }

    fn is_over(&self) -> bool {
        self.kept().is_over
    }

    /// Stops filling for good, and wipes the codes that are left.
    fn end(&self) {
        let mut kept = self.kept();
        kept.is_over = true;
        kept.codes = Vec::new();
        self.wanted.notify_one();
    }

    fn kept(&self) -> MutexGuard<'_, PooledCodes> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PoolFiller {
    /// Starts the thread that fills `codes`. It hashes in slots that no caller waits for.
    pub fn start(
        ready: &Arc<CodePool>,
        hasher: &Hasher,
        entropy: Arc<dyn Entropy>,
        format: CodeFormat,
    ) -> std::io::Result<Self> {
        let (ending, ended) = oneshot::channel();
        let filler = Self { ready: Arc::clone(ready), pool: Arc::clone(&hasher.pool), ended };
        if ready.bound > 0 {
            let (ready, pool) = (Arc::clone(ready), Arc::clone(&hasher.pool));
            let preparation = Preparation { params: hasher.params.clone(), entropy, format };
            Builder::new().name("ready-codes".into()).spawn(move || {
                pool.stand_back(NICENESS);
                while ready.wait_until_wanted() {
                    fill(&ready, &pool, &preparation);
                }
                drop((ready, pool, preparation));
                drop(ending);
            })?;
        }
        Ok(filler)
    }

    /// Ends the thread and waits for its end.
    pub async fn end(mut self) {
        self.stop();
        // The thread never sends: it drops the sender at its end, which is an error here.
        let _ = (&mut self.ended).await;
    }

    fn stop(&self) {
        self.ready.end();
        self.pool.wake();
    }
}

impl Drop for PoolFiller {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The ingredients of a ready code.
struct Preparation {
    params: HashParams,
    entropy: Arc<dyn Entropy>,
    format: CodeFormat,
}

/// Fills the pool, one code after the other, in slots that no caller waits for.
fn fill(ready: &CodePool, pool: &HashPool, preparation: &Preparation) {
    loop {
        let new_code = NewCode::new(&*preparation.entropy, preparation.format).ok();
        let Some(mut slot) = pool.spare(|| ready.is_over()) else { return };
        let prepared =
            new_code.and_then(|new_code| new_code.hash(&preparation.params, slot.memory()));
        drop(slot);
        let Some(prepared) = prepared else {
            tracing::error!("no code could be made ahead of need");
            return ready.give_up();
        };
        if ready.put(prepared) {
            tracing::info!(codes = ready.bound, "codes are ready ahead of need");
            return;
        }
    }
}
