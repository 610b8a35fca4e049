use std::collections::BTreeMap;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::{Shared, connection};

/// Nothing that it is told to do takes as long.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a port is tried that was open before, and may have an owner for a moment.
const TRIES: usize = 100;

/// Who comes in, and who is in.
#[derive(Default)]
pub(super) struct Door {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    wanted: Wanted,
    /// Whether nobody listens.
    is_shut: bool,
    accepted: u64,
    /// The sockets of those who are in.
    inside: BTreeMap<u64, TcpStream>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Wanted {
    #[default]
    Open,
    Shut,
    End,
}

/// Lets connections in, each on a thread of its own, until the end.
pub(super) fn accept(shared: &Arc<Shared>, listener: TcpListener) {
    let mut listener = Some(listener);
    loop {
        match shared.door.wanted() {
            Wanted::Open => {
                let open = listener.get_or_insert_with(|| listen_again(shared.address));
                shared.door.told(false);
                let Ok((socket, _)) = open.accept() else { continue };
                let Some(number) = shared.door.enter(&socket) else { continue };
                let shared = Arc::clone(shared);
                std::thread::spawn(move || {
                    // However it ended: the other end knows.
                    drop(connection::serve(&shared, socket, number));
                    shared.door.leave(number);
                });
            }
            Wanted::Shut => {
                listener = None;
                shared.door.told(true);
                shared.door.wait_for_another_wish();
            }
            Wanted::End => return,
        }
    }
}

fn listen_again(address: SocketAddr) -> TcpListener {
    for _ in 0..TRIES {
        if let Ok(listener) = TcpListener::bind(address) {
            return listener;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    TcpListener::bind(address).unwrap()
}

impl Door {
    pub(super) fn accepted(&self) -> u64 {
        self.state.lock().unwrap().accepted
    }

    pub(super) fn is_open(&self) -> bool {
        self.wanted() == Wanted::Open
    }

    /// Closes every connection but this one.
    pub(super) fn close_connections(&self, but: Option<u64>) {
        let is_other = |number: &u64| Some(*number) != but;
        for (_, socket) in self.state.lock().unwrap().inside.iter().filter(|(it, _)| is_other(it)) {
            // It may have ended by itself.
            drop(socket.shutdown(Shutdown::Both));
        }
        self.wait_while(|state| state.inside.keys().any(is_other));
    }

    pub(super) fn wait_until_nobody_is_in(&self) {
        self.wait_while(|state| !state.inside.is_empty());
    }

    /// Returns when nobody listens any more and nobody is in but whoever has this number.
    pub(super) fn shut(&self, address: SocketAddr, but: Option<u64>) {
        self.want(Wanted::Shut, address);
        self.wait_while(|state| !state.is_shut);
        self.close_connections(but);
    }

    /// Returns when somebody listens, unless it has come to its end.
    pub(super) fn open(&self) {
        let mut state = self.state.lock().unwrap();
        if state.wanted == Wanted::End {
            return;
        }
        state.wanted = Wanted::Open;
        drop(state);
        self.changed.notify_all();
        self.wait_while(|state| state.is_shut);
    }

    pub(super) fn end(&self, address: SocketAddr) {
        self.want(Wanted::End, address);
        self.close_connections(None);
    }

    fn want(&self, wanted: Wanted, address: SocketAddr) {
        self.state.lock().unwrap().wanted = wanted;
        self.changed.notify_all();
        // Whoever waits for a connection gets one, and looks again. Nobody may be waiting.
        drop(TcpStream::connect(address));
    }

    fn wanted(&self) -> Wanted {
        self.state.lock().unwrap().wanted
    }

    fn told(&self, is_shut: bool) {
        self.state.lock().unwrap().is_shut = is_shut;
        self.changed.notify_all();
    }

    fn enter(&self, socket: &TcpStream) -> Option<u64> {
        let mut state = self.state.lock().unwrap();
        if state.wanted != Wanted::Open {
            return None;
        }
        let again = socket.try_clone().ok()?;
        state.accepted += 1;
        let number = state.accepted;
        state.inside.insert(number, again);
        Some(number)
    }

    /// The socket is closed once nobody holds it.
    pub(super) fn leave(&self, number: u64) {
        self.state.lock().unwrap().inside.remove(&number);
        self.changed.notify_all();
    }

    fn wait_for_another_wish(&self) {
        let state = self.state.lock().unwrap();
        drop(self.changed.wait_while(state, |state| state.wanted == Wanted::Shut).unwrap());
    }

    fn wait_while(&self, is_so: impl Fn(&State) -> bool) {
        let state = self.state.lock().unwrap();
        let waited = self.changed.wait_timeout_while(state, PATIENCE, |state| is_so(state));
        assert!(!waited.unwrap().1.timed_out(), "the gateway did not do as it was told");
    }
}
