use std::time::Duration;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Bytes};

use super::Request;
use super::head::expects_continue;

/// A body that did not come, or not as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFault {
    /// More bytes than allowed.
    TooLarge,
    /// Not whole in time.
    TooSlow,
    /// The connection broke, or the chunks made no sense.
    Broken,
}

/// Reads the whole body: at most `most` bytes, within `deadline`.
pub async fn read_body(
    request: &mut Request,
    most: usize,
    deadline: Duration,
) -> Result<Bytes, BodyFault> {
    let body = request.body_mut();
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    // Whoever announces too much is refused before being asked to send it.
    if body.size_hint().lower() > most as u64 {
        return Err(BodyFault::TooLarge);
    }
    match tokio::time::timeout(deadline, Limited::new(body, most).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyFault::TooLarge),
        Ok(Err(_)) => Err(BodyFault::Broken),
        Err(_) => Err(BodyFault::TooSlow),
    }
}

/// Whether the body has no byte. It is read to its first one, and not at all where its head says its length.
pub async fn is_empty_body(request: &mut Request, deadline: Duration) -> Result<bool, BodyFault> {
    let body = request.body_mut();
    if body.is_end_stream() {
        return Ok(true);
    }
    if body.size_hint().lower() > 0 {
        return Ok(false);
    }
    let first_byte = async {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| BodyFault::Broken)?;
            if frame.data_ref().is_some_and(|data| !data.is_empty()) {
                return Ok(false);
            }
        }
        Ok(true)
    };
    tokio::time::timeout(deadline, first_byte).await.unwrap_or(Err(BodyFault::TooSlow))
}

/// Gets a body that nobody wants out of the way of the next request: says whether it is gone. One that waits to be
/// asked for is never asked for.
pub async fn discard(request: &mut Request, most: usize, deadline: Duration) -> bool {
    if request.body().is_end_stream() {
        return true;
    }
    !expects_continue(request) && read_body(request, most, deadline).await.is_ok()
}
