//! A row of the route table.

use std::time::Duration;

use super::handler::Handler;
use super::operation::Operation;
use super::request::body::Body;
use super::request::query::Parameters;
use crate::domain::Scope;
use crate::http::Route;

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its operation.
    pub operation: Operation,
    /// Its method; HEAD goes with GET.
    pub method: &'static str,
    /// Its path.
    pub path: &'static str,
    /// The listeners that serve it.
    pub surface: Surface,
    /// The access that it requires.
    pub access: Access,
    /// Whether it takes a body.
    pub body: Body,
    /// Which query parameters it takes.
    pub parameters: Parameters,
    /// The most bytes of a body.
    pub max_body: usize,
    /// The most time for the body, and again for the answer.
    pub deadline: Duration,
    /// The function that answers.
    pub handler: Handler,
}

/// The listeners that serve a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// Both kinds of listeners.
    Public,
    /// The internal listener only.
    Internal,
    /// The internal listener of `demo` only.
    Demo,
}

/// The access that a row requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A token with this scope, and a vendor with it for a BROKER client.
    Scope(Scope),
    /// None.
    Anyone,
}

impl Access {
    /// The scope, if one is required.
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
