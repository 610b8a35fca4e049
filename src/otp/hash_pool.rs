//! A bounded pool of slots to hash in: argon2 never runs at once more often than the machine has cores. Jobs that a caller
//! waits for go before codes that are made ahead of need.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use argon2::Block;
use rustix::process::{getpriority_process, setpriority_process};

use super::hash_permits::{FairQueue, Lane};

/// Work that a caller waits for. It gets the memory that a hash needs.
pub(super) type HashJob = Box<dyn FnOnce(&mut [Block]) + Send>;

/// The slots, one a core, each with memory for a hash, and the jobs that wait for one.
pub(super) struct HashPool {
    count: usize,
    /// The size of each slot's memory, in blocks of 1 KiB.
    blocks: usize,
    state: Mutex<PoolState>,
    /// Signals that there may be a job, and a slot for it.
    job: Condvar,
    /// Signals that there may be a slot that no job waits for.
    spare: Condvar,
    is_refusal_told: AtomicBool,
}

#[derive(Default)]
struct PoolState {
    jobs: FairQueue<HashJob>,
    /// The memories of idle slots that have hashed before. They are kept: to map and clear one anew would cost a third of the
    /// time of a hash again.
    memories: Vec<Vec<Block>>,
    busy: usize,
    most_busy: usize,
    is_closed: bool,
}

/// A slot to hash in, until this is dropped.
pub(super) struct HashSlot<'a> {
    pool: &'a HashPool,
    memory: Vec<Block>,
}

impl HashPool {
    /// A pool of `count` slots, each with a memory of `blocks` blocks.
    pub(super) fn new(count: usize, blocks: usize) -> Self {
        Self {
            count,
            blocks,
            state: Mutex::default(),
            job: Condvar::new(),
            spare: Condvar::new(),
            is_refusal_told: AtomicBool::new(false),
        }
    }

    /// Queues a job.
    pub(super) fn push(&self, lane: Lane, job: HashJob) {
        self.state().jobs.push(lane, job);
        self.job.notify_one();
    }

    /// Waits for the next job, and gives it with a slot; `None` once the pool is closed and its queue empty.
    pub(super) fn next_job(&self) -> Option<(HashJob, HashSlot<'_>)> {
        let mut state = self.state();
        loop {
            if state.busy < self.count
                && let Some(job) = state.jobs.pop()
            {
                return Some((job, self.occupy(&mut state)));
            }
            if state.is_closed && state.jobs.is_empty() {
                return None;
            }
            state = self.job.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for a slot that no job waits for; `None` once `is_over`, which is asked again at [`Self::wake`].
    pub(super) fn spare(&self, is_over: impl Fn() -> bool) -> Option<HashSlot<'_>> {
        let mut state = self.state();
        while !is_over() {
            if state.busy < self.count && state.jobs.is_empty() {
                return Some(self.occupy(&mut state));
            }
            state = self.spare.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    /// Lets threads that wait for a spare slot ask again whether it is over.
    pub(super) fn wake(&self) {
        // While this lock is held no thread is between asking and waiting.
        let state = self.state();
        self.spare.notify_all();
        drop(state);
    }

    /// Takes no more jobs; those that wait are still done.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.job.notify_all();
    }

    /// The most slots that were hashing at once so far.
    pub(super) fn most_busy(&self) -> usize {
        self.state().most_busy
    }

    /// Lowers the calling thread's priority. Where the system does not allow that, the thread hashes all the same.
    pub(super) fn stand_back(&self, niceness: i32) {
        // On Linux this is about the calling thread and no other.
        let done = getpriority_process(None).and_then(|now| {
            // The whole process may have been started lower still.
            if now < niceness { setpriority_process(None, niceness) } else { Ok(()) }
        });
        if let Err(error) = done
            && !self.is_refusal_told.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                %error,
                "the system lets no thread lower its priority: reading may have to wait for hashing"
            );
        }
    }

    fn occupy(&self, state: &mut PoolState) -> HashSlot<'_> {
        state.busy += 1;
        state.most_busy = state.most_busy.max(state.busy);
        HashSlot { pool: self, memory: state.memories.pop().unwrap_or_default() }
    }

    fn state(&self) -> MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HashSlot<'_> {
    pub(super) fn memory(&mut self) -> &mut [Block] {
        if self.memory.is_empty() {
            self.memory = vec![Block::default(); self.pool.blocks];
        }
        &mut self.memory
    }
}

impl Drop for HashSlot<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.state();
        state.busy -= 1;
        state.memories.push(std::mem::take(&mut self.memory));
        if state.jobs.is_empty() {
            self.pool.spare.notify_one();
        } else {
            self.pool.job.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc::channel;
    use std::sync::{Arc, Barrier};
    use std::thread::yield_now;

    use super::*;

    /// Counts for itself how many are at it at once.
    #[derive(Default)]
    struct Busy {
        now: AtomicUsize,
        most: AtomicUsize,
    }

    impl Busy {
        fn work(&self, work: impl FnOnce()) {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            work();
            self.now.fetch_sub(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn jobs_and_what_is_done_in_between_are_never_more_at_once_than_cores() {
        let (pool, busy) = (HashPool::new(3, 0), Arc::new(Busy::default()));
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        while let Some((job, mut slot)) = pool.next_job() {
                            job(slot.memory());
                            drop(slot);
                        }
                    })
                })
                .collect();
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some(slot) = pool.spare(|| is_over.load(Ordering::SeqCst)) {
                        busy.work(yield_now);
                        drop(slot);
                    }
                });
            }
            // Each of the first three waits for the other two, so three are at it at once.
            let all_three = Arc::new(Barrier::new(3));
            for _ in 0..3 {
                let (busy, all_three) = (Arc::clone(&busy), Arc::clone(&all_three));
                let wait = move || {
                    all_three.wait();
                };
                pool.push(Lane::default(), Box::new(move |_| busy.work(wait)));
            }
            for _ in 0..2000 {
                let busy = Arc::clone(&busy);
                pool.push(Lane::default(), Box::new(move |_| busy.work(yield_now)));
            }
            pool.close();
            for worker in workers {
                worker.join().unwrap();
            }
            is_over.store(true, Ordering::SeqCst);
            pool.wake();
        });
        assert_eq!(busy.most.load(Ordering::SeqCst), 3);
        assert_eq!(pool.most_busy(), 3);
    }

    #[test]
    fn as_long_as_a_job_waits_no_core_is_spare() {
        let pool = HashPool::new(2, 0);
        pool.push(Lane::default(), Box::new(|_| {}));
        let (ask, asked) = channel();
        let is_over = AtomicBool::new(false);
        let is_over = &is_over;
        let found = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let is_over = || {
                    ask.send(()).unwrap();
                    is_over.load(Ordering::SeqCst)
                };
                pool.spare(is_over).is_some()
            });
            // It has been asked, and has found that a job waits.
            asked.recv().unwrap();
            is_over.store(true, Ordering::SeqCst);
            pool.wake();
            waiting.join().unwrap()
        });
        assert!(!found);
        drop(pool.next_job());
        assert!(pool.spare(|| false).is_some());
    }

    #[test]
    fn who_waits_for_a_spare_core_is_let_go_when_it_is_over() {
        let pool = HashPool::new(1, 0);
        let held = pool.spare(|| false);
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| pool.spare(|| is_over.load(Ordering::SeqCst)).is_none());
            is_over.store(true, Ordering::SeqCst);
            pool.wake();
            assert!(waiting.join().unwrap());
        });
        drop(held);
    }
}
