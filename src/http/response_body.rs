//! The body of an answer: whole in memory, or a stream.

use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

use super::stream::{ByteStream, StreamCut, StreamSender, channel};

/// The body of an answer.
#[derive(Debug)]
pub struct ResponseBody(Content);

/// No larger than [`Bytes`]: nearly every answer is whole, and pays nothing for streams.
#[derive(Debug)]
enum Content {
    Whole(Bytes),
    Stream(Box<ByteStream>),
}

impl ResponseBody {
    /// A body of these bytes.
    pub fn whole(bytes: impl Into<Bytes>) -> Self {
        Self(Content::Whole(bytes.into()))
    }

    /// A body that is a stream, and the end that its producer sends with.
    pub fn stream() -> (StreamSender, Self) {
        let (sender, stream) = channel();
        (sender, Self(Content::Stream(Box::new(stream))))
    }

    /// The stream, if the body is one.
    pub(super) fn stream_mut(&mut self) -> Option<&mut ByteStream> {
        match &mut self.0 {
            Content::Whole(_) => None,
            Content::Stream(stream) => Some(stream),
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = StreamCut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StreamCut>>> {
        match &mut self.0 {
            Content::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Content::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Content::Stream(stream) => {
                stream.poll_piece(cx).map(|piece| piece.map(|piece| piece.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Content::Whole(bytes) => bytes.is_empty(),
            Content::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Content::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Stream(_) => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    #[test]
    fn a_whole_body_is_as_small_as_one_that_cannot_be_a_stream() {
        assert!(size_of::<ResponseBody>() <= size_of::<Full<Bytes>>());
    }
}
