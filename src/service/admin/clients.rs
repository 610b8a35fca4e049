//! Clients.

use super::block::set_blocked;
use super::change::{Changed, too_large};
use super::page::{Page, PageRequest};
use super::tokens::TokenOwner;
use super::{Operation, no_entropy};
use crate::domain::audit::{AdminAction, AdminChange, AuditTarget};
use crate::domain::{
    AccessType, Client, ClientId, Conflict, PersonRequestStatus, Refusal, Scopes, Timestamp,
};
use crate::entropy::draw_id;
use crate::service::Service;
use crate::store::schema::{CLIENTS, CONNECTIONS_BY_CLIENT, PERSON_REQUESTS_BY_STATUS};
use crate::store::{Span, StoreError, Write};

/// Conditions of a client. A client matches if it meets every condition that is set.
#[derive(Clone, Debug, Default)]
pub struct ClientFilter {
    /// The id.
    pub id: Option<ClientId>,
    /// A part of the name, in any case.
    pub name: Option<String>,
    /// Whether it is blocked.
    pub is_blocked: Option<bool>,
}

/// The fields of a client that an operator sets. Those that are `None` stay as they are.
#[derive(Clone, Debug, Default)]
pub struct ClientFields {
    /// The name.
    pub name: Option<String>,
    /// How it reaches the system.
    pub access_type: Option<AccessType>,
    /// The scopes of a vendor. Empty ones make it a client that is no vendor.
    pub broker_scope: Option<Scopes>,
    /// Whether it is blocked.
    pub is_blocked: Option<bool>,
    /// The reason for that.
    pub block_reason: Option<String>,
}

impl Service {
    /// A page of the clients that match, in the order of their ids.
    pub fn clients(
        &self,
        filter: &ClientFilter,
        request: &PageRequest<ClientId>,
    ) -> Result<Page<ClientId, Client>, Refusal> {
        let part = filter.name.as_ref().map(|name| name.to_lowercase());
        let matches = |client: &Client| {
            part.as_ref().is_none_or(|part| client.name.to_lowercase().contains(part))
                && filter.is_blocked.is_none_or(|blocked| client.is_blocked == blocked)
        };
        if let Some(id) = filter.id {
            let client = self.store.get(CLIENTS, &id)?.filter(matches);
            return Ok(Page::of_one(request, client));
        }
        let is_whole = part.is_none() && filter.is_blocked.is_none();
        let total = if is_whole { Some(self.store.count(CLIENTS)?) } else { None };
        Page::read(request, total, |after, most| {
            let clients = self.store.page(CLIENTS, after, most)?;
            let entry = |client: Client| matches(&client).then_some(client);
            Ok(clients.into_iter().map(|(id, client)| (id, entry(client))).collect())
        })
    }

    /// The client, or [`Refusal::NotFound`].
    pub fn client(&self, id: ClientId) -> Result<Client, Refusal> {
        self.store.get(CLIENTS, &id)?.ok_or(Refusal::NotFound)
    }

    /// Adds a client. Its id is a random one.
    ///
    /// Errors: [`Refusal::FieldRefused`] without a name and an access type, or for a record that is too large.
    pub async fn add_client(&self, by: Operation, fields: ClientFields) -> Result<Client, Refusal> {
        let id = draw_id(&*self.otp.entropy).map_err(no_entropy)?;
        self.put_client(by, id, fields).await.map(|(client, _)| client)
    }

    /// Adds the client with this id, or changes the one that there is. Returns whether it is new.
    pub async fn put_client(
        &self,
        by: Operation,
        id: ClientId,
        fields: ClientFields,
    ) -> Result<(Client, bool), Refusal> {
        let put = move |write: &mut Write<'_>| match write.get(CLIENTS, &id)? {
            Some(stored) => {
                let changed = change(write, &stored, fields, by.now)?;
                Ok(changed.map(|client| (client, false)))
            }
            None => add(write, id, fields, by.now).map(|changed| changed.map(|it| (it, true))),
        };
        self.change(by.origin, by.now, put).await
    }

    /// Changes the client with this id, or [`Refusal::NotFound`].
    pub async fn change_client(
        &self,
        by: Operation,
        id: ClientId,
        fields: ClientFields,
    ) -> Result<Client, Refusal> {
        let put = move |write: &mut Write<'_>| {
            let stored = write.get(CLIENTS, &id)?.ok_or(Refusal::NotFound)?;
            change(write, &stored, fields, by.now)
        };
        self.change(by.origin, by.now, put).await
    }

    /// Blocks a client or unblocks it. Its tokens and api-keys are refused as long as it is blocked.
    ///
    /// Errors: [`Refusal::NotFound`], [`Refusal::Conflict`] if it is so already.
    pub async fn block_client(
        &self,
        by: Operation,
        id: ClientId,
        is_blocked: bool,
        reason: Option<String>,
    ) -> Result<Client, Refusal> {
        let put = move |write: &mut Write<'_>| {
            let mut client = write.get(CLIENTS, &id)?.ok_or(Refusal::NotFound)?;
            let change = set_blocked(&mut client, is_blocked, reason, by.now)?;
            write.put(CLIENTS, &id, &client).map_err(too_large)?;
            Ok(Changed::by(change, client))
        };
        self.change(by.origin, by.now, put).await
    }

    /// Revokes every live token of a client, and returns the client.
    pub async fn revoke_tokens_of_client(
        &self,
        by: Operation,
        id: ClientId,
    ) -> Result<Client, Refusal> {
        let client = self.client(id)?;
        self.revoke_tokens_of(by, TokenOwner::Client(id)).await?;
        Ok(client)
    }

    /// Removes a client.
    ///
    /// Errors: [`Refusal::NotFound`]; [`Refusal::Conflict`] if it has live tokens, connections, or person requests that can
    /// still be approved or signed.
    pub async fn remove_client(&self, by: Operation, id: ClientId) -> Result<(), Refusal> {
        let oldest = by.now - self.person_requests.life;
        let remove = move |write: &mut Write<'_>| {
            let client = write.get(CLIENTS, &id)?.ok_or(Refusal::NotFound)?;
            if TokenOwner::Client(id).has_live_tokens(write, by.wall)?
                || has_connections(write, id)?
                || has_live_requests(write, id, oldest)?
            {
                return Err(Refusal::Conflict(Conflict::ClientInUse));
            }
            write.remove(CLIENTS, &id);
            let change = AdminChange::new(AdminAction::Deleted, AuditTarget::Client(id));
            Ok(Changed::by(change.old_field("name", client.name), ()))
        };
        self.change(by.origin, by.now, remove).await
    }
}

