//! `esoz-otp serve`.

pub mod access;
mod blocked_stderr;
mod cut_loads;
mod damage;
mod full_disk;
mod keyring;
mod log_lines;
mod restart;
mod signals;
mod socket;
mod start;
mod warnings;
