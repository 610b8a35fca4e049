use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::audit::RequestId;
use super::{ClientId, UserId};

/// The client, user and address that a request comes from. Limits of clients count by it, and rows of audit name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Requester {
    /// The token's client; none on the calls that take no token.
    pub client_id: Option<ClientId>,
    /// The token's user.
    pub user_id: Option<UserId>,
    /// Where the request came from, as far as that is known.
    pub peer: Option<IpAddr>,
}

/// A requester, and the id that it gave its request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestOrigin {
    /// The client, user and address.
    pub requester: Requester,
    /// The request's id, if it has one.
    pub request_id: Option<RequestId>,
}

impl From<Requester> for RequestOrigin {
    fn from(requester: Requester) -> Self {
        Self { requester, request_id: None }
    }
}
