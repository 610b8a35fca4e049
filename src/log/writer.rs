use std::convert::Infallible;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, channel, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// The most time for the last lines when the log ends.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Hands log lines to a thread that writes them, so that no logging call waits. Lines that do not fit into the queue, or
/// can't be written, are lost and counted. The log tells of the loss when it can write again.
#[derive(Clone)]
pub struct LogWriter {
    lines: SyncSender<Vec<u8>>,
    shared: Arc<LogState>,
}

/// Ends the log when it is dropped. Lines that wait are still written, within `LAST_LINES`.
pub struct LogGuard {
    writer: LogWriter,
    /// Disconnected when the thread ends.
    ended: Mutex<Receiver<Infallible>>,
}

/// The count of lost lines.
#[derive(Clone, Default)]
pub struct LostLines(Arc<LogState>);

#[derive(Default)]
struct LogState {
    lost: AtomicU64,
    /// The lost lines that the log has told of.
    told: AtomicU64,
    /// The lost lines that the audit has noted.
    taken: AtomicU64,
    is_ending: AtomicBool,
    thread: OnceLock<ThreadId>,
    /// The lines of the writing thread itself, which do not go through its queue.
    own: Mutex<Vec<u8>>,
}

/// Logs that so many lines were lost.
type Say = fn(&LogWriter, u64);

impl LogWriter {
    /// Writes to `out` on a thread of this name. At most `most` lines wait.
    pub fn start(
        name: &str,
        mut out: impl Write + Send + 'static,
        most: usize,
        say: Say,
    ) -> io::Result<(Self, LogGuard)> {
        let (lines, waiting) = sync_channel(most);
        let (ending, ended) = channel();
        let writer = Self { lines, shared: Arc::default() };
        let own = writer.clone();
        thread::Builder::new().name(name.into()).spawn(move || {
            // Nobody else sets it.
            let _ = own.shared.thread.set(thread::current().id());
            own.write_all(&waiting, &mut out, most, say);
            drop(ending);
        })?;
        Ok((writer.clone(), LogGuard { writer, ended: Mutex::new(ended) }))
    }

    /// Writes until the log ends and the queue is empty. Losses are told when the queue is empty, or after `2 * most` lines,
    /// since a busy queue may never be empty.
    fn write_all(&self, waiting: &Receiver<Vec<u8>>, out: &mut impl Write, most: usize, say: Say) {
        let mut untold = 0;
        loop {
            // Asked first: a line that comes after an empty queue was found may come before the end.
            let is_ending = self.shared.is_ending.load(Ordering::SeqCst);
            let line = match waiting.try_recv() {
                Ok(line) => line,
                Err(TryRecvError::Empty) => {
                    self.tell(out, say);
                    untold = 0;
                    if is_ending {
                        return;
                    }
                    let Ok(line) = waiting.recv() else { return };
                    line
                }
                Err(TryRecvError::Disconnected) => return,
            };
            if out.write_all(&line).and_then(|()| out.flush()).is_err() {
                self.shared.lost.fetch_add(1, Ordering::SeqCst);
            }
            untold += 1;
            if untold >= 2 * most {
                self.tell(out, say);
                untold = 0;
            }
        }
    }

    fn tell(&self, out: &mut impl Write, say: Say) {
        let lost = self.shared.lost.load(Ordering::SeqCst);
        let told = self.shared.told.load(Ordering::SeqCst);
        if lost == told {
            return;
        }
        say(self, lost - told);
        let own = std::mem::take(&mut *self.shared.own());
        // What can't be written now is told with what is lost until it can be.
        if out.write_all(&own).and_then(|()| out.flush()).is_ok() {
            self.shared.told.store(lost, Ordering::SeqCst);
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
        LostLines(Arc::clone(&self.writer.shared))
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.writer.shared.is_ending.store(true, Ordering::SeqCst);
        // It only has to look; with a full queue it does so anyway.
        drop(self.writer.lines.try_send(Vec::new()));
        if let Ok(ended) = self.ended.get_mut() {
            // It is the end of the thread that is waited for; nothing is ever received.
            let _ = ended.recv_timeout(LAST_LINES);
        }
    }
}

impl LostLines {
    /// The lost lines that the log has told of since the last call.
    pub fn take_told(&self) -> u64 {
        self.take(&self.0.told)
    }

