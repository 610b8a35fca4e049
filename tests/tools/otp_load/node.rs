use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::resident::resident_kib;

/// What the node logs when it has as many codes as it makes ahead of need.
const FULL: &str = "codes are ready ahead of need";
/// Longer than making them takes on one core of a slow machine.
const PATIENCE: Duration = Duration::from_mins(5);

/// A node that serves.
pub(super) struct Node {
    pub(super) address: SocketAddr,
    pid: String,
    out: PathBuf,
    log: PathBuf,
}

impl Node {
    pub(super) fn at(address: &str, pid: &str, out: &str, log: &str) -> Self {
        let address = address.parse().unwrap();
        Self { address, pid: pid.into(), out: out.into(), log: log.into() }
    }

    pub(super) fn resident(&self) -> String {
        format!("{} kB", resident_kib(&self.pid))
    }

    /// Waits until it says for the `times`th time that it has all its codes.
    pub(super) fn wait_until_full(&self, times: usize) {
        let start = Instant::now();
        while std::fs::read_to_string(&self.log).unwrap().matches(FULL).count() < times {
            assert!(start.elapsed() < PATIENCE, "the node has no codes ready");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The last code that was sent to each phone.
    pub(super) fn codes(&self) -> HashMap<String, String> {
        let printed = std::fs::read_to_string(&self.out).unwrap();
        let lines = printed.lines().filter_map(|line| line.strip_prefix("SMS "));
        lines
            .map(|line| {
                let (phone, text) = line.split_once(' ').unwrap();
                (phone.to_owned(), text.rsplit(' ').next().unwrap().to_owned())
            })
            .collect()
    }
}
