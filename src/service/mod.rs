//! The methods: each admits the caller, checks the rules of the field, and changes the store in one write.

mod access;
mod audit;
mod authentication_factor;
pub mod bootstrap;
mod check_order;
mod deliveries;
pub mod import;
mod person_requests;
mod verifications;

pub use access::{Caller, Credentials, NotAdmitted};
pub use check_order::{AdmissionStep, CheckOrder, RequestCheck};

use std::sync::Arc;

use crate::audit::{AuditLog, Recorder};
use crate::config::PersonRequestsConfig;
use crate::domain::{CodeFormat, Refusal, Timestamp};
use crate::otp::Otp;
use crate::store::Store;

/// The methods, on one store.
pub struct Service {
    store: Store,
    otp: Otp,
    audit: Arc<Recorder>,
    audit_log: Arc<AuditLog>,
    order: CheckOrder,
    person_requests: PersonRequestsConfig,
}

impl Service {
    /// Makes the service on this store. It checks in this order, and notes refusals in the audit.
    pub fn new(
        store: Store,
        otp: Otp,
        audit: Arc<Recorder>,
        audit_log: Arc<AuditLog>,
        order: CheckOrder,
        person_requests: PersonRequestsConfig,
    ) -> Self {
        Self { store, otp, audit, audit_log, order, person_requests }
    }

    /// The format of codes.
    pub fn code_format(&self) -> CodeFormat {
        self.otp.format()
    }

    /// The codes behind the methods.
    pub fn otp(&self) -> &Otp {
        &self.otp
    }

    /// Fails when the store takes no writes, or messages wait too long.
    pub fn ready(&self, now: Timestamp) -> Result<(), Refusal> {
        match (self.store.is_healthy(), self.store.has_room()) {
            (true, true) => self.messages_leave(now),
            (true, false) => Err(Refusal::DiskFull),
            (false, _) => Err(Refusal::StorageFailed),
        }
    }
}
