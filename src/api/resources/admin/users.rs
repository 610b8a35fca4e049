//! Users, for the operator.

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
use crate::contract::{Any, IdList, Shaped as _, shape};
use crate::domain::{Conflict, PersonId, User, UserId};
use crate::service::admin::UserFilter;

shape! {
    /// The users that match every given parameter, and the page of them.
    pub(in crate::api) struct UserParameters {
        /// The id.
        id: Option<UserId>,
        /// The ids, separated by commas.
        ids: Option<IdList<User>>,
        /// Whether the user is blocked.
        is_blocked: Option<bool>,
        /// The person of the registry that the user is.
        person_id: Option<PersonId>,
        /// The number of the page.
        page: PageNumber = 1,
        /// The maximum of users.
        page_size: PageSize = 50,
        /// The id of the user behind which the page begins.
        after: Option<UserId>,
    }

    /// The body of a user.
    pub(in crate::api) struct UserBody {
        /// The user.
        user: UserInput,
    }

    /// A user, as an operator sets it. A field that is missing or `null` stays as it is.
    struct UserInput {
        /// The person of the registry that the user is.
        person_id: Option<PersonId>,
        /// Not kept here.
        _email: Option<Any> as "email",
        /// Not kept here.
        _tax_id: Option<Any> as "tax_id",
        /// Not kept here.
        _password: Option<Any> as "password",
        /// Not kept here.
        _settings: Option<Any> as "settings",
    }

    /// The body of a block, which may be empty.
    pub(in crate::api) struct UserBlockBody {
        /// The reason.
        user: Option<BlockReason>,
    }
}

/// The rows of users.
pub(in crate::api) const ROUTES: &[Row] = &[
    Row {
        operation: Operation::AdminListUsers,
        about: "The users that match every parameter",
        path: "/admin/users",
        parameters: Parameters::Only(UserParameters::SHAPE),
        answer: answer::numbered_page::<UserView>(),
        refusals: &[READS],
        ..admin_read(list)
    },
    Row {
        operation: Operation::AdminAddUser,
        about: "Adds a user",
        path: "/admin/users",
        body: Body::Json(&[UserBody::SHAPE]),
        answer: Answer { location: Some("The user."), ..answer::created::<UserView>() },
        refusals: &[FIELD_REFUSED, WRITES],
        ..admin_change("POST", &add)
    },
    Row {
        operation: Operation::AdminGetUser,
        about: "A user",
        path: "/admin/users/{id}",
        params: ID,
        answer: answer::object::<UserView>(),
        ..admin_read(get)
    },
    Row {
        operation: Operation::AdminChangeUser,
        about: "Changes the person of a user",
        path: "/admin/users/{id}",
        params: ID,
        body: Body::Json(&[UserBody::SHAPE]),
        answer: answer::object::<UserView>(),
        refusals: &[NOT_FOUND, FIELD_REFUSED, WRITES],
        ..admin_change("PATCH", &patch)
    },
    Row {
        operation: Operation::AdminDeleteUser,
        about: "Removes a user without live tokens and without the phone of a factor",
        path: "/admin/users/{id}",
        params: ID,
        answer: answer::NO_CONTENT,
        refusals: &[NOT_FOUND, WRITES],
        conflicts: &[Conflict::UserInUse],
        ..admin_change("DELETE", &delete)
    },
    Row {
        operation: Operation::AdminBlockUser,
        about: "Blocks a user, and revokes the user's live tokens",
        path: "/admin/users/{id}/actions/block",
        params: ID,
        body: Body::Json(&[UserBlockBody::SHAPE]),
        answer: answer::object::<UserView>(),
        refusals: &[NOT_FOUND, FIELD_REFUSED, WRITES],
        conflicts: &[Conflict::UserBlocked],
        ..admin_change("PATCH", &block)
    },
    Row {
        operation: Operation::AdminUnblockUser,
        about: "Unblocks a user, whose revoked tokens stay revoked",
        path: "/admin/users/{id}/actions/unblock",
        params: ID,
        body: Body::Json(&[UserBlockBody::SHAPE]),
        answer: answer::object::<UserView>(),
        refusals: &[NOT_FOUND, FIELD_REFUSED, WRITES],
        conflicts: &[Conflict::UserUnblocked],
        ..admin_change("PATCH", &unblock)
    },
];

