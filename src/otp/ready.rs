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
use super::hasher::{Hasher, Recipe};
use crate::domain::{Code, CodeFormat, HashedCode, VerificationId};
use crate::entropy::{Entropy, NoEntropy, draw_bytes, draw_code, draw_id};

/// The least a thread can count.
const NICENESS: i32 = 19;

/// A code that was drawn, and what its hash is to be bound to.
pub(super) struct Drawn {
    pub(super) id: VerificationId,
    pub(super) code: Code,
    pub(super) salt: [u8; 16],
}

/// A code ready to be sent: the code is wiped when it is dropped.
pub(super) struct Minted {
    pub(super) id: VerificationId,
    pub(super) code: Code,
    pub(super) hashed: HashedCode,
}

/// The codes made ahead of need.
pub struct ReadyCodes {
    bound: usize,
    kept: Mutex<Kept>,
    wanted: Condvar,
}

struct Kept {
    codes: Vec<Minted>,
    is_filling: bool,
    is_over: bool,
}

/// The thread that makes them. It ends after the hash that it is at once this is dropped.
pub struct Filler {
    ready: Arc<ReadyCodes>,
    pool: Arc<HashPool>,
    ended: oneshot::Receiver<()>,
}

impl Drawn {
    pub(super) fn new(entropy: &dyn Entropy, format: CodeFormat) -> Result<Self, NoEntropy> {
        let id = draw_id(entropy)?;
        let code = draw_code(entropy, format)?;
        Ok(Self { id, code, salt: draw_bytes(entropy)? })
    }

    fn hash(self, recipe: &Recipe, memory: &mut [Block]) -> Option<Minted> {
        let Self { id, code, salt } = self;
        let hashed = recipe.hash(id, &code, salt, memory)?;
        Some(Minted { id, code, hashed })
    }
}

impl ReadyCodes {
    /// None yet, and never more than `bound`; none at all if that is 0.
    pub fn up_to(bound: usize) -> Arc<Self> {
        let kept = Kept { codes: Vec::new(), is_filling: bound > 0, is_over: bound == 0 };
        Arc::new(Self { bound, kept: Mutex::new(kept), wanted: Condvar::new() })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.kept().codes.len()
    }

    /// Hands one out.
    pub(super) fn take(&self) -> Option<Minted> {
        let mut kept = self.kept();
        let taken = kept.codes.pop();
        if kept.codes.len() * 2 < self.bound && !kept.is_filling {
            kept.is_filling = true;
            self.wanted.notify_one();
        }
        taken
    }

    /// Waits until there are fewer than half; `false` when it is over.
    fn wait_until_wanted(&self) -> bool {
        let kept = self.kept();
        let idle = |kept: &mut Kept| !kept.is_filling && !kept.is_over;
        let kept = self.wanted.wait_while(kept, idle).unwrap_or_else(PoisonError::into_inner);
        !kept.is_over
    }

    /// Adds one, unless it is over; `true` when there are as many as there may be.
    fn put(&self, minted: Minted) -> bool {
        let mut kept = self.kept();
        if kept.is_over {
            return false;
        }
        kept.codes.push(minted);
        kept.is_filling = kept.codes.len() < self.bound;
        !kept.is_filling
    }

    /// No more are made until one is taken again.
    fn give_up(&self) {
        self.kept().is_filling = false;
    }

    fn is_over(&self) -> bool {
        self.kept().is_over
    }

    /// No more are made, and those that are left go.
    fn end(&self) {
        let mut kept = self.kept();
        kept.is_over = true;
        kept.codes = Vec::new();
        self.wanted.notify_one();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Filler {
    /// Starts the thread that fills `codes`. It hashes in slots that no caller waits for.
    pub fn start(
        ready: &Arc<ReadyCodes>,
        hasher: &Hasher,
        entropy: Arc<dyn Entropy>,
        format: CodeFormat,
    ) -> std::io::Result<Self> {
        let (ending, ended) = oneshot::channel();
        let filler = Self { ready: Arc::clone(ready), pool: Arc::clone(&hasher.pool), ended };
        if ready.bound > 0 {
            let (ready, pool) = (Arc::clone(ready), Arc::clone(&hasher.pool));
            let mint = Mint { recipe: hasher.recipe.clone(), entropy, format };
            Builder::new().name("ready-codes".into()).spawn(move || {
                pool.stand_back(NICENESS);
                while ready.wait_until_wanted() {
                    fill(&ready, &pool, &mint);
                }
                drop((ready, pool, mint));
                drop(ending);
            })?;
        }
        Ok(filler)
    }

    /// Ends it, and waits until it has ended.
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

impl Drop for Filler {
    fn drop(&mut self) {
        self.stop();
    }
}

struct Mint {
    recipe: Recipe,
    entropy: Arc<dyn Entropy>,
    format: CodeFormat,
}

/// Fills up, one code after the other, and only while no caller waits for a slot.
fn fill(ready: &ReadyCodes, pool: &HashPool, mint: &Mint) {
    loop {
        let drawn = Drawn::new(&*mint.entropy, mint.format).ok();
        let Some(mut slot) = pool.spare(|| ready.is_over()) else { return };
        let minted = drawn.and_then(|drawn| drawn.hash(&mint.recipe, slot.memory()));
        drop(slot);
        let Some(minted) = minted else {
            tracing::error!("no code could be made ahead of need");
            return ready.give_up();
        };
        if ready.put(minted) {
            tracing::info!(codes = ready.bound, "codes are ready ahead of need");
            return;
        }
    }
}
