//! Authentication of callers by token and api-key, and authorisation by scope.

use super::{AdmissionStep, Service};
use crate::domain::audit::RequestId;
use crate::domain::{
    AccessType, Client, ClientId, Peer, Refusal, RequestOrigin, Requester, Scope, SecretDigest,
    Timestamp, Token, User,
};
use crate::otp::{CallerStatus, RequestContext};
use crate::store::schema::{CLIENTS, CONNECTIONS, CONNECTIONS_BY_SECRET, TOKENS, USERS};

/// The credentials of a request, and what the audit needs beside them.
#[derive(Clone, Copy, Default)]
pub struct Credentials<'a> {
    /// The token of `Authorization: Bearer …`.
    pub bearer: Option<&'a [u8]>,
    /// The value of the header `api-key`.
    pub api_key: Option<&'a [u8]>,
    /// The other end of the connection.
    pub peer: Option<Peer>,
    /// The `X-Request-ID` as it is stored.
    pub request_id: Option<RequestId>,
}

/// The refusal of a caller, with what is known of the caller for log and audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAdmitted {
    /// Why the caller was refused.
    pub refusal: Refusal,
    /// The caller, as far as known: a stored token names a client and a user, even when it is expired or revoked.
    pub by: Requester,
    /// The name of the client in `by`.
    pub client_name: Option<String>,
}

/// An admitted caller.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The client that the token was given to.
    pub client_id: ClientId,
    /// The name of that client, for the log.
    pub client_name: String,
    /// The user that the token was given for.
    pub user: User,
    /// The other end of the connection.
    pub peer: Option<Peer>,
    /// The `X-Request-ID` as it is stored.
    pub request_id: Option<RequestId>,
    /// Whether the caller still waits for the answer.
    pub waiting: CallerStatus,
}

impl Caller {
    /// Client, user and address, for limits and audit.
    pub fn requester(&self) -> Requester {
        Requester { client_id: Some(self.client_id), user_id: Some(self.user.id), peer: self.peer }
    }

    /// The [`Self::requester`], the request id, and whether the caller still waits.
    pub fn context(&self) -> RequestContext {
        let (request_id, waiting) = (self.request_id, self.waiting.clone());
        RequestContext { requester: self.requester(), request_id, waiting }
    }
}

/// The caller's identity, as far as a refused call shows it.
#[derive(Default)]
struct Identity {
    by: Requester,
    client_name: Option<String>,
}

impl Service {
    /// Admits a caller if the token has the `scope`, and for a BROKER client the vendor too. A refusal is noted in the
    /// audit.
    ///
    /// `now` is the time of the audit row. `wall`, the time of the wall clock, decides whether the token has expired, whose
    /// `expires_at` was set outside this program, and whether a rotated api-key still counts.
    pub fn admit(
        &self,
        credentials: Credentials<'_>,
        scope: Scope,
        now: Timestamp,
        wall: Timestamp,
    ) -> Result<Caller, NotAdmitted> {
        let mut identity = Identity::default();
        identity.by.peer = credentials.peer;
        self.authenticate(credentials, scope, wall, &mut identity).map_err(|refusal| {
            let Identity { by, client_name } = identity;
            let requester = RequestOrigin { requester: by, request_id: credentials.request_id };
            self.audit.note_refusal(now, &refusal, requester);
            NotAdmitted { refusal, by, client_name }
        })
    }

    /// Notes in the audit that a process on the Unix socket was refused, and returns the refusal.
    pub fn refuse_operator(&self, origin: RequestOrigin, now: Timestamp) -> Refusal {
        let refusal = Refusal::NotAnOperator;
        self.audit.note_refusal(now, &refusal, origin);
        refusal
    }

