//! Whose turn it is to hash: argon2 never runs at once more often than there are cores, and whoever somebody waits for
//! goes before what is made ahead of need.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use argon2::Block;
use rustix::process::{getpriority_process, setpriority_process};

/// Work that somebody waits for, with the memory that a hash needs.
pub(super) type Job = Box<dyn FnOnce(&mut [Block]) + Send>;

/// The cores, and the jobs that wait for one.
pub(super) struct Cores {
    count: usize,
    turns: Mutex<Turns>,
    /// There may be a job, and a core for it.
    job: Condvar,
    /// There may be a core that no job waits for.
    spare: Condvar,
    is_refusal_told: AtomicBool,
}

#[derive(Default)]
struct Turns {
    jobs: VecDeque<Job>,
    busy: usize,
    most_busy: usize,
    is_closed: bool,
}

/// A core to hash on, until this is dropped.
pub(super) struct Core<'a>(&'a Cores);

impl Cores {
    pub(super) fn new(count: usize) -> Self {
        Self {
            count,
            turns: Mutex::default(),
            job: Condvar::new(),
            spare: Condvar::new(),
            is_refusal_told: AtomicBool::new(false),
        }
    }

    /// Queues a job.
    pub(super) fn push(&self, job: Job) {
        self.turns().jobs.push_back(job);
        self.job.notify_one();
    }

    /// The next job, waited for, and a core for it; `None` when there are no more to come.
    pub(super) fn next_job(&self) -> Option<(Job, Core<'_>)> {
        let mut turns = self.turns();
        loop {
            if turns.busy < self.count
                && let Some(job) = turns.jobs.pop_front()
            {
                return Some((job, self.occupy(&mut turns)));
            }
            if turns.is_closed && turns.jobs.is_empty() {
                return None;
            }
            turns = self.job.wait(turns).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A core that no job waits for, itself waited for; `None` once `is_over`, which is asked again at [`Self::wake`].
    pub(super) fn spare(&self, is_over: impl Fn() -> bool) -> Option<Core<'_>> {
        let mut turns = self.turns();
        while !is_over() {
            if turns.busy < self.count && turns.jobs.is_empty() {
                return Some(self.occupy(&mut turns));
            }
            turns = self.spare.wait(turns).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    /// Lets those who wait for a spare core ask whether it is over.
    pub(super) fn wake(&self) {
        // With this in hand nobody is between asking and waiting.
        let turns = self.turns();
        self.spare.notify_all();
        drop(turns);
    }

    /// No more jobs are to come; those that wait are still done.
    pub(super) fn close(&self) {
        self.turns().is_closed = true;
        self.job.notify_all();
    }

    /// The most cores that were hashing at once so far.
    pub(super) fn most_busy(&self) -> usize {
        self.turns().most_busy
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

    fn occupy(&self, turns: &mut Turns) -> Core<'_> {
        turns.busy += 1;
        turns.most_busy = turns.most_busy.max(turns.busy);
        Core(self)
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Core<'_> {
    fn drop(&mut self) {
        let mut turns = self.0.turns();
        turns.busy -= 1;
        if turns.jobs.is_empty() { self.0.spare.notify_one() } else { self.0.job.notify_one() }
    }
}
