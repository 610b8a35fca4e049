//! The one thread that writes.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, ThreadId};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::answers::{Answer, AnswerThread, Tell};
use super::checksums;
use super::database::Database;
use super::directory::Lock;
use super::disk_space::DiskSpace;
use super::error::{OpenError, StoreError};
use super::overlay::GroupOverlay;
use super::redo;
use super::renewal::{Renewal, RenewalStep};
use super::sweep;
use super::trees::Trees;
use super::write::Write;

/// Writes that may wait. More get no room.
const QUEUE: usize = 1024;

/// Writes that one flush makes durable. A cap keeps the first of a group from waiting long for the last.
const GROUP: usize = 64;

/// How often an idle writer asks whether the replaced database is removed.
const REMOVAL_POLL: Duration = Duration::from_millis(100);

/// Bytes of changes from which on no further write joins a group: they are in memory until then.
const GROUP_BYTES: u64 = 1024 * 1024;

/// What becomes of a write when the queue or the disk is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// It is refused: its caller has spent nothing yet.
    Normal,
    /// It uses the reserve of the disk: it makes room, or repairs a record. A full queue refuses it.
    MayUseReserve,
    /// It completes an earlier write. It uses the reserve of the disk, and waits for room in the queue.
    FollowUp,
    /// It only moves records. It uses the reserve of the disk, and [`Store::written`](super::Store::written) does not count
    /// it. A full queue refuses it.
    Upkeep,
}

/// What a closure came to.
struct JobOutcome {
    /// Whether its puts are carried out.
    accepted: bool,
    priority: Priority,
    /// Tells the caller, once the group is on the device or has failed.
    tell: Tell,
}

type WriteJob = Box<dyn FnOnce(&mut Write<'_>) -> JobOutcome + Send>;

/// Permission to queue one write. It is given back when the write runs.
pub(super) struct QueuePermit {
    _held: OwnedSemaphorePermit,
}

pub(super) struct Writer {
    queue: Option<Sender<WriteJob>>,
    permits: Arc<Semaphore>,
    thread: Mutex<Option<JoinHandle<()>>>,
    answers_on: ThreadId,
    failure: watch::Receiver<Option<StoreError>>,
    space: Arc<DiskSpace>,
    written: Arc<AtomicU64>,
    is_at_rest: Arc<AtomicBool>,
}

impl Writer {
    pub(super) fn start(
        trees: Arc<Trees>,
        database: Database,
        lock: Lock,
        space: DiskSpace,
        renewal: Renewal,
    ) -> Result<Self, OpenError> {
        let space = Arc::new(space);
        let watched = Arc::clone(&space);
        let written = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&written);
        let is_at_rest = Arc::new(AtomicBool::new(false));
        let rests = Arc::clone(&is_at_rest);
        let (queue, jobs) = channel();
        let (failing, failure) = watch::channel(None);
        let path = lock.path().to_owned();
        let at_path = |source| OpenError::Io { path: path.clone(), source };
        let answers = AnswerThread::start().map_err(at_path)?;
        let answers_on = answers.id();
        // The thread logs to where the one that starts it does.
        let log = tracing::dispatcher::get_default(Clone::clone);
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || {
                let _log = tracing::dispatcher::set_default(&log);
                let mut thread = WriterThread {
                    trees,
                    database,
                    space: watched,
                    renewal,
                    answers,
                    is_at_rest: rests,
                };
                thread.run(&counted, &jobs, &failing);
                let is_whole = failing.borrow().is_none();
                let WriterThread { trees, database, renewal, answers, .. } = thread;
                answers.end();
                renewal.end(&database);
                drop((trees, database));
                if is_whole && let Err(error) = checksums::seal(lock.path(), &lock.home()) {
                    tracing::warn!(%error, "the closed store is not sealed");
                }
                // The lock goes last: when it is free, sled has let go of its files.
                drop(lock);
            })
            .map_err(at_path)?;
        let permits = Arc::new(Semaphore::new(QUEUE));
        let (queue, thread) = (Some(queue), Mutex::new(Some(thread)));
        Ok(Self { queue, permits, thread, answers_on, failure, space, written, is_at_rest })
    }

    /// A permit, or [`StoreError::Busy`] when [`QUEUE`] writes wait already.
    pub(super) fn permit(&self) -> Result<QueuePermit, StoreError> {
        let held = Arc::clone(&self.permits).try_acquire_owned();
        held.map(|held| QueuePermit { _held: held }).map_err(|_| StoreError::Busy)
    }

    /// Waits for a permit. Fails when the store has failed.
    pub(super) async fn wait_for_permit(&self) -> Result<QueuePermit, StoreError> {
        let held = Arc::clone(&self.permits).acquire_owned().await;
        held.map(|held| QueuePermit { _held: held }).map_err(|_| self.failure())
    }

    /// Queues a write; `tell` is called on a thread of the store when its outcome is certain.
    pub(super) fn submit<T, E, F, A>(
        &self,
        permit: QueuePermit,
        priority: Priority,
        decide: F,
        tell: A,
    ) -> Result<(), StoreError>
    where
        F: FnOnce(&mut Write<'_>) -> Result<T, E> + Send + 'static,
        A: FnOnce(Result<T, E>) + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let job: WriteJob = Box::new(move |write| {
            drop(permit);
            let result = decide(write);
            JobOutcome {
                accepted: result.is_ok(),
                priority,
                tell: Box::new(move |durable| {
                    tell(match durable {
                        Ok(()) => result,
                        Err(error) => Err(error.into()),
                    });
                }),
            }
        });
        let queue = self.queue.as_ref().ok_or_else(|| self.failure())?;
        queue.send(job).map_err(|_| self.failure())
    }

    /// The error that ended the writer thread.
    pub(super) fn failure(&self) -> StoreError {
        let noticed = self.failure.borrow().clone();
        noticed.unwrap_or_else(|| StoreError::Failed("the writer thread has ended".into()))
    }

    /// How many writes have changed something.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::SeqCst)
    }

    pub(super) fn is_at_rest(&self) -> bool {
        self.is_at_rest.load(Ordering::SeqCst)
    }

    pub(super) fn has_room(&self) -> bool {
        self.space.has_room_for(0)
    }

    pub(super) fn has_failed(&self) -> bool {
        // A thread that has ended, by a panic, says no more.
        self.failure.borrow().is_some() || self.failure.has_changed().is_err()
    }

    pub(super) async fn failed(&self) -> StoreError {
        let mut failure = self.failure.clone();
        let noticed = failure.wait_for(Option::is_some).await;
        noticed.ok().and_then(|error| error.clone()).unwrap_or_else(|| self.failure())
    }
}

