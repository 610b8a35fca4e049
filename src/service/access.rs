//! Who calls, and whether they may.

use std::net::IpAddr;

use super::{AdmissionStep, Service};
use crate::domain::{
    AccessType, By, Client, ClientId, Refusal, Scope, SecretDigest, Timestamp, Token, User,
};
use crate::otp::{Requester, Waiting};
use crate::store::schema::{CLIENTS, CLIENTS_BY_API_KEY, TOKENS, USERS};

/// What a request brings to show who it is from.
#[derive(Clone, Copy, Default)]
pub struct Credentials<'a> {
    /// The token of `Authorization: Bearer …`.
    pub bearer: Option<&'a [u8]>,
    /// The header `api-key`.
    pub api_key: Option<&'a [u8]>,
    /// Where it came from.
    pub peer: Option<IpAddr>,
}

/// A caller who is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAdmitted {
    /// Why not.
    pub refusal: Refusal,
    /// Who that is: a token that is known has a client and a user, even if it is not good.
    pub by: By,
}

/// An admitted caller.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The token's client.
    pub client_id: ClientId,
    /// The token's user.
    pub user: User,
    /// Where the request came from.
    pub peer: Option<IpAddr>,
    /// Whether it still waits for its answer.
    pub waiting: Waiting,
}

impl Caller {
    /// Who that is, for limits and audit.
    pub fn by(&self) -> By {
        By { client_id: Some(self.client_id), user_id: Some(self.user.id), peer: self.peer }
    }

    /// The same, and whether it still waits.
    pub fn requester(&self) -> Requester {
        Requester { by: self.by(), waiting: self.waiting.clone() }
    }
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
        let mut by = By { peer: credentials.peer, ..By::default() };
        self.look_at(credentials, scope, wall, &mut by).map_err(|refusal| {
            self.audit.note_refusal(now, &refusal, by);
            NotAdmitted { refusal, by }
        })
    }

    /// Changes nothing, and says in `by` who it is as far as it has come.
    fn look_at(
        &self,
        credentials: Credentials<'_>,
        scope: Scope,
        wall: Timestamp,
        by: &mut By,
    ) -> Result<Caller, Refusal> {
        let bearer = credentials.bearer.ok_or(Refusal::TokenMissing)?;
        let token = self.store.get(TOKENS, &SecretDigest::of(bearer))?;
        let token = token.ok_or(Refusal::TokenUnknown)?;
        *by = By { client_id: Some(token.client_id), user_id: Some(token.user_id), ..*by };
        if token.is_revoked {
            return Err(Refusal::TokenUnknown);
        }
        let client = self.store.get(CLIENTS, &token.client_id)?.ok_or(Refusal::TokenUnknown)?;
        let user = self.store.get(USERS, &token.user_id)?;
        let mut vendor = None;
        for step in self.order.admission {
            match step {
                AdmissionStep::TokenExpiry if token.is_expired(wall, self.order.token_expiry) => {
                    return Err(Refusal::TokenExpired);
                }
                AdmissionStep::Client if client.is_blocked => return Err(Refusal::ClientBlocked),
                AdmissionStep::ApiKey => vendor = self.vendor(&client, credentials.api_key)?,
                AdmissionStep::Scope => must_allow(&token, vendor.as_ref(), scope)?,
                AdmissionStep::User => must_be_free(user.as_ref())?,
                AdmissionStep::TokenExpiry | AdmissionStep::Client => {}
            }
        }
        let user = user.ok_or(Refusal::UserUnknown)?;
        let waiting = Waiting::default();
        Ok(Caller { client_id: client.id, user, peer: credentials.peer, waiting })
    }

    /// The client whose api-key a BROKER's caller shows; a DIRECT one needs none, and none is looked at.
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

/// What counts is what both the token and the vendor allow.
fn must_allow(token: &Token, vendor: Option<&Client>, scope: Scope) -> Result<(), Refusal> {
    let vendor_allows = vendor
        .is_none_or(|vendor| vendor.broker_scope.as_ref().is_some_and(|all| all.allow(scope)));
    if token.scope.allow(scope) && vendor_allows {
        Ok(())
    } else {
        Err(Refusal::ScopeMissing(scope))
    }
}

fn must_be_free(user: Option<&User>) -> Result<(), Refusal> {
    match user {
        Some(user) if user.is_blocked => Err(Refusal::UserBlocked),
        Some(_) => Ok(()),
        None => Err(Refusal::UserUnknown),
    }
}
