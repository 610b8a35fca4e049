//! Codes under attack: many callers at once, clocks that jump, eyes on the disk and the log.

mod direct;
mod interleavings;
mod limits;
mod model;
mod races;
mod ready;
mod secrets;
mod time;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};

use esoz_otp::domain::{Code, Refusal, Requester, Timestamp, Verification};
use esoz_otp::otp::{CallerGuard, RequestContext, Target};
use esoz_otp::service::Service;
use esoz_otp::store::Write;

/// Calls from as many threads, none before all are there. Results come in no particular order.
pub(crate) fn at_once<T: Send>(callers: usize, call: impl Fn(usize) -> T + Sync) -> Vec<T> {
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

/// A guess whose caller hangs up while it is paid for: it is not compared.
async fn hang_up_before_its_turn(
    service: &Service,
    now: Timestamp,
    by: Requester,
    target: Target,
    guess: Code,
) -> Result<Verification, Refusal> {
    let (guard, waiting) = CallerGuard::start();
    let guard = Mutex::new(Some(guard));
    let gate = move |_: &Write<'_>| {
        drop(guard.lock().unwrap().take());
        Ok(target)
    };
    let requester = RequestContext { waiting, ..by.into() };
    service.otp().complete(now, requester, guess, gate, |_, _| Ok(())).await
}

/// Does the numbered pieces of work, as many at once as there are cores.
fn on_all_cores(count: usize, work: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().unwrap().get();
    let go_on = || {
        while let number @ 0.. = next.fetch_add(1, Ordering::SeqCst)
            && number < count
        {
            work(number);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(go_on);
        }
    });
}
