use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{VariantArray, VariantNames};

use super::{Id, Phone, Timestamp, UserId};

/// The UUID of an authentication factor: `id` in the answer of `/api/cabinet/authentication_factor`.
pub type FactorId = Id<AuthenticationFactor>;

/// A user's second authentication factor. A user has at most one of each [`FactorType`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthenticationFactor {
    /// The UUID in the answers: `id`.
    pub id: FactorId,
    /// The user that the factor belongs to.
    pub user_id: UserId,
    /// The type; `SMS` is the only one.
    pub factor_type: FactorType,
    /// The phone that codes are sent to; `None` after a reset.
    pub factor: Option<Phone>,
    /// Whether a login requires the factor (`is_active` of the answer).
    pub is_active: bool,
    /// When the record was created: `inserted_at` of the answer.
    pub inserted_at: Timestamp,
    /// When the record last changed: `updated_at` of the answer.
    pub updated_at: Timestamp,
}

/// The types of factor. edenlabllc/mithril.api allows only this one.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    JsonSchema,
    Serialize,
    Deserialize,
    VariantArray,
    VariantNames,
)]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum FactorType {
    /// A code by SMS to the phone in `factor`.
    Sms,
}
