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

mod capacity;
mod circuit_breaker;
mod delivery_index;
mod delivery_log;
mod driver;
mod drivers;
mod due_messages;
mod failover;
mod gateway;
mod hanging;
mod health;
mod lanes;
mod outbox;
mod outbox_state;
mod pending_receipts;
mod poll_budget;
mod receipt_polling;
mod receipts;
mod recovery;
mod worker;

pub(crate) use delivery_index::give_back_send;
pub use driver::{
    Accepted, ReceiptBatch, SendError, SendFuture, SmsDriver, SmsMessage, StatusFuture,
};
pub use drivers::{Console, DemoGateway, File, GatewayMode, GatewayPlan, Memory, Sent};
pub use failover::hand_over;
pub use gateway::{GatewayError, GatewaySecrets, HttpGateway, with_every_digit};
pub use health::OutboxHealth;
pub use outbox::{Canceled, Outbox, OutboxParts, OutboxReservation, outbox};
pub use receipts::Reception;
pub use worker::Worker;
