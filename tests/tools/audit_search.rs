//! What it costs to search the rows of audit: a million of them on thirty days. `tests/bench/audit` starts it.

#![allow(clippy::print_stdout, reason = "a table is what it is for")]
#![allow(clippy::unwrap_used, reason = "a measurement that can't be made should say so loudly")]
#![allow(clippy::cast_precision_loss, reason = "figures are rounded when they are shown")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "it measures")]

mod resident;

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Parser;
use esoz_otp::audit::{
    AnchorKeys, AuditFilter, AuditLog, AuditOrder, AuditQuery, MOST_BYTES, PhoneKey, append,
};
use esoz_otp::config::StoreConfig;
use esoz_otp::domain::audit::{AuditEvent, AuditRow, RequestId};
use esoz_otp::domain::{Id, Phone, Purpose, Requester, Timestamp};
use esoz_otp::store::{Priority, Store, Write};
use resident::resident_kib;

#[derive(Parser)]
struct Cli {
    /// A directory: an empty one is filled first.
    directory: PathBuf,
    /// How many rows there are.
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// On how many days, a file each.
    #[arg(long, default_value_t = 30)]
    days: u64,
    /// How many phones they are about, one after the other.
    #[arg(long, default_value_t = 20_000)]
    phones: u32,
    /// Most bytes that a call reads.
    #[arg(long, default_value_t = MOST_BYTES)]
    most_bytes: u64,
}

const DAY: Duration = Duration::from_hours(24);

fn main() {
    let cli = Cli::parse();
    let begun = Instant::now();
    if fs::read_dir(&cli.directory).is_ok_and(|mut entries| entries.next().is_none()) {
        fill(&cli);
        println!("filled in {:.1} s", begun.elapsed().as_secs_f64());
    }
    let bytes = files(&cli.directory).iter().map(|file| file.metadata().unwrap().len()).sum();
    println!("{} rows in {} files, {:.1} MiB", cli.rows, cli.days, mib(bytes));

    let phone = PhoneKey::of(&[7; 32]).hash(phone(cli.phones / 2));
    let none = PhoneKey::of(&[8; 32]).hash(Phone::from_national(670_000_000).unwrap());
    let by_phone = AuditFilter { phone: Some(phone), ..AuditFilter::default() };
    let by_none = AuditFilter { phone: Some(none), ..AuditFilter::default() };
    let middle = start() + DAY * u32::try_from(cli.days / 2).unwrap();
    let of_a_day = AuditFilter { from: Some(middle), to: Some(middle + DAY), ..by_phone.clone() };
    let all = AuditFilter::default();

    for (name, filter) in [
        ("every row", &all),
        ("a phone", &by_phone),
        ("a phone on one day", &of_a_day),
        ("a phone without a row", &by_none),
    ] {
        for order in [AuditOrder::NewestFirst, AuditOrder::OldestFirst] {
            // Where rows stand is not known to a log that was just opened.
            let log = open(&cli.directory).1;
            for state in ["just started", "again"] {
                let pages = if name == "every row" { 2 } else { u32::MAX };
                let said = search(&log, filter, order, pages, cli.most_bytes);
                println!("{name}, {order:?}, {state}: {said}");
            }
        }
    }
}

/// Reads so many pages, to the end at most.
fn search(
    log: &AuditLog,
    filter: &AuditFilter,
    order: AuditOrder,
    pages: u32,
    most_bytes: u64,
) -> String {
    let (mut rows, mut calls, mut after) = (0, 0_u32, None);
    let (mut first, mut worst, mut most) = (None, Duration::ZERO, 0);
    let cpu = on_a_core();
    let mut to_a_row = None;
    let begun = Instant::now();
    loop {
        let query = AuditQuery {
            filter: filter.clone(),
            order,
            after,
            most_bytes,
            ..AuditQuery::default()
        };
        let call = Instant::now();
        let page = log.search(&query).unwrap();
        let took = call.elapsed();
        first.get_or_insert(took);
        worst = worst.max(took);
        most = most.max(page.bytes);
        calls += 1;
        rows += page.rows.len();
        if rows > 0 {
            to_a_row.get_or_insert(calls);
        }
        after = page.next_after;
        if after.is_none() || calls == pages {
            break;
        }
    }
    format!(
        "{rows} rows in {calls} calls, the first of them in call {}; {:.1} ms the first call, {:.1} ms the worst, {:.0} ms all, {:.0} ms of them on \
         a core; {:.1} MiB at most in a call; resident memory {:.0} MiB",
        to_a_row.map_or("-".to_owned(), |call| call.to_string()),
        millis(first.unwrap()),
        millis(worst),
        millis(begun.elapsed()),
        millis(on_a_core().saturating_sub(cpu)),
        mib(most),
        mib(resident()),
    )
}

fn fill(cli: &Cli) {
    let (store, log) = open(&cli.directory);
    let key = PhoneKey::of(&[7; 32]);
    let a_day = cli.rows.div_ceil(cli.days);
    for number in (0..cli.rows).step_by(100) {
        let rows: Vec<_> = (number..(number + 100).min(cli.rows))
            .map(|number| row(number, a_day, cli.phones, &key))
            .collect();
        let now = rows.last().unwrap().at;
        let put = move |write: &mut Write<'_>| rows.iter().try_for_each(|row| append(write, row));
        store.write_blocking(Priority::Normal, put).unwrap();
        while log.move_rows(now).unwrap() {}
    }
}

/// The largest rows that there usually are: a code that was issued to approve a person request.
fn row(number: u64, a_day: u64, phones: u32, key: &PhoneKey) -> AuditRow {
    let phone = phone(u32::try_from(number % u64::from(phones)).unwrap());
    let micros = number * u64::try_from(DAY.as_micros()).unwrap() / a_day;
    let at = start() + Duration::from_micros(micros);
    let id = |kind: u8| {
        let mut bytes = [kind; 16];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        bytes
    };
    let requester = Requester {
        client_id: Some(Id::from_bytes([3; 16])),
        user_id: Some(Id::from_bytes([4; 16])),
        peer: Some(IpAddr::from([203, 0, 113, 9]).into()),
    };
    let purpose = Purpose::PersonRequest(Id::from_bytes(id(2)));
    let row = AuditRow::new(at, AuditEvent::CodeIssued, requester).about_phone(phone, purpose);
    let row = row.of(Id::from_bytes(id(1))).findable_by(Some(key.hash(phone)));
    AuditRow { request_id: RequestId::of(&format!("6617aeec-15e2-4d6f-b9bd-{number:012}")), ..row }
}

fn open(directory: &Path) -> (Store, AuditLog) {
    let store = Store::open(directory, StoreConfig::default()).unwrap();
    let log = AuditLog::open(store.clone(), AnchorKeys::of([]), start() + DAY * 1000).unwrap();
    (store, log)
}

fn start() -> Timestamp {
    Timestamp::parse("2026-12-01T00:00:00Z").unwrap()
}

fn phone(number: u32) -> Phone {
    Phone::from_national(671_000_000 + number).unwrap()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory.join("audit")).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// How long this thread has run: what does not depend on what else the machine does.
fn on_a_core() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
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
