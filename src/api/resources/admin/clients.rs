//! Clients, for the operator.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::shared::{
    BlockReason, ID, PageNumber, PageSize, admin_change, admin_read, operation, page, text,
};
use crate::api::answer::{self, Answer};
use crate::api::handler::Call;
use crate::api::operation::Operation;
use crate::api::refusal::Rejection;
use crate::api::request::body::Body;
use crate::api::request::query::Parameters;
use crate::api::response::Success;
use crate::api::route::{FIELD_REFUSED, NOT_FOUND, READS, Row, WRITES};
use crate::api::state::ApiState;
use crate::contract::{Any, Name, Reason, Shaped as _, shape};
use crate::domain::{AccessType, Client, ClientId, Conflict, Scopes};
use crate::service::admin::{ClientFields, ClientFilter};

shape! {
    /// The clients that match every given parameter, and the page of them.
    pub(in crate::api) struct ClientParameters {
        /// The id.
        id: Option<ClientId>,
        /// A part of the name, in any case.
        name: Option<Name>,
        /// Whether it is blocked.
        is_blocked: Option<bool>,
        /// The number of the page.
        page: PageNumber = 1,
        /// The maximum of clients.
        page_size: PageSize = 50,
        /// The id of the client behind which the page begins.
        after: Option<ClientId>,
    }

    /// The body of a new client.
    pub(in crate::api) struct ClientBody {
        /// The client.
        client: ClientInput,
    }

    /// A client, as an operator sets it. A field that is missing or `null` stays as it is; a new client needs `name` and
    /// `access_type`.
    struct ClientInput {
        /// Name for people.
        name: Option<Name>,
        /// How it reaches the system.
        priv_settings: Option<PrivSettings>,
        /// Whether its tokens and api-keys are refused.
        is_blocked: Option<bool>,
        /// The reason for that, for operators.
        block_reason: Option<Reason>,
        /// Not kept here.
        _user_id: Option<Any> as "user_id",
        /// Not kept here.
        _client_type_id: Option<Any> as "client_type_id",
        /// Not kept here.
        _settings: Option<Any> as "settings",
    }

    /// How a client reaches the system.
    struct PrivSettings {
        /// `BROKER` if its calls need a vendor's `api-key`, otherwise `DIRECT`.
        access_type: Option<AccessType>,
        /// The scopes that callers with its api-key can use. An empty text makes it a client that is no vendor.
        broker_scope: Option<Scopes>,
    }

    /// The body of a block, which may be empty.
    pub(in crate::api) struct ClientBlockBody {
        /// The reason.
        client: Option<BlockReason>,
    }
}

