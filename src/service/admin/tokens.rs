//! Tokens, by their id. Their values are shown once, when they are made.

use super::change::{Changed, too_large};
use super::page::{Page, PageRequest};
use super::{Operation, no_entropy};
use crate::domain::audit::{AdminAction, AdminChange, AuditTarget};
use crate::domain::{
    ClientId, Refusal, Scopes, Secret, SecretDigest, Timestamp, Token, TokenId, UserId,
};
use crate::entropy::{draw_id, draw_secret};
use crate::service::Service;
use crate::store::schema::{
    CLIENTS, IsRevoked, TOKENS, TOKENS_BY_CLIENT, TOKENS_BY_ID, TOKENS_BY_USER, USERS,
};
use crate::store::{Order, Span, StoreError, Write};

/// The most tokens that one write of [`TokenOwner::revoke_some`] revokes.
const CHUNK: usize = 64;

/// Conditions of a token. A token matches if it meets every condition that is set.
#[derive(Clone, Debug, Default)]
pub struct TokenFilter {
    /// The user that it was given for.
    pub user_id: Option<UserId>,
    /// The client that it was given to.
    pub client_id: Option<ClientId>,
    /// The name.
    pub name: Option<String>,
}

/// The fields of a new token.
#[derive(Clone, Debug)]
pub struct NewTokenFields {
    /// The name.
    pub name: Option<String>,
    /// The user that it is given for.
    pub user_id: UserId,
    /// The client that it is given to.
    pub client_id: ClientId,
    /// The scopes.
    pub scope: Scopes,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// The fields of a token that an operator changes. Those that are `None` stay as they are.
#[derive(Clone, Debug, Default)]
pub struct TokenFields {
    /// The name.
    pub name: Option<String>,
    /// The scopes.
    pub scope: Option<Scopes>,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
}

/// The user or the client that tokens belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenOwner {
    /// The user that they were given for.
    User(UserId),
    /// The client that they were given to.
    Client(ClientId),
}

impl TokenOwner {
    /// Whether a token is neither revoked nor expired at `wall`.
    pub(super) fn has_live_tokens(
        self,
        write: &Write<'_>,
        wall: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(!self.live_tokens(write, wall, 1)?.is_empty())
    }

    /// Up to so many tokens that are neither revoked nor expired at `wall`. The index is as it was before this write.
    fn live_tokens(
        self,
        write: &Write<'_>,
        wall: Timestamp,
        most: usize,
    ) -> Result<Vec<SecretDigest>, StoreError> {
        let live = IsRevoked(false);
        Ok(match self {
            Self::User(id) => {
                let span = Span::within(&(id, live)).from(&(id, live, wall));
                let found = write.list(TOKENS_BY_USER, span, None, most)?;
                found.into_iter().map(|((.., digest), _)| digest).collect()
            }
            Self::Client(id) => {
                let span = Span::within(&(id, live)).from(&(id, live, wall));
                let found = write.list(TOKENS_BY_CLIENT, span, None, most)?;
                found.into_iter().map(|((.., digest), _)| digest).collect()
            }
        })
    }

    /// Revokes up to 64 live tokens. Returns their number, and whether none is left.
    pub(super) fn revoke_some(
        self,
        write: &mut Write<'_>,
        now: Timestamp,
        wall: Timestamp,
    ) -> Result<(u64, bool), StoreError> {
        let mut live = self.live_tokens(write, wall, CHUNK + 1)?;
        let is_last = live.len() <= CHUNK;
        live.truncate(CHUNK);
        for digest in &live {
            if let Some(token) = write.get(TOKENS, digest)? {
                write.put(TOKENS, digest, &Token { revoked_at: Some(now), ..token })?;
            }
        }
        Ok((live.len() as u64, is_last))
    }

    fn target(self) -> AuditTarget {
        match self {
            Self::User(id) => AuditTarget::User(id),
            Self::Client(id) => AuditTarget::Client(id),
        }
    }
}

