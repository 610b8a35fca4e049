use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::audit::RequestId;
use super::{ClientId, UserId};

/// Who asks for something: what a client's limit is kept by, and what an audit names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct By {
    /// The token's client; none on the calls that take no token.
    pub client_id: Option<ClientId>,
    /// The token's user.
    pub user_id: Option<UserId>,
    /// Where the request came from, as far as that is known.
    pub peer: Option<IpAddr>,
}

/// Who asks, and what they call their request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestBy {
    /// Who.
    pub by: By,
    /// The request's id, if it has one.
    pub request_id: Option<RequestId>,
}

impl From<By> for RequestBy {
    fn from(by: By) -> Self {
        Self { by, request_id: None }
    }
}
