use std::time::Duration;

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub struct ServerLimits {
    /// Open connections at once, of each listener.
    pub connections: usize,
    /// Of these, from one peer.
    pub per_peer: usize,
    /// From accepting a connection to its first byte.
    pub first_byte: Duration,
    /// From the first byte of a head to its last.
    pub head: Duration,
    /// From an answer to the next head.
    pub idle: Duration,
    /// For a peer to take an answer that is waiting to leave.
    pub write: Duration,
    /// For requests in flight to be answered once the server is to stop.
    pub drain: Duration,
    /// For the last bytes of a head, or of an answer, once the server is to stop.
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
            drain: Duration::from_secs(10),
            last_bytes: Duration::from_secs(1),
        }
    }
}

impl ServerLimits {
    /// How often a connection is looked at: so much later than allowed it may end.
    pub(super) fn look_every(&self) -> Duration {
        self.first_byte.min(self.head).min(self.idle).min(self.write).min(self.last_bytes * 5) / 5
    }
}
