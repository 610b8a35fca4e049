//! The time limits of a connection.
//!
//! hyper tells when a head is whole. It does not tell when the first byte came, or that the peer does not read its answer.
//! So the stream counts its changes as bytes pass, and a check at intervals compares the counts. A request costs no
//! timer, lock or clock.
//!
//! An answer that is whole must be read within a time. An answer that is a stream may last for ever, and its producer may
//! be idle; but while the peer keeps its bytes waiting, it must read them at a least rate.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::Version;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

use super::ServerLimits;
use super::least_rate::RateDebt;
use super::socket::SocketStream;

/// The send buffer of a connection with a stream, in bytes. The system would keep megabytes for a peer that does not read,
/// and only tell when a third of them has gone.
const SEND_BUFFER: usize = 64 * 1024;

/// The stage of a connection, named by what it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum ConnectionStage {
    /// The first byte of the connection.
    Opening,
    /// The rest of a head.
    Head,
    /// The server's own answer. The route's deadline holds for it and for the body.
    Answering,
    /// The peer, to read the answer.
    Answered,
    /// More of an answer that is a stream, or the peer, to read what there is.
    Streaming,
    /// The peer, to read the last bytes of a stream.
    Streamed,
    /// The first byte of the next head.
    Idle,
}

const CONNECTION_STAGES: [ConnectionStage; 7] = [
    ConnectionStage::Opening,
    ConnectionStage::Head,
    ConnectionStage::Answering,
    ConnectionStage::Answered,
    ConnectionStage::Streaming,
    ConnectionStage::Streamed,
    ConnectionStage::Idle,
];

impl ConnectionStage {
    fn is_of_a_stream(self) -> bool {
        matches!(self, Self::Streaming | Self::Streamed)
    }
}

/// The progress of one connection. One task does its reads, writes, answers and checks, one after the other. The numbers
/// are atomic only because that task moves between threads.
#[derive(Debug, Default)]
pub(super) struct Progress {
    stage: AtomicU8,
    /// Counts the changes of the stage.
    turn: AtomicU32,
    /// Odd while the peer does not read; counts the beginnings and ends of such waits.
    stalls: AtomicU32,
    /// The bytes of this stream that the system has taken for the peer.
    streamed: AtomicU64,
    /// Only a reset tells the peer that a stream was cut: HTTP/1.0 ends a whole one by closing, too.
    resets_if_cut: AtomicBool,
}

impl Progress {
    pub(super) fn stage(&self) -> ConnectionStage {
        CONNECTION_STAGES[usize::from(self.stage.load(Ordering::Relaxed))]
    }

    pub(super) fn enter(&self, stage: ConnectionStage) {
        self.stage.store(stage as u8, Ordering::Relaxed);
        add_one(&self.turn);
    }

    /// An answer begins that is a stream, over this version of HTTP.
    pub(super) fn stream_begins(&self, version: Version) {
        self.resets_if_cut.store(version < Version::HTTP_11, Ordering::Relaxed);
        self.streamed.store(0, Ordering::Relaxed);
        self.enter(ConnectionStage::Streaming);
    }

    /// The producer has finished its stream. Its last bytes may not have been sent yet.
    pub(super) fn stream_ended(&self) {
        self.enter(ConnectionStage::Streamed);
    }

    /// Whether a connection that ends now has to be reset.
    pub(super) fn resets_if_cut(&self) -> bool {
        self.resets_if_cut.load(Ordering::Relaxed)
    }

    fn bytes_came(&self) {
        match self.stage() {
            ConnectionStage::Opening | ConnectionStage::Idle => self.enter(ConnectionStage::Head),
            ConnectionStage::Head
            | ConnectionStage::Answering
            | ConnectionStage::Answered
            | ConnectionStage::Streaming
            | ConnectionStage::Streamed => {}
        }
    }

    fn is_stalled(&self) -> bool {
        self.stalls.load(Ordering::Relaxed) % 2 == 1
    }

