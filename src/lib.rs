//! The one-time-code methods of the Ukrainian eHealth system (ЕСОЗ): one process, one data directory.
//!
//! The modules in reading order. Each one uses only modules before it:
//!
//! - [`domain`]: values and rules, without clock, disk or network;
//! - [`contract`]: the forms of bodies, queries and entities as data, and the reader of all of them;
//! - [`files`]: opens the files that settings and commands name;
//! - [`clock`], [`entropy`], [`config`]: time, random bytes and settings;
//! - [`log`]: lines on standard error, written by a thread of its own;
//! - [`store`]: records on sled, durable before a write is acknowledged;
//! - [`audit`]: rows about sent, guessed and used codes, and about refused callers;
//! - [`keyring`]: keys that hash codes and seal messages;
//! - [`sms`]: the outbox of messages, and the drivers that send them;
//! - [`otp`]: makes, sends, limits and compares codes;
//! - [`service`]: the methods: checks the caller, and decides in one write;
//! - [`http`]: listeners, limits of requests and the router; uses no module above;
//! - [`api`]: the route table, the envelope, the dialects;
//! - [`node`]: builds all parts, and runs them;
//! - [`cli`]: commands, their flags and exit codes.
//!
//! It can't share a data directory between processes, run on more than one machine, or issue tokens.

pub mod api;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod config;
pub mod contract;
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
