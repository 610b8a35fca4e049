//! The thread that answers the callers of writes, once their group is on the device.
//!
//! What hangs on a durable write is done here, before its caller is answered, while the writer thread is at the next group.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{JoinHandle, ThreadId};

use super::error::StoreError;
use super::write::Effect;

/// Groups that may wait. Then the writer thread waits: a write finds what hung on the writes some groups before it done.
const GROUPS: usize = 1;

/// What a write came to, for its caller.
pub(super) struct Answer {
    /// What is done first if the write is on the device.
    pub(super) effects: Vec<Effect>,
    pub(super) tell: Tell,
}

/// Tells the caller of a write whether it is on the device.
pub(super) type Tell = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// The answers of one group, and whether it is on the device.
type Group = (Vec<Answer>, Result<(), StoreError>);

pub(super) struct AnswerThread {
    groups: SyncSender<Group>,
    thread: JoinHandle<()>,
}

impl AnswerThread {
    pub(super) fn start() -> io::Result<Self> {
        let (groups, queue) = sync_channel(GROUPS);
        // Effects log to where the one that starts the store does.
        let log = tracing::dispatcher::get_default(Clone::clone);
        let thread = std::thread::Builder::new().name("store-answers".into()).spawn(move || {
            let _log = tracing::dispatcher::set_default(&log);
            answer_all(&queue);
        })?;
        Ok(Self { groups, thread })
    }

    pub(super) fn id(&self) -> ThreadId {
        self.thread.thread().id()
    }

    /// Answers the callers of one group, after those of the groups before it. Fails when an effect has panicked.
    pub(super) fn answer(
        &self,
        answers: Vec<Answer>,
        durable: Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let sent = self.groups.send((answers, durable));
        sent.map_err(|_| StoreError::Failed("the thread that answers writes has ended".into()))
    }

    /// Waits until every caller has its answer.
    pub(super) fn end(self) {
        drop(self.groups);
        drop(self.thread.join());
    }
}

fn answer_all(queue: &Receiver<Group>) {
    for (answers, durable) in queue {
        for Answer { effects, tell } in answers {
            if durable.is_ok() {
                for effect in effects {
                    effect();
                }
            }
            tell(durable.clone());
        }
    }
}
