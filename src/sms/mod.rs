//! Sends texts to phones, through an outbox that survives a crash.
//!
//! - [`SmsDriver`]: sends one message. `drivers` holds those without a gateway: [`Console`], [`File`], [`Memory`] and
//!   [`DemoGateway`]. [`HttpGateway`] calls a gateway.
//! - [`Outbox`]: keeps accepted messages sealed until a driver has them. `capacity`: how many it may hold.
//!   `outbox_state`: what the outbox and its worker share.
//! - [`Worker`]: takes messages out, claims them durably and hands them to the `failover`.
//! - `failover`: calls the drivers in their order. `circuit_breaker`: pauses a failing driver.
//! - `due_messages`: the next messages. `lanes`: how many of each kind. `hanging`: warns when messages that hang
//!   leave too few places to others.
//! - `receipts`: stores what gateways report about accepted messages. `receipt_polling`: asks gateways for it.
//!   `poll_budget`: how many questions each gateway gets. `pending_receipts`: receipts that came before the message's id.
//! - `delivery_index`: the trees that follow a delivery's state. `delivery_log`: the log line of each state.
//! - `driver_test`: sends a text without a code, for an operator.
//! - `health`: how many messages wait, and for how long.
//! - `recovery`: completes at the start what the process before has left.

mod capacity;
mod circuit_breaker;
mod delivery_index;
mod delivery_log;
mod driver;
mod driver_test;
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

pub use circuit_breaker::CircuitReport;
pub(crate) use delivery_index::give_back_send;
pub use driver::{
    Accepted, ReceiptBatch, SendError, SendFuture, SmsDriver, SmsMessage, StatusFuture,
};
pub use driver_test::TEST_TEXT;
pub use drivers::{Console, DemoGateway, File, GatewayMode, GatewayPlan, Memory, Sent};
pub use failover::{DriverReport, hand_over};
pub use gateway::{GatewayError, GatewaySecrets, HttpGateway, with_every_digit};
pub use health::OutboxHealth;
pub use outbox::{Outbox, OutboxParts, OutboxReservation, outbox};
pub use receipts::Reception;
pub use worker::Worker;
