//! Tokens, for the operator.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::shared::{ID, PageNumber, PageSize, admin_change, admin_read, operation, page, text};
use crate::api::answer::{self, Answer};
use crate::api::handler::Call;
use crate::api::operation::Operation;
use crate::api::refusal::{FieldError, Rejection};
use crate::api::request::body::Body;
use crate::api::request::query::Parameters;
use crate::api::response::Success;
use crate::api::route::{FIELD_REFUSED, NOT_FOUND, READS, Row, WRITES};
use crate::api::state::ApiState;
use crate::contract::{IdList, Name, Shaped as _, shape};
use crate::domain::{ClientId, Refusal, Scopes, Secret, Timestamp, Token, TokenId, User, UserId};
use crate::service::admin::{NewTokenFields, TokenFields, TokenFilter, TokenOwner};

shape! {
    /// The tokens that match every given parameter, and the page of them.
    pub(in crate::api) struct TokenParameters {
        /// The user that they were given for.
        user_id: Option<UserId>,
        /// The client that they were given to.
        client_id: Option<ClientId>,
        /// The name.
        name: Option<Name>,
        /// The number of the page.
        page: PageNumber = 1,
        /// The maximum of tokens.
        page_size: PageSize = 50,
        /// The id of the token behind which the page begins.
        after: Option<TokenId>,
    }

    /// The users whose tokens are revoked.
    pub(in crate::api) struct RevokeParameters {
        /// The ids of the users, separated by commas.
        user_ids: IdList<User>,
    }

    /// The body of a new token.
    pub(in crate::api) struct NewTokenBody {
        /// The token.
        token: NewTokenInput,
    }

    /// A new token. The node makes its value.
    struct NewTokenInput {
        /// Name for people.
        name: Option<Name>,
        /// The user that it is given for.
        user_id: UserId,
        /// The client that it is given to.
        client_id: ClientId,
        /// The scopes that it allows.
        scope: Scopes,
        /// The time at which it expires: RFC 3339, or a distance from now, such as `+90d`.
        expires_at: Timestamp,
    }

    /// The beginning of a page, by itself.
    struct AfterToken {
        /// The id of the token behind which the page begins.
        after: Option<TokenId>,
    }

    /// The body of a new token of a user.
    pub(in crate::api) struct AccessTokenBody {
        /// The token.
        token: AccessTokenInput,
    }

    /// A new token of a user.
    struct AccessTokenInput {
        /// The client that it is given to.
        client_id: ClientId,
        /// The scopes that it allows.
        scope: Scopes,
        /// The time at which it expires: RFC 3339, or a distance from now. By default a day from now.
        expires_at: Option<Timestamp>,
    }

    /// The body of a change of a token.
    pub(in crate::api) struct TokenBody {
        /// The token.
        token: TokenInput,
    }

    /// A token, as an operator changes it. A field that is missing or `null` stays as it is.
    struct TokenInput {
        /// Name for people.
        name: Option<Name>,
        /// The scopes that it allows.
        scope: Option<Scopes>,
        /// The time at which it expires: RFC 3339, or a distance from now.
        expires_at: Option<Timestamp>,
    }
}

/// The rows of tokens.
pub(in crate::api) const ROUTES: &[Row] = &[
    Row {
        operation: Operation::AdminListTokens,
        about: "The tokens that match every parameter",
        path: "/admin/tokens",
        parameters: Parameters::Only(TokenParameters::SHAPE),
        answer: answer::numbered_page::<TokenView>(),
        refusals: &[READS],
        ..admin_read(list)
    },
    Row {
        operation: Operation::AdminAddToken,
        about: "Adds a token, whose value is shown this once",
        path: "/admin/tokens",
        body: Body::Json(&[NewTokenBody::SHAPE]),
        answer: CREATED,
        refusals: &[FIELD_REFUSED, WRITES],
        ..admin_change("POST", &add)
    },
    Row {
        operation: Operation::AdminRevokeTokens,
        about: "Revokes every live token of these users",
        path: "/admin/tokens",
        parameters: Parameters::Only(RevokeParameters::SHAPE),
        answer: answer::NO_CONTENT,
        refusals: &[WRITES],
        ..admin_change("DELETE", &revoke_of_users)
    },
    Row {
        operation: Operation::AdminGetToken,
        about: "A token",
        path: "/admin/tokens/{id}",
        params: ID,
        answer: answer::object::<TokenView>(),
        ..admin_read(get)
    },
    Row {
        operation: Operation::AdminChangeToken,
        about: "Changes a token",
        path: "/admin/tokens/{id}",
        params: ID,
        body: Body::Json(&[TokenBody::SHAPE]),
        answer: answer::object::<TokenView>(),
        refusals: &[NOT_FOUND, FIELD_REFUSED, WRITES],
        ..admin_change("PATCH", &patch)
    },
    Row {
        operation: Operation::AdminRevokeToken,
        about: "Revokes a token",
        path: "/admin/tokens/{id}",
        params: ID,
        answer: answer::NO_CONTENT,
        ..admin_change("DELETE", &revoke)
    },
    Row {
        operation: Operation::AdminAddAccessToken,
        about: "Adds a token of a user, and revokes the live ones of the same client",
        path: "/admin/users/{id}/tokens/access",
        params: ID,
        body: Body::Json(&[AccessTokenBody::SHAPE]),
        answer: CREATED,
        refusals: &[NOT_FOUND, FIELD_REFUSED, WRITES],
        ..admin_change("POST", &add_access)
    },
    Row {
        operation: Operation::AdminRevokeTokensOfUser,
        about: "Revokes every live token of a user",
        path: "/admin/users/{id}/tokens",
        params: ID,
        answer: answer::NO_CONTENT,
        ..admin_change("DELETE", &revoke_of_user)
    },
];

