//! The first admin token of a new data directory. Without it, no administrative method could be called.

use std::time::Duration;

use crate::domain::{AccessType, Client, Scopes, Secret, Timestamp, Token, User};
use crate::entropy::{Entropy, NoEntropy, draw_id, draw_secret};
use crate::store::schema::{CLIENTS, TOKENS, USERS};
use crate::store::{Priority, Store, StoreError};

/// The name of the client that `init` makes for the operator.
pub const OPERATOR: &str = "operator";

/// The scopes of the first token.
pub const ADMIN_SCOPE: &str = "admin:read admin:write";

/// How long the first token is valid: 90 days.
pub const FIRST_TOKEN_LIFE: Duration = Duration::from_hours(90 * 24);

/// The first admin token. The store has only its digest.
pub struct FirstToken {
    /// The token in clear. `init` shows it once.
    pub secret: Secret,
    /// The time at which the token expires.
    pub expires_at: Timestamp,
}

/// The reason why the operator's client was not stored.
#[derive(Debug, thiserror::Error)]
pub enum NoOperator {
    /// The operating system returned no random bytes.
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
        is_blocked: false,
        block_reason: None,
        inserted_at: Some(now),
        updated_at: Some(now),
    };
    let user = User {
        id: draw_id(entropy)?,
        person_id: None,
        is_blocked: false,
        block_reason: None,
        inserted_at: Some(now),
        updated_at: Some(now),
    };
    let expires_at = now + FIRST_TOKEN_LIFE;
    let secret = draw_secret(entropy)?;
    let token = Token {
        id: draw_id(entropy)?,
        name: Some(OPERATOR.into()),
        last_four: secret.last_four(),
        user_id: user.id,
        client_id: client.id,
        scope: Scopes::new(ADMIN_SCOPE),
        expires_at,
        inserted_at: Some(now),
        revoked_at: None,
    };
    let digest = secret.digest();
    store.write_blocking(Priority::Normal, move |write| {
        write.put(CLIENTS, &client.id, &client)?;
        write.put(USERS, &user.id, &user)?;
        write.put(TOKENS, &digest, &token)
    })?;
    Ok(FirstToken { secret, expires_at })
}
