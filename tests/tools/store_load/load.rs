use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use esoz_otp::store::{Priority, Store, StoreError};

use crate::Outcome;
use crate::records::{self, Shape, Turn};

/// When a load ends by itself.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) writes: u64,
    pub(crate) length: Duration,
}

/// What all callers share.
struct Load {
    store: Store,
    shape: Shape,
    writes_left: AtomicU64,
    end: Instant,
    ack_early: bool,
}

/// Writes until the bounds are reached.
pub(crate) fn load(store: Store, shape: Shape, bounds: Bounds, ack_early: bool) -> Outcome<()> {
    let end = Instant::now() + bounds.length;
    let writes_left = AtomicU64::new(bounds.writes);
    let load = Arc::new(Load { store, shape, writes_left, end, ack_early });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    runtime.block_on(async {
        let mut callers = tokio::task::JoinSet::new();
        for caller in 0..shape.callers {
            // What is found at start was durable before this process: it counts as acknowledged.
            let head = records::head(&load.store, shape, caller)?;
            acknowledge(shape.number(Turn { caller, turn: head }));
            callers.spawn(Arc::clone(&load).call(Turn { caller, turn: head }));
        }
        for ended in callers.join_all().await {
            ended?;
        }
        Ok(())
    })
}

impl Load {
    async fn call(self: Arc<Self>, mut turn: Turn) -> Result<(), StoreError> {
        while self.goes_on() {
            turn.turn += 1;
            let (shape, ack_early) = (self.shape, self.ack_early);
            let decide = move |write: &mut esoz_otp::store::Write<'_>| {
                records::write(write, shape, turn)?;
                if ack_early {
                    acknowledge(shape.number(turn));
                }
                Ok::<_, StoreError>(())
            };
            self.store.write(Priority::Normal, decide).await?;
            if !ack_early {
                acknowledge(shape.number(turn));
            }
        }
        Ok(())
    }

    fn goes_on(&self) -> bool {
        let taken = self
            .writes_left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        taken.is_ok() && Instant::now() < self.end
    }
}

/// One system call for the line: it is told whole, and before anything else happens.
pub(crate) fn acknowledge(number: u64) {
    let mut out = std::io::stdout().lock();
    let told = writeln!(out, "acked {number}").and_then(|()| out.flush());
    told.expect("whoever listens has not gone");
}
