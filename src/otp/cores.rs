//! Whose turn it is to hash: argon2 never runs at once more often than there are cores, and whoever somebody waits for
//! goes before what is made ahead of need.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use argon2::Block;
use rustix::process::{getpriority_process, setpriority_process};

use super::places::{Lane, Turns};

/// Work that somebody waits for, with the memory that a hash needs.
pub(super) type Job = Box<dyn FnOnce(&mut [Block]) + Send>;

/// The cores, each with memory for a hash, and the jobs that wait for one.
pub(super) struct Cores {
    count: usize,
    /// Of each memory.
    blocks: usize,
    state: Mutex<State>,
    /// There may be a job, and a core for it.
    job: Condvar,
    /// There may be a core that no job waits for.
    spare: Condvar,
    is_refusal_told: AtomicBool,
}

#[derive(Default)]
struct State {
    jobs: Turns<Job>,
    /// Those of idle cores that have hashed before. They are kept: to map and clear one anew would cost a third of the
    /// time of a hash again.
    memories: Vec<Vec<Block>>,
    busy: usize,
    most_busy: usize,
    is_closed: bool,
}

/// A core to hash on, until this is dropped.
pub(super) struct Core<'a> {
    cores: &'a Cores,
    memory: Vec<Block>,
}

impl Cores {
    /// So many cores, each with memory of so many blocks.
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
    pub(super) fn push(&self, lane: Lane, job: Job) {
        self.state().jobs.push(lane, job);
        self.job.notify_one();
    }

    /// The next job, waited for, and a core for it; `None` when there are no more to come.
    pub(super) fn next_job(&self) -> Option<(Job, Core<'_>)> {
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

    /// A core that no job waits for, itself waited for; `None` once `is_over`, which is asked again at [`Self::wake`].
    pub(super) fn spare(&self, is_over: impl Fn() -> bool) -> Option<Core<'_>> {
        let mut state = self.state();
        while !is_over() {
            if state.busy < self.count && state.jobs.is_empty() {
                return Some(self.occupy(&mut state));
            }
            state = self.spare.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    /// Lets those who wait for a spare core ask whether it is over.
    pub(super) fn wake(&self) {
        // With this in hand nobody is between asking and waiting.
        let state = self.state();
        self.spare.notify_all();
        drop(state);
    }

    /// No more jobs are to come; those that wait are still done.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.job.notify_all();
    }

    /// The most cores that were hashing at once so far.
    pub(super) fn most_busy(&self) -> usize {
        self.state().most_busy
    }

    /// Makes the calling thread stand back for others. Where the system does not allow it, it hashes all the same.
    pub(super) fn stand_back(&self, niceness: i32) {
        // On Linux this is about the calling thread and no other.
        let done = getpriority_process(None).and_then(|now| {
            // Somebody may have started the whole process lower still.
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

    fn occupy(&self, state: &mut State) -> Core<'_> {
        state.busy += 1;
        state.most_busy = state.most_busy.max(state.busy);
        Core { cores: self, memory: state.memories.pop().unwrap_or_default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Core<'_> {
    pub(super) fn memory(&mut self) -> &mut [Block] {
        if self.memory.is_empty() {
            self.memory = vec![Block::default(); self.cores.blocks];
        }
        &mut self.memory
    }
}

impl Drop for Core<'_> {
    fn drop(&mut self) {
        let mut state = self.cores.state();
        state.busy -= 1;
        state.memories.push(std::mem::take(&mut self.memory));
        if state.jobs.is_empty() {
            self.cores.spare.notify_one();
        } else {
            self.cores.job.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc::channel;

    use super::*;

    /// Counts for itself how many are at it at once.
    #[derive(Default)]
    struct Busy {
        now: AtomicUsize,
        most: AtomicUsize,
    }

    impl Busy {
        fn work(&self) {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            std::thread::yield_now();
            self.now.fetch_sub(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn jobs_and_what_is_done_in_between_are_never_more_at_once_than_cores() {
        let (cores, busy) = (Cores::new(3, 0), Arc::new(Busy::default()));
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        while let Some((job, mut core)) = cores.next_job() {
                            job(core.memory());
                            drop(core);
                        }
                    })
                })
                .collect();
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some(core) = cores.spare(|| is_over.load(Ordering::SeqCst)) {
                        busy.work();
                        drop(core);
                    }
                });
            }
            for _ in 0..2000 {
                let busy = Arc::clone(&busy);
                cores.push(Lane::default(), Box::new(move |_| busy.work()));
            }
            cores.close();
            for worker in workers {
                worker.join().unwrap();
            }
            is_over.store(true, Ordering::SeqCst);
            cores.wake();
        });
        assert!(busy.most.load(Ordering::SeqCst) <= 3);
        assert_eq!(cores.most_busy(), 3);
    }

    #[test]
    fn as_long_as_a_job_waits_no_core_is_spare() {
        let cores = Cores::new(2, 0);
        cores.push(Lane::default(), Box::new(|_| {}));
        let (ask, asked) = channel();
        let is_over = AtomicBool::new(false);
        let is_over = &is_over;
        let found = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let is_over = || {
                    ask.send(()).unwrap();
                    is_over.load(Ordering::SeqCst)
                };
                cores.spare(is_over).is_some()
            });
            // It has been asked, and has found that a job waits.
            asked.recv().unwrap();
            is_over.store(true, Ordering::SeqCst);
            cores.wake();
            waiting.join().unwrap()
        });
        assert!(!found);
        drop(cores.next_job());
        assert!(cores.spare(|| false).is_some());
    }

    #[test]
    fn who_waits_for_a_spare_core_is_let_go_when_it_is_over() {
        let cores = Cores::new(1, 0);
        let held = cores.spare(|| false);
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| cores.spare(|| is_over.load(Ordering::SeqCst)).is_none());
            is_over.store(true, Ordering::SeqCst);
            cores.wake();
            assert!(waiting.join().unwrap());
        });
        drop(held);
    }
}
