//! Users.

use super::block::set_blocked;
use super::change::{Changed, too_large};
use super::page::{Page, PageRequest};
use super::tokens::TokenOwner;
use super::{Operation, no_entropy};
use crate::domain::audit::{AdminAction, AdminChange, AuditTarget};
use crate::domain::{Conflict, PersonId, Refusal, User, UserId};
use crate::entropy::draw_id;
use crate::service::Service;
use crate::store::Write;
use crate::store::schema::{FACTORS, PERSONS, USERS};

/// Conditions of a user. A user matches if it meets every condition that is set.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// The ids, one of which the user has.
    pub ids: Option<Vec<UserId>>,
    /// Whether the user is blocked.
    pub is_blocked: Option<bool>,
    /// The person of the registry that the user is.
    pub person_id: Option<PersonId>,
}

impl Service {
    /// A page of the users that match, in the order of their ids.
    pub fn users(
        &self,
        filter: &UserFilter,
        request: &PageRequest<UserId>,
    ) -> Result<Page<UserId, User>, Refusal> {
        let matches = |user: &User| {
            filter.is_blocked.is_none_or(|blocked| user.is_blocked == blocked)
                && filter.person_id.is_none_or(|person| user.person_id == Some(person))
        };
        if let Some(ids) = &filter.ids {
            return self.users_with(ids.clone(), request, matches);
        }
        let is_whole = filter.is_blocked.is_none() && filter.person_id.is_none();
        let total = if is_whole { Some(self.store.count(USERS)?) } else { None };
        Page::read(request, total, |after, most| {
            let users = self.store.page(USERS, after, most)?;
            let entry = |user: User| matches(&user).then_some(user);
            Ok(users.into_iter().map(|(id, user)| (id, entry(user))).collect())
        })
    }

    /// A page of those users with these ids that match.
    fn users_with(
        &self,
        mut ids: Vec<UserId>,
        request: &PageRequest<UserId>,
        matches: impl Fn(&User) -> bool,
    ) -> Result<Page<UserId, User>, Refusal> {
        ids.sort_unstable_by_key(|id| *id.as_bytes());
        ids.dedup();
        Page::read(request, None, |after, most| {
            let is_behind =
                |id: &&UserId| after.is_none_or(|after| id.as_bytes() > after.as_bytes());
            let mut users = Vec::new();
            for id in ids.iter().filter(is_behind).take(most) {
                users.push((*id, self.store.get(USERS, id)?.filter(&matches)));
            }
            Ok(users)
        })
    }

    /// The user, or [`Refusal::NotFound`].
    pub fn user(&self, id: UserId) -> Result<User, Refusal> {
        self.store.get(USERS, &id)?.ok_or(Refusal::NotFound)
    }

