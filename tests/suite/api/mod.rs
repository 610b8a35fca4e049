//! The methods over a real socket.

mod main_job;
