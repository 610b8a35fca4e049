//! The state of the running node, for its operator: limits, drivers, queue and disk.

use std::path::PathBuf;

use super::Service;
use crate::audit;
use crate::domain::audit::{AuditEvent, AuditRow};
use crate::domain::limits::{Budget, BudgetOwner, BudgetScope, Limit, Rate};
use crate::domain::{Phone, Purpose, Refusal, RequestOrigin, Timestamp};
use crate::entropy::draw_id;
use crate::files;
use crate::sms::{Accepted, DriverReport, OutboxHealth, SendError};
use crate::store::schema::{RATES, RateKey};
use crate::store::{Priority, Write};

/// A row of the limits, and what is spent of it if all requests share it.
#[derive(Clone, Debug)]
pub struct LimitState {
    /// The row.
    pub limit: Limit,
    /// The budget and which requests share it; `None` for a row that counts moments.
    pub budget: Option<(BudgetScope, Budget)>,
    /// The state of a budget of the whole node.
    pub of_node: Option<NodeBudget>,
}

/// The state of a budget of the whole node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeBudget {
    /// The units that are spent and not back.
    pub spent: u32,
    /// Until when the budget counts as low.
    pub low_until: Option<Timestamp>,
}

/// Bytes on the disk of the data directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskUse {
    /// Free for this user; `None` if the file system does not say it.
    pub free: Option<u64>,
    /// The database.
    pub database: u64,
    /// The files of audit.
    pub audit: u64,
}

impl Service {
    /// Every limit: those of sends, those of guesses, and the one that raises the alarm.
    pub fn limits(&self, now: Timestamp) -> Result<Vec<LimitState>, Refusal> {
        let limits = &self.otp.limits;
        let state = |limit: &Limit| {
            let budget = limits.budget(limit);
            let of_node = match budget {
                Some((BudgetScope::Node, budget)) => Some(self.node_budget(limit, budget, now)?),
                Some((BudgetScope::Client | BudgetScope::Range, _)) | None => None,
            };
            Ok(LimitState { limit: limit.clone(), budget, of_node })
        };
        limits.rows().map(state).collect()
    }

    fn node_budget(
        &self,
        limit: &Limit,
        budget: Budget,
        now: Timestamp,
    ) -> Result<NodeBudget, Refusal> {
        let key = RateKey { limit: limit.name.to_owned(), subject: BudgetOwner::Node };
        let rate: Rate = self.store.get(RATES, &key)?.unwrap_or_default();
        Ok(NodeBudget { spent: rate.spent(budget, now), low_until: rate.low_until(budget, now) })
    }

    /// The end of the alarm; `None` if there is none.
    pub fn alarm_until(&self, now: Timestamp) -> Result<Option<Timestamp>, Refusal> {
        let limit = &self.otp.limits.wrong_guesses;
        let Some((_, budget)) = self.otp.limits.budget(limit) else { return Ok(None) };
        Ok(self.node_budget(limit, budget, now)?.low_until)
    }

    /// Every driver and the state of its circuit breaker.
    pub fn drivers(&self, now: Timestamp) -> Vec<DriverReport> {
        self.otp.outbox.drivers(now)
    }

    /// Sends a text without a code with this driver. The audit has the phone and the caller before the driver is called.
    ///
    /// Errors: [`Refusal::NotFound`] for an unknown driver, [`Refusal::PhoneRefused`].
    pub async fn test_driver(
        &self,
        by: impl Into<RequestOrigin>,
        name: &str,
        phone: Phone,
        now: Timestamp,
    ) -> Result<Result<Accepted, SendError>, Refusal> {
        if !self.drivers(now).iter().any(|driver| driver.name == name) {
            return Err(Refusal::NotFound);
        }
        if self.otp.config.not_sent_to(phone).is_some() {
            return Err(Refusal::PhoneRefused);
        }
        let id = draw_id(&*self.otp.entropy)?;
        let row = AuditRow::new(now, AuditEvent::DriverTested, by);
        let row = row.about_phone(phone, Purpose::PhoneVerification);
        let row = row.findable_by(self.audit.phone_hash(phone));
        let note = move |write: &mut Write<'_>| -> Result<(), Refusal> {
            audit::append(write, &row)?;
            Ok(())
        };
        self.store.write(Priority::Normal, note).await?;
        self.otp.outbox.test_driver(name, id, phone).await.ok_or(Refusal::NotFound)
    }

    /// How many messages wait, and for how long.
    pub fn outbox_health(&self, now: Timestamp) -> Result<OutboxHealth, Refusal> {
        Ok(self.otp.outbox.health(now)?)
    }

    /// The number of ready codes.
    pub fn ready_codes(&self) -> usize {
        self.otp.ready.count()
    }

    /// What the data directory takes on its disk, and what is free there. Reads the directory on a thread of its own.
    pub async fn disk_use(&self) -> DiskUse {
        let audit: PathBuf = self.store.audit_folder();
        let measure = move || {
            let data = audit.parent().unwrap_or(&audit);
            let of_audit = files::size(&audit);
            let database = files::size(data).saturating_sub(of_audit);
            DiskUse { free: files::free(data), database, audit: of_audit }
        };
        tokio::task::spawn_blocking(measure).await.unwrap_or_default()
    }
}