impl Service {
    /// A page of the tokens that match: those of a user or a client first by whether they were revoked, then by the time at
    /// which they expire.
    pub fn tokens(
        &self,
        filter: &TokenFilter,
        request: &PageRequest<TokenId>,
    ) -> Result<Page<TokenId, Token>, Refusal> {
        let matches = |token: &Token| {
            filter.user_id.is_none_or(|user| token.user_id == user)
                && filter.client_id.is_none_or(|client| token.client_id == client)
                && filter.name.as_ref().is_none_or(|name| token.name.as_ref() == Some(name))
        };
        let is_whole =
            filter.user_id.is_none() && filter.client_id.is_none() && filter.name.is_none();
        let total = if is_whole { Some(self.store.count(TOKENS)?) } else { None };
        Page::read(request, total, |after, most| {
            let digests = self.digests(filter, after, most)?;
            let mut entries = Vec::with_capacity(digests.len());
            for digest in digests {
                // No method removes tokens; only a demo's reset does, whose pages end early.
                let Some(token) = self.store.get(TOKENS, &digest)? else { break };
                entries.push((token.id, matches(&token).then_some(token)));
            }
            Ok(entries)
        })
    }

    /// Up to so many tokens of an index that has all that match, from behind a token on.
    fn digests(
        &self,
        filter: &TokenFilter,
        after: Option<&TokenId>,
        most: usize,
    ) -> Result<Vec<SecretDigest>, Refusal> {
        let order = Order::Ascending;
        let after = after.map(|id| self.token_with(*id)).transpose()?;
        let position = |(digest, token): &(SecretDigest, Token)| {
            (IsRevoked(token.is_revoked()), token.expires_at, *digest)
        };
        let place = after.as_ref().map(position);
        Ok(match (filter.user_id, filter.client_id) {
            (Some(user), _) => {
                let after = place.map(|(revoked, at, digest)| (user, revoked, at, digest));
                let span = Span::within(&(user,));
                let found = self.store.list(TOKENS_BY_USER, span, order, after.as_ref(), most)?;
                found.into_iter().map(|((.., digest), _)| digest).collect()
            }
            (None, Some(client)) => {
                let after = place.map(|(revoked, at, digest)| (client, revoked, at, digest));
                let span = Span::within(&(client,));
                let found = self.store.list(TOKENS_BY_CLIENT, span, order, after.as_ref(), most)?;
                found.into_iter().map(|((.., digest), _)| digest).collect()
            }
            (None, None) => {
                let after = after.map(|(_, token)| token.id);
                let found = self.store.page(TOKENS_BY_ID, after.as_ref(), most)?;
                found.into_iter().map(|(_, digest)| digest).collect()
            }
        })
    }

    /// The token with this id, or [`Refusal::NotFound`].
    pub fn token(&self, id: TokenId) -> Result<Token, Refusal> {
        self.token_with(id).map(|(_, token)| token)
    }

    fn token_with(&self, id: TokenId) -> Result<(SecretDigest, Token), Refusal> {
        let digest = self.store.get(TOKENS_BY_ID, &id)?.ok_or(Refusal::NotFound)?;
        let token = self.store.get(TOKENS, &digest)?.filter(|token| token.id == id);
        token.map(|token| (digest, token)).ok_or(Refusal::NotFound)
    }

