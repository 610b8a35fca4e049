//! Everything that is tested from outside the library, as one binary: it is built and linked once.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a panic is how a failure is told, figures go to the test's own output, and nothing is exported"
)]

mod api;
mod audit;
mod binary;
mod config;
mod http;
mod import;
mod otp;
mod records;
mod rules;
mod sms;
mod store;
mod support;
