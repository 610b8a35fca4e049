use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::audit::RequestId;
use super::{Id, Scopes, SecretDigest, UserId};

/// The UUID of a client.
pub type ClientId = Id<Client>;

/// A program or an institution that calls: the owner of tokens and person requests, the vendor behind an api-key,
/// or both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// What people call it.
    pub name: String,
    /// Whether its tokens need an api-key beside them.
    pub access_type: AccessType,
    /// What callers with this client's api-key may do at most. A client without one is no vendor.
    pub broker_scope: Option<Scopes>,
    /// Digest of its api-key.
    pub api_key_digest: Option<SecretDigest>,
    /// A blocked client's tokens and api-key are refused.
    pub is_blocked: bool,
}

/// How a client reaches the system (edenlabllc/mithril.api, client settings `access_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AccessType {
    /// On its own: an api-key is ignored.
    Direct,
    /// Through a vendor's program: the vendor's api-key is demanded.
    Broker,
}

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
