//! What it costs to list the person requests of a client that has a million of them. `tests/bench/lists` starts it, each step
//! in a process of its own.

#![allow(clippy::print_stdout, reason = "figures are what it is for")]
#![allow(clippy::unwrap_used, reason = "a measurement that can't be made should say so loudly")]
#![allow(clippy::cast_precision_loss, reason = "figures are rounded when they are shown")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "it measures")]

mod resident;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use esoz_otp::config::StoreConfig;
use esoz_otp::domain::{
    AuthenticationMethod, ClientId, Id, PersonRequest, PersonRequestId, PersonRequestStatus, Phone,
    Timestamp,
};
use esoz_otp::store::schema::{PERSON_REQUESTS, PERSON_REQUESTS_BY_CLIENT};
use esoz_otp::store::{Order, Priority, Span, Store, Write};
use resident::resident_kib;

#[derive(Parser)]
struct Cli {
    step: Step,
    directory: PathBuf,
    /// The person requests of the client.
    #[arg(long, default_value_t = 1_000_000)]
    requests: u64,
    /// The person requests of a page.
    #[arg(long, default_value_t = 50)]
    page: usize,
    /// How often each page is read.
    #[arg(long, default_value_t = 2_000)]
    times: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Step {
    /// Puts the person requests into an empty directory.
    Fill,
    /// Opens it and reads pages.
    Read,
    /// Opens it as after an upgrade to a release with other indexes.
    Rebuild,
}

/// As the store opens its database.
const SEGMENT_BYTES: usize = 4 * 1024 * 1024;

fn main() {
    let cli = Cli::parse();
    match cli.step {
        Step::Fill => fill(&cli),
        Step::Read => read(&cli),
        Step::Rebuild => rebuild(&cli),
    }
}

fn fill(cli: &Cli) {
    let begun = Instant::now();
    let store = Store::open(&cli.directory, StoreConfig::default()).unwrap();
    for number in (0..cli.requests).step_by(1_000) {
        let put = move |write: &mut Write<'_>| {
            let mut requests = (number..number + 1_000).map(request);
            requests.try_for_each(|request| write.put(PERSON_REQUESTS, &request.id, &request))
        };
        store.write_blocking(Priority::Normal, put).unwrap();
    }
    println!("filled in {:.0} s", begun.elapsed().as_secs_f64());
}

fn read(cli: &Cli) {
    let before = resident();
    let store = open(cli);
    println!("resident memory: {:.0} MiB before, {:.0} MiB open", mib(before), mib(resident()));
    let middle = request(cli.requests / 2);
    let middle = (client(), middle.inserted_at, middle.id);
    // Two rounds: the second finds the pages in sled's cache.
    for round in ["first", "again"] {
        let beginning = page(cli, &store, Order::Ascending, None);
        let end = page(cli, &store, Order::Descending, None);
        let inside = page(cli, &store, Order::Descending, Some(middle));
        let ratio = end.as_secs_f64() / beginning.as_secs_f64();
        println!(
            "{round}: a page at the beginning {:.3} ms, at the end {:.3} ms ({ratio:.2} times), from the middle on {:.3} ms",
            millis(beginning),
            millis(end),
            millis(inside),
        );
    }
    println!("resident memory after reading: {:.0} MiB", mib(resident()));
}

fn rebuild(cli: &Cli) {
    // The note of the indexes that are whole is lost, as if none was there.
    let database = sled::Config::new()
        .path(cli.directory.join("store"))
        .segment_size(SEGMENT_BYTES)
        .open()
        .unwrap();
    database.open_tree("meta").unwrap().remove("indexes").unwrap();
    database.flush().unwrap();
    drop(database);
    // The checksums are those of the database before that.
    drop(fs::remove_file(cli.directory.join("seal")));
    drop(open(cli));
    println!("resident memory after the indexes were made anew: {:.0} MiB", mib(resident()));
}

fn open(cli: &Cli) -> Store {
    let begun = Instant::now();
    let store = Store::open(&cli.directory, StoreConfig::default()).unwrap();
    println!("opened in {:.2} s", begun.elapsed().as_secs_f64());
    store
}

/// The median time of reading a page with its records.
fn page(
    cli: &Cli,
    store: &Store,
    order: Order,
    after: Option<(ClientId, Timestamp, PersonRequestId)>,
) -> Duration {
    let mut times: Vec<_> = (0..cli.times)
        .map(|_| {
            let begun = Instant::now();
            let span = Span::within(&(client(),));
            let entries = store
                .list(PERSON_REQUESTS_BY_CLIENT, span, order, after.as_ref(), cli.page)
                .unwrap();
            let found = entries.iter().map(|((.., id), _)| store.get(PERSON_REQUESTS, id).unwrap());
            assert_eq!(found.flatten().count(), cli.page);
            begun.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

/// Ids in no order, a person request a second.
fn request(number: u64) -> PersonRequest {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    id[8..].copy_from_slice(&number.to_be_bytes());
    let at = Timestamp::parse("2026-01-01T00:00:00Z").unwrap() + Duration::from_secs(number);
    let phone = 671_000_000 + u32::try_from(number % 1_000_000).unwrap();
    PersonRequest {
        id: Id::from_bytes(id),
        client_id: client(),
        person_id: None,
        status: [PersonRequestStatus::New, PersonRequestStatus::Approved]
            [usize::from(!number.is_multiple_of(8))],
        authentication_method: AuthenticationMethod::Otp {
            phone_number: Phone::from_national(phone).unwrap(),
        },
        approved_by: None,
        inserted_at: at,
        updated_at: at,
    }
}

fn client() -> ClientId {
    Id::from_bytes([3; 16])
}

fn resident() -> u64 {
    resident_kib("self") * 1024
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}

fn millis(length: Duration) -> f64 {
    length.as_secs_f64() * 1000.0
}
