//! How far a connection has come, and how long it may stay there.
//!
//! hyper tells when a head is whole, but neither when its first byte came nor that an answer is not being taken. So the
//! bytes are watched as they pass: a change is noted as a number, and a look at the numbers every now and then is all
//! the timing there is. A request costs no timer, lock or clock.

use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

use super::ServerLimits;

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum ConnectionStage {
    /// The first byte of all.
    Opening,
    /// The rest of a head.
    Head,
    /// Us. Bodies and answers have the deadlines of whoever answers.
    Answering,
    /// The answer to leave.
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

/// Where one connection is. Its reads, writes, answers and looks all happen in one task, one after the other: the
/// numbers are atomic only because that task moves between threads.
#[derive(Debug, Default)]
pub(super) struct Progress {
    stage: AtomicU8,
    /// Changes with each stage.
    turn: AtomicU32,
    /// Odd while bytes wait that the peer does not take; changes with each such wait.
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

/// What a connection has waited for in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// The first byte of all.
    FirstByte,
    /// The rest of a head.
    Head,
    /// Another request.
    Request,
    /// That its answer is taken.
    Taking,
    /// Anything at all: the server stops.
    End,
}

/// Looks at a connection until it has waited too long for its peer. Once the server is to stop, it may only go on for as
/// long as it is answering, and a moment beyond.
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

/// How long a number has been the same.
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

/// A stream whose bytes are watched.
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

    /// Notes whether all of these bytes have gone.
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
