//! What a line changes of a stored record.
//!
//! - An attribute takes the value of the line. One that the line leaves out, or has as `null`, stays.
//! - A state moves forward or stays: a blocked client or user stays blocked, an inactive person inactive, a factor that is not
//!   in use so. A person request moves from NEW to REJECTED, CANCELLED or EXPIRED, and from APPROVED to SIGNED or one of
//!   those three. Only codes approve.
//! - A token that has expired stays expired, and a revoked one revoked. A factor without a phone was reset, and stays so.
//! - An `api-key` that a client has is not replaced.
//! - The need of a code stays: the method of a person request does not become NA, and a request that is not NEW keeps person
//!   and method.
//!
//! A state that stays is no fault: the store may be ahead of the file.

use crate::domain::{
    AuthenticationFactor, AuthenticationMethod, Client, Person, PersonRequest, PersonRequestStatus,
    PersonStatus, Timestamp, Token, User,
};

/// The fields in which a line differs from the stored record.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// Those that take the value of the line.
    pub(super) changed: Vec<&'static str>,
    /// Those that keep the stored value.
    pub(super) kept: Vec<&'static str>,
}

/// A record that a line can change.
pub(super) trait Merge: Sized {
    /// Changes the record as the line `given` says.
    fn merge(&mut self, given: &Self, now: Timestamp) -> Difference;
}

impl Difference {
    /// An attribute.
    fn attribute<T: PartialEq + Clone>(&mut self, name: &'static str, stored: &mut T, given: &T) {
        self.allowed_if(true, name, stored, given);
    }

    /// An attribute that the line may leave out.
    fn optional<T: PartialEq + Clone>(
        &mut self,
        name: &'static str,
        stored: &mut Option<T>,
        given: Option<&T>,
    ) {
        if given.is_some() && stored.as_ref() != given {
            *stored = given.cloned();
            self.changed.push(name);
        }
    }

    /// A value that changes only if `is_allowed`.
    fn allowed_if<T: PartialEq + Clone>(
        &mut self,
        is_allowed: bool,
        name: &'static str,
        stored: &mut T,
        given: &T,
    ) {
        if stored == given {
            return;
        }
        if is_allowed {
            stored.clone_from(given);
            self.changed.push(name);
        } else {
            self.kept.push(name);
        }
    }
}

/// The `api-key` of a client is a record of its own: see `put`.
impl Merge for Client {
    fn merge(&mut self, given: &Self, now: Timestamp) -> Difference {
        let mut difference = Difference::default();
        difference.attribute("name", &mut self.name, &given.name);
        difference.attribute("access_type", &mut self.access_type, &given.access_type);
        difference.optional("broker_scope", &mut self.broker_scope, given.broker_scope.as_ref());
        difference.allowed_if(
            given.is_blocked,
            "is_blocked",
            &mut self.is_blocked,
            &given.is_blocked,
        );
        if !difference.changed.is_empty() {
            self.updated_at = Some(now);
        }
        difference
    }
}

impl Merge for User {
    fn merge(&mut self, given: &Self, now: Timestamp) -> Difference {
        let mut difference = Difference::default();
        difference.optional("person_id", &mut self.person_id, given.person_id.as_ref());
        difference.allowed_if(
            given.is_blocked,
            "is_blocked",
            &mut self.is_blocked,
            &given.is_blocked,
        );
        if !difference.changed.is_empty() {
            self.updated_at = Some(now);
        }
        difference
    }
}

impl Merge for Person {
    fn merge(&mut self, given: &Self, now: Timestamp) -> Difference {
        let mut difference = Difference::default();
        let leaves = given.status == PersonStatus::Inactive;
        difference.allowed_if(leaves, "status", &mut self.status, &given.status);
        let (stored, given) = (&mut self.authentication_method, &given.authentication_method);
        difference.attribute("authentication_method", stored, given);
        if !difference.changed.is_empty() {
            self.updated_at = self.updated_at.max(now);
        }
        difference
    }
}

/// User and client of a token never change: see `put`.
impl Merge for Token {
    fn merge(&mut self, given: &Self, now: Timestamp) -> Difference {
        let mut difference = Difference::default();
        difference.optional("name", &mut self.name, given.name.as_ref());
        difference.attribute("scope", &mut self.scope, &given.scope);
        let lives = self.expires_at > now || given.expires_at <= self.expires_at;
        difference.allowed_if(lives, "expires_at", &mut self.expires_at, &given.expires_at);
        difference
    }
}

/// Id and user of a factor never change: see `put`.
impl Merge for AuthenticationFactor {
    fn merge(&mut self, given: &Self, now: Timestamp) -> Difference {
        let mut difference = Difference::default();
        difference.attribute("type", &mut self.factor_type, &given.factor_type);
        if given.factor.is_some() {
            let has_phone = self.factor.is_some();
            difference.allowed_if(has_phone, "factor", &mut self.factor, &given.factor);
        }
        difference.allowed_if(!given.is_active, "is_active", &mut self.is_active, &given.is_active);
        if !difference.changed.is_empty() {
            self.updated_at = self.updated_at.max(now);
        }
        difference
    }
}

/// The client of a person request never changes: see `put`. Its age is that of its first load.
impl Merge for PersonRequest {
    fn merge(&mut self, given: &Self, now: Timestamp) -> Difference {
        let mut difference = Difference::default();
        let is_new = self.status == PersonRequestStatus::New;
        if given.person_id.is_some() {
            difference.allowed_if(is_new, "person_id", &mut self.person_id, &given.person_id);
        }
        let drops_the_code = matches!(given.authentication_method, AuthenticationMethod::Na);
        let (stored, other) = (&mut self.authentication_method, &given.authentication_method);
        let is_allowed = is_new && !drops_the_code;
        difference.allowed_if(is_allowed, "authentication_method", stored, other);
        let is_forward = follows(self.status, given.status);
        difference.allowed_if(is_forward, "status", &mut self.status, &given.status);
        if !difference.changed.is_empty() {
            self.updated_at = self.updated_at.max(now);
        }
        difference
    }
}

/// Whether a load can move a person request from one status to the other.
fn follows(from: PersonRequestStatus, to: PersonRequestStatus) -> bool {
    use PersonRequestStatus::{Approved, Cancelled, Expired, New, Rejected, Signed};
    match (from, to) {
        (New | Approved, Rejected | Cancelled | Expired) | (Approved, Signed) => true,
        (New | Approved, New | Approved)
        | (New, Signed)
        | (Signed | Rejected | Cancelled | Expired, _) => false,
    }
}