    /// Adds a user. The id is a random one.
    ///
    /// Errors: [`Refusal::FieldRefused`] if there is no such person.
    pub async fn add_user(
        &self,
        by: Operation,
        person_id: Option<PersonId>,
    ) -> Result<User, Refusal> {
        let id = draw_id(&*self.otp.entropy).map_err(no_entropy)?;
        let put = move |write: &mut Write<'_>| {
            ensure_person(write, person_id)?;
            let user = User {
                id,
                person_id,
                is_blocked: false,
                block_reason: None,
                inserted_at: Some(by.now),
                updated_at: Some(by.now),
            };
            write.put(USERS, &id, &user)?;
            let change = AdminChange::new(AdminAction::Created, AuditTarget::User(id));
            Ok(Changed::by(change.field("person_id", &None, &person_id), user))
        };
        self.change(by.origin, by.now, put).await
    }

    /// Changes the person of a user; with `None` it stays.
    ///
    /// Errors: [`Refusal::NotFound`], [`Refusal::FieldRefused`] if there is no such person.
    pub async fn change_user(
        &self,
        by: Operation,
        id: UserId,
        person_id: Option<PersonId>,
    ) -> Result<User, Refusal> {
        let put = move |write: &mut Write<'_>| {
            let stored = write.get(USERS, &id)?.ok_or(Refusal::NotFound)?;
            ensure_person(write, person_id)?;
            let person_id = person_id.or(stored.person_id);
            let change = AdminChange::new(AdminAction::Changed, AuditTarget::User(id)).field(
                "person_id",
                &stored.person_id,
                &person_id,
            );
            if change.fields.is_empty() {
                return Ok(Changed::nothing(stored));
            }
            let user = User { person_id, updated_at: Some(by.now), ..stored };
            write.put(USERS, &id, &user)?;
            Ok(Changed::by(change, user))
        };
        self.change(by.origin, by.now, put).await
    }

    /// Blocks a user, and revokes every live token of the user.
    ///
    /// A user with more than 64 live tokens loses them in writes of 64, each with a row of audit. The last one blocks: a
    /// blocked user has no token left that an unblock would revive.
    ///
    /// Errors: [`Refusal::NotFound`], [`Refusal::Conflict`] if the user is blocked already.
    pub async fn block_user(
        &self,
        by: Operation,
        id: UserId,
        reason: Option<String>,
    ) -> Result<User, Refusal> {
        loop {
            let reason = reason.clone();
            let put = move |write: &mut Write<'_>| {
                let mut user = write.get(USERS, &id)?.ok_or(Refusal::NotFound)?;
                let change = set_blocked(&mut user, true, reason, by.now)?;
                let (revoked, is_last) =
                    TokenOwner::User(id).revoke_some(write, by.now, by.wall)?;
                let change = if is_last {
                    write.put(USERS, &id, &user).map_err(too_large)?;
                    change
                } else {
                    AdminChange::new(AdminAction::TokensRevoked, AuditTarget::User(id))
                };
                let change = change.field("revoked_tokens", &0, &revoked);
                Ok(Changed::by(change, is_last.then_some(user)))
            };
            if let Some(user) = self.change(by.origin, by.now, put).await? {
                return Ok(user);
            }
        }
    }

    /// Unblocks a user. The tokens that the block revoked stay revoked.
    ///
    /// Errors: [`Refusal::NotFound`], [`Refusal::Conflict`] if the user is not blocked.
    pub async fn unblock_user(
        &self,
        by: Operation,
        id: UserId,
        reason: Option<String>,
    ) -> Result<User, Refusal> {
        let put = move |write: &mut Write<'_>| {
            let mut user = write.get(USERS, &id)?.ok_or(Refusal::NotFound)?;
            let change = set_blocked(&mut user, false, reason, by.now)?;
            write.put(USERS, &id, &user).map_err(too_large)?;
            Ok(Changed::by(change, user))
        };
        self.change(by.origin, by.now, put).await
    }

    /// Removes a user, and with the user a factor without a phone.
    ///
    /// Errors: [`Refusal::NotFound`]; [`Refusal::Conflict`] if the user has live tokens, or a factor with a phone.
    pub async fn remove_user(&self, by: Operation, id: UserId) -> Result<(), Refusal> {
        let remove =
            move |write: &mut Write<'_>| {
                let user = write.get(USERS, &id)?.ok_or(Refusal::NotFound)?;
                let factor = write.get(FACTORS, &id)?;
                let has_phone = factor.as_ref().is_some_and(|factor| factor.factor.is_some());
                if has_phone || TokenOwner::User(id).has_live_tokens(write, by.wall)? {
                    return Err(Refusal::Conflict(Conflict::UserInUse));
                }
                write.remove(USERS, &id);
                let mut change = AdminChange::new(AdminAction::Deleted, AuditTarget::User(id))
                    .field("person_id", &user.person_id, &None);
                if let Some(factor) = factor {
                    write.remove(FACTORS, &id);
                    change = change.old_field("factor_id", factor.id);
                }
                Ok(Changed::by(change, ()))
            };
        self.change(by.origin, by.now, remove).await
    }
}

/// Returns [`Refusal::FieldRefused`] for a person that the store does not have.
fn ensure_person(write: &Write<'_>, person_id: Option<PersonId>) -> Result<(), Refusal> {
    let Some(id) = person_id else { return Ok(()) };
    if write.get(PERSONS, &id)?.is_some() {
        return Ok(());
    }
    let (entry, what) = ("$.user.person_id", "there is no such person");
    Err(Refusal::FieldRefused { entry, what })
}
