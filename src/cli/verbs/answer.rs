//! The answer of the node: its data, or the error that the command ends with.

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::rows::Verb;
use crate::cli::CliError;

/// The envelope around every answer.
#[derive(Deserialize)]
pub(super) struct Envelope<'a> {
    /// The data of a success.
    #[serde(borrow)]
    pub(super) data: Option<&'a RawValue>,
    paging: Option<Paging>,
    error: Option<ErrorBody>,
}

#[derive(Deserialize)]
struct Paging {
    next_after: Option<serde_json::Value>,
    page_number: Option<u64>,
    total_pages: Option<u64>,
}

#[derive(Default, Deserialize)]
struct ErrorBody {
    message: Option<String>,
    #[serde(default)]
    invalid: Vec<Invalid>,
}

#[derive(Deserialize)]
struct Invalid {
    entry: String,
    #[serde(default)]
    rules: Vec<InvalidRule>,
}

#[derive(Deserialize)]
struct InvalidRule {
    description: String,
}

impl<'a> Envelope<'a> {
    /// Reads an answer. An answer of no node is an error with exit code 69.
    pub(super) fn read(body: &'a [u8]) -> Result<Self, CliError> {
        let nothing = Self { data: None, paging: None, error: None };
        if body.is_empty() {
            return Ok(nothing);
        }
        serde_json::from_slice(body).map_err(|_| {
            CliError::unavailable(
                "the answer is none of esoz-otp's: does another program listen there?",
            )
        })
    }

    /// The flags that show the next page, if there is one.
    pub(super) fn next_page(&self) -> Option<String> {
        let paging = self.paging.as_ref()?;
        match (&paging.next_after, paging.page_number, paging.total_pages) {
            (Some(serde_json::Value::String(after)), ..) => Some(format!("--after {after}")),
            (Some(after), ..) => Some(format!("--after {after}")),
            (None, Some(page), Some(all)) if page < all => Some(format!("--page {}", page + 1)),
            (None, ..) => None,
        }
    }

    /// The error of an answer with this status.
    pub(super) fn into_error(self, verb: &Verb, status: StatusCode) -> CliError {
        let error = self.error.unwrap_or_default();
        let message = error.message.unwrap_or_else(|| status.to_string());
        let faults = error.invalid.iter().map(|fault| {
            let rules: Vec<_> = fault.rules.iter().map(|rule| rule.description.as_str()).collect();
            format!("\n{}: {}", fault.entry.trim_start_matches("$."), rules.join("; "))
        });
        let told = format!("the node refused it: {message}{}", faults.collect::<String>());
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => CliError::no_permission(told),
            StatusCode::NOT_FOUND => {
                CliError::missing(format_args!("the node has no such {}: {message}", verb.noun))
            }
            StatusCode::CONFLICT => CliError::data(told),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                CliError::unavailable(told)
            }
            status if status.is_server_error() => CliError::unavailable(told),
            _ => CliError::usage(told),
        }
    }
}
