//! Codes under attack: many callers at once, clocks that jump, eyes on the disk and the log.

mod delivery;
mod direct;
mod limits;
mod model;
mod races;
mod ready;
mod secrets;
mod time;

use std::sync::Barrier;

/// Calls from as many threads, none before all are there. Results come in no particular order.
fn at_once<T: Send>(callers: usize, call: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(callers);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..callers)
            .map(|i| {
                let (start, call) = (&start, &call);
                scope.spawn(move || {
                    start.wait();
                    call(i)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
