//! The success of a row, as data.

use schemars::{JsonSchema, Schema, SchemaGenerator};

/// The success of a row.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The content.
    pub data: Data,
    /// The schema of `urgent`, if the envelope has it.
    pub urgent: Option<ViewSchema>,
    /// The meaning of the header `Location`, if the answer has it; with `is_created_too` only `201` has it.
    pub location: Option<&'static str>,
    /// Whether `201` is the status for a record that is new.
    pub is_created_too: bool,
}

/// The content of a success.
#[derive(Clone, Copy, Debug)]
pub enum Data {
    /// `data` is one view.
    Object(ViewSchema),
    /// `data` is a whole list of views.
    List(ViewSchema),
    /// `data` is a page of a list of views, and `paging.next_after` leads to the next page. As NDJSON, a line is a view.
    Page(ViewSchema),
    /// `data` is a page of an operator's list of views, with numbers and a cursor in `paging`.
    NumberedPage(ViewSchema),
    /// Nothing: `204`.
    Empty,
    /// Lines of JSON without an envelope, each one of these views.
    Lines(ViewSchema),
    /// `data` is a factor, in the form of the dialect.
    Factor,
    /// JSON without an envelope.
    Document,
}

/// Makes the schema of a view.
pub type ViewSchema = fn(&mut SchemaGenerator) -> Schema;

/// `200` with JSON that has no envelope.
pub(super) const DOCUMENT: Answer = Answer {
    status: 200,
    data: Data::Document,
    urgent: None,
    location: None,
    is_created_too: false,
};

/// `200` with one view.
pub(super) const fn object<V: JsonSchema>() -> Answer {
    Answer { status: 200, data: Data::Object(schema::<V>()), ..DOCUMENT }
}

/// `201` with one view.
pub(super) const fn created<V: JsonSchema>() -> Answer {
    Answer { status: 201, ..object::<V>() }
}

/// `200` with one view, or `201` with it and this `Location` if the record is new.
pub(super) const fn put<V: JsonSchema>(location: &'static str) -> Answer {
    Answer { is_created_too: true, location: Some(location), ..object::<V>() }
}

/// `200` with a whole list of views.
pub(super) const fn list<V: JsonSchema>() -> Answer {
    Answer { status: 200, data: Data::List(schema::<V>()), ..DOCUMENT }
}

/// `200` with a page of a list of views.
pub(super) const fn page<V: JsonSchema>() -> Answer {
    Answer { status: 200, data: Data::Page(schema::<V>()), ..DOCUMENT }
}

/// `200` with a page of an operator's list of views.
pub(super) const fn numbered_page<V: JsonSchema>() -> Answer {
    Answer { status: 200, data: Data::NumberedPage(schema::<V>()), ..DOCUMENT }
}

/// `204`, without a content.
pub(super) const NO_CONTENT: Answer = Answer { status: 204, data: Data::Empty, ..DOCUMENT };

/// `200` with lines of JSON.
pub(super) const fn lines<V: JsonSchema>() -> Answer {
    Answer { status: 200, data: Data::Lines(schema::<V>()), ..DOCUMENT }
}

/// The schema of a view.
pub(super) const fn schema<V: JsonSchema>() -> ViewSchema {
    SchemaGenerator::subschema_for::<V>
}