fn has_connections(write: &Write<'_>, id: ClientId) -> Result<bool, StoreError> {
    let first = write.list(CONNECTIONS_BY_CLIENT, Span::within(&(id,)), None, 1)?;
    Ok(!first.is_empty())
}

/// Whether a request of the client is APPROVED, or NEW and made after `oldest`.
fn has_live_requests(
    write: &Write<'_>,
    id: ClientId,
    oldest: Timestamp,
) -> Result<bool, StoreError> {
    let (new, approved) = (PersonRequestStatus::New, PersonRequestStatus::Approved);
    let new = Span::within(&(id, new)).from(&(id, new, oldest));
    let approved = Span::within(&(id, approved));
    for span in [new, approved] {
        if !write.list(PERSON_REQUESTS_BY_STATUS, span, None, 1)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn add(
    write: &mut Write<'_>,
    id: ClientId,
    fields: ClientFields,
    now: Timestamp,
) -> Result<Changed<Client>, Refusal> {
    let missing = |entry| Refusal::FieldRefused { entry, what: "a new client needs it" };
    let client = Client {
        id,
        name: fields.name.ok_or(missing("$.client.name"))?,
        access_type: fields.access_type.ok_or(missing("$.client.priv_settings.access_type"))?,
        broker_scope: fields.broker_scope.and_then(none_if_empty),
        is_blocked: fields.is_blocked.unwrap_or(false),
        block_reason: fields.block_reason,
        inserted_at: Some(now),
        updated_at: Some(now),
    };
    write.put(CLIENTS, &id, &client).map_err(too_large)?;
    let change = AdminChange::new(AdminAction::Created, AuditTarget::Client(id))
        .new_field("name", client.name.clone())
        .new_field("access_type", client.access_type)
        .field("broker_scope", &None, &client.broker_scope)
        .field("is_blocked", &false, &client.is_blocked)
        .field("block_reason", &None, &client.block_reason);
    Ok(Changed::by(change, client))
}

fn change(
    write: &mut Write<'_>,
    stored: &Client,
    fields: ClientFields,
    now: Timestamp,
) -> Result<Changed<Client>, Refusal> {
    let broker_scope = match fields.broker_scope {
        Some(scopes) => none_if_empty(scopes),
        None => stored.broker_scope.clone(),
    };
    let client = Client {
        id: stored.id,
        name: fields.name.unwrap_or_else(|| stored.name.clone()),
        access_type: fields.access_type.unwrap_or(stored.access_type),
        broker_scope,
        is_blocked: fields.is_blocked.unwrap_or(stored.is_blocked),
        block_reason: fields.block_reason.or_else(|| stored.block_reason.clone()),
        inserted_at: stored.inserted_at,
        updated_at: Some(now),
    };
    let change = AdminChange::new(AdminAction::Changed, AuditTarget::Client(stored.id))
        .field("name", &stored.name, &client.name)
        .field("access_type", &stored.access_type, &client.access_type)
        .field("broker_scope", &stored.broker_scope, &client.broker_scope)
        .field("is_blocked", &stored.is_blocked, &client.is_blocked)
        .field("block_reason", &stored.block_reason, &client.block_reason);
    if change.fields.is_empty() {
        return Ok(Changed::nothing(stored.clone()));
    }
    write.put(CLIENTS, &client.id, &client).map_err(too_large)?;
    Ok(Changed::by(change, client))
}

fn none_if_empty(scopes: Scopes) -> Option<Scopes> {
    if scopes.iter().next().is_none() { None } else { Some(scopes) }
}
