//! The operations behind the API: each admits the caller, checks the rules of ЕСОЗ, and changes the store in one write.
//!
//! - `access`: authentication by token and api-key, authorisation by scope;
//! - `person_requests`: resend and approve;
//! - `verifications`: initialize and complete a phone verification, and unlock a phone;
//! - `deliveries`, `delivery_search`: the state of messages, and receipts of gateways; messages found by an operator;
//! - `phones`: what the store has of a phone, for an operator;
//! - `node_state`: limits, drivers, queue and disk of the running node, for an operator;
//! - `authentication_factor`: the factor of the caller's user;
//! - [`bootstrap`]: the first admin token of a data directory;
//! - [`admin`]: what operators see and change;
//! - [`apply`]: records of a load, into a running node;
//! - [`import`]: clients, users, persons, tokens, factors and person requests from a file.

mod access;
pub mod admin;
pub mod apply;
mod authentication_factor;
pub mod bootstrap;
mod deliveries;
mod delivery_search;
pub mod import;
mod node_state;
mod person_requests;
mod phones;
mod verifications;

pub use access::{Caller, Credentials, NotAdmitted};
pub use delivery_search::{DeliveryFilter, DeliveryPage, DeliverySearch, MOST_READ};
pub use node_state::{DiskUse, LimitState, NodeBudget};
pub use phones::{LatestCode, NextAttempt, PhoneStatus};

use std::sync::Arc;

use crate::audit::{AuditError, AuditLog, AuditPage, AuditQuery, Recorder};
use crate::config::PersonRequestsConfig;
use crate::domain::{CodeFormat, Phone, Refusal, Timestamp, TokenExpiry};
use crate::otp::Otp;
use crate::store::{Store, StoreError};

/// The operations, on one store.
pub struct Service {
    store: Store,
    otp: Otp,
    audit: Arc<Recorder>,
    audit_log: Arc<AuditLog>,
    order: CheckOrder,
    person_requests: PersonRequestsConfig,
}

/// The order of checks. A call that fails several checks is refused by the first one. The pages and the live system
/// disagree on the order, so each dialect has its own.
#[derive(Clone, Copy, Debug)]
pub struct CheckOrder {
    /// The checks of a caller, after the token was found and is not revoked.
    pub admission: &'static [AdmissionStep],
    /// Whether a token is still valid at the very moment of its `expires_at`.
    pub token_expiry: TokenExpiry,
    /// The checks of a person request before a code is sent again.
    pub resend_otp: &'static [RequestCheck],
    /// The checks of a person request before it is approved.
    pub approve: &'static [RequestCheck],
}

/// One check of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdmissionStep {
    /// The token has not expired; else [`Refusal::TokenExpired`].
    TokenExpiry,
    /// The token's client is not blocked; else [`Refusal::ClientBlocked`].
    Client,
    /// A BROKER client's call has a vendor's api-key; else [`Refusal::ApiKeyMissing`] or [`Refusal::ApiKeyInvalid`].
    ApiKey,
    /// Token and vendor have the scope; else [`Refusal::ScopeMissing`].
    Scope,
    /// The token's user exists and is not blocked; else [`Refusal::UserUnknown`] or [`Refusal::UserBlocked`].
    User,
}

/// One check of a person request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestCheck {
    /// The request's method allows the operation; else [`Refusal::MethodNotOtp`].
    Method,
    /// The request is NEW; else [`Refusal::InvalidTransition`].
    Status,
}

impl Service {
    /// A service on this store. `order` is that of the dialect. Refusals are noted in `audit`.
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

    /// The number of digits of codes, and how a guess is parsed.
    pub fn code_format(&self) -> CodeFormat {
        self.otp.format()
    }

    /// The code service.
    pub fn otp(&self) -> &Otp {
        &self.otp
    }

    /// Whether the node is ready. Fails with [`Refusal::StorageFailed`] or [`Refusal::DiskFull`] if the store accepts
    /// no writes, and with [`Refusal::DriversDown`] or [`Refusal::MessagesLate`] if messages are not sent.
    pub fn ready(&self, now: Timestamp) -> Result<(), Refusal> {
        match (self.store.is_healthy(), self.store.has_room()) {
            (true, true) => self.ensure_messages_are_sent(now),
            (true, false) => Err(Refusal::DiskFull),
            (false, _) => Err(Refusal::StorageFailed),
        }
    }

    /// The audit log, in files and in the database.
    pub fn audit_log(&self) -> &AuditLog {
        &self.audit_log
    }

    /// The page of audit rows that `query` selects, only those about `phone` if it is given. Refusals that were noted before
    /// the call are among them, except on a full disk, where they can't be written.
    pub async fn audit(
        &self,
        phone: Option<Phone>,
        query: AuditQuery,
    ) -> Result<AuditPage, Refusal> {
        self.flush_audit().await?;
        self.written_audit(phone, query).await
    }

    /// The same without flushing the refusals before the call: rows that were written already.
    pub async fn written_audit(
        &self,
        phone: Option<Phone>,
        mut query: AuditQuery,
    ) -> Result<AuditPage, Refusal> {
        if let Some(phone) = phone {
            query.filter.phone = self.audit.phone_hash(phone);
            if query.filter.phone.is_none() {
                // Without the key no row has a hash.
                return Ok(AuditPage::default());
            }
        }
        self.read_audit(move |log| log.search(&query)).await
    }

    /// The number of the newest audit row. Refusals that were noted before the call count, except on a full disk.
    pub async fn newest_audit_row(&self) -> Result<u64, Refusal> {
        self.flush_audit().await?;
        self.read_audit(|log| Ok(log.newest()?)).await
    }

    async fn flush_audit(&self) -> Result<(), Refusal> {
        match self.audit.flush().await {
            Ok(()) | Err(StoreError::DiskFull) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Reading files may block, so it has a thread of its own.
    async fn read_audit<T: Send + 'static>(
        &self,
        read: impl FnOnce(&AuditLog) -> Result<T, AuditError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let log = Arc::clone(&self.audit_log);
        let read = tokio::task::spawn_blocking(move || read(&log)).await;
        Ok(read.map_err(|error| StoreError::Failed(error.to_string()))??)
    }
}
