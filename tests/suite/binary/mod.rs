//! The program as it is built, started as a user starts it.

mod command_line;
mod demo;
pub mod program;
mod serve;
