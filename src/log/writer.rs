use std::convert::Infallible;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, channel, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

use super::LostLines;

/// The most time for the last lines when the log ends.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Hands log lines to a thread that writes them, so no logging call waits.
///
/// Lines that do not fit into the queue or can't be written are counted as [`LostLines`]. The log reports the loss when it can
/// write again.
#[derive(Clone)]
pub struct LogWriter {
    lines: SyncSender<Vec<u8>>,
    shared: Arc<LogState>,
}

/// Ends the log when it is dropped. The waiting lines are still written, for at most `LAST_LINES`.
pub struct LogGuard {
    writer: LogWriter,
    /// Disconnected when the thread ends.
    ended: Mutex<Receiver<Infallible>>,
}

#[derive(Default)]
struct LogState {
    lost: LostLines,
    is_ending: AtomicBool,
    thread: OnceLock<ThreadId>,
    /// The lines of the writing thread itself, which do not go through its queue.
    own: Mutex<Vec<u8>>,
}

/// Logs that so many lines were lost.
type Report = fn(&LogWriter, u64);

impl LogWriter {
    /// Starts a thread of this name that writes to `out`. At most `most` lines wait. `report` logs a loss.
    ///
    /// # Errors
    ///
    /// The system refused the thread.
    pub fn start(
        name: &str,
        mut out: impl Write + Send + 'static,
        most: usize,
        report: Report,
    ) -> io::Result<(Self, LogGuard)> {
        let (lines, waiting) = sync_channel(most);
        let (ending, ended) = channel();
        let writer = Self { lines, shared: Arc::default() };
        let own = writer.clone();
        thread::Builder::new().name(name.into()).spawn(move || {
            // It is empty: only this thread sets it.
            let _ = own.shared.thread.set(thread::current().id());
            own.write_all(&waiting, &mut out, most, report);
            drop(ending);
        })?;
        Ok((writer.clone(), LogGuard { writer, ended: Mutex::new(ended) }))
    }

    /// Writes lines until the log ends and the queue is empty. Losses are reported when the queue is empty, or after
    /// `2 * most` lines, since a busy queue may never be empty.
    fn write_all(
        &self,
        waiting: &Receiver<Vec<u8>>,
        out: &mut impl Write,
        most: usize,
        report: Report,
    ) {
        let mut lines_since_report = 0;
        loop {
            // Take a line. `is_ending` is read first, so a line that came before the end is not missed.
            let is_ending = self.shared.is_ending.load(Ordering::SeqCst);
            let line = match waiting.try_recv() {
                Ok(line) => line,
                Err(TryRecvError::Empty) => {
                    self.report_loss(out, report);
                    lines_since_report = 0;
                    if is_ending {
                        return;
                    }
                    let Ok(line) = waiting.recv() else { return };
                    line
                }
                Err(TryRecvError::Disconnected) => return,
            };
            // Write it, or count it as lost.
            if out.write_all(&line).and_then(|()| out.flush()).is_err() {
                self.shared.lost.add_one();
            }
            // Report losses of a queue that is never empty.
            lines_since_report += 1;
            if lines_since_report >= 2 * most {
                self.report_loss(out, report);
                lines_since_report = 0;
            }
        }
    }

    /// Logs the losses since the last report. A report that can't be written is repeated with the next losses.
    fn report_loss(&self, out: &mut impl Write, report: Report) {
        let unreported = self.shared.lost.unreported();
        if unreported == 0 {
            return;
        }
        // On this thread, `report` writes into `own` instead of the queue.
        report(self, unreported);
        let own = std::mem::take(&mut *self.shared.own());
        if out.write_all(&own).and_then(|()| out.flush()).is_ok() {
            self.shared.lost.add_reported(unreported);
        }
    }
}

