//! `esoz-otp serve`.

mod access;
mod damage;
mod keyring;
mod nobody_reads;
mod restart;
mod start;