/// The last handle is gone: what is queued is still written, then the database is closed.
impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        let thread = self.thread.lock().ok().and_then(|mut thread| thread.take());
        // A write's own closure or effect may hold the last handle: a thread can't wait for itself, nor the one that answers
        // for the one that writes.
        let this = std::thread::current().id();
        if let Some(thread) =
            thread.filter(|it| ![it.thread().id(), self.answers_on].contains(&this))
        {
            drop(thread.join());
        }
    }
}

/// What the thread has.
struct WriterThread {
    trees: Arc<Trees>,
    database: Database,
    space: Arc<DiskSpace>,
    renewal: Renewal,
    is_at_rest: Arc<AtomicBool>,
    answers: AnswerThread,
}

impl WriterThread {
    fn run(
        &mut self,
        written: &AtomicU64,
        jobs: &Receiver<WriteJob>,
        failing: &watch::Sender<Option<StoreError>>,
    ) {
        let mut number = 0;
        loop {
            let first = match self.next(jobs) {
                Ok(Some(first)) => first,
                Ok(None) => return,
                Err(error) => return self.fail(&error, jobs, failing),
            };
            let queued = std::iter::once(first).chain(jobs.try_iter().take(GROUP - 1));
            let mut group = WriteGroup::default();
            for job in queued {
                group.run(&self.trees, &self.space, job);
                if group.overlay.bytes >= GROUP_BYTES {
                    break;
                }
            }
            number += 1;
            written.fetch_add(group.counted, Ordering::SeqCst);
            let committed = group.commit(&self.trees, &self.database, number, &self.answers);
            if let Err(error) = committed.and_then(|()| self.renew(false).map(drop)) {
                return self.fail(&error, jobs, failing);
            }
        }
    }

