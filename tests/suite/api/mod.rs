//! The methods over a real socket.

mod door;
mod envelope;
mod main_job;
mod refusals;
mod resend_otp;
mod routes;
