//! The type of a row of the route table.

use std::time::Duration;

use super::handler::Handler;
use super::media_type::MediaType;
use super::operation::Operation;
use super::request::body::Body;
use super::request::query::Parameters;
use crate::domain::Scope;
use crate::http::Route;

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The operation, by which dialects and the log name the row. Rows of several versions share one.
    pub operation: Operation,
    /// The HTTP method. A row with `GET` serves `HEAD` too.
    pub method: &'static str,
    /// The path, with `{name}` for a parameter.
    pub path: &'static str,
    /// The listeners that serve the row.
    pub surface: Surface,
    /// The scope that a caller needs, or `Access::Anyone`.
    pub access: Access,
    /// How the body is read.
    pub body: Body,
    /// The query parameters that the row accepts.
    pub parameters: Parameters,
    /// The largest body, in bytes. A larger one is `413`.
    pub max_body: usize,
    /// The types that the row can answer with. The first is for callers without a preference. Errors are always JSON.
    pub answers: &'static [MediaType],
    /// The longest time for reading the body, and again for the operation.
    pub deadline: Duration,
    /// The function that answers the request.
    pub handler: Handler,
}

/// The listeners that serve a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// Both listeners, public and internal.
    Public,
    /// The internal listener only.
    Internal,
    /// The internal listener, and only under `demo`.
    Demo,
}

/// The access that a row requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A token with this scope. For a BROKER client its vendor must have the scope too.
    Scope(Scope),
    /// No token.
    Anyone,
}

impl Access {
    /// The required scope; `None` for [`Self::Anyone`].
    pub fn scope(self) -> Option<Scope> {
        match self {
            Self::Scope(scope) => Some(scope),
            Self::Anyone => None,
        }
    }
}

impl Route for Row {
    fn method(&self) -> &'static str {
        self.method
    }

    fn path(&self) -> &'static str {
        self.path
    }
}
