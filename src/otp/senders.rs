//! The clients that sent last. A client's share of the node's sends limits it only while another client sends too.

use crate::domain::limits::DAY;
use crate::domain::{ClientId, Timestamp};
use crate::store::schema::{SENDERS, Sender};
use crate::store::{StoreError, Write};

const LATEST: &str = "latest";
const OTHER: &str = "other";

/// Whether a client other than this one has sent within a day. The store has the last two clients that sent, so at
/// least one of them is another one.
pub(super) fn others_send(
    write: &Write<'_>,
    client_id: Option<ClientId>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    for place in [LATEST, OTHER] {
        let sender = write.get(SENDERS, &place.to_owned())?;
        // A time of more than a day after `now` comes from a clock that was ahead, and does not count.
        let is_lately = |at: Timestamp| at.since(now).max(now.since(at)) < DAY;
        if sender.is_some_and(|it| it.client_id != client_id && is_lately(it.sent_at)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Notes that this client sends at `now`.
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
