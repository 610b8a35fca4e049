//! What a row of the table says of a method.

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
    /// What it does.
    pub operation: Operation,
    /// Its method; HEAD goes with GET.
    pub method: &'static str,
    /// Its path.
    pub path: &'static str,
    /// Where it answers.
    pub surface: Surface,
    /// Who may call it.
    pub access: Access,
    /// Whether it takes a body.
    pub body: Body,
    /// Which query parameters it takes.
    pub parameters: Parameters,
    /// Most bytes of a body.
    pub max_body: usize,
    /// Time for the body to come, and then for the answer to be made.
    pub deadline: Duration,
    /// Who answers.
    pub handler: Handler,
}

/// Where a row answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// Everywhere.
    Public,
    /// Never on a public listener.
    Internal,
    /// Under `demo` only.
    Demo,
}

/// Who may call a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Callers with a token, and a vendor if they need one, that allow this.
    Scope(Scope),
    /// Whoever reaches the surface.
    Anyone,
}

impl Access {
    /// The scope that it requires.
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
