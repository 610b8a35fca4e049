//! What a user of esoz-otp would notice: every test that needs more than one module.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test that cannot go on has failed")]

mod store;