const CREATED: Answer =
    Answer { location: Some("The token."), ..answer::created::<NewTokenView>() };

/// The life of a token that is made without `expires_at`: a day.
const ACCESS_TOKEN_LIFE: std::time::Duration = std::time::Duration::from_hours(24);

/// `data` of a token. Its value is shown once, when it is made.
#[derive(JsonSchema, Serialize)]
struct TokenView {
    /// The id.
    id: TokenId,
    /// Name for people; `null` for a token of a release that did not store it.
    name: Option<String>,
    /// The last four characters of the value; `null` if it came as a digest.
    value_last_four: Option<String>,
    /// The user that it was given for.
    user_id: UserId,
    /// The client that it was given to.
    client_id: ClientId,
    /// The scopes that it allows.
    scope: Scopes,
    /// When it expires.
    #[schemars(extend("format" = "date-time"))]
    expires_at: String,
    /// When it was made; `null` for a token of a release that did not store it.
    #[schemars(extend("format" = "date-time"))]
    inserted_at: Option<String>,
    /// When it was revoked; `null` if it was not.
    #[schemars(extend("format" = "date-time"))]
    revoked_at: Option<String>,
}

/// `data` of a new token, with its value.
#[derive(JsonSchema, Serialize)]
struct NewTokenView {
    #[serde(flatten)]
    token: TokenView,
    /// The value, shown this once.
    value: String,
}

impl TokenView {
    fn of(token: Token) -> Self {
        Self {
            id: token.id,
            name: token.name,
            value_last_four: token.last_four.map(|last| last.to_string()),
            user_id: token.user_id,
            client_id: token.client_id,
            scope: token.scope,
            expires_at: token.expires_at.to_string(),
            inserted_at: text(token.inserted_at),
            revoked_at: text(token.revoked_at),
        }
    }
}

fn created((token, secret): (Token, Secret)) -> Success {
    let location = format!("/admin/tokens/{}", token.id);
    let value = secret.reveal().to_owned();
    Success::created(&NewTokenView { token: TokenView::of(token), value }).with_location(location)
}

/// `GET /admin/tokens`.
fn list(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let mut query = call.read_query::<TokenParameters>(state);
    if let Some(AfterToken { after: Some(after) }) = call.read_part(state)
        && matches!(state.service.token(after), Err(Refusal::NotFound))
    {
        query.refuse(FieldError::not_listed("after", "id of a token"));
    }
    let query = query.finish()?;
    let TokenParameters { user_id, client_id, name, page: number, page_size, after } = query;
    let filter = TokenFilter { user_id, client_id, name: name.map(|name| name.0) };
    let tokens = state.service.tokens(&filter, &page(number, page_size, after))?;
    Ok(Success::page(tokens, TokenView::of))
}

/// `GET /admin/tokens/{id}`.
fn get(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    Ok(Success::ok(&TokenView::of(state.service.token(call.id_param(0)?)?)))
}

/// `POST /admin/tokens`.
async fn add(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let NewTokenInput { name, user_id, client_id, scope, expires_at } =
        call.read_body::<NewTokenBody>(&state)?.token;
    let name = name.map(|name| name.0);
    let fields = NewTokenFields { name, user_id, client_id, scope, expires_at };
    let by = operation(&state, &call);
    Ok(created(state.service.add_token(by, fields, false).await?))
}

/// `POST /admin/users/{id}/tokens/access`.
async fn add_access(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let user_id = call.id_param(0)?;
    let AccessTokenInput { client_id, scope, expires_at } =
        call.read_body::<AccessTokenBody>(&state)?.token;
    state.service.user(user_id)?;
    let by = operation(&state, &call);
    let expires_at = expires_at.unwrap_or(by.wall + ACCESS_TOKEN_LIFE);
    let name = Some("access_token".to_owned());
    let fields = NewTokenFields { name, user_id, client_id, scope, expires_at };
    Ok(created(state.service.add_token(by, fields, true).await?))
}

/// `PATCH /admin/tokens/{id}`.
async fn patch(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let id = call.id_param(0)?;
    let TokenInput { name, scope, expires_at } = call.read_body::<TokenBody>(&state)?.token;
    let fields = TokenFields { name: name.map(|name| name.0), scope, expires_at };
    let token = state.service.change_token(operation(&state, &call), id, fields).await?;
    Ok(Success::ok(&TokenView::of(token)))
}

/// `DELETE /admin/tokens/{id}`.
async fn revoke(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    state.service.revoke_token(operation(&state, &call), call.id_param(0)?).await?;
    Ok(Success::no_content())
}

/// `DELETE /admin/users/{id}/tokens`.
async fn revoke_of_user(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let user = call.id_param(0)?;
    state.service.user(user)?;
    state.service.revoke_tokens_of(operation(&state, &call), TokenOwner::User(user)).await?;
    Ok(Success::no_content())
}

/// `DELETE /admin/tokens?user_ids=`.
async fn revoke_of_users(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let RevokeParameters { user_ids } = call.read_query(&state).finish()?;
    let by = operation(&state, &call);
    for user in user_ids.0 {
        state.service.revoke_tokens_of(by, TokenOwner::User(user)).await?;
    }
    Ok(Success::no_content())
}