/// The rows of clients.
pub(in crate::api) const ROUTES: &[Row] = &[
    Row {
        operation: Operation::AdminListClients,
        about: "The clients that match every parameter",
        path: "/admin/clients",
        parameters: Parameters::Only(ClientParameters::SHAPE),
        answer: answer::numbered_page::<ClientView>(),
        refusals: &[READS],
        ..admin_read(list)
    },
    Row {
        operation: Operation::AdminAddClient,
        about: "Adds a client",
        path: "/admin/clients",
        body: Body::Json(&[ClientBody::SHAPE]),
        answer: Answer { location: Some("The client."), ..answer::created::<ClientView>() },
        refusals: &[FIELD_REFUSED, WRITES],
        ..admin_change("POST", &add)
    },
    Row {
        operation: Operation::AdminGetClient,
        about: "A client",
        path: "/admin/clients/{id}",
        params: ID,
        answer: answer::object::<ClientView>(),
        ..admin_read(get)
    },
    Row {
        operation: Operation::AdminGetClientDetails,
        about: "A client without its private settings",
        path: "/admin/clients/{id}/details",
        params: ID,
        answer: answer::object::<ClientDetailsView>(),
        ..admin_read(details)
    },
    Row {
        operation: Operation::AdminPutClient,
        about: "Adds the client with this id, or changes it",
        path: "/admin/clients/{id}",
        params: ID,
        body: Body::Json(&[ClientBody::SHAPE]),
        answer: answer::put::<ClientView>("The client."),
        refusals: &[NOT_FOUND, FIELD_REFUSED, WRITES],
        ..admin_change("PUT", &put)
    },
    Row {
        operation: Operation::AdminChangeClient,
        about: "Changes a client",
        path: "/admin/clients/{id}",
        params: ID,
        body: Body::Json(&[ClientBody::SHAPE]),
        answer: answer::object::<ClientView>(),
        refusals: &[NOT_FOUND, FIELD_REFUSED, WRITES],
        ..admin_change("PATCH", &patch)
    },
    Row {
        operation: Operation::AdminDeleteClient,
        about: "Removes a client without live tokens, connections and person requests",
        path: "/admin/clients/{id}",
        params: ID,
        answer: answer::NO_CONTENT,
        refusals: &[NOT_FOUND, WRITES],
        conflicts: &[Conflict::ClientInUse],
        ..admin_change("DELETE", &delete)
    },
    Row {
        operation: Operation::AdminBlockClient,
        about: "Blocks a client: its tokens and api-keys are refused",
        path: "/admin/clients/{id}/actions/block",
        params: ID,
        body: Body::Json(&[ClientBlockBody::SHAPE]),
        answer: answer::object::<ClientView>(),
        refusals: &[NOT_FOUND, FIELD_REFUSED, WRITES],
        conflicts: &[Conflict::ClientBlocked],
        ..admin_change("PATCH", &block)
    },
    Row {
        operation: Operation::AdminUnblockClient,
        about: "Unblocks a client",
        path: "/admin/clients/{id}/actions/unblock",
        params: ID,
        body: Body::Json(&[ClientBlockBody::SHAPE]),
        answer: answer::object::<ClientView>(),
        refusals: &[NOT_FOUND, FIELD_REFUSED, WRITES],
        conflicts: &[Conflict::ClientUnblocked],
        ..admin_change("PATCH", &unblock)
    },
    Row {
        operation: Operation::AdminDeactivateTokens,
        about: "Revokes every live token of a client",
        path: "/admin/clients/{id}/actions/deactivate_tokens",
        params: ID,
        answer: answer::object::<ClientView>(),
        ..admin_change("PATCH", &deactivate_tokens)
    },
];

/// `data` of a client.
#[derive(JsonSchema, Serialize)]
struct ClientView {
    #[serde(flatten)]
    details: ClientDetailsView,
    /// How it reaches the system.
    priv_settings: PrivSettingsView,
}

/// `data` of a client without its private settings.
#[derive(JsonSchema, Serialize)]
struct ClientDetailsView {
    /// The id.
    id: ClientId,
    /// Name for people.
    name: String,
    /// Whether its tokens and api-keys are refused.
    is_blocked: bool,
    /// The reason of the last block or unblock.
    block_reason: Option<String>,
    /// When it was made; `null` for a client of a release that did not store it.
    #[schemars(extend("format" = "date-time"))]
    inserted_at: Option<String>,
    /// When it last changed; `null` for the same.
    #[schemars(extend("format" = "date-time"))]
    updated_at: Option<String>,
}

/// How a client reaches the system.
#[derive(JsonSchema, Serialize)]
struct PrivSettingsView {
    /// `BROKER` if its calls need a vendor's `api-key`, otherwise `DIRECT`.
    #[schemars(with = "String")]
    access_type: AccessType,
    /// The scopes that callers with its api-key can use; `null` for a client that is no vendor.
    broker_scope: Option<Scopes>,
}

impl ClientView {
    fn of(client: Client) -> Self {
        let priv_settings = PrivSettingsView {
            access_type: client.access_type,
            broker_scope: client.broker_scope.clone(),
        };
        Self { details: ClientDetailsView::of(client), priv_settings }
    }
}

