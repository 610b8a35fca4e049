use std::time::Duration;

use super::LeastRate;

/// The limits of a listener's connections: numbers and times.
#[derive(Clone, Copy, Debug)]
pub struct ServerLimits {
    /// The most open connections of one listener.
    pub connections: usize,
    /// The most open connections of one peer on one listener.
    pub per_peer: usize,
    /// The most time from accepting a connection to its first byte.
    pub first_byte: Duration,
    /// The most time from the first byte of a head to its last.
    pub head: Duration,
    /// The most time from an answer to the next head.
    pub idle: Duration,
    /// The most time that a peer may take to read an answer that is no stream.
    pub write: Duration,
    /// The rate at which a peer must read an answer that is a stream: 4 KiB/s by default, with a patience of 30 s. TCP
    /// passes bytes on in lumps of up to 64 KiB, and at 4 KiB/s a lump pays for 16 s.
    pub stream: LeastRate,
    /// The time for requests in flight, once the server stops.
    pub drain: Duration,
    /// The time for the last bytes of a head or an answer, once the server stops.
    pub last_bytes: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            per_peer: 64,
            first_byte: Duration::from_secs(5),
            head: Duration::from_secs(5),
            idle: Duration::from_secs(30),
            write: Duration::from_secs(10),
            stream: LeastRate { bytes_per_second: 4 * 1024, patience: Duration::from_secs(30) },
            drain: Duration::from_secs(10),
            last_bytes: Duration::from_secs(1),
        }
    }
}

impl ServerLimits {
    /// The interval between two checks of a connection. A connection may outlive its limit by as much.
    pub(super) fn look_every(&self) -> Duration {
        let answers = self.write.min(self.stream.patience).min(self.last_bytes * 5);
        self.first_byte.min(self.head).min(self.idle).min(answers) / 5
    }
}
