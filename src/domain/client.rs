use serde::{Deserialize, Serialize};

use super::{Id, Scopes, SecretDigest};

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
