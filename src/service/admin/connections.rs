//! Connections: the api-keys of vendors.

use std::time::Duration;

use super::change::{Changed, too_large};
use super::page::{Page, PageRequest};
use super::{Operation, no_entropy};
use crate::domain::audit::{AdminAction, AdminChange, AuditTarget};
use crate::domain::{ClientId, Conflict, Connection, ConnectionId, Refusal, Secret, Timestamp};
use crate::entropy::{draw_id, draw_secret};
use crate::service::Service;
use crate::store::schema::{CLIENTS, CONNECTIONS, CONNECTIONS_BY_CLIENT};
use crate::store::{Order, Span, StoreError, Write};

/// The most connections of a client.
const MOST_CONNECTIONS: usize = 100;

/// The longest time for which the key before a rotation still counts: a week.
pub const MOST_OVERLAP: Duration = Duration::from_hours(7 * 24);

/// The fields of a connection that an operator sets. Those that are `None` stay as they are.
#[derive(Clone, Debug, Default)]
pub struct ConnectionFields {
    /// Where the vendor's program sends users back to.
    pub redirect_uri: Option<String>,
    /// The client that calls with the key.
    pub consumer_id: Option<ClientId>,
}

impl Service {
    /// A page of a client's connections, or [`Refusal::NotFound`] if there is no such client.
    pub fn connections(
        &self,
        client: ClientId,
        request: &PageRequest<ConnectionId>,
    ) -> Result<Page<ConnectionId, Connection>, Refusal> {
        self.client(client)?;
        Page::read(request, None, |after, most| {
            let after = after.map(|id| (client, *id));
            let span = Span::within(&(client,));
            let ids = self.store.list(
                CONNECTIONS_BY_CLIENT,
                span,
                Order::Ascending,
                after.as_ref(),
                most,
            )?;
            let connection = |(_, id)| Ok((id, self.store.get(CONNECTIONS, &id)?));
            ids.into_iter().map(|(key, _)| connection(key)).collect()
        })
    }

    /// The connection of this client, or [`Refusal::NotFound`].
    pub fn connection(&self, client: ClientId, id: ConnectionId) -> Result<Connection, Refusal> {
        let connection = self.store.get(CONNECTIONS, &id)?;
        connection.filter(|it| it.client_id == client).ok_or(Refusal::NotFound)
    }

