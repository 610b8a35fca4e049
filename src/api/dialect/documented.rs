use serde::Serialize;

use super::error_row::ErrorMessage::{MissingAllowances, Text};
use super::error_row::{on, row};
use super::table::Dialect;
use crate::api::operation::Operation::{
    Approve, AuthenticationFactor, GetPersonRequest, ListDeliveries, ResendOtp,
};
use crate::api::refusal::Kind;
use crate::api::response::Success;
use crate::config::DialectName;
use crate::domain::{self, FactorId, FactorType, Phone, Refusal, TokenExpiry, UserId};
use crate::service::AdmissionStep::{ApiKey, Client, Scope, TokenExpiry as Expiry, User};
use crate::service::CheckOrder;
use crate::service::RequestCheck::{Method, Status};

/// What the pages say, to the letter: "Resend Authorization OTP on Person Request" and "Get authentication factor"
/// [API-005-010-006-0206]. Where a page's table and its text differ, the table counts.
pub(super) static DOCUMENTED: Dialect = Dialect {
    name: DialectName::Documented,
    order: CheckOrder {
        admission: &[Expiry, Client, ApiKey, Scope, User],
        token_expiry: TokenExpiry::After,
        resend_otp: &[Method, Status],
        approve: &[Status, Method],
    },
    rows: &[
        on(
            AuthenticationFactor,
            row(Kind::TokenUnknown, 404, "not_found", Text("Token was not found")),
        ),
        row(Kind::TokenExpired, 401, "access_denied", Text("Access denied")),
        row(Kind::ClientBlocked, 401, "access_denied", Text("Access denied")),
        row(Kind::UserBlocked, 401, "access_denied", Text("User blocked")),
        row(Kind::ApiKeyMissing, 401, "access_denied", Text("Api key is not set")),
        row(Kind::ApiKeyInvalid, 401, "access_denied", Text("Invalid api key")),
        on(ResendOtp, row(Kind::ScopeMissing, 403, "forbidden", Text("Invalid scope"))),
        row(Kind::ScopeMissing, 403, "forbidden", MissingAllowances { quoted: true }),
        on(ResendOtp, row(Kind::NotFound, 404, "not_found", Text("not_found"))),
        on(Approve, row(Kind::NotFound, 404, "not_found", Text("not_found"))),
        on(GetPersonRequest, row(Kind::NotFound, 404, "not_found", Text("not_found"))),
        on(ListDeliveries, row(Kind::NotFound, 404, "not_found", Text("not_found"))),
    ],
    factor,
};

/// The page's example: one object, the number in full.
#[derive(Serialize)]
struct DocumentedFactor {
    id: FactorId,
    #[serde(rename = "type")]
    factor_type: FactorType,
    factor: Option<String>,
    is_active: bool,
    user_id: UserId,
}

fn factor(factor: Option<&domain::AuthenticationFactor>) -> Result<Success, Refusal> {
    let factor = factor.ok_or(Refusal::FactorNotSet)?;
    Ok(Success::ok(&DocumentedFactor {
        id: factor.id,
        factor_type: factor.factor_type,
        factor: factor.factor.map(Phone::full),
        is_active: factor.is_active,
        user_id: factor.user_id,
    }))
}
