use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use esoz_otp::config::StoreConfig;
use esoz_otp::domain::Phone;
use esoz_otp::store::schema::{VERIFIED_PHONES, VerifiedPhone};
use esoz_otp::store::{Priority, Store, StoreError, Write};

use crate::Outcome;
use crate::records;

type Kind = fn(&mut Write<'_>, u64) -> Result<(), StoreError>;

/// Prints how many writes are durable in a second, and how long each takes.
pub(crate) fn bench(path: &Path, length: Duration) -> Outcome<()> {
    println!("| what | callers | writes/s | p50 ms | p99 ms |");
    println!("|---|---|---|---|---|");
    let plain = append(&path.join("plain"), length)?;
    row("append 160 bytes to a file, fdatasync", 1, plain, length);
    let store = Store::open(&path.join("data"), StoreConfig::default())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    let mut first = 0;
    for (what, kind) in [("one record", one as Kind), ("six records over six trees", six as Kind)] {
        for callers in [1, 16, 64] {
            let took = runtime.block_on(measure(&store, kind, first, callers, length))?;
            first += took.len() as u64 + callers;
            row(what, callers, took, length);
        }
    }
    Ok(())
}

fn one(write: &mut Write<'_>, number: u64) -> Result<(), StoreError> {
    write.put(
        VERIFIED_PHONES,
        &phone(number),
        &VerifiedPhone { verified_at: records::time(number) },
    )
}

fn six(write: &mut Write<'_>, number: u64) -> Result<(), StoreError> {
    records::several(write, phone(number % 10_000), number)
}

fn phone(number: u64) -> Phone {
    let number = u32::try_from(number % 1_000_000_000).expect("that many fit");
    Phone::from_national(number).expect("nine digits")
}

fn append(path: &Path, length: Duration) -> Outcome<Vec<Duration>> {
    let mut file = File::create_new(path)?;
    let mut took = Vec::new();
    let start = Instant::now();
    while start.elapsed() < length {
        let began = Instant::now();
        file.write_all(&[7; 160])?;
        file.sync_data()?;
        took.push(began.elapsed());
    }
    Ok(took)
}

async fn measure(
    store: &Store,
    kind: Kind,
    first: u64,
    callers: u64,
    length: Duration,
) -> Outcome<Vec<Duration>> {
    let end = Instant::now() + length;
    let mut tasks = tokio::task::JoinSet::new();
    for caller in 0..callers {
        let store = store.clone();
        tasks.spawn(async move {
            let mut took = Vec::new();
            let mut number = first + caller;
            while Instant::now() < end {
                let began = Instant::now();
                store.write(Priority::Normal, move |write| kind(write, number)).await?;
                took.push(began.elapsed());
                number += callers;
            }
            Ok::<_, StoreError>(took)
        });
    }
    let mut took = Vec::new();
    for caller in tasks.join_all().await {
        took.extend(caller?);
    }
    Ok(took)
}

fn row(what: &str, callers: u64, mut took: Vec<Duration>, length: Duration) {
    took.sort_unstable();
    let at = |percent: usize| took[(took.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
    let each_second = took.len() as u64 / length.as_secs().max(1);
    println!("| {what} | {callers} | {each_second} | {:.2} | {:.2} |", at(50), at(99));
}
