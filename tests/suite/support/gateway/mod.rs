//! A gateway that takes no message anywhere: it behaves as it is told to, well or badly, and remembers what it took. It
//! answers in the shapes that a real one, turbosms.ua, documents.
//!
//! It is written over plain sockets and threads, and not over the HTTP library of what it is to test: so it can misbehave
//! as it likes, and the two can't share a misunderstanding.

mod answers;
mod behaviour;
mod book;
mod connection;
mod control;
mod door;
mod receipts;
mod request;

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use behaviour::Script;
pub use behaviour::{Answer, Behaviour};
use book::Book;
pub use book::Took;
use door::Door;
pub use receipts::{Receipts, When};

pub struct StubGateway {
    shared: Arc<Shared>,
    is_secure: bool,
    accepting: Option<JoinHandle<()>>,
}

/// What its threads share.
struct Shared {
    address: SocketAddr,
    door: Door,
    script: Script,
    book: Book,
    receipts: Mutex<Receipts>,
    tls: Option<Arc<rustls::ServerConfig>>,
    /// Is told of every message that is taken.
    tell: Box<dyn Fn(&Took) + Send + Sync>,
}

impl StubGateway {
    /// On a free port of this machine.
    pub fn start() -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), None, |_| ())
    }

    /// The same over TLS.
    pub fn secure(tls: rustls::ServerConfig) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), Some(tls), |_| ())
    }

    pub fn on(
        listener: TcpListener,
        tls: Option<rustls::ServerConfig>,
        tell: impl Fn(&Took) + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let is_secure = tls.is_some();
        let shared = Arc::new(Shared {
            address,
            door: Door::default(),
            script: Script::default(),
            book: Book::default(),
            receipts: Mutex::default(),
            tls: tls.map(Arc::new),
            tell: Box::new(tell),
        });
        let accepting = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || door::accept(&shared, listener)
        });
        Self { shared, is_secure, accepting: Some(accepting) }
    }

    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// Where it takes messages: at every path but those of `control` and `status_url`.
    pub fn url(&self) -> String {
        self.url_of("/message/send.json")
    }

    /// Where it is asked what became of messages.
    pub fn status_url(&self) -> String {
        self.url_of("/message/status.json")
    }

    fn url_of(&self, path: &str) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.shared.address)
    }

    /// How it behaves from now on.
    pub fn set(&self, behaviour: Behaviour) {
        self.shared.script.set(behaviour);
    }

    /// How it behaves to the next messages, before it is as it was set again.
    pub fn next(&self, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.shared.script.next(behaviours);
    }

    /// What it says later of messages that it takes from now on.
    pub fn send_receipts(&self, receipts: Receipts) {
        *self.shared.receipts.lock().unwrap() = receipts;
    }

    /// What it took, in this order.
    pub fn taken(&self) -> Vec<Took> {
        self.shared.book.taken()
    }

    pub fn count(&self) -> usize {
        self.shared.book.count()
    }

    /// Waits until it has taken as many messages as this, and fails when that takes too long.
    pub fn wait_for(&self, messages: usize) -> Vec<Took> {
        self.shared.book.wait_for(messages)
    }

    /// How many requests for messages it has read, whether it took them or not.
    pub fn requests(&self) -> u64 {
        self.shared.book.requests()
    }

    /// Waits until it has read so many, and fails when that takes too long.
    pub fn wait_for_requests(&self, requests: u64) {
        self.shared.book.wait_for_requests(requests);
    }

    /// How many connections have come, those that ended and those that never said a word included.
    pub fn connections(&self) -> u64 {
        self.shared.door.accepted()
    }

    /// Closes every connection, and returns when all have ended.
    pub fn close_connections(&self) {
        self.shared.door.close_connections(None);
    }

    /// Returns when every connection has ended by itself.
    pub fn wait_until_nobody_is_in(&self) {
        self.shared.door.wait_until_nobody_is_in();
    }

    /// Closes every connection and takes no more: whoever comes is refused.
    pub fn down(&self) {
        self.shared.door.shut(self.shared.address, None);
    }

    /// Takes connections again, on the same port.
    pub fn up(&self) {
        self.shared.door.open();
    }
}

impl Drop for StubGateway {
    fn drop(&mut self) {
        self.shared.door.end(self.shared.address);
        if let Some(accepting) = self.accepting.take() {
            let ended = accepting.join();
            if !std::thread::panicking() {
                ended.unwrap();
            }
        }
    }
}
