use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use esoz_otp::config::StoreConfig;
use esoz_otp::store::schema::{KEEP_VERIFICATIONS, PERSON_REQUESTS, VERIFICATIONS};
use esoz_otp::store::{Priority, Store, StoreError};

use crate::Outcome;
use crate::records::{self, Shape, Turn};

const KINDS: [&str; 4] = ["writes", "reads", "scans", "sweeps"];
const WRITES: usize = 0;
const READS: usize = 1;
const SCANS: usize = 2;
const SWEEPS: usize = 3;

/// Turns of each caller whose verifications are left unswept.
const KEPT_TURNS: u64 = 500;

struct Mixed {
    store: Store,
    shape: Shape,
    end: Instant,
    done: [AtomicU64; 4],
    newest: AtomicU64,
}

/// Everything at once. Whoever has done nothing for a second is named.
pub(crate) fn mixed(path: &Path, shape: Shape, length: Duration) -> Outcome<()> {
    let store = Store::open(path, StoreConfig::default())?;
    let end = Instant::now() + length;
    let mixed =
        Arc::new(Mixed { store, shape, end, done: Default::default(), newest: AtomicU64::new(0) });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    let mut tasks: Vec<_> =
        (0..shape.callers).map(|caller| runtime.spawn(Arc::clone(&mixed).write(caller))).collect();
    tasks.push(runtime.spawn(Arc::clone(&mixed).sweep()));
    for _ in 0..2 {
        let (reader, scanner) = (Arc::clone(&mixed), Arc::clone(&mixed));
        tasks.push(runtime.spawn_blocking(move || reader.read()));
        tasks.push(runtime.spawn_blocking(move || scanner.scan()));
    }
    let done = mixed.watch();
    for task in tasks {
        runtime.block_on(task)??;
    }
    println!("{}", counts(KINDS.iter().zip(done)));
    Ok(())
}

impl Mixed {
    fn did(&self, kind: usize) {
        self.done[kind].fetch_add(1, Ordering::Relaxed);
    }

    fn goes_on(&self) -> bool {
        Instant::now() < self.end
    }

    async fn write(self: Arc<Self>, caller: u64) -> Result<(), StoreError> {
        let mut turn = Turn { caller, turn: 0 };
        while self.goes_on() {
            turn.turn += 1;
            let shape = self.shape;
            self.store
                .write(Priority::Normal, move |write| records::write(write, shape, turn))
                .await?;
            self.newest.fetch_max(shape.number(turn), Ordering::Relaxed);
            self.did(WRITES);
        }
        Ok(())
    }

    async fn sweep(self: Arc<Self>) -> Result<(), StoreError> {
        while self.goes_on() {
            let newest = self.newest.load(Ordering::Relaxed);
            let oldest_kept = newest.saturating_sub(KEPT_TURNS * self.shape.callers);
            self.store.sweep(records::time(oldest_kept) + KEEP_VERIFICATIONS, 64).await?;
            self.did(SWEEPS);
        }
        Ok(())
    }

    fn read(&self) -> Result<(), StoreError> {
        let mut number = 0;
        while self.goes_on() {
            number = (number + 7919) % (self.newest.load(Ordering::Relaxed) + 1);
            self.store.get(PERSON_REQUESTS, &records::id(number))?;
            self.did(READS);
        }
        Ok(())
    }

    fn scan(&self) -> Result<(), StoreError> {
        let mut after = None;
        while self.goes_on() {
            let page = self.store.page(VERIFICATIONS, after.as_ref(), 100)?;
            after = page.last().map(|(key, _)| *key);
            self.did(SCANS);
        }
        Ok(())
    }

    fn watch(&self) -> [u64; 4] {
        let mut before = [0; 4];
        while self.goes_on() {
            std::thread::sleep(Duration::from_secs(1));
            let now: [u64; 4] = std::array::from_fn(|kind| self.done[kind].load(Ordering::Relaxed));
            let still: Vec<_> = KINDS
                .iter()
                .zip(now.iter().zip(before))
                .filter(|(_, (now, before))| *now == before)
                .collect();
            // A short last second proves nothing.
            if !still.is_empty() && self.goes_on() {
                let names: Vec<_> = still.iter().map(|(name, _)| **name).collect();
                eprintln!("stood still for a second: {}", names.join(", "));
                eprintln!("done by then: {}", counts(KINDS.iter().zip(now)));
                // Those who stand still can't be waited for.
                std::process::exit(1);
            }
            before = now;
        }
        before
    }
}

fn counts<'a>(kinds: impl Iterator<Item = (&'a &'a str, u64)>) -> String {
    kinds.map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
}
