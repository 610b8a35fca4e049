use serde::Serialize;

use super::error_row::ErrorMessage::{self, MissingAllowances, Text};
use super::error_row::{on, refused};
use super::table::Dialect;
use crate::api::operation::Operation::AuthenticationFactor;

use crate::api::response::Success;
use crate::config::DialectName;
use crate::domain::{self, FactorId, FactorType, Phone, Refusal, RefusalKind, TokenExpiry, UserId};
use crate::service::AdmissionStep::{ApiKey, Client, Scope, TokenExpiry as Expiry, User};
use crate::service::CheckOrder;
use crate::service::RequestCheck::{Method, Status};

/// What the live system was seen to do: the token service (edenlabllc/mithril.api), the gateway before it
/// (edenlabllc/kong-mithril-plugin, `handler.lua`) and the methods themselves (ehealth-ua/ehealth.api).
///
/// - The gateway asks the token service first and looks at scopes afterwards. The service goes from the token to its
///   client, its user and the api-key; whatever it refuses is one and the same answer to the public.
/// - The user's block stands at that one place on the factor too, in the words that the method itself has for it; a
///   blocked user without the scope is told of the block.
/// - A user who has gone while the token has not is found out where a block is: before api-key and scope.
/// - The gateway joins several missing scopes by `, `. No row of ours wants more than one.
/// - The 404 of a person request has no message: what is missing among `declaration_requests`, from which these methods
///   come, is a bare `not_found`.
/// - A resend looks at the status first, as the code of `declaration_requests` and the page of the same method for
///   confidant persons do.
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
};

const INVALID_TOKEN: ErrorMessage = Text("Invalid access token");
const USER_BLOCKED: ErrorMessage = Text("User blocked");

/// The length of a page of factors. A user has one of a type, and there is one type.
const PAGE: usize = 50;

/// An entry of the token service's own list. The live one also holds the whole user, tax number and e-mail included, which
/// a patient's page has no use for and which is not kept here.
#[derive(Serialize)]
struct DeployedFactor {
    id: FactorId,
    #[serde(rename = "type")]
    factor_type: &'static str,
    factor: Option<String>,
    is_active: bool,
    user_id: UserId,
    inserted_at: String,
    updated_at: String,
}

/// The factors of a user: a list, which may be empty.
#[expect(clippy::unnecessary_wraps, reason = "the type of every dialect's answer")]
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
