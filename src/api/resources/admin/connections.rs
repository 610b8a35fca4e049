//! Connections, for the operator: the api-keys of vendors.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::shared::{
    ID, PageNumber, PageSize, admin_change, admin_read, id_field, operation, page, text,
};
use crate::api::answer;
use crate::api::handler::Call;
use crate::api::operation::Operation;
use crate::api::refusal::Rejection;
use crate::api::request::body::Body;
use crate::api::request::query::Parameters;
use crate::api::response::Success;
use crate::api::route::{FIELD_REFUSED, NOT_FOUND, Row, WRITES};
use crate::api::state::ApiState;
use crate::contract::{Field, RedirectUri, Shaped as _, Whole, shape};
use crate::domain::{ClientId, Conflict, Connection, ConnectionId, Secret};
use crate::service::admin::{ConnectionFields, MOST_OVERLAP};

shape! {
    /// The page of a client's connections.
    pub(in crate::api) struct ConnectionParameters {
        /// The number of the page.
        page: PageNumber = 1,
        /// The maximum of connections.
        page_size: PageSize = 50,
        /// The id of the connection behind which the page begins.
        after: Option<ConnectionId>,
    }

    /// A connection, as an operator sets it. A field that is missing or `null` stays as it is.
    pub(in crate::api) struct ConnectionInput {
        /// Where the vendor's program sends users back to.
        redirect_uri: Option<RedirectUri>,
        /// The client that calls with the key.
        consumer_id: Option<ClientId>,
    }

    /// How a key is exchanged.
    pub(in crate::api) struct RefreshBody {
        /// For how many seconds the key so far still counts, up to a week.
        overlap_seconds: Whole<0, { MOST_OVERLAP.as_secs() }> = 0,
    }
}

const CONNECTION: &[Field] =
    &[id_field("id", "The client."), id_field("connection_id", "The connection.")];

/// The rows of connections.
pub(in crate::api) const ROUTES: &[Row] = &[
    Row {
        operation: Operation::AdminListConnections,
        about: "The connections of a client",
        path: "/admin/clients/{id}/connections",
        params: ID,
        parameters: Parameters::Only(ConnectionParameters::SHAPE),
        answer: answer::numbered_page::<ConnectionView>(),
        ..admin_read(list)
    },
    Row {
        operation: Operation::AdminPutConnection,
        about: "Adds the connection of a client for a consumer, or changes it",
        path: "/admin/clients/{id}/connections",
        params: ID,
        body: Body::Json(&[ConnectionInput::SHAPE]),
        answer: answer::put::<KeyView>("The connection."),
        refusals: &[NOT_FOUND, FIELD_REFUSED, WRITES],
        conflicts: &[Conflict::TooManyConnections],
        ..admin_change("PUT", &put)
    },
    Row {
        operation: Operation::AdminGetConnection,
        about: "A connection",
        path: "/admin/clients/{id}/connections/{connection_id}",
        params: CONNECTION,
        answer: answer::object::<ConnectionView>(),
        ..admin_read(get)
    },
    Row {
        operation: Operation::AdminChangeConnection,
        about: "Changes a connection, which keeps its key",
        path: "/admin/clients/{id}/connections/{connection_id}",
        params: CONNECTION,
        body: Body::Json(&[ConnectionInput::SHAPE]),
        answer: answer::object::<ConnectionView>(),
        refusals: &[NOT_FOUND, FIELD_REFUSED, WRITES],
        ..admin_change("PATCH", &patch)
    },
    Row {
        operation: Operation::AdminRefreshSecret,
        about: "Makes another key for a connection",
        path: "/admin/clients/{id}/connections/{connection_id}/actions/refresh_secret",
        params: CONNECTION,
        body: Body::Json(&[RefreshBody::SHAPE]),
        answer: answer::object::<KeyView>(),
        ..admin_change("PATCH", &refresh_secret)
    },
    Row {
        operation: Operation::AdminDeleteConnection,
        about: "Removes a connection: its key is refused",
        path: "/admin/clients/{id}/connections/{connection_id}",
        params: CONNECTION,
        answer: answer::NO_CONTENT,
        ..admin_change("DELETE", &delete)
    },
];

