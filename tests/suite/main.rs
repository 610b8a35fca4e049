//! Everything that is tested from outside the library, as one binary: it is built and linked once.
#![allow(clippy::unwrap_used, reason = "in a test a panic is how a failure is told")]
#![allow(unreachable_pub, reason = "one crate that exports nothing")]

mod api;
mod binary;
mod otp;
mod records;
mod rules;
mod support;
