//! The authentication factors of users, for the operator.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use strum::{VariantArray, VariantNames};

use super::shared::{
    ID, PageNumber, PageSize, admin_change, admin_read, id_field, operation, page,
};
use crate::api::answer::{self, Answer};
use crate::api::handler::Call;
use crate::api::operation::Operation;
use crate::api::refusal::Rejection;
use crate::api::request::body::Body;
use crate::api::request::query::Parameters;
use crate::api::response::Success;
use crate::api::route::{FIELD_REFUSED, NOT_FOUND, Row, WRITES};
use crate::api::state::ApiState;
use crate::contract::{Field, Shaped as _, shape, words};
use crate::domain::{AuthenticationFactor, Conflict, FactorId, FactorType, Phone, UserId};

/// `type` of a factor, as the token service writes it.
#[derive(Clone, Copy, Debug, JsonSchema, Serialize, VariantArray, VariantNames)]
#[strum(serialize_all = "UPPERCASE")]
#[serde(rename_all = "UPPERCASE")]
enum TypeWord {
    /// A code by SMS.
    Sms,
}

words!(TypeWord);

shape! {
    /// The factors of a user that match every given parameter, and the page of them.
    pub(in crate::api) struct FactorParameters {
        /// The type.
        _factor_type: Option<TypeWord> as "type",
        /// Whether the factor is in use.
        is_active: Option<bool>,
        /// The number of the page.
        page: PageNumber = 1,
        /// The maximum of factors.
        page_size: PageSize = 50,
        /// The id of the factor behind which the page begins.
        after: Option<FactorId>,
    }

    /// The body of a new factor. It is active.
    pub(in crate::api) struct FactorBody {
        /// The type.
        _factor_type: TypeWord as "type",
        /// The phone that codes go to. A factor without one is as after a reset.
        factor: Option<Phone>,
    }
}

/// The rows of factors.
pub(in crate::api) const ROUTES: &[Row] = &[
    Row {
        operation: Operation::AdminListFactors,
        about: "The factors of a user: one at most",
        path: "/admin/users/{id}/authentication_factors",
        params: ID,
        parameters: Parameters::Only(FactorParameters::SHAPE),
        answer: answer::numbered_page::<FactorView>(),
        ..admin_read(list)
    },
    Row {
        operation: Operation::AdminAddFactor,
        about: "Adds a factor to a user who has none, or one that was reset",
        path: "/admin/users/{id}/authentication_factors",
        params: ID,
        body: Body::Json(&[FactorBody::SHAPE]),
        answer: Answer { location: Some("The factor."), ..answer::created::<FactorView>() },
        refusals: &[NOT_FOUND, FIELD_REFUSED, WRITES],
        ..admin_change("POST", &add)
    },
    Row {
        operation: Operation::AdminGetFactor,
        about: "A factor of a user",
        path: "/admin/users/{id}/authentication_factors/{factor_id}",
        params: FACTOR_ID,
        answer: answer::object::<FactorView>(),
        ..admin_read(get)
    },
    Row {
        operation: Operation::AdminResetFactor,
        about: "Removes the phone of an active factor",
        path: "/admin/users/{id}/authentication_factors/{factor_id}/actions/reset",
        params: FACTOR_ID,
        answer: answer::object::<FactorView>(),
        ..admin_change("PATCH", &reset)
    },
    Row {
        operation: Operation::AdminDisableFactor,
        about: "Disables a factor",
        path: "/admin/users/{id}/authentication_factors/{factor_id}/actions/disable",
        params: FACTOR_ID,
        answer: answer::object::<FactorView>(),
        refusals: &[NOT_FOUND, WRITES],
        conflicts: &[Conflict::FactorDisabled],
        ..admin_change("PATCH", &disable)
    },
    Row {
        operation: Operation::AdminEnableFactor,
        about: "Enables a factor",
        path: "/admin/users/{id}/authentication_factors/{factor_id}/actions/enable",
        params: FACTOR_ID,
        answer: answer::object::<FactorView>(),
        refusals: &[NOT_FOUND, WRITES],
        conflicts: &[Conflict::FactorEnabled],
        ..admin_change("PATCH", &enable)
    },
];

const FACTOR_ID: &[Field] =
    &[id_field("id", "The id of the user."), id_field("factor_id", "The id of the factor.")];

/// `data` of a factor.
#[derive(JsonSchema, Serialize)]
struct FactorView {
    /// The id.
    id: FactorId,
    /// The user that it belongs to.
    user_id: UserId,
    /// The type.
    #[serde(rename = "type")]
    factor_type: TypeWord,
    /// The phone that codes go to, masked; `null` after a reset.
    factor: Option<String>,
    /// Whether it is in use.
    is_active: bool,
    /// When it was made.
    #[schemars(extend("format" = "date-time"))]
    inserted_at: String,
    /// When it last changed.
    #[schemars(extend("format" = "date-time"))]
    updated_at: String,
}

impl FactorView {
    fn of(factor: &AuthenticationFactor) -> Self {
        let factor_type = match factor.factor_type {
            FactorType::Sms => TypeWord::Sms,
        };
        Self {
            id: factor.id,
            user_id: factor.user_id,
            factor_type,
            factor: factor.factor.map(Phone::masked),
            is_active: factor.is_active,
            inserted_at: factor.inserted_at.to_string(),
            updated_at: factor.updated_at.to_string(),
        }
    }
}

/// `GET /admin/users/{id}/authentication_factors`.
fn list(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let query: FactorParameters = call.read_query(state).finish()?;
    let FactorParameters { is_active, page: number, page_size, after, .. } = query;
    let request = page(number, page_size, after);
    let factors = state.service.factors_of(call.id_param(0)?, is_active, &request)?;
    Ok(Success::page(factors, |factor| FactorView::of(&factor)))
}

/// `GET /admin/users/{id}/authentication_factors/{factor_id}`.
fn get(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let factor = state.service.factor_of(call.id_param(0)?, call.id_param(1)?)?;
    Ok(Success::ok(&FactorView::of(&factor)))
}

/// `POST /admin/users/{id}/authentication_factors`.
async fn add(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let (user, body) = (call.id_param(0)?, call.read_body::<FactorBody>(&state)?);
    let by = operation(&state, &call);
    let factor = state.service.add_factor(by, user, body.factor).await?;
    let location = format!("/admin/users/{user}/authentication_factors/{}", factor.id);
    Ok(Success::created(&FactorView::of(&factor)).with_location(location))
}

/// `PATCH …/{factor_id}/actions/reset`.
async fn reset(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let by = operation(&state, &call);
    let factor = state.service.reset_factor(by, call.id_param(0)?, call.id_param(1)?).await?;
    Ok(Success::ok(&FactorView::of(&factor)))
}

/// `PATCH …/{factor_id}/actions/disable`.
async fn disable(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    set_active(state, call, false).await
}

/// `PATCH …/{factor_id}/actions/enable`.
async fn enable(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    set_active(state, call, true).await
}

async fn set_active(
    state: Arc<ApiState>,
    call: Call,
    is_active: bool,
) -> Result<Success, Rejection> {
    let by = operation(&state, &call);
    let (user, id) = (call.id_param(0)?, call.id_param(1)?);
    let factor = state.service.enable_factor(by, user, id, is_active).await?;
    Ok(Success::ok(&FactorView::of(&factor)))
}
