//! `esoz-otp demo`.

mod dialects;
mod directory;
mod ends;
mod flags;
mod gateway;
mod job;
mod network;
mod reset;
mod worlds;
