//! What time does to codes, waits, tokens and requests, and what a clock that is put elsewhere can't do.

mod expiry;
mod restart;
mod steps;
mod wall;

use std::time::Duration;

use esoz_otp::domain::Timestamp;
use tempfile::TempDir;

use crate::support::{SEED_PHONE, TestNode, other_than, quick, start_of_time};

const MICROSECOND: Duration = Duration::from_micros(1);

/// A node on a directory that outlives it.
struct Bench {
    directory: TempDir,
    node: Option<TestNode>,
}

/// How a node comes to another time.
#[derive(Clone, Copy, Debug)]
enum Shift {
    /// Somebody sets the clock while it runs.
    Clock,
    /// It is stopped, and started when the clock says something else.
    Restart,
}

const SHIFTS: [Shift; 2] = [Shift::Clock, Shift::Restart];

impl Bench {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let node = TestNode::on(directory.path(), quick(), start_of_time(), true);
        Self { directory, node: Some(node) }
    }

    fn node(&self) -> &TestNode {
        self.node.as_ref().unwrap()
    }

    fn now(&self) -> Timestamp {
        use esoz_otp::clock::Clock as _;
        self.node().clock.now()
    }

    fn shift(&mut self, shift: Shift, to: Timestamp) {
        match shift {
            Shift::Clock => self.node().clock.set(to),
            Shift::Restart => {
                self.node.take().unwrap().stop();
                self.node = Some(TestNode::on(self.directory.path(), quick(), to, false));
            }
        }
    }

    /// Stopped and started, no time having passed.
    fn restart(&mut self) {
        self.shift(Shift::Restart, self.now());
    }

    /// Sends the page's phone a code.
    fn send(&self) -> String {
        assert_eq!(self.node().initialize(SEED_PHONE).status, 201);
        self.node().code_for(SEED_PHONE)
    }

    /// Status and reason of an answer to this code.
    fn complete(&self, code: &str) -> (u16, Option<String>) {
        let reply = self.node().complete(SEED_PHONE, code);
        (reply.status, reply.reason().map(str::to_owned))
    }

    /// Brings the phone to the last of its ten wrong guesses, one code after the other, in the time that the pauses
    /// take.
    fn spend_all_guesses(&self) {
        for (pause, guesses) in [(0, 3), (60, 3), (120, 3), (300, 1)] {
            self.node().clock.push(Duration::from_secs(pause));
            let wrong = other_than(&self.send());
            for _ in 0..guesses {
                assert_eq!(self.complete(&wrong), refused(403, "wrong_code"));
            }
        }
    }
}

fn refused(status: u16, reason: &str) -> (u16, Option<String>) {
    (status, Some(reason.to_owned()))
}

fn verified() -> (u16, Option<String>) {
    (200, None)
}

fn seconds(length: u64) -> Duration {
    Duration::from_secs(length)
}

fn hours(length: u64) -> Duration {
    Duration::from_hours(length)
}