impl ClientDetailsView {
    fn of(client: Client) -> Self {
        Self {
            id: client.id,
            name: client.name,
            is_blocked: client.is_blocked,
            block_reason: client.block_reason,
            inserted_at: text(client.inserted_at),
            updated_at: text(client.updated_at),
        }
    }
}

impl ClientInput {
    fn fields(self) -> ClientFields {
        let (access_type, broker_scope) = match self.priv_settings {
            Some(settings) => (settings.access_type, settings.broker_scope),
            None => (None, None),
        };
        ClientFields {
            name: self.name.map(|name| name.0),
            access_type,
            broker_scope,
            is_blocked: self.is_blocked,
            block_reason: self.block_reason.map(|reason| reason.0),
        }
    }
}

/// `GET /admin/clients`.
fn list(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let query: ClientParameters = call.read_query(state).finish()?;
    let ClientParameters { id, name, is_blocked, page: number, page_size, after } = query;
    let filter = ClientFilter { id, name: name.map(|name| name.0), is_blocked };
    let clients = state.service.clients(&filter, &page(number, page_size, after))?;
    Ok(Success::page(clients, ClientView::of))
}

/// `GET /admin/clients/{id}`.
fn get(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    Ok(Success::ok(&ClientView::of(state.service.client(call.id_param(0)?)?)))
}

/// `GET /admin/clients/{id}/details`.
fn details(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    Ok(Success::ok(&ClientDetailsView::of(state.service.client(call.id_param(0)?)?)))
}

/// `POST /admin/clients`.
async fn add(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let body: ClientBody = call.read_body(&state)?;
    let client = state.service.add_client(operation(&state, &call), body.client.fields()).await?;
    Ok(created(client))
}

/// `PUT /admin/clients/{id}`.
async fn put(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let (id, body) = (call.id_param(0)?, call.read_body::<ClientBody>(&state)?);
    let by = operation(&state, &call);
    let (client, is_new) = state.service.put_client(by, id, body.client.fields()).await?;
    Ok(if is_new { created(client) } else { Success::ok(&ClientView::of(client)) })
}

fn created(client: Client) -> Success {
    let location = format!("/admin/clients/{}", client.id);
    Success::created(&ClientView::of(client)).with_location(location)
}

/// `PATCH /admin/clients/{id}`.
async fn patch(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let (id, body) = (call.id_param(0)?, call.read_body::<ClientBody>(&state)?);
    let by = operation(&state, &call);
    let client = state.service.change_client(by, id, body.client.fields()).await?;
    Ok(Success::ok(&ClientView::of(client)))
}

/// `DELETE /admin/clients/{id}`.
async fn delete(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    state.service.remove_client(operation(&state, &call), call.id_param(0)?).await?;
    Ok(Success::no_content())
}

/// `PATCH /admin/clients/{id}/actions/block`.
async fn block(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    set_blocked(state, call, true).await
}

/// `PATCH /admin/clients/{id}/actions/unblock`.
async fn unblock(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    set_blocked(state, call, false).await
}

async fn set_blocked(
    state: Arc<ApiState>,
    call: Call,
    is_blocked: bool,
) -> Result<Success, Rejection> {
    let (id, body) = (call.id_param(0)?, call.read_body::<ClientBlockBody>(&state)?);
    let reason = body.client.and_then(|client| client.block_reason).map(|reason| reason.0);
    let by = operation(&state, &call);
    let client = state.service.block_client(by, id, is_blocked, reason).await?;
    Ok(Success::ok(&ClientView::of(client)))
}

/// `PATCH /admin/clients/{id}/actions/deactivate_tokens`.
async fn deactivate_tokens(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let by = operation(&state, &call);
    let client = state.service.revoke_tokens_of_client(by, call.id_param(0)?).await?;
    Ok(Success::ok(&ClientView::of(client)))
}
