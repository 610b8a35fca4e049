//! t
#![allow(missing_docs)]
pub mod clock;
pub mod config;
pub mod domain;
pub mod entropy;
pub mod otp;
pub mod service;
pub mod sms;
#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the one module that names sled"
)]
pub mod store;
