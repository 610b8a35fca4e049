//! Gets a text to a phone.
//!
//! - [`SmsDriver`]: whatever can send a message; [`Console`] prints it, [`Memory`] remembers it.
//! - [`Outbox`]: accepted messages on their way to a driver, off the path of the request that caused them. It lives in
//!   the process: a message that the process ends before is lost, and the patient asks for another code.

mod console;
mod driver;
mod file;
mod lines;
mod memory;
mod outbox;

pub use console::Console;
pub use driver::{Asking, Message, SendError, Sending, SmsDriver, Taken};
pub use file::File;
pub use memory::{Both, Memory, Sent};
pub use outbox::{Outbox, OutboxHealth, Place, Reception, Worker, outbox};
