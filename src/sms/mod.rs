//! Gets a text to a phone.
//!
//! - [`SmsDriver`]: whatever can send a message; [`Console`] prints it, [`File`] appends it to a file,
//!   [`Memory`] remembers it, [`HttpGateway`] sends it through a gateway, [`DemoGateway`] is the gateway of a demo.
//! - [`Outbox`]: accepted messages, kept sealed from the write that issues their code until a driver has them; `places`:
//!   how many those may be; `shared`: what it and its worker have in common.
//! - [`Worker`]: takes them out: claimed durably, along the `chain` of drivers, each behind its `breaker`.
//! - `waiting`: which messages are next; `lanes`: how many of each kind; `hanging`: when those that hang leave others too
//!   few places.
//! - `receipts`, `asking`: what gateways say, when they call or are asked, about messages that they took; `share`: how
//!   often each is asked.
//! - `rows`: what stands in which tree for a delivery; `news`: what the log says of it.
//! - `health`: what waits, and for how long.
//! - `settling`: what a process finds that comes after another.

mod asking;
mod breaker;
mod chain;
mod console;
mod demo_gateway;
mod driver;
mod early;
mod file;
mod gateway;
mod hanging;
mod health;
mod lanes;
mod lines;
mod memory;
mod news;
mod outbox;
mod places;
mod receipts;
mod rows;
mod settling;
mod share;
mod shared;
mod waiting;
mod worker;

pub use chain::hand_over;
pub use console::Console;
pub use demo_gateway::{DemoGateway, GatewayMode, GatewayPlan};
pub use driver::{
    Accepted, ReceiptBatch, SendError, SendFuture, SmsDriver, SmsMessage, StatusFuture,
};
pub use file::File;
pub use gateway::{GatewayError, GatewaySecrets, HttpGateway, with_every_digit};
pub use health::OutboxHealth;
pub use memory::{Memory, Sent};
pub use outbox::{Canceled, Outbox, OutboxParts, OutboxReservation, outbox};
pub use receipts::Reception;
pub(crate) use rows::give_back_send;
pub use worker::Worker;