/// `data` of a connection. The key itself is shown once, when it is made.
#[derive(JsonSchema, Serialize)]
struct ConnectionView {
    /// The id.
    id: ConnectionId,
    /// The vendor.
    client_id: ClientId,
    /// The client that calls with the key.
    consumer_id: Option<ClientId>,
    /// Where the vendor's program sends users back to.
    redirect_uri: Option<String>,
    /// The last four characters of the key; `null` if it came as a digest.
    secret_last_four: Option<String>,
    /// The time until which the key before this one counts; `null` if there is none.
    #[schemars(extend("format" = "date-time"))]
    previous_accepted_until: Option<String>,
    /// When it was made; `null` for a connection of a release that did not store it.
    #[schemars(extend("format" = "date-time"))]
    inserted_at: Option<String>,
    /// When it last changed; `null` for the same.
    #[schemars(extend("format" = "date-time"))]
    updated_at: Option<String>,
}

/// `data` of a connection with the key that was made.
#[derive(JsonSchema, Serialize)]
struct KeyView {
    #[serde(flatten)]
    connection: ConnectionView,
    /// The key, shown this once. Missing where the connection keeps the key that it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl ConnectionView {
    fn of(connection: Connection) -> Self {
        Self {
            id: connection.id,
            client_id: connection.client_id,
            consumer_id: connection.consumer_id,
            redirect_uri: connection.redirect_uri,
            secret_last_four: connection.last_four.map(|last| last.to_string()),
            previous_accepted_until: text(connection.previous.map(|it| it.accepted_until)),
            inserted_at: text(connection.inserted_at),
            updated_at: text(connection.updated_at),
        }
    }
}

impl KeyView {
    fn of(connection: Connection, secret: Option<&Secret>) -> Self {
        let secret = secret.map(|secret| secret.reveal().to_owned());
        Self { connection: ConnectionView::of(connection), secret }
    }
}

impl ConnectionInput {
    fn fields(self) -> ConnectionFields {
        let redirect_uri = self.redirect_uri.map(|address| address.0);
        ConnectionFields { redirect_uri, consumer_id: self.consumer_id }
    }
}

/// `GET /admin/clients/{id}/connections`.
fn list(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let ConnectionParameters { page: number, page_size, after } =
        call.read_query(state).finish()?;
    let request = page(number, page_size, after);
    let connections = state.service.connections(call.id_param(0)?, &request)?;
    Ok(Success::page(connections, ConnectionView::of))
}

/// `GET /admin/clients/{id}/connections/{connection_id}`.
fn get(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let connection = state.service.connection(call.id_param(0)?, call.id_param(1)?)?;
    Ok(Success::ok(&ConnectionView::of(connection)))
}

/// `PUT /admin/clients/{id}/connections`.
async fn put(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let (client, body) = (call.id_param(0)?, call.read_body::<ConnectionInput>(&state)?);
    let by = operation(&state, &call);
    let (connection, secret) = state.service.put_connection(by, client, body.fields()).await?;
    let location = format!("/admin/clients/{client}/connections/{}", connection.id);
    let view = KeyView::of(connection, secret.as_ref());
    Ok(match secret {
        Some(_) => Success::created(&view).with_location(location),
        None => Success::ok(&view),
    })
}

/// `PATCH /admin/clients/{id}/connections/{connection_id}`.
async fn patch(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let (client, id) = (call.id_param(0)?, call.id_param(1)?);
    let body: ConnectionInput = call.read_body(&state)?;
    let by = operation(&state, &call);
    let connection = state.service.change_connection(by, client, id, body.fields()).await?;
    Ok(Success::ok(&ConnectionView::of(connection)))
}

/// `PATCH /admin/clients/{id}/connections/{connection_id}/actions/refresh_secret`.
async fn refresh_secret(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let (client, id) = (call.id_param(0)?, call.id_param(1)?);
    let RefreshBody { overlap_seconds } = call.read_body(&state)?;
    let overlap = Duration::from_secs(overlap_seconds.0);
    let by = operation(&state, &call);
    let (connection, secret) = state.service.refresh_secret(by, client, id, overlap).await?;
    Ok(Success::ok(&KeyView::of(connection, Some(&secret))))
}

/// `DELETE /admin/clients/{id}/connections/{connection_id}`.
async fn delete(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let by = operation(&state, &call);
    state.service.remove_connection(by, call.id_param(0)?, call.id_param(1)?).await?;
    Ok(Success::no_content())
}
