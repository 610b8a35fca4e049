//! What a method answers.

use hyper::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::domain::VerificationId;

/// A success, its data already written as JSON.
pub struct Answer {
    pub(super) status: StatusCode,
    pub(super) data: Box<RawValue>,
    pub(super) paging: Option<Paging>,
    pub(super) urgent: Option<Box<RawValue>>,
    pub(super) location: Option<String>,
}

/// Where a list stands among its pages.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
pub(super) enum Paging {
    /// Its one page has all of it.
    Whole { page_number: usize, page_size: usize, total_entries: usize, total_pages: usize },
    /// It grows while it is read, and nobody counts it. What comes behind this page is asked for by what it comes
    /// behind, if there is any.
    Part { page_size: usize, next_after: Option<Cursor> },
}

/// What a page comes behind.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
pub enum Cursor {
    /// A row of audit.
    Row(u64),
    /// The message with this verification's code.
    Delivery(VerificationId),
}

impl Answer {
    /// 200 with this view.
    pub fn ok(view: &impl Serialize) -> Self {
        Self {
            status: StatusCode::OK,
            data: json(view),
            paging: None,
            urgent: None,
            location: None,
        }
    }

    /// 200 with all of a list, which its one page has room for.
    pub fn list(views: &[impl Serialize], page_size: usize) -> Self {
        let (page_number, total_entries, total_pages) = (1, views.len(), 1);
        let paging = Paging::Whole { page_number, page_size, total_entries, total_pages };
        Self { paging: Some(paging), ..Self::ok(&views) }
    }

    /// 200 with a part of a list, and where the next one begins.
    pub fn part_of_list(
        views: &[impl Serialize],
        page_size: usize,
        next_after: Option<Cursor>,
    ) -> Self {
        let paging = Paging::Part { page_size, next_after };
        Self { paging: Some(paging), ..Self::ok(&views) }
    }

    /// 201 with this view.
    pub fn created(view: &impl Serialize) -> Self {
        Self { status: StatusCode::CREATED, ..Self::ok(view) }
    }

    /// The same with `urgent` beside `data`.
    pub fn with_urgent(self, view: &impl Serialize) -> Self {
        Self { urgent: Some(json(view)), ..self }
    }

    /// The same with a `location` header.
    pub fn with_location(self, location: String) -> Self {
        Self { location: Some(location), ..self }
    }
}

fn json(view: &impl Serialize) -> Box<RawValue> {
    serde_json::value::to_raw_value(view).expect("views have text keys and no failing fields")
}
