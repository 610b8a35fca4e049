//! The selection of audit rows, and one page of them.

use crate::domain::audit::{AuditRow, PhoneHash, RequestId};
use crate::domain::{ClientId, PersonRequestId, Timestamp, VerificationId};

/// Most bytes of rows that one call reads: 16 MiB. One exception: a file with unknown offsets or times of rows is read once from
/// its beginning. A call that does so may read this file instead, which has little more than 64 MiB at most.
pub const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// One call: the rows that it selects, their order, and its bounds.
#[derive(Clone, Debug)]
pub struct AuditQuery {
    /// The rows.
    pub filter: AuditFilter,
    /// Their order.
    pub order: AuditOrder,
    /// The page begins after the row with this number, in this order. `None` begins with the first row of all.
    pub after: Option<u64>,
    /// Most rows of the page; 0 counts as 1.
    pub most: usize,
    /// Most bytes of rows that the call reads; see [`MOST_BYTES`].
    pub most_bytes: u64,
}

/// Conditions of a row. A row matches if it meets every condition that is set.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// The hash of the row's phone. A row without a hash does not match.
    pub phone: Option<PhoneHash>,
    /// The id of the HTTP request.
    pub request_id: Option<RequestId>,
    /// The verification of the code that the row is about.
    pub verification_id: Option<VerificationId>,
    /// The person request that the row is about.
    pub person_request_id: Option<PersonRequestId>,
    /// The client that made the request.
    pub client_id: Option<ClientId>,
    /// [`AuditEvent::word`](crate::domain::audit::AuditEvent::word) of the event.
    pub event: Option<&'static str>,
    /// [`AuditEvent::reason`](crate::domain::audit::AuditEvent::reason) of the event.
    pub reason: Option<&'static str>,
    /// [`AuditTarget::id`](crate::domain::audit::AuditTarget::id) of the record that an operator changed.
    pub target_id: Option<String>,
    /// The earliest time.
    pub from: Option<Timestamp>,
    /// The end of the time, which is not included.
    pub to: Option<Timestamp>,
}

/// The order of the rows of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditOrder {
    /// Ascending numbers.
    #[default]
    OldestFirst,
    /// Descending numbers.
    NewestFirst,
}

/// The rows of a page, and where the next page begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// The rows with their numbers, in the order of the query.
    pub rows: Vec<(u64, AuditRow)>,
    /// The `after` of the next page; `None` if there are no more rows. A page with fewer rows than `most`, even an empty one,
    /// has it if the call has read [`AuditQuery::most_bytes`]: there may be more rows.
    pub next_after: Option<u64>,
    /// Bytes of rows that the call has read.
    pub bytes: u64,
}

impl Default for AuditQuery {
    /// Every row, oldest first, on pages of 50.
    fn default() -> Self {
        Self {
            filter: AuditFilter::default(),
            order: AuditOrder::default(),
            after: None,
            most: 50,
            most_bytes: MOST_BYTES,
        }
    }
}

impl AuditFilter {
    /// Whether the row meets every condition.
    pub fn matches(&self, row: &AuditRow) -> bool {
        fn is<T: Copy + PartialEq>(asked: Option<T>, has: Option<T>) -> bool {
            asked.is_none() || asked == has
        }
        let what = &row.what;
        is(self.phone, what.phone_hash)
            && is(self.verification_id, what.verification_id)
            && is(self.person_request_id, what.person_request_id)
            && is(self.client_id, what.by.client_id)
            && is(self.request_id, row.request_id)
            && is(self.event, Some(what.event.word()))
            && is(self.reason, what.event.reason())
            && self.is_about(row)
            && self.from.is_none_or(|from| from <= row.at)
            && self.to.is_none_or(|to| row.at < to)
    }

    /// Whether the row is about the change of the record with `target_id`, if there is one.
    fn is_about(&self, row: &AuditRow) -> bool {
        self.target_id
            .as_ref()
            .is_none_or(|asked| row.change().is_some_and(|change| change.target.id() == *asked))
    }

    /// Whether `from` is earlier than `to`; if not, no row matches.
    pub(super) fn has_time(&self) -> bool {
        self.from.zip(self.to).is_none_or(|(from, to)| from < to)
    }

    /// Whether `from` or `to` is set.
    pub(super) fn is_by_time(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }

    /// Whether `from` and `to` exclude every time from `earliest` to `latest`.
    pub(super) fn excludes(&self, earliest: Timestamp, latest: Timestamp) -> bool {
        self.from.is_some_and(|from| latest < from) || self.to.is_some_and(|to| to <= earliest)
    }
}
