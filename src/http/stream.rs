//! Answers that are streams: a producer sends pieces while the peer reads them.
//!
//! A stream has at most 64 KiB under way in this process: 24 KiB in the channel, and 40 KiB with hyper, which takes more
//! pieces as long as it holds fewer than 32 KiB. The system's buffer has at most [`SEND_BUFFER`](super::pace) more. A producer
//! that is faster than its peer waits in `send`.
//!
//! A stream that its producer does not finish is cut: the peer gets no last chunk (RFC 9112, 7.1), or a reset if it speaks
//! HTTP/1.0. So a peer can tell a cut stream from a whole one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use hyper::body::Bytes;
use tokio::sync::mpsc;

use super::pace::Progress;

/// The most bytes of a piece. Larger ones are sent in several.
const PIECE_BYTES: usize = 8 * 1024;

/// The most pieces in a channel.
const PIECES: usize = 3;

/// A new stream: the producer's end, and the peer's.
pub(super) fn channel() -> (StreamSender, ByteStream) {
    let (sender, pieces) = mpsc::channel(PIECES);
    let is_whole = Arc::new(AtomicBool::new(false));
    let stream = ByteStream { pieces, is_whole: Arc::clone(&is_whole), progress: None };
    (StreamSender { pieces: sender, is_whole }, stream)
}

/// The producer's end of a stream. Dropping it without [`Self::finish`] cuts the stream.
#[derive(Debug)]
pub struct StreamSender {
    pieces: mpsc::Sender<Bytes>,
    is_whole: Arc<AtomicBool>,
}

/// The peer of a stream has hung up, was too slow, or asked for the head only; or the server stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

/// The producer of a stream did not finish it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stream was not finished")]
pub struct StreamCut;

impl StreamSender {
    /// Sends these bytes, and waits while too many are under way.
    pub async fn send(&self, bytes: impl Into<Bytes>) -> Result<(), Gone> {
        let mut bytes = bytes.into();
        while let Some(piece) = next_piece(&mut bytes) {
            self.pieces.send(piece).await.map_err(|_| Gone)?;
        }
        Ok(())
    }

    /// The same on a thread that may wait. Panics in an asynchronous task.
    pub fn blocking_send(&self, bytes: impl Into<Bytes>) -> Result<(), Gone> {
        let mut bytes = bytes.into();
        while let Some(piece) = next_piece(&mut bytes) {
            self.pieces.blocking_send(piece).map_err(|_| Gone)?;
        }
        Ok(())
    }

    /// Ends the stream as a whole one.
    pub fn finish(self) {
        // The channel closes with the sender, so its reader sees this before it sees the end.
        self.is_whole.store(true, Ordering::Release);
    }

    /// Whether the peer has gone, or goes within this time.
    pub async fn is_gone_within(&self, time: std::time::Duration) -> bool {
        tokio::time::timeout(time, self.pieces.closed()).await.is_ok()
    }

    /// Waits until the peer has gone: for producers that have nothing to send.
    pub async fn gone(&self) -> Gone {
        self.pieces.closed().await;
        Gone
    }
}

fn next_piece(bytes: &mut Bytes) -> Option<Bytes> {
    let piece = bytes.split_to(bytes.len().min(PIECE_BYTES));
    (!piece.is_empty()).then_some(piece)
}

/// The peer's end of a stream.
#[derive(Debug)]
pub(super) struct ByteStream {
    pieces: mpsc::Receiver<Bytes>,
    is_whole: Arc<AtomicBool>,
    /// The progress of the connection that it is sent over.
    progress: Option<Arc<Progress>>,
}

impl ByteStream {
    /// Has the end of the stream noted there.
    pub(super) fn report_to(&mut self, progress: &Arc<Progress>) {
        self.progress = Some(Arc::clone(progress));
    }

    pub(super) fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, StreamCut>>> {
        let piece = ready!(self.pieces.poll_recv(cx));
        if piece.is_none() && !self.is_whole.load(Ordering::Acquire) {
            return Poll::Ready(Some(Err(StreamCut)));
        }
        if piece.is_none()
            && let Some(progress) = &self.progress
        {
            progress.stream_ended();
        }
        Poll::Ready(piece.map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn next(stream: &mut ByteStream) -> Option<Result<Bytes, StreamCut>> {
        std::future::poll_fn(|cx| stream.poll_piece(cx)).await
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[test]
    fn what_is_sent_comes_out_in_pieces_of_a_bounded_size() {
        run(async {
            let (sender, mut stream) = channel();
            let sent: Vec<u8> = (0..100_000_u32).map(|i| (i % 251) as u8).collect();
            let all = sent.clone();
            let producer = tokio::spawn(async move {
                sender.send(all).await.unwrap();
                sender.send(Bytes::new()).await.unwrap();
                sender.finish();
            });
            let mut got = Vec::new();
            while let Some(piece) = next(&mut stream).await {
                let piece = piece.unwrap();
                assert!(!piece.is_empty() && piece.len() <= PIECE_BYTES);
                got.extend_from_slice(&piece);
            }
            producer.await.unwrap();
            assert_eq!(got, sent);
        });
    }

    #[test]
    fn a_producer_waits_while_its_peer_does_not_read() {
        run(async {
            let (sender, mut stream) = channel();
            let full = PIECES * PIECE_BYTES;
            sender.send(vec![0; full]).await.unwrap();
            let mut more = std::pin::pin!(sender.send(vec![0; 1]));
            let polled = std::future::poll_fn(|cx| Poll::Ready(more.as_mut().poll(cx))).await;
            assert!(polled.is_pending());
            next(&mut stream).await.unwrap().unwrap();
            more.await.unwrap();
        });
    }

    #[test]
    fn a_stream_that_is_not_finished_is_cut_after_what_was_sent() {
        run(async {
            let (sender, mut stream) = channel();
            sender.send("row\n").await.unwrap();
            drop(sender);
            assert_eq!(next(&mut stream).await.unwrap().unwrap(), "row\n");
            assert_eq!(next(&mut stream).await.unwrap().unwrap_err(), StreamCut);
        });
    }

    #[test]
    fn a_producer_is_told_that_its_peer_has_gone() {
        let (sender, stream) = channel();
        run(async {
            drop(stream);
            assert_eq!(sender.gone().await, Gone);
            assert_eq!(sender.send("x").await, Err(Gone));
        });
        assert_eq!(sender.blocking_send("x"), Err(Gone));
    }
}
