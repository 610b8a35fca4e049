//! How quickly codes are sent and taken back, and how long readers wait meanwhile, by a node that serves as it does in
//! earnest, beside what argon2 does on the same machine in the same run. `tests/bench/codes` starts it.
//!
//! The codes that are taken back are read from what the node's console driver prints: that is how a code leaves a node,
//! and nothing of the node has to be put together differently for the measurement. The load comes from the same
//! machine, so what it costs is taken off the node's figures.

#![allow(clippy::print_stdout, reason = "a table is what it is for")]
#![allow(clippy::unwrap_used, reason = "a measurement that can't be made should say so loudly")]
#![allow(clippy::disallowed_methods, reason = "it measures")]

mod ceiling;
mod connection;
mod figures;
mod load;
mod node;
mod phases;
mod probe;
#[path = "../resident.rs"]
mod resident;
mod world;

use node::Node;

const USAGE: &str = "otp-load world FILE | otp-load ready|none ADDRESS PID OUT LOG";

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["world", file] => std::fs::write(file, world::world().to_string()).unwrap(),
        ["ready", address, pid, out, log] => {
            phases::with_ready_codes(&Node::at(address, pid, out, log));
        }
        ["none", address, pid, out, log] => phases::without(&Node::at(address, pid, out, log)),
        _ => panic!("{USAGE}"),
    }
}
