use schemars::JsonSchema;
use serde::Serialize;

use super::error_row::ErrorMessage::{MissingAllowances, Text};
use super::error_row::{on, refused};
use super::table::Dialect;
use crate::api::answer::{Data, schema};
use crate::api::operation::Operation::{
    Approve, AuthenticationFactor, GetPersonRequest, ListDeliveries, ResendOtp,
};

use crate::api::response::Success;
use crate::config::DialectName;
use crate::domain::{self, FactorId, FactorType, Phone, Refusal, RefusalKind, TokenExpiry, UserId};
use crate::service::AdmissionStep::{ApiKey, Client, Scope, TokenExpiry as Expiry, User};
use crate::service::CheckOrder;
use crate::service::RequestCheck::{Method, Status};

/// The dialect of the pages "Resend Authorization OTP on Person Request" and "Get authentication factor"
/// [API-005-010-006-0206], to the letter. Where a page's table and its text differ, the table counts.
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
            refused(RefusalKind::TokenUnknown, 404, "not_found", Text("Token was not found")),
        ),
        refused(RefusalKind::TokenExpired, 401, "access_denied", Text("Access denied")),
        refused(RefusalKind::ClientBlocked, 401, "access_denied", Text("Access denied")),
        refused(RefusalKind::UserBlocked, 401, "access_denied", Text("User blocked")),
        refused(RefusalKind::ApiKeyMissing, 401, "access_denied", Text("Api key is not set")),
        refused(RefusalKind::ApiKeyInvalid, 401, "access_denied", Text("Invalid api key")),
        on(ResendOtp, refused(RefusalKind::ScopeMissing, 403, "forbidden", Text("Invalid scope"))),
        refused(RefusalKind::ScopeMissing, 403, "forbidden", MissingAllowances { quoted: true }),
        on(ResendOtp, refused(RefusalKind::NotFound, 404, "not_found", Text("not_found"))),
        on(Approve, refused(RefusalKind::NotFound, 404, "not_found", Text("not_found"))),
        on(GetPersonRequest, refused(RefusalKind::NotFound, 404, "not_found", Text("not_found"))),
        on(ListDeliveries, refused(RefusalKind::NotFound, 404, "not_found", Text("not_found"))),
    ],
    factor,
    factor_data: Data::Object(schema::<DocumentedFactor>()),
    unused: &[],
};

/// The form of the page's example: one object, with the phone number in full.
#[derive(JsonSchema, Serialize)]
struct DocumentedFactor {
    /// The id of the factor.
    id: FactorId,
    /// The type.
    #[serde(rename = "type")]
    factor_type: FactorType,
    /// The phone in full; `null` if the factor has none.
    factor: Option<String>,
    /// Whether the factor is active.
    is_active: bool,
    /// The user of the factor.
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
