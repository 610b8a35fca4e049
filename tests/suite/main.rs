//! What a user of esoz-otp would notice: every test that needs more than one module.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a test that cannot go on has failed; what it has measured goes to its own output"
)]

mod store;
