//! The factors of users. Their phones are shown masked.

use super::change::Changed;
use super::page::{Page, PageRequest};
use super::{Operation, no_entropy};
use crate::domain::audit::{AdminAction, AdminChange, AuditTarget};
use crate::domain::{AuthenticationFactor, Conflict, FactorId, FactorType, Phone, Refusal, UserId};
use crate::entropy::draw_id;
use crate::service::Service;
use crate::store::schema::{FACTORS, USERS};
use crate::store::{StoreError, Write};

impl Service {
    /// The page of a user's factors, of which there is one at most.
    ///
    /// Errors: [`Refusal::NotFound`] if there is no such user.
    pub fn factors_of(
        &self,
        user: UserId,
        is_active: Option<bool>,
        request: &PageRequest<FactorId>,
    ) -> Result<Page<FactorId, AuthenticationFactor>, Refusal> {
        self.user(user)?;
        let matches = |factor: &AuthenticationFactor| {
            is_active.is_none_or(|is_active| factor.is_active == is_active)
        };
        Ok(Page::of_one(request, self.store.get(FACTORS, &user)?.filter(matches)))
    }

    /// The user's factor, or [`Refusal::NotFound`] if the user has none with this id.
    pub fn factor_of(&self, user: UserId, id: FactorId) -> Result<AuthenticationFactor, Refusal> {
        with_id(self.store.get(FACTORS, &user), id)
    }

    /// Adds an active factor to a user. It replaces one that was reset.
    ///
    /// Errors: [`Refusal::NotFound`] if there is no such user, [`Refusal::FieldRefused`] if the user has another factor.
    pub async fn add_factor(
        &self,
        by: Operation,
        user_id: UserId,
        phone: Option<Phone>,
    ) -> Result<AuthenticationFactor, Refusal> {
        let id = draw_id(&*self.otp.entropy).map_err(no_entropy)?;
        let put = move |write: &mut Write<'_>| {
            write.get(USERS, &user_id)?.ok_or(Refusal::NotFound)?;
            let stored = write.get(FACTORS, &user_id)?;
            if stored.as_ref().is_some_and(|stored| stored.factor.is_some()) {
                let (entry, what) = ("$.user_id", "the user has a factor");
                return Err(Refusal::FieldRefused { entry, what });
            }
            let factor = AuthenticationFactor {
                id,
                user_id,
                factor_type: FactorType::Sms,
                factor: phone,
                is_active: true,
                inserted_at: by.now,
                updated_at: by.now,
            };
            write.put(FACTORS, &user_id, &factor)?;
            let change = AdminChange::new(AdminAction::Created, AuditTarget::Factor(id))
                .new_field("user_id", user_id)
                .field("factor", &None, &phone)
                .field("replaced_factor_id", &None, &stored.map(|stored| stored.id));
            Ok(Changed::by(change, factor).about(phone))
        };
        self.change(by.origin, by.now, put).await
    }

    /// Removes the phone of a factor. A factor without one stays as it is.
    ///
    /// Errors: [`Refusal::NotFound`] if the user has no active factor with this id.
    pub async fn reset_factor(
        &self,
        by: Operation,
        user: UserId,
        id: FactorId,
    ) -> Result<AuthenticationFactor, Refusal> {
        let put = move |write: &mut Write<'_>| {
            let stored = with_id(write.get(FACTORS, &user), id)?;
            if !stored.is_active {
                return Err(Refusal::NotFound);
            }
            let change = AdminChange::new(AdminAction::Reset, AuditTarget::Factor(id)).field(
                "factor",
                &stored.factor,
                &None,
            );
            if change.fields.is_empty() {
                return Ok(Changed::nothing(stored));
            }
            let (phone, updated_at) = (stored.factor, by.now.max(stored.updated_at));
            let factor = AuthenticationFactor { factor: None, updated_at, ..stored };
            write.put(FACTORS, &user, &factor)?;
            Ok(Changed::by(change, factor).about(phone))
        };
        self.change(by.origin, by.now, put).await
    }

    /// Enables a factor or disables it.
    ///
    /// Errors: [`Refusal::NotFound`], [`Refusal::Conflict`] if it is so already.
    pub async fn enable_factor(
        &self,
        by: Operation,
        user: UserId,
        id: FactorId,
        is_active: bool,
    ) -> Result<AuthenticationFactor, Refusal> {
        let put = move |write: &mut Write<'_>| {
            let stored = with_id(write.get(FACTORS, &user), id)?;
            let (action, conflict) = if is_active {
                (AdminAction::Enabled, Conflict::FactorEnabled)
            } else {
                (AdminAction::Disabled, Conflict::FactorDisabled)
            };
            if stored.is_active == is_active {
                return Err(Refusal::Conflict(conflict));
            }
            let change = AdminChange::new(action, AuditTarget::Factor(id)).field(
                "is_active",
                &stored.is_active,
                &is_active,
            );
            let updated_at = by.now.max(stored.updated_at);
            let factor = AuthenticationFactor { is_active, updated_at, ..stored };
            write.put(FACTORS, &user, &factor)?;
            let phone = factor.factor;
            Ok(Changed::by(change, factor).about(phone))
        };
        self.change(by.origin, by.now, put).await
    }
}

/// The factor that was found, or [`Refusal::NotFound`] for none or one with another id.
fn with_id(
    found: Result<Option<AuthenticationFactor>, StoreError>,
    id: FactorId,
) -> Result<AuthenticationFactor, Refusal> {
    found?.filter(|factor| factor.id == id).ok_or(Refusal::NotFound)
}
