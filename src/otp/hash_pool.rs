//! A bounded pool of slots for argon2, one for each core: never more hashes run at once than the machine has cores.
//! Jobs that a caller waits for go before codes for the [`CodePool`](super::CodePool).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use argon2::Block;
use rustix::process::{getpriority_process, setpriority_process};

use super::hash_permits::{FairQueue, Lane};

/// A hash that a caller waits for. It gets the slot's memory.
pub(super) type HashJob = Box<dyn FnOnce(&mut [Block]) + Send>;

/// The slots, each with the memory of one hash, and the jobs that wait for a slot.
pub(super) struct HashPool {
    count: usize,
    /// The size of each slot's memory, in blocks of 1 KiB.
    blocks: usize,
    state: Mutex<PoolState>,
    /// Wakes a worker: there may be a job and a free slot.
    job: Condvar,
    /// Wakes the filler of the code pool: there may be a slot that no job waits for.
    spare: Condvar,
    is_refusal_told: AtomicBool,
}

#[derive(Default)]
struct PoolState {
    jobs: FairQueue<HashJob>,
    /// The memories of free slots, kept for the next hash. Mapping and clearing a new one takes a third of a hash's
    /// time.
    memories: Vec<Vec<Block>>,
    busy: usize,
    most_busy: usize,
    is_closed: bool,
}

/// An occupied slot. Dropping it frees the slot.
pub(super) struct HashSlot<'a> {
    pool: &'a HashPool,
    memory: Vec<Block>,
}

impl HashPool {
    /// A pool of `count` slots, each with a memory of `blocks` KiB.
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

    /// Waits for the next job and a slot; `None` after the pool was closed and its queue is empty.
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

    /// Waits for a free slot while no job is queued. `None` once `is_over` is true; [`Self::wake`] checks it again.
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

    /// Wakes the threads in [`Self::spare`], so that they check `is_over` again.
    pub(super) fn wake(&self) {
        // With this lock held, no thread is between its check and its wait, so none misses the signal.
        let state = self.state();
        self.spare.notify_all();
        drop(state);
    }

    /// Lets [`Self::next_job`] end after the jobs that are queued.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.job.notify_all();
    }

    /// The highest number of slots that were occupied at once so far.
    pub(super) fn most_busy(&self) -> usize {
        self.state().most_busy
    }

    /// Lowers the calling thread's priority to this nice value. If the system refuses, the thread goes on at its
    /// priority, and the first refusal is logged.
    pub(super) fn stand_back(&self, niceness: i32) {
        // On Linux these calls are about the calling thread alone.
        let done = getpriority_process(None).and_then(|now| {
            // The process may have been started with a lower priority, which stays.
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
    /// The slot's memory. Its first hash allocates it.
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

    /// Counts the threads that work at once.
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
    fn jobs_and_spare_work_never_occupy_more_slots_than_there_are() {
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
    fn as_long_as_a_job_waits_no_slot_is_spare() {
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
            // The thread has checked `is_over` and found that a job waits.
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
    fn a_thread_that_waits_for_a_spare_slot_ends_when_it_is_over() {
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
