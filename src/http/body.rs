use std::time::Duration;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Bytes};

use super::Request;
use super::head::expects_continue;

/// The reason why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFault {
    /// The body has more bytes than allowed.
    TooLarge,
    /// The deadline passed before the last byte.
    TooSlow,
    /// The connection broke, or the chunked coding is invalid.
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
    // A client that announces too much is refused before it gets `100 Continue`.
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

/// Whether the body is empty. Reads up to the first byte, or nothing if the head gives the length.
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

/// Reads and drops a body, so that the next request can follow. Returns whether it ended. A client that waits for
/// `100 Continue` gets none.
pub async fn discard(request: &mut Request, most: usize, deadline: Duration) -> bool {
    if request.body().is_end_stream() {
        return true;
    }
    !expects_continue(request) && read_body(request, most, deadline).await.is_ok()
}
