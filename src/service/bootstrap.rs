//! The first one who may do anything: without an admin token there would be nobody to give out others.

use std::time::Duration;

use crate::domain::{AccessType, Client, Scopes, Secret, Timestamp, Token, User};
use crate::entropy::{Entropy, NoEntropy, draw_id, draw_secret};
use crate::store::schema::{CLIENTS, TOKENS, USERS};
use crate::store::{Store, StoreError};

/// What the operator's client is called.
pub const OPERATOR: &str = "operator";

/// What the first token allows.
pub const ADMIN_SCOPE: &str = "admin:read admin:write";

/// How long the first token holds: long enough to get going, too short to be forgotten in a file.
pub const FIRST_TOKEN_LIFE: Duration = Duration::from_hours(90 * 24);

/// The first admin token. Only its digest is kept.
pub struct FirstToken {
    /// To be shown once.
    pub secret: Secret,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Why there is no operator.
#[derive(Debug, thiserror::Error)]
pub enum NoOperator {
    /// No random bytes.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Puts the operator's client, a user of its own and its first token into the store, in one write.
pub fn add_operator(
    store: &Store,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<FirstToken, NoOperator> {
    let client = Client {
        id: draw_id(entropy)?,
        name: OPERATOR.into(),
        access_type: AccessType::Direct,
        broker_scope: None,
        api_key_digest: None,
        is_blocked: false,
    };
    let user = User { id: draw_id(entropy)?, person_id: None, is_blocked: false };
    let expires_at = now + FIRST_TOKEN_LIFE;
    let token = Token {
        user_id: user.id,
        client_id: client.id,
        scope: Scopes::new(ADMIN_SCOPE),
        expires_at,
        is_revoked: false,
    };
    let secret = draw_secret(entropy)?;
    let digest = secret.digest();
    store.write_blocking(move |write| {
        write.put(CLIENTS, &client.id, &client)?;
        write.put(USERS, &user.id, &user)?;
        write.put(TOKENS, &digest, &token)
    })?;
    Ok(FirstToken { secret, expires_at })
}
