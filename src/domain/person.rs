use serde::{Deserialize, Serialize};

use super::{Id, Timestamp};

/// The UUID of a user.
pub type UserId = Id<User>;
/// The UUID of a person.
pub type PersonId = Id<Person>;

/// Someone who logs in; a patient's user leads to their person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// The person this user is, if any.
    pub person_id: Option<PersonId>,
    /// A blocked user's tokens are refused.
    pub is_blocked: bool,
}

/// A patient of the registry, as far as one-time codes need to know them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Its id.
    pub id: PersonId,
    /// Whether the registry still holds them as active.
    pub status: PersonStatus,
    /// How they confirm actions today; asked for when they stand in for another (`THIRD_PERSON`).
    pub authentication_method: MethodType,
    /// When this record last changed.
    pub updated_at: Timestamp,
}

/// The registry's status of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PersonStatus {
    /// In the registry.
    Active,
    /// Left, merged or dead.
    Inactive,
}

/// How somebody confirms an action (registry of persons, `authentication_methods[].type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MethodType {
    /// A code by SMS.
    Otp,
    /// Documents.
    Offline,
    /// Another person confirms.
    ThirdPerson,
    /// Not chosen yet.
    Na,
}
