use super::{Caller, Service};
use crate::domain::{AuthenticationFactor, PersonStatus, Refusal};
use crate::store::schema::{FACTORS, PERSONS};

impl Service {
    /// The factor of the caller's user; `None` if the user has none. Errors: [`Refusal::PersonNotFound`] for a user
    /// without a person, [`Refusal::PersonNotActive`].
    ///
    /// Sources: page "Get authentication factor" [API-005-010-006-0206]; for the checks of the person
    /// ehealth-ua/ehealth.api, `apps/core/lib/core/cabinet/api.ex`.
    pub fn authentication_factor(
        &self,
        caller: &Caller,
    ) -> Result<Option<AuthenticationFactor>, Refusal> {
        let person_id = caller.user.person_id.ok_or(Refusal::PersonNotFound)?;
        let person = self.store.get(PERSONS, &person_id)?.ok_or(Refusal::PersonNotFound)?;
        match person.status {
            PersonStatus::Active => Ok(self.store.get(FACTORS, &caller.user.id)?),
            PersonStatus::Inactive => Err(Refusal::PersonNotActive),
        }
    }
}
