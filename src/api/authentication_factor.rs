use super::response::Answer;
use super::routes::Call;
use super::{Api, Rejection};

/// `GET /api/cabinet/authentication_factor`: page "Get authentication factor" [API-005-010-006-0206].
pub(super) fn get(api: &Api, call: &Call) -> Result<Answer, Rejection> {
    let factor = api.service.authentication_factor(call.caller()?)?;
    Ok((api.dialect.factor)(factor.as_ref())?)
}
