use hyper::header::HeaderValue;

/// The type of an answer's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// JSON in the envelope.
    Json,
    /// A JSON object a line, without an envelope.
    NdJson,
    /// A page for people.
    Html,
}

impl MediaType {
    /// Its name in `Accept`, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::NdJson => "application/x-ndjson",
            Self::Html => "text/html",
        }
    }

    /// The value of `Content-Type`.
    pub(super) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::NdJson => "application/x-ndjson; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
        })
    }
}
