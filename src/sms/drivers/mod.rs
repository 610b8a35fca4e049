//! Drivers that need no gateway: for a console, for test stands and for demos.
//!
//! - [`Console`]: prints each message as one line.
//! - [`File`]: appends each message to a file as one JSON object a line.
//! - [`Memory`]: keeps the latest messages for tests.
//! - [`DemoGateway`]: fails in the ways that gateways do.
//! - `line_writer`: the thread that writes the lines of the first two.

mod console;
mod demo_gateway;
mod file;
mod line_writer;
mod memory;

pub use console::Console;
pub use demo_gateway::{DemoGateway, GatewayMode, GatewayPlan};
pub use file::File;
pub use memory::{Memory, Sent};
