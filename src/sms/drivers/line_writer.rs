use std::convert::Infallible;
use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};
use std::time::Duration;

use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::domain::DeliveryError;
use crate::sms::driver::{Accepted, SendError, SendFuture};

/// Lines that may wait while the reader does not read.
const WAITING: usize = 1024;

/// The time for the lines that wait when the writer is dropped.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Writes lines on a thread of its own, so a reader that does not read delays no caller. Dropping it writes the lines that
/// wait, for up to [`LAST_LINES`].
pub(super) struct BackgroundLineWriter {
    jobs: Option<SyncSender<LineJob>>,
    /// Closed by the thread's end.
    ended: Mutex<Receiver<Infallible>>,
}

/// Where lines go.
type LineTarget = Box<dyn Write + Send>;

/// A job of the thread.
enum LineJob {
    Write {
        text: Zeroizing<String>,
        written: oneshot::Sender<Result<(), SendError>>,
    },
    /// Goes on with another target.
    Replace(LineTarget),
}

impl BackgroundLineWriter {
    /// Writes to `out` on a thread of this name.
    pub(super) fn to(name: &str, out: impl Write + Send + 'static) -> io::Result<Self> {
        let mut out: LineTarget = Box::new(out);
        let (jobs, waiting) = sync_channel(WAITING);
        let (ending, ended) = channel();
        std::thread::Builder::new().name(name.into()).spawn(move || {
            let mut is_torn = false;
            for job in waiting {
                match job {
                    LineJob::Write { text, written } => {
                        // A closed target is no reason to stop: it may be open again at the next line.
                        let done = write(&mut out, &mut is_torn, text.as_bytes());
                        drop(written.send(done));
                    }
                    LineJob::Replace(other) => out = other,
                }
            }
            drop(ending);
        })?;
        Ok(Self { jobs: Some(jobs), ended: Mutex::new(ended) })
    }

    /// Writes all later lines to `out`. Blocks while the queue is full.
    pub(super) fn replace(&self, out: impl Write + Send + 'static) -> io::Result<()> {
        let gone = || io::Error::other("the thread that writes has ended");
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(LineJob::Replace(Box::new(out))).map_err(|_| gone())
    }

    /// Writes one line, and waits until it is written.
    pub(super) fn write(&self, text: Zeroizing<String>) -> SendFuture<'_> {
        let (written, told) = oneshot::channel();
        let waits = match &self.jobs {
            Some(jobs) => {
                jobs.try_send(LineJob::Write { text, written }).map_err(|error| match error {
                    TrySendError::Full(_) | TrySendError::Disconnected(_) => {
                        SendError::not_accepted(DeliveryError::NotWritten)
                    }
                })
            }
            None => Err(SendError::not_accepted(DeliveryError::NotWritten)),
        };
        Box::pin(async move {
            waits?;
            told.await.unwrap_or(Err(SendError::Ambiguous(DeliveryError::WrittenOrNot)))?;
            Ok(Accepted::default())
        })
    }
}

/// Writes a line. After a line that could not be written to its end it begins a new one.
fn write(out: &mut impl Write, is_torn: &mut bool, line: &[u8]) -> Result<(), SendError> {
    let not_begun = |_| SendError::not_accepted(DeliveryError::NotWritten);
    if *is_torn {
        out.write_all(b"\n").map_err(not_begun)?;
        *is_torn = false;
    }
    let begun = out.write(line).map_err(not_begun)?;
    let written = out.write_all(&line[begun..]).and_then(|()| out.flush());
    written.map_err(|_| {
        *is_torn = true;
        SendError::Ambiguous(DeliveryError::WrittenOrNot)
    })
}

impl Drop for BackgroundLineWriter {
    fn drop(&mut self) {
        self.jobs = None;
        if let Ok(ended) = self.ended.get_mut() {
            // Nothing is ever sent here: the end of the thread closes the channel.
            let _ = ended.recv_timeout(LAST_LINES);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use super::*;

    #[test]
    fn a_full_disk_is_not_taken_for_done() {
        let full = OpenOptions::new().append(true).open("/dev/full").unwrap();
        let lines = BackgroundLineWriter::to("full", full).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let said = runtime.block_on(lines.write(Zeroizing::new("a line\n".into())));
        assert_eq!(said, Err(SendError::not_accepted(DeliveryError::NotWritten)));
    }
}