    /// Adds a token, and returns its value. With `replaces_others`, the live tokens of the same user and client are revoked.
    ///
    /// Errors: [`Refusal::FieldRefused`] if there is no such user or client, or `expires_at` has passed.
    pub async fn add_token(
        &self,
        by: Operation,
        fields: NewTokenFields,
        replaces_others: bool,
    ) -> Result<(Token, Secret), Refusal> {
        let id = draw_id(&*self.otp.entropy).map_err(no_entropy)?;
        let secret = draw_secret(&*self.otp.entropy).map_err(no_entropy)?;
        let refused = |entry, what| Refusal::FieldRefused { entry, what };
        if fields.expires_at <= by.wall {
            return Err(refused("$.token.expires_at", "the time has passed"));
        }
        let put = move |write: &mut Write<'_>| {
            if write.get(USERS, &fields.user_id)?.is_none() {
                return Err(refused("$.token.user_id", "there is no such user"));
            }
            if write.get(CLIENTS, &fields.client_id)?.is_none() {
                return Err(refused("$.token.client_id", "there is no such client"));
            }
            let replaced = if replaces_others { replace_others(write, &fields, by)? } else { 0 };
            let token = Token {
                id,
                name: fields.name,
                last_four: secret.last_four(),
                user_id: fields.user_id,
                client_id: fields.client_id,
                scope: fields.scope,
                expires_at: fields.expires_at,
                inserted_at: Some(by.now),
                revoked_at: None,
            };
            write.put(TOKENS, &secret.digest(), &token).map_err(too_large)?;
            let change = AdminChange::new(AdminAction::Created, AuditTarget::Token(id))
                .field("name", &None, &token.name)
                .new_field("user_id", token.user_id)
                .new_field("client_id", token.client_id)
                .new_field("scope", token.scope.clone())
                .new_field("expires_at", token.expires_at)
                .field("revoked_tokens", &0, &replaced);
            Ok(Changed::by(change, (token, secret)))
        };
        self.change(by.origin, by.now, put).await
    }

    /// Changes the token with this id, or [`Refusal::NotFound`].
    pub async fn change_token(
        &self,
        by: Operation,
        id: TokenId,
        fields: TokenFields,
    ) -> Result<Token, Refusal> {
        let put = move |write: &mut Write<'_>| {
            let (digest, stored) = with_id(write, id)?;
            let token = Token {
                name: fields.name.or_else(|| stored.name.clone()),
                scope: fields.scope.unwrap_or_else(|| stored.scope.clone()),
                expires_at: fields.expires_at.unwrap_or(stored.expires_at),
                ..stored.clone()
            };
            let change = AdminChange::new(AdminAction::Changed, AuditTarget::Token(id))
                .field("name", &stored.name, &token.name)
                .field("scope", &stored.scope, &token.scope)
                .field("expires_at", &stored.expires_at, &token.expires_at);
            if !change.fields.is_empty() {
                write.put(TOKENS, &digest, &token).map_err(too_large)?;
            }
            Ok(Changed::of_fields(change, token))
        };
        self.change(by.origin, by.now, put).await
    }

    /// Revokes the token with this id, or [`Refusal::NotFound`]. A token that was revoked before stays so.
    pub async fn revoke_token(&self, by: Operation, id: TokenId) -> Result<(), Refusal> {
        let revoke = move |write: &mut Write<'_>| {
            let (digest, stored) = with_id(write, id)?;
            if stored.is_revoked() {
                return Ok(Changed::nothing(()));
            }
            let token = Token { revoked_at: Some(by.now), ..stored };
            write.put(TOKENS, &digest, &token)?;
            let change = AdminChange::new(AdminAction::Revoked, AuditTarget::Token(id))
                .new_field("revoked_at", by.now);
            Ok(Changed::by(change, ()))
        };
        self.change(by.origin, by.now, revoke).await
    }

    /// Revokes every live token of a user or a client, 64 in a write. Each write has a row of audit. Returns their number.
    pub async fn revoke_tokens_of(&self, by: Operation, owner: TokenOwner) -> Result<u64, Refusal> {
        let mut all = 0;
        loop {
            let revoke = move |write: &mut Write<'_>| {
                let (revoked, is_last) = owner.revoke_some(write, by.now, by.wall)?;
                let change = AdminChange::new(AdminAction::TokensRevoked, owner.target());
                let change = change.field("revoked_tokens", &0, &revoked);
                Ok(Changed::of_fields(change, (revoked, is_last)))
            };
            let (revoked, is_last) = self.change(by.origin, by.now, revoke).await?;
            all += revoked;
            if is_last {
                return Ok(all);
            }
        }
    }
}

/// The token with this id, or [`Refusal::NotFound`].
fn with_id(write: &Write<'_>, id: TokenId) -> Result<(SecretDigest, Token), Refusal> {
    let digest = write.get(TOKENS_BY_ID, &id)?.ok_or(Refusal::NotFound)?;
    let token = write.get(TOKENS, &digest)?.filter(|token| token.id == id);
    token.map(|token| (digest, token)).ok_or(Refusal::NotFound)
}

/// Revokes every live token of the same user and client. Returns their number.
fn replace_others(
    write: &mut Write<'_>,
    fields: &NewTokenFields,
    by: Operation,
) -> Result<u64, StoreError> {
    let mut replaced = 0;
    for digest in TokenOwner::User(fields.user_id).live_tokens(write, by.wall, usize::MAX)? {
        let Some(token) = write.get(TOKENS, &digest)? else { continue };
        if token.client_id == fields.client_id {
            write.put(TOKENS, &digest, &Token { revoked_at: Some(by.now), ..token })?;
            replaced += 1;
        }
    }
    Ok(replaced)
}
