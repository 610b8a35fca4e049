//! The data of a success, with paging and `Location`.

use hyper::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::api::media_type::MediaType;
use crate::domain::{Id, VerificationId};
use crate::http::ResponseBody;
use crate::service::admin::Page;

/// A success: `200` or `201` with `data`, which is already serialised as JSON, or with a page or a stream.
pub struct Success {
    pub(super) status: StatusCode,
    pub(super) content: Content,
    pub(super) location: Option<String>,
}

/// The content of a success answer.
pub(super) enum Content {
    /// JSON for the envelope.
    Enveloped(Enveloped),
    /// A content without an envelope; on the heap, for few answers have one.
    Document(Box<Document>),
}

/// Data that is serialised as JSON already.
pub(super) struct Enveloped {
    pub(super) data: Box<RawValue>,
    pub(super) paging: Option<Paging>,
    pub(super) urgent: Option<Box<RawValue>>,
}

/// A content without an envelope.
pub(super) struct Document {
    pub(super) media_type: MediaType,
    pub(super) body: ResponseBody,
}

/// `paging` of a list.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
pub(super) enum Paging {
    /// The whole list on one page.
    Whole { page_number: usize, page_size: usize, total_entries: usize, total_pages: usize },
    /// One page of a list that grows while it is read, so its entries are not counted. `next_after` is the cursor of
    /// the next page; `null` on the last page.
    Part { page_size: usize, next_after: Option<Cursor> },
    /// One page of an operator's list, by its number or behind a cursor. The totals are `null` if they are not known.
    Numbered {
        page_number: u64,
        page_size: usize,
        total_entries: Option<u64>,
        total_pages: Option<u64>,
        next_after: Option<Cursor>,
    },
}

/// The last entry of a page, as the parameter `after` of the next page names it.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
pub enum Cursor {
    /// The number of an audit row.
    Row(u64),
    /// The `verification_id` of a delivery.
    Delivery(VerificationId),
    /// The id of another record.
    Record(Id<Cursor>),
}

impl<T: 'static> From<Id<T>> for Cursor {
    fn from(id: Id<T>) -> Self {
        Self::Record(Id::from_bytes(*id.as_bytes()))
    }
}

impl Success {
    /// `204`: nothing to tell.
    pub fn no_content() -> Self {
        let document =
            Document { media_type: MediaType::Json, body: ResponseBody::whole(Vec::new()) };
        let content = Content::Document(Box::new(document));
        Self { status: StatusCode::NO_CONTENT, content, location: None }
    }

    /// `200` with a page of an operator's list. `view` makes the view of an entry.
    pub fn page<K: Into<Cursor>, T, V: Serialize>(page: Page<K, T>, view: impl Fn(T) -> V) -> Self {
        let Page { entries, number, size, total, next_after } = page;
        let views: Vec<_> = entries.into_iter().map(view).collect();
        let paging = Paging::Numbered {
            page_number: number,
            page_size: size,
            total_entries: total,
            total_pages: total.map(|total| total.div_ceil(size as u64).max(1)),
            next_after: next_after.map(K::into),
        };
        Self::ok(&views).with_paging(paging)
    }

    /// `200` with this view as `data`.
    pub fn ok(view: &impl Serialize) -> Self {
        let data = Enveloped { data: json(view), paging: None, urgent: None };
        Self { status: StatusCode::OK, content: Content::Enveloped(data), location: None }
    }

    /// `200` with this content, which has no envelope: text, bytes or a stream.
    pub fn document(media_type: MediaType, body: ResponseBody) -> Self {
        let document = Box::new(Document { media_type, body });
        Self { status: StatusCode::OK, content: Content::Document(document), location: None }
    }

    /// `200` with the whole list on one page, which is page 1 of 1.
    pub fn list(views: &[impl Serialize], page_size: usize) -> Self {
        let (page_number, total_entries, total_pages) = (1, views.len(), 1);
        let paging = Paging::Whole { page_number, page_size, total_entries, total_pages };
        Self::ok(&views).with_paging(paging)
    }

    /// `200` with one page of a list, and the cursor of the next page if there is one.
    pub fn part_of_list(
        views: &[impl Serialize],
        page_size: usize,
        next_after: Option<Cursor>,
    ) -> Self {
        let paging = Paging::Part { page_size, next_after };
        Self::ok(&views).with_paging(paging)
    }

    /// `201` with this view as `data`.
    pub fn created(view: &impl Serialize) -> Self {
        Self { status: StatusCode::CREATED, ..Self::ok(view) }
    }

    /// Adds `urgent` beside `data`.
    pub fn with_urgent(self, view: &impl Serialize) -> Self {
        let urgent = Some(json(view));
        self.map_data(|data| Enveloped { urgent, ..data })
    }

    fn with_paging(self, paging: Paging) -> Self {
        self.map_data(|data| Enveloped { paging: Some(paging), ..data })
    }

    /// A document has no data to change.
    fn map_data(self, change: impl FnOnce(Enveloped) -> Enveloped) -> Self {
        let content = match self.content {
            Content::Enveloped(data) => Content::Enveloped(change(data)),
            document @ Content::Document(_) => document,
        };
        Self { content, ..self }
    }

    /// Adds the header `Location`.
    pub fn with_location(self, location: String) -> Self {
        Self { location: Some(location), ..self }
    }
}

fn json(view: &impl Serialize) -> Box<RawValue> {
    serde_json::value::to_raw_value(view).expect("views have text keys and no failing fields")
}
