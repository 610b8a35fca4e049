use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::connection::{Connection, factor, live};
use super::figures::Figures;

/// Between two reads: a reader who comes now and then finds the cores as they are, and does not fill them himself.
const PAUSE: Duration = Duration::from_millis(1);

/// Reads of both kinds.
pub(super) struct Reads {
    pub(super) factor: Figures,
    pub(super) live: Figures,
}

/// Reads over one connection, in turn, on a thread of its own, until `is_over`.
pub(super) fn read_until(address: SocketAddr, is_over: &AtomicBool) -> Reads {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = Connection::to(address).await;
        let mut reads = Reads { factor: Figures::default(), live: Figures::default() };
        let (factor, live) = (factor(), live());
        while !is_over.load(Ordering::Relaxed) {
            for (request, figures) in [(&factor, &mut reads.factor), (&live, &mut reads.live)] {
                let start = Instant::now();
                let status = connection.ask(request).await;
                figures.add(start.elapsed(), status);
                tokio::time::sleep(PAUSE).await;
            }
        }
        reads
    })
}

/// Reads while `load` runs.
pub(super) fn reads_during<T>(address: SocketAddr, load: impl FnOnce() -> T) -> (Reads, T) {
    let is_over = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&is_over);
    let reading = std::thread::spawn(move || read_until(address, &told));
    let done = load();
    is_over.store(true, Ordering::Relaxed);
    (reading.join().unwrap(), done)
}
