use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{VariantArray, VariantNames};

use super::{Id, Timestamp};

/// The UUID of a user: `user_id` of tokens and factors.
pub type UserId = Id<User>;
/// The UUID of a person in the registry, as `person_requests` name it.
pub type PersonId = Id<Person>;

/// An account that logs in. The account of a patient refers to their [`Person`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The UUID that tokens and factors refer to.
    pub id: UserId,
    /// The person that the user is; `None` for a clinic's employee.
    pub person_id: Option<PersonId>,
    /// Whether tokens of this user are refused.
    pub is_blocked: bool,
    /// The operator's reason for the last block or unblock; at most [`MAX_REASON_BYTES`](super::MAX_REASON_BYTES).
    pub block_reason: Option<String>,
    /// When the user was made; `None` for one of a release that did not store it.
    pub inserted_at: Option<Timestamp>,
    /// When it last changed; `None` for the same.
    pub updated_at: Option<Timestamp>,
}

/// A patient of the registry, reduced to the fields that the methods of one-time codes read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The UUID that `users` and `person_requests` refer to.
    pub id: PersonId,
    /// Whether the registry still holds the person as active.
    pub status: PersonStatus,
    /// The person's current authentication method. It is read when they confirm for another person (`THIRD_PERSON`).
    pub authentication_method: MethodType,
    /// When the registry's record last changed.
    pub updated_at: Timestamp,
}

/// `status` of a person in the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, VariantArray, VariantNames)]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum PersonStatus {
    /// The registry holds the person as a patient.
    Active,
    /// The person has left, died, or was merged with another record.
    Inactive,
}

/// How a person confirms an action: `authentication_methods[].type` of the registry of persons.
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
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MethodType {
    /// By a code that is sent by SMS.
    Otp,
    /// By documents that the clinic looks at.
    Offline,
    /// By another person, who confirms instead (`THIRD_PERSON`).
    ThirdPerson,
    /// No method has been chosen yet (`NA`).
    Na,
}