    fn nothing_left(&self) {
        if self.is_stalled() {
            add_one(&self.stalls);
        }
        match self.stage() {
            ConnectionStage::Answered | ConnectionStage::Streamed => {
                self.resets_if_cut.store(false, Ordering::Relaxed);
                self.enter(ConnectionStage::Idle);
            }
            ConnectionStage::Opening
            | ConnectionStage::Head
            | ConnectionStage::Answering
            | ConnectionStage::Streaming
            | ConnectionStage::Idle => {}
        }
    }

    fn something_left(&self) {
        if !self.is_stalled() {
            add_one(&self.stalls);
        }
    }

    fn bytes_left(&self, number: usize) {
        let streamed = self.streamed.load(Ordering::Relaxed) + number as u64;
        self.streamed.store(streamed, Ordering::Relaxed);
    }
}

fn add_one(number: &AtomicU32) {
    number.store(number.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

/// The reason why a connection is closed: its peer was too slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// No first byte came.
    FirstByte,
    /// The head did not end.
    Head,
    /// No further request came.
    Request,
    /// The peer did not read its answer, or too slowly.
    Taking,
    /// The server stops.
    End,
}

/// Checks a connection at intervals and returns when its peer is too slow. Once the server stops, the connection may only
/// finish its answer, and has `last_bytes` for the rest.
pub(super) async fn overdue(
    progress: &Progress,
    limits: &ServerLimits,
    stopped: &watch::Receiver<bool>,
) -> Overdue {
    let every = limits.look_every();
    let mut stage = Unchanged::default();
    let mut stall = Unchanged::default();
    let mut reader = StreamReader::default();
    let mut stopping = Duration::ZERO;
    loop {
        tokio::time::sleep(every).await;
        let waited = stage.after(every, progress.turn.load(Ordering::Relaxed));
        let stalled = stall.after(every, progress.stalls.load(Ordering::Relaxed));
        let is_stream = progress.stage().is_of_a_stream();
        let is_too_slow = if is_stream {
            reader.is_too_slow_after(every, progress, limits)
        } else {
            reader = StreamReader::default();
            progress.is_stalled() && stalled >= limits.write
        };
        if is_too_slow {
            return Overdue::Taking;
        }
        let (most, why) = match progress.stage() {
            ConnectionStage::Opening => (limits.first_byte, Overdue::FirstByte),
            ConnectionStage::Head => (limits.head, Overdue::Head),
            ConnectionStage::Idle => (limits.idle, Overdue::Request),
            ConnectionStage::Answered => (limits.write, Overdue::Taking),
            // A stream that began after the stop.
            ConnectionStage::Streaming if *stopped.borrow() => return Overdue::End,
            ConnectionStage::Answering | ConnectionStage::Streaming => continue,
            ConnectionStage::Streamed => (Duration::MAX, Overdue::Taking),
        };
        if waited >= most {
            return why;
        }
        if *stopped.borrow() {
            stopping += every;
            if stopping > limits.last_bytes {
                return Overdue::End;
            }
        }
    }
}

/// The time for which a number has been the same.
#[derive(Default)]
struct Unchanged {
    number: u32,
    since: Duration,
}

impl Unchanged {
    fn after(&mut self, time: Duration, number: u32) -> Duration {
        if number == self.number {
            self.since += time;
        } else {
            *self = Self { number, since: Duration::ZERO };
        }
        self.since
    }
}

/// The reader of a stream, as far as the checks have seen it.
#[derive(Default)]
struct StreamReader {
    /// The count of bytes at the last check.
    seen: u64,
    debt: RateDebt,
}

impl StreamReader {
    /// Looks again after this time. If bytes wait for the peer now, they have waited since the last look: that is too much
    /// as often as too little.
    fn is_too_slow_after(
        &mut self,
        time: Duration,
        progress: &Progress,
        limits: &ServerLimits,
    ) -> bool {
        let streamed = progress.streamed.load(Ordering::Relaxed);
        // Another stream may have begun since, with a count of its own.
        let bytes = streamed.checked_sub(self.seen).unwrap_or(streamed);
        self.seen = streamed;
        let waited = if progress.is_stalled() { time } else { Duration::ZERO };
        self.debt.is_too_slow(limits.stream, waited, bytes)
    }
}

/// A socket that notes the progress of its bytes.
pub(super) struct Paced {
    stream: SocketStream,
    progress: Arc<Progress>,
    /// The send buffer is that of a stream.
    is_narrow: bool,
}

impl Paced {
    pub(super) fn new(stream: SocketStream, progress: Arc<Progress>) -> Self {
        Self { stream, progress, is_narrow: false }
    }

    pub(super) fn into_inner(self) -> SocketStream {
        self.stream
    }

    /// Limits what the system keeps of a stream.
    fn narrow(&mut self) {
        if self.is_narrow || !self.progress.stage().is_of_a_stream() {
            return;
        }
        self.is_narrow = true;
        if let Err(error) =
            rustix::net::sockopt::set_socket_send_buffer_size(&self.stream, SEND_BUFFER)
        {
            tracing::debug!(%error, "the send buffer of a stream keeps its size");
        }
    }

    /// Notes whether the peer took all of these bytes.
    fn note(&self, length: usize, written: &Poll<std::io::Result<usize>>) {
        if let Poll::Ready(Ok(written)) = written {
            self.progress.bytes_left(*written);
        }
        match written {
            Poll::Ready(Ok(written)) if *written == length => self.progress.nothing_left(),
            Poll::Ready(Ok(_)) | Poll::Pending => self.progress.something_left(),
            Poll::Ready(Err(_)) => {}
        }
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.progress.bytes_came();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.narrow();
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(bytes.len(), &written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        self.narrow();
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.note(slices.iter().map(|slice| slice.len()).sum(), &written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// After how many seconds a reader is too slow that takes so many bytes in each, up to 1 000.
    fn seconds_until_too_slow(progress: &Progress, bytes: usize) -> Option<u32> {
        let limits = ServerLimits::default();
        let mut reader = StreamReader::default();
        (1..=1000).find(|_| {
            progress.bytes_left(bytes);
            reader.is_too_slow_after(SECOND, progress, &limits)
        })
    }

    #[test]
    fn a_reader_must_be_quick_enough_only_while_bytes_wait_for_it() {
        let stream = |bytes, is_waiting| {
            let progress = Progress::default();
            progress.stream_begins(Version::HTTP_11);
            if is_waiting {
                progress.something_left();
            }
            seconds_until_too_slow(&progress, bytes)
        };
        assert_eq!(stream(0, false), None, "the producer is idle");
        assert_eq!(stream(0, true), Some(30));
        assert_eq!(stream(4 * 1024, true), None);
        assert_eq!(stream(2 * 1024, true), Some(60));
    }

    #[test]
    fn a_second_stream_owes_nothing_of_the_first() {
        let progress = Progress::default();
        for _ in 0..2 {
            progress.stream_begins(Version::HTTP_11);
            progress.something_left();
            assert_eq!(seconds_until_too_slow(&progress, 2 * 1024), Some(60));
            progress.nothing_left();
            progress.stream_ended();
        }
    }

    #[test]
    fn a_stream_is_over_when_its_producer_has_finished_and_its_last_bytes_have_gone() {
        let progress = Progress::default();
        progress.stream_begins(Version::HTTP_11);
        for _ in 0..3 {
            progress.something_left();
            progress.nothing_left();
            assert_eq!(progress.stage(), ConnectionStage::Streaming);
        }
        progress.stream_ended();
        progress.something_left();
        assert_eq!(progress.stage(), ConnectionStage::Streamed);
        progress.nothing_left();
        assert_eq!(progress.stage(), ConnectionStage::Idle);
    }

    #[test]
    fn only_a_cut_stream_of_an_old_client_is_reset() {
        for (version, resets) in [(Version::HTTP_10, true), (Version::HTTP_11, false)] {
            let progress = Progress::default();
            assert!(!progress.resets_if_cut());
            progress.stream_begins(version);
            assert_eq!(progress.resets_if_cut(), resets);
            progress.stream_ended();
            assert_eq!(progress.resets_if_cut(), resets, "its last bytes have not gone yet");
            progress.nothing_left();
            assert!(!progress.resets_if_cut());
        }
    }
}