    /// All lines lost since the last call.
    pub fn take_all(&self) -> u64 {
        self.take(&self.0.lost)
    }

    fn take(&self, count: &AtomicU64) -> u64 {
        let now = count.load(Ordering::SeqCst);
        now - self.0.taken.swap(now, Ordering::SeqCst)
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter(self)
    }
}

/// Writes one line into the queue.
pub struct LineWriter<'a>(&'a LogWriter);

impl Write for LineWriter<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let LogWriter { lines, shared } = self.0;
        if shared.thread.get() == Some(&thread::current().id()) {
            shared.own().extend_from_slice(line);
        } else if lines.try_send(line.to_vec()).is_err() {
            shared.lost.fetch_add(1, Ordering::SeqCst);
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

    /// A place to write to that can be stopped, and that can fail.
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
        let say: Say = |writer, lost| writeln!(writer.make_writer(), "lost {lost}").unwrap();
        LogWriter::start("log", out.clone(), MOST, say).unwrap()
    }

    fn line(writer: &LogWriter, text: &str) {
        writer.make_writer().write_all(format!("{text}\n").as_bytes()).unwrap();
    }

    #[test]
    fn what_did_not_fit_while_nobody_read_is_told_once_behind_what_did() {
        let out = Sink::default();
        out.set(|state| state.is_stalled = true);
        let (writer, guard) = log(&out);
        line(&writer, "first");
        out.wait_until(|state| state.waits);
        for number in 0..MOST + 5 {
            line(&writer, &number.to_string());
        }
        let lost = guard.lost_lines();
        assert_eq!(lost.take_told(), 0, "nobody has been told");
        out.set(|state| state.is_stalled = false);
        out.wait_until(|state| state.written.contains("lost"));
        line(&writer, "last");
        drop(guard);
        assert_eq!(out.written(), "first\n0\n1\n2\n3\n4\n5\n6\n7\nlost 5\nlast\n");
        assert_eq!((lost.take_told(), lost.take_told(), lost.take_all()), (5, 0, 0));
    }

    #[test]
    fn what_could_not_be_written_is_told_when_it_can_be() {
        let out = Sink::default();
        out.set(|state| state.is_broken = true);
        let (writer, guard) = log(&out);
        line(&writer, "one");
        line(&writer, "two");
        let lost = guard.lost_lines();
        while lost.0.lost.load(Ordering::SeqCst) < 2 {
            thread::yield_now();
        }
        out.set(|state| state.is_broken = false);
        line(&writer, "three");
        drop(guard);
        let written = out.written();
        // It may have come to tell of the first before the second was lost, or of both.
        assert!(written.ends_with("three\nlost 2\n") || written == "lost 2\nthree\n", "{written}");
        assert_eq!(lost.take_all(), 2);
    }

    /// When it is told what was lost, another line comes, and behind it the end.
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
    fn a_line_that_comes_while_losses_are_told_is_written_before_the_end() {
        let out = LateLine::default();
        out.0.set(|state| state.is_broken = true);
        let say: Say = |writer, lost| writeln!(writer.make_writer(), "lost {lost}").unwrap();
        let (writer, guard) = LogWriter::start("log", out.clone(), MOST, say).unwrap();
        line(&writer, "one");
        let lost = guard.lost_lines();
        while lost.0.lost.load(Ordering::SeqCst) < 1 {
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
    fn the_end_waits_for_what_is_written_and_not_for_a_reader_who_does_not_come() {
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
