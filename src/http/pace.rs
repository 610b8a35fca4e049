//! The time limits of a connection.
//!
//! hyper tells when a head is whole. It does not tell when the first byte came, or that the peer does not read its answer.
//! So the stream counts its changes as bytes pass, and a check at intervals compares the counts. A request costs no
//! timer, lock or clock.

use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

use super::ServerLimits;

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
    /// The first byte of the next head.
    Idle,
}

const CONNECTION_STAGES: [ConnectionStage; 5] = [
    ConnectionStage::Opening,
    ConnectionStage::Head,
    ConnectionStage::Answering,
    ConnectionStage::Answered,
    ConnectionStage::Idle,
];

/// The progress of one connection. One task does its reads, writes, answers and checks, one after the other. The numbers
/// are atomic only because that task moves between threads.
#[derive(Debug, Default)]
pub(super) struct Progress {
    stage: AtomicU8,
    /// Counts the changes of the stage.
    turn: AtomicU32,
    /// Odd while the peer does not read; counts the beginnings and ends of such waits.
    stalls: AtomicU32,
}

impl Progress {
    pub(super) fn stage(&self) -> ConnectionStage {
        CONNECTION_STAGES[usize::from(self.stage.load(Ordering::Relaxed))]
    }

    pub(super) fn enter(&self, stage: ConnectionStage) {
        self.stage.store(stage as u8, Ordering::Relaxed);
        add_one(&self.turn);
    }

    fn bytes_came(&self) {
        match self.stage() {
            ConnectionStage::Opening | ConnectionStage::Idle => self.enter(ConnectionStage::Head),
            ConnectionStage::Head | ConnectionStage::Answering | ConnectionStage::Answered => {}
        }
    }

    fn is_stalled(&self) -> bool {
        self.stalls.load(Ordering::Relaxed) % 2 == 1
    }

    fn nothing_left(&self) {
        if self.is_stalled() {
            add_one(&self.stalls);
        }
        if self.stage() == ConnectionStage::Answered {
            self.enter(ConnectionStage::Idle);
        }
    }

    fn something_left(&self) {
        if !self.is_stalled() {
            add_one(&self.stalls);
        }
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
    /// The peer did not read its answer.
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
    let mut stopping = Duration::ZERO;
    loop {
        tokio::time::sleep(every).await;
        let waited = stage.after(every, progress.turn.load(Ordering::Relaxed));
        let stalled = stall.after(every, progress.stalls.load(Ordering::Relaxed));
        if progress.is_stalled() && stalled >= limits.write {
            return Overdue::Taking;
        }
        let (most, why) = match progress.stage() {
            ConnectionStage::Opening => (limits.first_byte, Overdue::FirstByte),
            ConnectionStage::Head => (limits.head, Overdue::Head),
            ConnectionStage::Idle => (limits.idle, Overdue::Request),
            ConnectionStage::Answered => (limits.write, Overdue::Taking),
            ConnectionStage::Answering => continue,
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

/// A stream that notes the progress of its bytes.
pub(super) struct Paced<'p, S> {
    stream: S,
    progress: &'p Progress,
}

impl<'p, S> Paced<'p, S> {
    pub(super) fn new(stream: S, progress: &'p Progress) -> Self {
        Self { stream, progress }
    }

    pub(super) fn into_inner(self) -> S {
        self.stream
    }

    /// Notes whether the peer took all of these bytes.
    fn note(&self, length: usize, written: &Poll<std::io::Result<usize>>) {
        match written {
            Poll::Ready(Ok(written)) if *written == length => self.progress.nothing_left(),
            Poll::Ready(Ok(_)) | Poll::Pending => self.progress.something_left(),
            Poll::Ready(Err(_)) => {}
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<'_, S> {
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

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<'_, S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(bytes.len(), &written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
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