impl LogState {
    fn own(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LogGuard {
    /// The count of lost lines, for the audit.
    pub fn lost_lines(&self) -> LostLines {
        self.writer.shared.lost.clone()
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.writer.shared.is_ending.store(true, Ordering::SeqCst);
        // An empty line wakes the thread. With a full queue the thread is awake.
        drop(self.writer.lines.try_send(Vec::new()));
        if let Ok(ended) = self.ended.get_mut() {
            // The channel carries no value: it is disconnected when the thread ends.
            let _ = ended.recv_timeout(LAST_LINES);
        }
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter(self)
    }
}

/// Puts one line into the queue of a [`LogWriter`].
pub struct LineWriter<'a>(&'a LogWriter);

impl Write for LineWriter<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let LogWriter { lines, shared } = self.0;
        if shared.thread.get() == Some(&thread::current().id()) {
            shared.own().extend_from_slice(line);
        } else if lines.try_send(line.to_vec()).is_err() {
            shared.lost.add_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Condvar;

    use super::*;

    /// A writer that can be stalled, and that can fail.
    #[derive(Clone, Default)]
    struct Sink(Arc<(Mutex<SinkState>, Condvar)>);

    #[derive(Default)]
    struct SinkState {
        is_stalled: bool,
        is_broken: bool,
        waits: bool,
        written: String,
    }

    impl Sink {
        fn set(&self, change: impl FnOnce(&mut SinkState)) {
            change(&mut self.0.0.lock().unwrap());
            self.0.1.notify_all();
        }

        fn wait_until(&self, is_so: impl Fn(&SinkState) -> bool) {
            let state = self.0.0.lock().unwrap();
            drop(self.0.1.wait_while(state, |state| !is_so(state)).unwrap());
        }

        fn written(&self) -> String {
            self.0.0.lock().unwrap().written.clone()
        }
    }

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (state, changed) = &*self.0;
            let mut state = state.lock().unwrap();
            state.waits = true;
            changed.notify_all();
            let mut state = changed.wait_while(state, |state| state.is_stalled).unwrap();
            state.waits = false;
            if state.is_broken {
                return Err(io::ErrorKind::StorageFull.into());
            }
            state.written.push_str(std::str::from_utf8(bytes).unwrap());
            changed.notify_all();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const MOST: usize = 8;

    fn log(out: &Sink) -> (LogWriter, LogGuard) {
        let report: Report = |writer, lost| writeln!(writer.make_writer(), "lost {lost}").unwrap();
        LogWriter::start("log", out.clone(), MOST, report).unwrap()
    }

    fn line(writer: &LogWriter, text: &str) {
        writer.make_writer().write_all(format!("{text}\n").as_bytes()).unwrap();
    }

    #[test]
    fn lines_that_did_not_fit_are_reported_once_behind_those_that_did() {
        let out = Sink::default();
        out.set(|state| state.is_stalled = true);
        let (writer, guard) = log(&out);
        line(&writer, "first");
        out.wait_until(|state| state.waits);
        for number in 0..MOST + 5 {
            line(&writer, &number.to_string());
        }
        let lost = guard.lost_lines();
        assert_eq!(lost.take_reported(), 0, "no loss was reported yet");
        out.set(|state| state.is_stalled = false);
        out.wait_until(|state| state.written.contains("lost"));
        line(&writer, "last");
        drop(guard);
        assert_eq!(out.written(), "first\n0\n1\n2\n3\n4\n5\n6\n7\nlost 5\nlast\n");
        assert_eq!((lost.take_reported(), lost.take_reported(), lost.take_all()), (5, 0, 0));
    }

    #[test]
    fn lines_that_could_not_be_written_are_reported_when_writing_works_again() {
        let out = Sink::default();
        out.set(|state| state.is_broken = true);
        let (writer, guard) = log(&out);
        line(&writer, "one");
        line(&writer, "two");
        let lost = guard.lost_lines();
        while lost.total() < 2 {
            thread::yield_now();
        }
        out.set(|state| state.is_broken = false);
        line(&writer, "three");
        drop(guard);
        let written = out.written();
        // The report may have failed before the second line was lost, or after it.
        assert!(written.ends_with("three\nlost 2\n") || written == "lost 2\nthree\n", "{written}");
        assert_eq!(lost.take_all(), 2);
    }

    /// While a loss is reported, another line comes, and behind it the end.
    #[derive(Clone, Default)]
    struct LateLine(Sink, Arc<OnceLock<LogWriter>>);

    impl Write for LateLine {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if let Some(writer) = self.1.get().filter(|_| bytes.starts_with(b"lost")) {
                writer.lines.try_send(b"late\n".to_vec()).unwrap();
                writer.shared.is_ending.store(true, Ordering::SeqCst);
            }
            self.0.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_that_comes_while_losses_are_reported_is_written_before_the_end() {
        let out = LateLine::default();
        out.0.set(|state| state.is_broken = true);
        let report: Report = |writer, lost| writeln!(writer.make_writer(), "lost {lost}").unwrap();
        let (writer, guard) = LogWriter::start("log", out.clone(), MOST, report).unwrap();
        line(&writer, "one");
        let lost = guard.lost_lines();
        while lost.total() < 1 {
            thread::yield_now();
        }
        assert!(out.1.set(writer.clone()).is_ok());
        out.0.set(|state| state.is_broken = false);
        line(&writer, "two");
        out.0.wait_until(|state| state.written.contains("lost"));
        drop(guard);
        let written = out.0.written();
        let either = ["two\nlost 1\nlate\n", "lost 1\nlate\ntwo\n", "lost 1\ntwo\nlate\n"];
        assert!(either.contains(&written.as_str()), "{written}");
    }

    #[test]
    fn every_line_is_written_or_counted() {
        let out = Sink::default();
        let (writer, guard) = log(&out);
        let lines = 200 * MOST;
        for number in 0..lines {
            line(&writer, &format!("line {number}"));
        }
        drop(guard);
        let written = out.written();
        let number = |line: &str| line.strip_prefix("lost ").map(|it| it.parse::<usize>().unwrap());
        let told: Vec<_> = written.lines().filter_map(number).collect();
        let kept = written.matches("line ").count();
        assert_eq!(told.iter().sum::<usize>() + kept, lines, "{told:?}");
    }

    #[test]
    fn the_end_waits_for_written_lines_and_not_for_a_stalled_reader() {
        let out = Sink::default();
        let (writer, guard) = log(&out);
        line(&writer, "one");
        drop(guard);
        assert_eq!(out.written(), "one\n");
        out.set(|state| state.is_stalled = true);
        let (writer, guard) = log(&out);
        (0..20).for_each(|_| line(&writer, "more"));
        let lost = guard.lost_lines();
        drop(guard);
        assert!(lost.take_all() >= 20 - MOST as u64 - 1, "they are counted all the same");
        out.set(|state| state.is_stalled = false);
    }
}