    /// Checks the credentials, in the dialect's order. Fills `identity` on the way, so that a refusal can name the
    /// caller. It only reads the store.
    fn authenticate(
        &self,
        credentials: Credentials<'_>,
        scope: Scope,
        wall: Timestamp,
        identity: &mut Identity,
    ) -> Result<Caller, Refusal> {
        // The token. The store has only its digest, so the lookup shows nothing of other tokens.
        let bearer = credentials.bearer.ok_or(Refusal::TokenMissing)?;
        let token = self.store.get(TOKENS, &SecretDigest::of(bearer))?;
        let token = token.ok_or(Refusal::TokenUnknown)?;
        identity.by.client_id = Some(token.client_id);
        identity.by.user_id = Some(token.user_id);
        if token.is_revoked() {
            return Err(Refusal::TokenUnknown);
        }
        // Client and user of the token. A user who no longer exists is refused by the step `User`.
        let client = self.store.get(CLIENTS, &token.client_id)?.ok_or(Refusal::TokenUnknown)?;
        identity.client_name = Some(client.name.clone());
        let user = self.store.get(USERS, &token.user_id)?;
        // The dialect's order decides which refusal a caller with several faults gets.
        let mut vendor = None;
        for step in self.order.admission {
            match step {
                AdmissionStep::TokenExpiry if token.is_expired(wall, self.order.token_expiry) => {
                    return Err(Refusal::TokenExpired);
                }
                AdmissionStep::Client if client.is_blocked => return Err(Refusal::ClientBlocked),
                AdmissionStep::ApiKey => {
                    vendor = self.vendor(&client, credentials.api_key, wall)?;
                }
                AdmissionStep::Scope => ensure_scope(&token, vendor.as_ref(), scope)?,
                AdmissionStep::User => ensure_not_blocked(user.as_ref())?,
                AdmissionStep::TokenExpiry | AdmissionStep::Client => {}
            }
        }
        let user = user.ok_or(Refusal::UserUnknown)?;
        let Credentials { peer, request_id, .. } = credentials;
        let waiting = CallerStatus::default();
        let client_name = client.name;
        Ok(Caller { client_id: client.id, client_name, user, peer, request_id, waiting })
    }

    /// The vendor of the api-key that came with the token of a BROKER client. `None` for a DIRECT client, and its
    /// api-key is ignored.
    ///
    /// Errors: [`Refusal::ApiKeyMissing`]; [`Refusal::ApiKeyInvalid`] if the key is unknown or was rotated out, or its
    /// client is blocked or no vendor.
    fn vendor(
        &self,
        client: &Client,
        api_key: Option<&[u8]>,
        wall: Timestamp,
    ) -> Result<Option<Client>, Refusal> {
        match client.access_type {
            AccessType::Direct => return Ok(None),
            AccessType::Broker => {}
        }
        let digest = SecretDigest::of(api_key.ok_or(Refusal::ApiKeyMissing)?);
        let id = self.store.get(CONNECTIONS_BY_SECRET, &digest)?.ok_or(Refusal::ApiKeyInvalid)?;
        // The index may lag behind the connection, which alone decides.
        let connection = self.store.get(CONNECTIONS, &id)?.ok_or(Refusal::ApiKeyInvalid)?;
        if !connection.accepts(&digest, wall) {
            return Err(Refusal::ApiKeyInvalid);
        }
        let vendor = self.store.get(CLIENTS, &connection.client_id)?;
        let vendor = vendor.ok_or(Refusal::ApiKeyInvalid)?;
        if vendor.is_blocked || vendor.broker_scope.is_none() {
            return Err(Refusal::ApiKeyInvalid);
        }
        Ok(Some(vendor))
    }
}

/// Returns [`Refusal::ScopeMissing`] unless the token has the scope, and the vendor too if there is one.
fn ensure_scope(token: &Token, vendor: Option<&Client>, scope: Scope) -> Result<(), Refusal> {
    let vendor_allows = vendor
        .is_none_or(|vendor| vendor.broker_scope.as_ref().is_some_and(|all| all.allow(scope)));
    if token.scope.allow(scope) && vendor_allows {
        Ok(())
    } else {
        Err(Refusal::ScopeMissing(scope))
    }
}

fn ensure_not_blocked(user: Option<&User>) -> Result<(), Refusal> {
    match user {
        Some(user) if user.is_blocked => Err(Refusal::UserBlocked),
        Some(_) => Ok(()),
        None => Err(Refusal::UserUnknown),
    }
}
