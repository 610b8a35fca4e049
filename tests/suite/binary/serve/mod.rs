//! `esoz-otp serve`.

pub mod access;
mod damage;
mod full_disk;
mod keyring;
mod log_lines;
mod nobody_reads;
mod restart;
mod signals;
mod start;
mod warnings;
