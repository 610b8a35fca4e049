use std::net::IpAddr;

use serde::{Deserialize, Serialize};

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