    /// The next job. While there is none, the database is renewed; `None` when the last
    /// handle is gone.
    fn next(&mut self, jobs: &Receiver<WriteJob>) -> Result<Option<WriteJob>, StoreError> {
        loop {
            match jobs.try_recv() {
                Ok(job) => return Ok(Some(job)),
                Err(TryRecvError::Disconnected) => return Ok(None),
                Err(TryRecvError::Empty) => {}
            }
            match self.renew(true)? {
                RenewalStep::More => {}
                RenewalStep::AfterRemoval => match jobs.recv_timeout(REMOVAL_POLL) {
                    Ok(job) => return Ok(Some(job)),
                    Err(RecvTimeoutError::Disconnected) => return Ok(None),
                    Err(RecvTimeoutError::Timeout) => {}
                },
                RenewalStep::Nothing => {
                    self.is_at_rest.store(true, Ordering::SeqCst);
                    let job = jobs.recv().ok();
                    self.is_at_rest.store(false, Ordering::SeqCst);
                    return Ok(job);
                }
            }
        }
    }

    fn renew(&mut self, is_idle: bool) -> Result<RenewalStep, StoreError> {
        self.renewal.step(&mut self.database, &self.trees, &self.space, is_idle)
    }

    /// Answers every later write with the error. The process has to be started again.
    fn fail(
        &self,
        error: &StoreError,
        jobs: &Receiver<WriteJob>,
        failing: &watch::Sender<Option<StoreError>>,
    ) {
        tracing::error!(%error, "the store has failed; start the process again");
        drop(failing.send(Some(error.clone())));
        for job in jobs {
            let group = GroupOverlay::default();
            let outcome = job(&mut Write::new(&self.trees, &self.space, &group));
            (outcome.tell)(Err(error.clone()));
        }
    }
}

/// Writes that become durable together: a record that several of them change is written once.
#[derive(Default)]
struct WriteGroup {
    answers: Vec<Answer>,
    overlay: GroupOverlay,
    /// How many of them change something and are not upkeep.
    counted: u64,
}

impl WriteGroup {
    /// Decides a write. One that is refused, or can't be kept, leaves the group as it was.
    fn run(&mut self, trees: &Trees, space: &DiskSpace, job: WriteJob) {
        let mut write = Write::new(trees, space, &self.overlay);
        let outcome = job(&mut write);
        let effects = write.take_effects();
        if outcome.accepted && !write.is_empty() {
            let kept = write.follow().and_then(|()| match outcome.priority {
                Priority::Normal => write.check_room(),
                Priority::MayUseReserve | Priority::FollowUp | Priority::Upkeep => {
                    write.check_size()
                }
            });
            let (changes, due) = write.into_parts();
            if let Err(error) = kept.and_then(|()| self.overlay.add(changes, due)) {
                (outcome.tell)(Err(error));
                return;
            }
            self.counted += u64::from(outcome.priority != Priority::Upkeep);
        }
        let effects = if outcome.accepted { effects } else { Vec::new() };
        self.answers.push(Answer { effects, tell: outcome.tell });
    }

    /// Carries the group out as write number `number`, and has its callers answered.
    fn commit(
        self,
        trees: &Trees,
        database: &Database,
        number: u64,
        answers: &AnswerThread,
    ) -> Result<(), StoreError> {
        let durable = if self.overlay.changes.is_empty() {
            Ok(())
        } else {
            sweep::with_due(trees, self.overlay)
                .and_then(|changes| redo::apply(trees, database, number, changes))
                .and_then(|()| database.sync())
        };
        answers.answer(self.answers, durable.clone()).and(durable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::StoreConfig;
    use crate::store::overlay::Overlay;
    use crate::store::schema::CLIENTS;

    #[test]
    fn no_effect_comes_of_a_group_that_is_not_on_the_device() {
        let home = tempfile::tempdir().unwrap();
        let config = StoreConfig { cache_mib: 8, reserve_mib: 0 };
        let database = Database::open(home.path(), config).unwrap();
        let trees = Trees::open(&database).unwrap();
        let unknown_tree = 250;
        for (table, is_durable) in [(CLIENTS.id, true), (unknown_tree, false)] {
            let thread = AnswerThread::start().unwrap();
            let (effects, seen) = channel();
            let (answers, answered) = channel();
            let mut group = WriteGroup::default();
            group.answers.push(Answer {
                effects: vec![Box::new(move || effects.send(()).unwrap())],
                tell: Box::new(move |durable| answers.send(durable.is_ok()).unwrap()),
            });
            let changes = Overlay::from([((table, vec![1]), Some(vec![1]))]);
            group.overlay.add(changes, Vec::new()).unwrap();
            assert_eq!(group.commit(&trees, &database, 1, &thread).is_ok(), is_durable);
            thread.end();
            assert_eq!(answered.try_iter().collect::<Vec<_>>(), [is_durable]);
            assert_eq!(seen.try_iter().count(), usize::from(is_durable));
        }
    }
}
