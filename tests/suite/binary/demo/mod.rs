//! `esoz-otp demo`.

mod dialects;
mod directory;
mod ends;
mod job;
mod worlds;
