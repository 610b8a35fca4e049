//! Whether a client is the only one that sends: its share of the node's sends binds it while it is not.

use crate::domain::limits::DAY;
use crate::domain::{ClientId, Timestamp};
use crate::store::schema::{SENDERS, Sender};
use crate::store::{StoreError, Write};

const LATEST: &str = "latest";
const OTHER: &str = "other";

/// Whether another client than this has sent within a day. Two are remembered, the last and the one before it, so that
/// there is always one that is another.
pub(super) fn others_send(
    write: &Write<'_>,
    client_id: Option<ClientId>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    for place in [LATEST, OTHER] {
        let sender = write.get(SENDERS, &place.to_owned())?;
        // Nor has one that was noted by a clock which was a day ahead.
        let is_lately = |at: Timestamp| at.since(now).max(now.since(at)) < DAY;
        if sender.is_some_and(|it| it.client_id != client_id && is_lately(it.sent_at)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// This client sends now.
pub(super) fn note(
    write: &mut Write<'_>,
    client_id: Option<ClientId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(latest) = write.get(SENDERS, &LATEST.to_owned())?
        && latest.client_id != client_id
    {
        write.put(SENDERS, &OTHER.to_owned(), &latest)?;
    }
    write.put(SENDERS, &LATEST.to_owned(), &Sender { client_id, sent_at: now })
}