/// `data` of a user.
#[derive(JsonSchema, Serialize)]
struct UserView {
    /// The id.
    id: UserId,
    /// The person of the registry that the user is; `null` for a clinic's employee.
    person_id: Option<PersonId>,
    /// Whether the user's tokens are refused.
    is_blocked: bool,
    /// The reason of the last block or unblock.
    block_reason: Option<String>,
    /// When it was made; `null` for a user of a release that did not store it.
    #[schemars(extend("format" = "date-time"))]
    inserted_at: Option<String>,
    /// When it last changed; `null` for the same.
    #[schemars(extend("format" = "date-time"))]
    updated_at: Option<String>,
}

impl UserView {
    fn of(user: User) -> Self {
        Self {
            id: user.id,
            person_id: user.person_id,
            is_blocked: user.is_blocked,
            block_reason: user.block_reason,
            inserted_at: text(user.inserted_at),
            updated_at: text(user.updated_at),
        }
    }
}

impl UserBlockBody {
    fn reason(self) -> Option<String> {
        self.user.and_then(|user| user.block_reason).map(|reason| reason.0)
    }
}

/// `GET /admin/users`.
fn list(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let query: UserParameters = call.read_query(state).finish()?;
    let UserParameters { id, ids, is_blocked, person_id, page: number, page_size, after } = query;
    let ids = match (id, ids) {
        (Some(id), Some(ids)) => Some(ids.0.into_iter().filter(|other| *other == id).collect()),
        (Some(id), None) => Some(vec![id]),
        (None, ids) => ids.map(|ids| ids.0),
    };
    let filter = UserFilter { ids, is_blocked, person_id };
    let users = state.service.users(&filter, &page(number, page_size, after))?;
    Ok(Success::page(users, UserView::of))
}

/// `GET /admin/users/{id}`.
fn get(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    Ok(Success::ok(&UserView::of(state.service.user(call.id_param(0)?)?)))
}

/// `POST /admin/users`.
async fn add(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let body: UserBody = call.read_body(&state)?;
    let user = state.service.add_user(operation(&state, &call), body.user.person_id).await?;
    let location = format!("/admin/users/{}", user.id);
    Ok(Success::created(&UserView::of(user)).with_location(location))
}

/// `PATCH /admin/users/{id}`.
async fn patch(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let (id, body) = (call.id_param(0)?, call.read_body::<UserBody>(&state)?);
    let by = operation(&state, &call);
    let user = state.service.change_user(by, id, body.user.person_id).await?;
    Ok(Success::ok(&UserView::of(user)))
}

/// `DELETE /admin/users/{id}`.
async fn delete(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    state.service.remove_user(operation(&state, &call), call.id_param(0)?).await?;
    Ok(Success::no_content())
}

/// `PATCH /admin/users/{id}/actions/block`.
async fn block(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let (id, body) = (call.id_param(0)?, call.read_body::<UserBlockBody>(&state)?);
    let by = operation(&state, &call);
    let user = state.service.block_user(by, id, body.reason()).await?;
    Ok(Success::ok(&UserView::of(user)))
}

/// `PATCH /admin/users/{id}/actions/unblock`.
async fn unblock(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let (id, body) = (call.id_param(0)?, call.read_body::<UserBlockBody>(&state)?);
    let by = operation(&state, &call);
    let user = state.service.unblock_user(by, id, body.reason()).await?;
    Ok(Success::ok(&UserView::of(user)))
}
