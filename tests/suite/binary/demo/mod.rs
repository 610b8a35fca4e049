//! `esoz-otp demo`.

mod directory;
mod ends;
mod job;
mod worlds;
