//! The handlers: a file a resource. Each parses, calls the service and makes a view.
//!
//! - [`person_requests`], [`verifications`]: codes sent and compared;
//! - [`deliveries`]: what became of messages;
//! - [`authentication_factor`]: where a patient's codes go;
//! - [`receipts`]: what gateways say of messages;
//! - [`health`]: whether the node answers, and is ready;
//! - [`admin`]: what operators ask;
//! - [`demo`]: what only a demo answers.

pub(super) mod admin;
pub(super) mod authentication_factor;
pub(super) mod deliveries;
pub(super) mod demo;
pub(super) mod health;
pub(super) mod person_requests;
pub(super) mod receipts;
pub(super) mod verifications;
