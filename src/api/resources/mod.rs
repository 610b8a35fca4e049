//! The handlers, one file for each resource. Each parses the call, calls the service and makes a view.
//!
//! - [`person_requests`]: resend, approve and read a person request;
//! - [`verifications`]: send and complete a phone verification;
//! - [`deliveries`]: the state of messages;
//! - [`authentication_factor`]: a patient's own factor;
//! - [`receipts`]: delivery receipts of SMS gateways;
//! - [`health`]: liveness and readiness;
//! - [`admin`]: the operator's methods;
//! - [`demo`]: the methods of `demo`;
//! - [`demo_index`]: its first page.

pub(super) mod admin;
pub(super) mod authentication_factor;
pub(super) mod deliveries;
pub(super) mod demo;
pub(super) mod demo_index;
pub(super) mod health;
pub(super) mod openapi;
pub(super) mod person_requests;
pub(super) mod receipts;
pub(super) mod verifications;
