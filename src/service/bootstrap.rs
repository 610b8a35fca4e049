//! The first admin token of a new data directory. Without it, no administrative method could be called.

use std::time::Duration;

use crate::domain::{AccessType, Client, Scopes, Secret, Timestamp, Token, User};
use crate::entropy::{Entropy, NoEntropy, draw_id, draw_secret};
use crate::store::schema::{CLIENTS, TOKENS, USERS};
use crate::store::{Priority, Store, StoreError};

/// The name of the operator's client.
pub const OPERATOR: &str = "operator";

/// The scope of the first token.
pub const ADMIN_SCOPE: &str = "admin:read admin:write";

/// The life of the first token: 90 days.
pub const FIRST_TOKEN_LIFE: Duration = Duration::from_hours(90 * 24);

/// The first admin token. Only its digest is kept.
pub struct FirstToken {
    /// The token, which is shown once.
    pub secret: Secret,
    /// The time at which it expires.
    pub expires_at: Timestamp,
}

/// The reason why the operator could not be added.
#[derive(Debug, thiserror::Error)]
pub enum NoOperator {
    /// The system gave no random bytes.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// The store refused the write.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Stores the operator's client, its user and its first token, in one write.
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
    store.write_blocking(Priority::Normal, move |write| {
        write.put(CLIENTS, &client.id, &client)?;
        write.put(USERS, &user.id, &user)?;
        write.put(TOKENS, &digest, &token)
    })?;
    Ok(FirstToken { secret, expires_at })
}
