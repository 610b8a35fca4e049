//! Codes under attack: many callers at once, clocks that jump, eyes on the disk and the log.

mod races;
mod time;
