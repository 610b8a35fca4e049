//! Whether any of a request had left decides whether its message may go through another gateway, so that has to be known
//! for sure, even when the waiting ends at the very moment at which a connection takes the request up.
//!
//! No request is complete before its body is asked for. So the body settles who was first: the connection that asks for
//! it, or the caller that withdraws it. A body that is withdrawn is never given, and without it there is no request.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

/// A body that is given once, unless it is withdrawn first.
pub(super) struct WithdrawableBody {
    bytes: Option<Bytes>,
    claim: BodyClaim,
}

/// Which came first: giving the body, or withdrawing it.
#[derive(Clone, Default)]
pub(super) struct BodyClaim(Arc<OnceLock<BodyState>>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum BodyState {
    Given,
    Withdrawn,
}

/// The request was given up before it was begun.
#[derive(Debug, thiserror::Error)]
#[error("withdrawn before it was sent")]
pub(super) struct Withdrawn;

impl WithdrawableBody {
    pub(super) fn of(bytes: Bytes) -> (Self, BodyClaim) {
        let claim = BodyClaim::default();
        (Self { bytes: Some(bytes), claim: claim.clone() }, claim)
    }

    fn length(&self) -> u64 {
        self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)
    }
}

impl BodyClaim {
    /// Withdraws the body. False when it has been given.
    pub(super) fn withdraw(&self) -> bool {
        self.settle(BodyState::Withdrawn) == BodyState::Withdrawn
    }

    fn settle(&self, state: BodyState) -> BodyState {
        *self.0.get_or_init(|| state)
    }
}

impl Body for WithdrawableBody {
    type Data = Bytes;
    type Error = Withdrawn;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Withdrawn>>> {
        let Some(bytes) = self.bytes.take() else { return Poll::Ready(None) };
        Poll::Ready(Some(match self.claim.settle(BodyState::Given) {
            BodyState::Given => Ok(Frame::data(bytes)),
            BodyState::Withdrawn => Err(Withdrawn),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length())
    }
}
