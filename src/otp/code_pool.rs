//! Codes made ahead of need, so that sending one waits for no argon2.
//!
//! We draw the code ourselves, and its hash knows neither phone nor purpose; so one thread draws and hashes when
//! no caller waits for a hash, and keeps the result in memory: nothing of it is written anywhere before it is sent. It
//! fills up at the start, and again once less than half is left. A code is handed out once. Those that are left go
//! with the process, wiped; so none outlives a change of the keyring, which is read at the start only.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;

use argon2::Block;
use tokio::sync::oneshot;

use super::hash_pool::HashPool;
use super::hasher::{HashParams, Hasher};
use crate::domain::{Code, CodeFormat, HashedCode, VerificationId};
use crate::entropy::{Entropy, NoEntropy, draw_bytes, draw_code, draw_id};

/// The lowest priority that a thread can have.
const NICENESS: i32 = 19;

/// A code that was drawn, with the id and the salt that its hash is bound to.
pub(super) struct NewCode {
    pub(super) id: VerificationId,
    pub(super) code: Code,
    pub(super) salt: [u8; 16],
}

/// A code ready to be sent: the code is wiped when it is dropped.
pub(super) struct PreparedCode {
    pub(super) id: VerificationId,
    pub(super) code: Code,
    pub(super) hashed: HashedCode,
}

/// The codes made ahead of need.
pub struct CodePool {
    bound: usize,
    kept: Mutex<PooledCodes>,
    wanted: Condvar,
}

struct PooledCodes {
    codes: Vec<PreparedCode>,
    is_filling: bool,
    is_over: bool,
}

/// The thread that fills a pool. Once this is dropped, the thread ends after the hash that it is at.
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
    /// An empty pool for at most `bound` codes; of 0 it stays empty.
    pub fn up_to(bound: usize) -> Arc<Self> {
        let kept = PooledCodes { codes: Vec::new(), is_filling: bound > 0, is_over: bound == 0 };
        Arc::new(Self { bound, kept: Mutex::new(kept), wanted: Condvar::new() })
    }

    /// The number of codes in the pool.
    pub fn count(&self) -> usize {
        self.kept().codes.len()
    }

    /// Takes a code out of the pool, if there is one.
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

    /// Stops filling until a code is taken again.
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

    /// Ends the thread, and waits until it has ended.
    pub async fn end(mut self) {
        self.stop();
        // It is the end of the thread that is waited for; nothing is ever received.
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

/// All that a code is made with.
struct Preparation {
    params: HashParams,
    entropy: Arc<dyn Entropy>,
    format: CodeFormat,
}

/// Fills up, one code after the other, and only while no caller waits for a slot.
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
