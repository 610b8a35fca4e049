use schemars::JsonSchema;
use serde::Serialize;

use super::error_row::ErrorMessage::{self, MissingAllowances, Text};
use super::error_row::{on, refused};
use super::table::Dialect;
use crate::api::answer::{Data, schema};
use crate::api::operation::Operation::AuthenticationFactor;

use crate::api::refusal::ErrorKind;
use crate::api::response::Success;
use crate::config::DialectName;
use crate::domain::{self, FactorId, FactorType, Phone, Refusal, RefusalKind, TokenExpiry, UserId};
use crate::service::AdmissionStep::{ApiKey, Client, Scope, TokenExpiry as Expiry, User};
use crate::service::CheckOrder;
use crate::service::RequestCheck::{Method, Status};

/// The dialect of the live system. Its sources are the token service (edenlabllc/mithril.api), the gateway in front of
/// it (edenlabllc/kong-mithril-plugin, `handler.lua`) and the methods (ehealth-ua/ehealth.api).
///
/// - The gateway calls the token service first and checks scopes afterwards. The token service checks token, client,
///   user and api-key in this order. Each refusal is `401` `Invalid access token`.
/// - On the factor a blocked user gets `401` `User blocked`, the method's own message. The check comes at the same
///   place: before the scope.
/// - A token of a user that no longer exists is refused where a blocked user is: before api-key and scope.
/// - The gateway joins several missing scopes with `, `. Our rows require one scope each.
/// - The `404` of a person request has no message. The methods come from `declaration_requests`, where a missing record
///   is a bare `not_found`.
/// - A resend checks the status first, then the method. So do the code of `declaration_requests` and the page of the
///   same method for confidant persons.
pub(super) static DEPLOYED: Dialect = Dialect {
    name: DialectName::Deployed,
    order: CheckOrder {
        admission: &[Expiry, Client, User, ApiKey, Scope],
        token_expiry: TokenExpiry::At,
        resend_otp: &[Status, Method],
        approve: &[Status, Method],
    },
    rows: &[
        refused(RefusalKind::TokenExpired, 401, "access_denied", INVALID_TOKEN),
        refused(RefusalKind::ClientBlocked, 401, "access_denied", INVALID_TOKEN),
        on(
            AuthenticationFactor,
            refused(RefusalKind::UserBlocked, 401, "access_denied", USER_BLOCKED),
        ),
        refused(RefusalKind::UserBlocked, 401, "access_denied", INVALID_TOKEN),
        refused(RefusalKind::ApiKeyMissing, 401, "access_denied", INVALID_TOKEN),
        refused(RefusalKind::ApiKeyInvalid, 401, "access_denied", INVALID_TOKEN),
        refused(RefusalKind::ScopeMissing, 403, "forbidden", MissingAllowances { quoted: false }),
    ],
    factor,
    factor_data: Data::List(schema::<DeployedFactor>()),
    unused: &[ErrorKind::Refused(RefusalKind::FactorNotSet)],
};

const INVALID_TOKEN: ErrorMessage = Text("Invalid access token");
const USER_BLOCKED: ErrorMessage = Text("User blocked");

/// `paging.page_size` of the list of factors. A user has at most one factor here: one of type `SMS`.
const PAGE: usize = 50;

/// An entry of the token service's list of factors. The live entry also has the whole user with tax number and e-mail,
/// which this program does not store.
#[derive(JsonSchema, Serialize)]
struct DeployedFactor {
    /// The id of the factor.
    id: FactorId,
    /// Always `SMS`.
    #[serde(rename = "type")]
    factor_type: &'static str,
    /// The phone, masked; `null` if the factor has none.
    factor: Option<String>,
    /// Whether the factor is active.
    is_active: bool,
    /// The user of the factor.
    user_id: UserId,
    /// When the factor was stored.
    #[schemars(extend("format" = "date-time"))]
    inserted_at: String,
    /// When the factor was last changed.
    #[schemars(extend("format" = "date-time"))]
    updated_at: String,
}

/// A list of the user's factor, or an empty list. The phone is masked.
#[expect(clippy::unnecessary_wraps, reason = "the field `Dialect::factor` has this type")]
fn factor(factor: Option<&domain::AuthenticationFactor>) -> Result<Success, Refusal> {
    let views: Vec<_> = factor.into_iter().map(view).collect();
    Ok(Success::list(&views, PAGE))
}

fn view(factor: &domain::AuthenticationFactor) -> DeployedFactor {
    DeployedFactor {
        id: factor.id,
        factor_type: match factor.factor_type {
            FactorType::Sms => "SMS",
        },
        factor: factor.factor.map(Phone::masked),
        is_active: factor.is_active,
        user_id: factor.user_id,
        inserted_at: factor.inserted_at.to_string(),
        updated_at: factor.updated_at.to_string(),
    }
}
