//! The one-time-code methods of the Ukrainian eHealth system (ЕСОЗ): one process, one data directory.
//!
//! From the rules up to the command line, each module uses only those named before it:
//!
//! - [`domain`]: values and rules, no clock, disk or network;
//! - [`files`]: files that settings and commands name, opened through one door;
//! - [`clock`], [`entropy`], [`config`]: time, chance and settings, each through one door;
//! - [`log`]: lines on standard error, written behind whatever they tell of;
//! - [`store`]: what is kept, on sled, durable before it is acknowledged;
//! - [`audit`]: who had which code sent, guessed, used, and who was refused;
//! - [`keyring`]: keys that codes are hashed with and messages are sealed with;
//! - [`sms`]: drivers that get a text to a phone, and the queue before them;
//! - [`otp`]: codes made, sent, limited and compared;
//! - [`service`]: the methods: who may, what follows, in one write;
//! - [`http`]: listeners, bounds and the router; knows nothing of the above;
//! - [`api`]: the route table, the envelope, the dialects;
//! - [`node`]: all of it put together, and run;
//! - [`cli`]: commands, their flags and exit codes.
//!
//! What it can't do: more than one process on a data directory; more than one machine; give out tokens.

pub mod api;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod entropy;
pub mod files;
pub mod http;
pub mod keyring;
pub mod log;
pub mod node;
pub mod otp;
pub mod service;
pub mod sms;
#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the one module that names sled"
)]
pub mod store;
