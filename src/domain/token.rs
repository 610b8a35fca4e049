use serde::{Deserialize, Serialize};

use super::{ClientId, Id, LastFour, Scopes, SecretDigest, Timestamp, UserId};

/// The UUID of a token, for operators. Callers know a token by its value.
pub type TokenId = Id<Token>;

/// The stored part of a bearer token. Its key in the `tokens` tree is the [`SecretDigest`] of the token's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The UUID that `/admin/tokens/{id}` has.
    pub id: TokenId,
    /// A name for operators; `None` for a token of a release that did not store it.
    pub name: Option<String>,
    /// The value's last characters; `None` if the value came as a digest.
    pub last_four: Option<LastFour>,
    /// The user who calls with the token: `Requester::user_id`.
    pub user_id: UserId,
    /// The client that the token was issued to: `Requester::client_id`.
    pub client_id: ClientId,
    /// The permissions of the token, separated by spaces.
    pub scope: Scopes,
    /// The end of the token's life. [`TokenExpiry`] says whether this microsecond still belongs to it.
    pub expires_at: Timestamp,
    /// When the token was made; `None` for one of a release that did not store it.
    pub inserted_at: Option<Timestamp>,
    /// When the token was revoked; it is refused as `TokenUnknown` from then on.
    pub revoked_at: Option<Timestamp>,
}

/// Whether a token is valid in the microsecond of its `expires_at`. The sources disagree, so the dialect decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenExpiry {
    /// Expired when `expires_at < now`: the page "Get authentication factor".
    After,
    /// Expired when `expires_at <= now`: the token service.
    At,
}

impl Token {
    /// The id of a token that was loaded from a file, or stored by a release without ids. It follows from the digest, so
    /// that a second load, or a migration that begins anew, gives the same one.
    pub fn id_for(digest: &SecretDigest) -> TokenId {
        let named = [b"esoz-otp token id".as_slice(), digest.as_bytes()].concat();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&SecretDigest::of(&named).as_bytes()[..16]);
        TokenId::from_random(bytes)
    }

    /// Whether the token was revoked.
    pub fn is_revoked(&self) -> bool {
        self.revoked_at.is_some()
    }

    /// Whether the token has expired at `now`, the wall clock's time.
    pub fn is_expired(&self, now: Timestamp, expiry: TokenExpiry) -> bool {
        match expiry {
            TokenExpiry::After => self.expires_at < now,
            TokenExpiry::At => self.expires_at <= now,
        }
    }
}
