use crate::api::handler::Call;
use crate::api::refusal::Rejection;
use crate::api::response::Success;
use crate::api::state::ApiState;

/// `GET /api/cabinet/authentication_factor`: page "Get authentication factor" [API-005-010-006-0206]. The dialect
/// decides on the form of the answer.
pub(in crate::api) fn get(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let factor = state.service.authentication_factor(call.caller()?)?;
    Ok((state.dialect.factor)(factor.as_ref())?)
}
