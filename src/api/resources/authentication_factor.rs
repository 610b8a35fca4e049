use crate::api::answer::{self, Answer, Data};
use crate::api::handler::Call;
use crate::api::operation::Operation;
use crate::api::refusal::{ErrorKind, Rejection};
use crate::api::response::Success;
use crate::api::route::{Access, READS, Row, read};
use crate::api::state::ApiState;
use crate::domain::RefusalKind;

/// The row of a patient's factor.
pub(in crate::api) const ROUTES: &[Row] = &[Row {
    operation: Operation::AuthenticationFactor,
    about: "The authentication factor of the token's user",
    path: "/api/cabinet/authentication_factor",
    access: Access::Scope("person:read"),
    answer: Answer { data: Data::Factor, ..answer::DOCUMENT },
    refusals: &[
        &[
            ErrorKind::Refused(RefusalKind::PersonNotFound),
            ErrorKind::Refused(RefusalKind::PersonNotActive),
            ErrorKind::Refused(RefusalKind::FactorNotSet),
        ],
        READS,
    ],
    ..read(get)
}];

/// `GET /api/cabinet/authentication_factor`: page "Get authentication factor" [API-005-010-006-0206]. The dialect
/// decides on the form of the answer.
pub(in crate::api) fn get(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let factor = state.service.authentication_factor(call.caller()?)?;
    Ok((state.dialect.factor)(factor.as_ref())?)
}
