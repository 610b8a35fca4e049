use serde::{Deserialize, Serialize};

use super::{Id, Phone, Timestamp, UserId};

/// The UUID of an authentication factor.
pub type FactorId = Id<AuthenticationFactor>;

/// A user's second factor: one of a type for each user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthenticationFactor {
    /// Its id.
    pub id: FactorId,
    /// Whose it is.
    pub user_id: UserId,
    /// What kind it is.
    pub factor_type: FactorType,
    /// The number; none after a reset.
    pub factor: Option<Phone>,
    /// Whether it is asked for.
    pub is_active: bool,
    /// When it was made.
    pub inserted_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The kinds of factor there are (edenlabllc/mithril.api allows just this one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactorType {
    /// A code by SMS.
    Sms,
}
