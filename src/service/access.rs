//! Authentication of callers, and authorisation by scope.

use std::net::IpAddr;

use super::{AdmissionStep, Service};
use crate::domain::audit::RequestId;
use crate::domain::{
    AccessType, Client, ClientId, Refusal, RequestOrigin, Requester, Scope, SecretDigest,
    Timestamp, Token, User,
};
use crate::otp::{RequestContext, Waiting};
use crate::store::schema::{CLIENTS, CLIENTS_BY_API_KEY, TOKENS, USERS};

/// The credentials of a request.
#[derive(Clone, Copy, Default)]
pub struct Credentials<'a> {
    /// The token of `Authorization: Bearer …`.
    pub bearer: Option<&'a [u8]>,
    /// The header `api-key`.
    pub api_key: Option<&'a [u8]>,
    /// The peer's address.
    pub peer: Option<IpAddr>,
    /// The caller's `X-Request-ID`.
    pub request_id: Option<RequestId>,
}

/// A request that was not admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAdmitted {
    /// The reason.
    pub refusal: Refusal,
    /// The caller, as far as known: a stored token names a client and a user, even when it is expired or revoked.
    pub by: Requester,
    /// The name of that client.
    pub client_name: Option<String>,
}

/// An admitted caller.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The id of the token's client.
    pub client_id: ClientId,
    /// The name of that client.
    pub client_name: String,
    /// The token's user.
    pub user: User,
    /// The peer's address.
    pub peer: Option<IpAddr>,
    /// The caller's `X-Request-ID`.
    pub request_id: Option<RequestId>,
    /// Whether it still waits for its answer.
    pub waiting: Waiting,
}

impl Caller {
    /// Who that is, for limits and audit.
    pub fn requester(&self) -> Requester {
        Requester { client_id: Some(self.client_id), user_id: Some(self.user.id), peer: self.peer }
    }

    /// The same, what the request is called, and whether it still waits.
    pub fn context(&self) -> RequestContext {
        let (request_id, waiting) = (self.request_id, self.waiting.clone());
        RequestContext { requester: self.requester(), request_id, waiting }
    }
}

/// The caller's identity, as far as it is known.
#[derive(Default)]
struct Identity {
    by: Requester,
    client_name: Option<String>,
}

impl Service {
    /// Admits a caller who needs `scope`, or says why not, and notes that for the audit. A token ends by the wall clock:
    /// others have said when.
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

    /// Checks the credentials step by step, in the dialect's order. Fills `identity` on the way, so that a refusal can name
    /// the caller. Changes nothing in the store.
    fn authenticate(
        &self,
        credentials: Credentials<'_>,
        scope: Scope,
        wall: Timestamp,
        identity: &mut Identity,
    ) -> Result<Caller, Refusal> {
        let bearer = credentials.bearer.ok_or(Refusal::TokenMissing)?;
        let token = self.store.get(TOKENS, &SecretDigest::of(bearer))?;
        let token = token.ok_or(Refusal::TokenUnknown)?;
        identity.by.client_id = Some(token.client_id);
        identity.by.user_id = Some(token.user_id);
        if token.is_revoked {
            return Err(Refusal::TokenUnknown);
        }
        let client = self.store.get(CLIENTS, &token.client_id)?.ok_or(Refusal::TokenUnknown)?;
        identity.client_name = Some(client.name.clone());
        let user = self.store.get(USERS, &token.user_id)?;
        let mut vendor = None;
        for step in self.order.admission {
            match step {
                AdmissionStep::TokenExpiry if token.is_expired(wall, self.order.token_expiry) => {
                    return Err(Refusal::TokenExpired);
                }
                AdmissionStep::Client if client.is_blocked => return Err(Refusal::ClientBlocked),
                AdmissionStep::ApiKey => vendor = self.vendor(&client, credentials.api_key)?,
                AdmissionStep::Scope => ensure_scope(&token, vendor.as_ref(), scope)?,
                AdmissionStep::User => ensure_not_blocked(user.as_ref())?,
                AdmissionStep::TokenExpiry | AdmissionStep::Client => {}
            }
        }
        let user = user.ok_or(Refusal::UserUnknown)?;
        let Credentials { peer, request_id, .. } = credentials;
        let waiting = Waiting::default();
        let client_name = client.name;
        Ok(Caller { client_id: client.id, client_name, user, peer, request_id, waiting })
    }

    /// The vendor whose api-key came with a BROKER client's token. A DIRECT client needs no api-key, and none is read.
    fn vendor(&self, client: &Client, api_key: Option<&[u8]>) -> Result<Option<Client>, Refusal> {
        match client.access_type {
            AccessType::Direct => return Ok(None),
            AccessType::Broker => {}
        }
        let digest = SecretDigest::of(api_key.ok_or(Refusal::ApiKeyMissing)?);
        let id = self.store.get(CLIENTS_BY_API_KEY, &digest)?.ok_or(Refusal::ApiKeyInvalid)?;
        let vendor = self.store.get(CLIENTS, &id)?.ok_or(Refusal::ApiKeyInvalid)?;
        if vendor.is_blocked || vendor.broker_scope.is_none() {
            return Err(Refusal::ApiKeyInvalid);
        }
        Ok(Some(vendor))
    }
}

/// Both the token and the vendor have to allow the scope.
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
