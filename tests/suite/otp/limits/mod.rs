//! Every limit, from the outside: what it counts, for whom, until when, and what it leaves alone.

mod alarm;
mod clients;
mod enumeration;
mod given_back;
mod guesses;
mod sends;
mod unsent;

use std::time::Duration;

use esoz_otp::config::Config;
use esoz_otp::domain::limits::Rule;

use crate::support::patience::wait_until;
use crate::support::{MIS, Reply, TestNode};

/// These settings with another number in a row of the limits' table.
fn with_limit(mut config: Config, name: &str, number: u32) -> Config {
    let row = config.limits.rows().find(|row| row.name == name).unwrap();
    let rule = match row.rule {
        Rule::Window { length, .. } => Rule::Window { most: number as usize, length },
        Rule::Rate { per, period, .. } => Rule::Rate { per, burst: number, period },
        Rule::Lock { pause, .. } => Rule::Lock { after: number, pause },
        Rule::Share { .. } => Rule::Share { percent: number.try_into().unwrap() },
        Rule::Escalating(_) => Rule::Escalating([Duration::from_secs(number.into()); 4]),
    };
    config.limits = config.limits.with(name, rule).unwrap();
    config
}

/// A phone in a range of its own.
fn phone(range: usize) -> String {
    format!("+380{:05}0001", 67_000 + range)
}

/// A node that has written what it writes by itself: its world, the directory's secret, and the two marks that it makes at
/// its start.
fn at_rest(node: TestNode) -> TestNode {
    wait_until("its own writes are done", || node.store.written() >= 4);
    node
}

impl TestNode {
    /// Verifies a phone as the demo's clinic, with its token.
    fn initialize_with_token(&self, phone: &str) -> Reply {
        let body = serde_json::json!({"phone_number": phone}).to_string();
        self.call("POST", "/api/verifications", &MIS, &body)
    }
}

/// Why a send was refused, and in how many seconds the next is allowed.
fn refused(reply: &Reply) -> (&str, &str) {
    assert_eq!(reply.refusal().0, 429, "{reply:?}");
    let at = reply.error()["next_attempt_at"].as_str().unwrap();
    assert!(reply.message().unwrap().ends_with(at));
    (reply.reason().unwrap(), reply.header("retry-after").unwrap())
}
