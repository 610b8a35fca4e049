//! The methods over a real socket.

mod admin;
mod apply;
mod approve;
mod audit;
mod decisions;
pub mod deliveries;
mod demo_index;
mod envelope;
mod health;
mod http;
mod main_job;
mod node_state;
mod openapi;
mod origin;
mod parameters;
mod paths;
mod person_request;
mod phones;
mod receipts;
mod refusals;
mod resend_otp;
mod routes;
mod stacks;
mod surfaces;
mod times;
mod verifications;
mod wire;