    /// Adds the connection of a client for a consumer, and returns its key; or changes the one that there is, which keeps its
    /// key.
    ///
    /// Errors: [`Refusal::NotFound`] without such a client or consumer; [`Refusal::Conflict`] if the client has
    /// 100 connections.
    pub async fn put_connection(
        &self,
        by: Operation,
        client: ClientId,
        fields: ConnectionFields,
    ) -> Result<(Connection, Option<Secret>), Refusal> {
        let id = draw_id(&*self.otp.entropy).map_err(no_entropy)?;
        let secret = draw_secret(&*self.otp.entropy).map_err(no_entropy)?;
        let put = move |write: &mut Write<'_>| {
            write.get(CLIENTS, &client)?.ok_or(Refusal::NotFound)?;
            ensure_consumer(write, fields.consumer_id)?;
            let all = of_client(write, client)?;
            if let Some(stored) = all.iter().find(|it| it.consumer_id == fields.consumer_id) {
                let changed = change(write, stored, fields, by.now)?;
                return Ok(changed.map(|connection| (connection, None)));
            }
            if all.len() >= MOST_CONNECTIONS {
                return Err(Refusal::Conflict(Conflict::TooManyConnections));
            }
            let new = Connection::new(id, client, secret.digest(), secret.last_four(), by.now);
            let ConnectionFields { redirect_uri, consumer_id } = fields;
            let new = Connection { redirect_uri, consumer_id, ..new };
            write.put(CONNECTIONS, &id, &new).map_err(too_large)?;
            let change = AdminChange::new(AdminAction::Created, AuditTarget::Connection(id))
                .new_field("client_id", client)
                .field("redirect_uri", &None, &new.redirect_uri)
                .field("consumer_id", &None, &new.consumer_id);
            Ok(Changed::by(change, (new, Some(secret))))
        };
        self.change(by.origin, by.now, put).await
    }

    /// Changes the connection of this client, which keeps its key; or [`Refusal::NotFound`] without such a connection or
    /// consumer.
    pub async fn change_connection(
        &self,
        by: Operation,
        client: ClientId,
        id: ConnectionId,
        fields: ConnectionFields,
    ) -> Result<Connection, Refusal> {
        let put = move |write: &mut Write<'_>| {
            ensure_consumer(write, fields.consumer_id)?;
            let stored = of(write, client, id)?;
            change(write, &stored, fields, by.now)
        };
        self.change(by.origin, by.now, put).await
    }

    /// Makes another key for the connection. The one so far counts for `overlap` more, at most [`MOST_OVERLAP`].
    pub async fn refresh_secret(
        &self,
        by: Operation,
        client: ClientId,
        id: ConnectionId,
        overlap: Duration,
    ) -> Result<(Connection, Secret), Refusal> {
        let secret = draw_secret(&*self.otp.entropy).map_err(no_entropy)?;
        let until = by.wall + overlap.min(MOST_OVERLAP);
        let put = move |write: &mut Write<'_>| {
            let stored = of(write, client, id)?;
            let previous_until = |it: &Connection| it.previous.map(|it| it.accepted_until);
            let before = previous_until(&stored);
            let rotated = stored.rotated(secret.digest(), secret.last_four(), until, by.wall);
            let rotated = Connection { updated_at: Some(by.now), ..rotated };
            write.put(CONNECTIONS, &id, &rotated).map_err(too_large)?;
            let target = AuditTarget::Connection(id);
            let change = AdminChange::new(AdminAction::SecretRefreshed, target).field(
                "previous_accepted_until",
                &before,
                &previous_until(&rotated),
            );
            Ok(Changed::by(change, (rotated, secret)))
        };
        self.change(by.origin, by.now, put).await
    }

    /// Removes the connection of this client, and with it its keys; or [`Refusal::NotFound`].
    pub async fn remove_connection(
        &self,
        by: Operation,
        client: ClientId,
        id: ConnectionId,
    ) -> Result<(), Refusal> {
        let remove = move |write: &mut Write<'_>| {
            let stored = of(write, client, id)?;
            write.remove(CONNECTIONS, &id);
            let change = AdminChange::new(AdminAction::Deleted, AuditTarget::Connection(id))
                .old_field("client_id", client)
                .field("redirect_uri", &stored.redirect_uri, &None)
                .field("consumer_id", &stored.consumer_id, &None);
            Ok(Changed::by(change, ()))
        };
        self.change(by.origin, by.now, remove).await
    }
}

/// The connection of this client, or [`Refusal::NotFound`].
fn of(write: &Write<'_>, client: ClientId, id: ConnectionId) -> Result<Connection, Refusal> {
    let connection = write.get(CONNECTIONS, &id)?;
    connection.filter(|it| it.client_id == client).ok_or(Refusal::NotFound)
}

/// All connections of a client.
fn of_client(write: &Write<'_>, client: ClientId) -> Result<Vec<Connection>, StoreError> {
    let span = Span::within(&(client,));
    let ids = write.list(CONNECTIONS_BY_CLIENT, span, None, MOST_CONNECTIONS)?;
    let connections = ids.iter().map(|((_, id), _)| write.get(CONNECTIONS, id).transpose());
    connections.flatten().collect()
}

fn ensure_consumer(write: &Write<'_>, consumer: Option<ClientId>) -> Result<(), Refusal> {
    match consumer {
        Some(id) if write.get(CLIENTS, &id)?.is_none() => Err(Refusal::NotFound),
        Some(_) | None => Ok(()),
    }
}

fn change(
    write: &mut Write<'_>,
    stored: &Connection,
    fields: ConnectionFields,
    now: Timestamp,
) -> Result<Changed<Connection>, Refusal> {
    let connection = Connection {
        redirect_uri: fields.redirect_uri.or_else(|| stored.redirect_uri.clone()),
        consumer_id: fields.consumer_id.or(stored.consumer_id),
        updated_at: Some(now),
        ..stored.clone()
    };
    let change = AdminChange::new(AdminAction::Changed, AuditTarget::Connection(stored.id))
        .field("redirect_uri", &stored.redirect_uri, &connection.redirect_uri)
        .field("consumer_id", &stored.consumer_id, &connection.consumer_id);
    if change.fields.is_empty() {
        return Ok(Changed::nothing(stored.clone()));
    }
    write.put(CONNECTIONS, &connection.id, &connection).map_err(too_large)?;
    Ok(Changed::by(change, connection))
}
