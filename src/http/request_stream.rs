//! Request bodies that are streams: read by chunks or by lines, within bounds, and never whole in memory.
//!
//! The first fault ends a stream: every later read returns the same fault. Behind a fault the next request's place is not
//! known, so the answer to it must close the connection; hyper does so too when the rest of a body is not read.

use std::error::Error;
use std::io;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::{Body, Bytes};
use tokio::time::{Instant, timeout};

use super::least_rate::RateDebt;
use super::{LeastRate, Request, RequestBody};

/// The bounds of a request's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamBounds {
    /// The most bytes of the whole stream.
    pub most_bytes: u64,
    /// The most bytes of a line, without its end.
    pub longest_line: usize,
    /// The rate at which the peer must send. Time in which the reader does something else does not count.
    pub rate: LeastRate,
    /// The most time from the first read to the last byte.
    pub deadline: Duration,
}

/// The reason why a stream could not be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamFault {
    /// It has more bytes than allowed.
    TooLarge,
    /// The line with this number, from 1 on, is longer than allowed.
    LineTooLong(u64),
    /// The peer sent more slowly than the least rate, or the deadline has passed.
    TooSlow,
    /// The chunked coding is invalid, or the connection broke.
    Broken,
    /// The peer ended its side of the connection before the end of the body.
    Cut,
}

/// A request's body, read by chunks.
#[derive(Debug)]
pub struct RequestStream<B = RequestBody> {
    body: B,
    bounds: StreamBounds,
    bytes: u64,
    /// Of the first read.
    begun: Option<Instant>,
    debt: RateDebt,
    end: Option<Result<(), StreamFault>>,
}

impl RequestStream {
    /// The body of this request, taken out of it. A length that is too large is refused before the peer sends the body, and
    /// leaves the body there: a peer that waits for `100 Continue` gets it with the first read.
    pub fn of(request: &mut Request, bounds: StreamBounds) -> Result<Self, StreamFault> {
        check_length(request.body(), bounds)?;
        Self::new(request.body_mut().take(), bounds)
    }
}

fn check_length(body: &impl Body, bounds: StreamBounds) -> Result<(), StreamFault> {
    let is_too_large = body.size_hint().lower() > bounds.most_bytes;
    if is_too_large { Err(StreamFault::TooLarge) } else { Ok(()) }
}

impl<B: Body<Data = Bytes, Error: Error + 'static> + Unpin> RequestStream<B> {
    /// The same of a body by itself.
    pub fn new(body: B, bounds: StreamBounds) -> Result<Self, StreamFault> {
        check_length(&body, bounds)?;
        Ok(Self { body, bounds, bytes: 0, begun: None, debt: RateDebt::default(), end: None })
    }

    /// The next bytes, never none; `None` at the end. Trailers are ignored.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, StreamFault> {
        if let Some(end) = self.end {
            return end.map(|()| None);
        }
        let chunk = self.read().await;
        self.end = match &chunk {
            Ok(Some(_)) => None,
            Ok(None) => Some(Ok(())),
            Err(fault) => Some(Err(*fault)),
        };
        chunk
    }

    /// Whether the body was read to its end without a fault, so that another request can follow.
    pub fn is_whole(&self) -> bool {
        self.end == Some(Ok(()))
    }

    async fn read(&mut self) -> Result<Option<Bytes>, StreamFault> {
        let rate = self.bounds.rate;
        loop {
            let asked = now();
            let begun = *self.begun.get_or_insert(asked);
            let until_deadline = (begun + self.bounds.deadline).saturating_duration_since(asked);
            let most = until_deadline.min(self.debt.left(rate));
            let frame = timeout(most, self.body.frame()).await;
            let data = match frame.map_err(|_| StreamFault::TooSlow)? {
                None => return Ok(None),
                Some(frame) => frame.map_err(|error| fault_of(&error))?.into_data(),
            };
            let data = data.unwrap_or_default();
            let waited = now().saturating_duration_since(asked);
            if self.debt.is_too_slow(rate, waited, data.len() as u64) {
                return Err(StreamFault::TooSlow);
            }
            self.bytes += data.len() as u64;
            if self.bytes > self.bounds.most_bytes {
                return Err(StreamFault::TooLarge);
            }
            if !data.is_empty() {
                return Ok(Some(data));
            }
        }
    }

    /// The same body by lines.
    pub fn lines(self) -> RequestLines<B> {
        RequestLines { stream: self, chunk: Bytes::new(), begun: Vec::new(), number: 0 }
    }
}

fn fault_of(error: &(dyn Error + 'static)) -> StreamFault {
    let mut cause = Some(error);
    let mut is_cut = false;
    while let Some(error) = cause {
        is_cut |= error.downcast_ref::<io::Error>().is_some_and(|error| {
            matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
        });
        cause = error.source();
    }
    if is_cut { StreamFault::Cut } else { StreamFault::Broken }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the pace of a peer is judged by the runtime's own time"
)]
fn now() -> Instant {
    Instant::now()
}

/// A request's body, read by lines.
#[derive(Debug)]
pub struct RequestLines<B = RequestBody> {
    stream: RequestStream<B>,
    /// The rest of the last chunk.
    chunk: Bytes,
    /// The beginning of a line that ends in a later chunk.
    begun: Vec<u8>,
    /// Of the last line.
    number: u64,
}

/// A line of a request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLine {
    /// Its number, from 1 on. Empty lines count.
    pub number: u64,
    /// Its bytes, without `\n` or `\r\n`.
    pub bytes: Bytes,
}

impl<B: Body<Data = Bytes, Error: Error + 'static> + Unpin> RequestLines<B> {
    /// The next line; `None` at the end. A last line without `\n` counts if it has a byte.
    pub async fn line(&mut self) -> Result<Option<RequestLine>, StreamFault> {
        loop {
            if let Some(end) = self.chunk.iter().position(|byte| *byte == b'\n') {
                let last = self.chunk.split_to(end + 1).slice(..end);
                return self.ended(last).map(Some);
            }
            let rest = std::mem::take(&mut self.chunk);
            // A `\r` at the end may belong to the line's end.
            if self.begun.len() + rest.len() > self.stream.bounds.longest_line + 1 {
                return Err(self.too_long());
            }
            self.begun.extend_from_slice(&rest);
            match self.stream.chunk().await? {
                Some(chunk) => self.chunk = chunk,
                None if self.begun.is_empty() => return Ok(None),
                None => return self.ended(Bytes::new()).map(Some),
            }
        }
    }

    /// Whether the body was read to its end without a fault.
    pub fn is_whole(&self) -> bool {
        self.stream.is_whole()
    }

    /// The line that ends with these bytes.
    fn ended(&mut self, last: Bytes) -> Result<RequestLine, StreamFault> {
        let mut bytes = if self.begun.is_empty() {
            last
        } else {
            self.begun.extend_from_slice(&last);
            std::mem::take(&mut self.begun).into()
        };
        if bytes.last() == Some(&b'\r') {
            bytes.truncate(bytes.len() - 1);
        }
        if bytes.len() > self.stream.bounds.longest_line {
            return Err(self.too_long());
        }
        self.number += 1;
        Ok(RequestLine { number: self.number, bytes })
    }

    fn too_long(&mut self) -> StreamFault {
        let fault = StreamFault::LineTooLong(self.number + 1);
        (self.chunk, self.begun) = (Bytes::new(), Vec::new());
        self.stream.end = Some(Err(fault));
        fault
    }
}
