use serde::{Deserialize, Serialize};
use strum::{VariantArray, VariantNames};

use super::audit::RequestId;
use super::{Id, Peer, Scopes, Timestamp, UserId};

/// The UUID of a client, as tokens and `person_requests` name it.
pub type ClientId = Id<Client>;

/// A program or an institution that calls the API: the owner of tokens and person requests, the vendor behind an
/// `api-key`, or both. Its keys are its `Connection`s.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The UUID that `tokens` and `person_requests` refer to.
    pub id: ClientId,
    /// A name for operators: the log of requests shows it, no answer does.
    pub name: String,
    /// Whether requests with this client's tokens need an `api-key` header.
    pub access_type: AccessType,
    /// The scopes that a vendor allows to clients that call with its `api-key`. A client with `None` is not a vendor.
    pub broker_scope: Option<Scopes>,
    /// Whether tokens and the `api-key` of this client are refused.
    pub is_blocked: bool,
    /// The operator's reason for the last block or unblock; at most [`MAX_REASON_BYTES`].
    pub block_reason: Option<String>,
    /// When the client was made; `None` for one of a release that did not store it.
    pub inserted_at: Option<Timestamp>,
    /// When it last changed; `None` for the same.
    pub updated_at: Option<Timestamp>,
}

/// The most bytes of a `block_reason`.
pub const MAX_REASON_BYTES: usize = 512;

/// How a client reaches the system: `access_type` of the client settings (edenlabllc/mithril.api).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, VariantArray, VariantNames)]
#[strum(serialize_all = "UPPERCASE")]
#[serde(rename_all = "UPPERCASE")]
pub enum AccessType {
    /// The client calls for itself: an `api-key` header is ignored.
    Direct,
    /// The client calls through a vendor's program: the vendor's `api-key` is required.
    Broker,
}

/// The client, user and IP address that a request comes from. Budgets per client use `client_id`; every audit row
/// stores all three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Requester {
    /// The token's client; `None` on routes without a token.
    pub client_id: Option<ClientId>,
    /// The token's user; `None` on routes without a token.
    pub user_id: Option<UserId>,
    /// The caller's IP address, or on the Unix socket for administration the user id of its process. Behind a trusted
    /// proxy the address comes from `X-Forwarded-For`; `None` for commands of the operator.
    pub peer: Option<Peer>,
}

/// A [`Requester`] together with the id that the caller gave the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestOrigin {
    /// The client, user and IP address of the request.
    pub requester: Requester,
    /// The `x-request-id` header, masked and cut to 64 characters; `None` without one.
    pub request_id: Option<RequestId>,
}

impl From<Requester> for RequestOrigin {
    fn from(requester: Requester) -> Self {
        Self { requester, request_id: None }
    }
}
