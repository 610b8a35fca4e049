//! The program as it is built, started as a user starts it.

mod apply;
mod audit;
mod audit_beside;
mod command_line;
mod compact;
mod demo;
pub mod files;
mod import;
mod init;
mod keys;
mod named_files;
pub mod node;
pub mod program;
mod serve;
mod sms;
mod stub_gateway;
mod transcript;
mod verbs;
