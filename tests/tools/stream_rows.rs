//! Streams of audit rows to quick and to slow readers, beside what the node holds in memory meanwhile. `tests/bench/streams`
//! starts it.

#![allow(clippy::print_stdout, reason = "a table is what it is for")]
#![allow(clippy::unwrap_used, reason = "a measurement that can't be made should say so loudly")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "it measures")]

mod resident;

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use esoz_otp::audit;
use esoz_otp::config::StoreConfig;
use esoz_otp::domain::audit::{AuditEvent, AuditRow, TokenFault};
use esoz_otp::domain::{Id, Requester, Timestamp};
use esoz_otp::store::{Priority, Store, Write};
use resident::resident_kib;

const USAGE: &str = "stream-rows fill DIRECTORY ROWS | stream-rows read ADDRESS PID ROWS";

/// Rows of one write.
const TOGETHER: u32 = 1000;

/// Bytes of one read of a slow reader, and the time between two: 1 MiB a second.
const SLOW_READ: usize = 64 * 1024;
const SLOW_PAUSE: Duration = Duration::from_micros(62_500);

/// As many streams as a node has at once.
const STREAMS: usize = 8;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["fill", directory, rows] => fill(Path::new(directory), rows.parse().unwrap()),
        ["read", address, pid, rows] => {
            Node { address, pid, rows: rows.parse().unwrap() }.measure();
        }
        _ => panic!("{USAGE}"),
    }
}

/// Puts rows into a directory that no node has open.
fn fill(directory: &Path, rows: u32) {
    let store = Store::open(directory, StoreConfig::default()).unwrap();
    for first in (0..rows).step_by(TOGETHER as usize) {
        let end = rows.min(first + TOGETHER);
        let append = move |write: &mut Write<'_>| {
            (first..end).try_for_each(|who| audit::append(write, &row(who)))
        };
        store.write_blocking(Priority::Normal, append).unwrap();
    }
}

fn row(who: u32) -> AuditRow {
    let user_id = Some(Id::from_bytes(u128::from(who).to_be_bytes()));
    let by = Requester { user_id, ..Requester::default() };
    let at = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
    AuditRow::new(at, AuditEvent::TokenRefused(TokenFault::Unknown), by)
}

struct Node<'a> {
    address: &'a str,
    pid: &'a str,
    rows: usize,
}

impl Node<'_> {
    fn measure(&self) {
        while self.try_connect().is_none() {
            std::thread::sleep(Duration::from_millis(50));
        }
        // Rows move to the files of audit meanwhile, and caches fill.
        self.stream(Duration::ZERO);
        println!(
            "{:<32} {:>8} {:>12} {:>12} {:>10}",
            "", "seconds", "before, KiB", "most, KiB", "MiB each"
        );
        self.row("one quick reader", 1, Duration::ZERO);
        self.row("eight quick readers", STREAMS, Duration::ZERO);
        self.row("one slow reader", 1, SLOW_PAUSE);
        self.row("eight slow readers", STREAMS, SLOW_PAUSE);
    }

    fn row(&self, what: &str, readers: usize, pause: Duration) {
        let before = self.resident();
        let begun = Instant::now();
        let ended = Arc::new(AtomicBool::new(false));
        let (most, bytes) = std::thread::scope(|scope| {
            let watch = scope.spawn(|| {
                let mut most = before;
                while !ended.load(Ordering::Relaxed) {
                    most = most.max(self.resident());
                    std::thread::sleep(Duration::from_millis(20));
                }
                most
            });
            let readers: Vec<_> =
                (0..readers).map(|_| scope.spawn(|| self.stream(pause))).collect();
            let bytes = readers.into_iter().map(|reader| reader.join().unwrap()).max().unwrap();
            ended.store(true, Ordering::Relaxed);
            (watch.join().unwrap(), bytes)
        });
        let seconds = begun.elapsed().as_secs_f64();
        println!("{what:<32} {seconds:>8.1} {before:>12} {most:>12} {:>10}", bytes >> 20);
    }

    /// Reads every row, and gives the bytes that there were.
    fn stream(&self, pause: Duration) -> usize {
        let mut stream = self.try_connect().unwrap();
        let head = format!(
            "GET /admin/audit HTTP/1.1\r\nhost: {}\r\nconnection: close\r\naccept: application/x-ndjson\r\n\
             authorization: Bearer demo-admin-token\r\n\r\n",
            self.address
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut stream = BufReader::with_capacity(SLOW_READ, stream);
        let mut status = String::new();
        stream.read_line(&mut status).unwrap();
        assert_eq!(status, "HTTP/1.1 200 OK\r\n");
        let (mut rows, mut bytes, mut end) = (0, 0, Vec::new());
        let mut buffer = vec![0; SLOW_READ];
        loop {
            let read = stream.read(&mut buffer).unwrap();
            if read == 0 {
                break;
            }
            rows += buffer[..read].split(|byte| *byte == b'{').count() - 1;
            bytes += read;
            end.extend_from_slice(&buffer[..read]);
            end.drain(..end.len().saturating_sub(7));
            std::thread::sleep(pause);
        }
        assert_eq!(end, b"\r\n0\r\n\r\n", "the stream was cut");
        assert!(rows >= self.rows, "{rows}");
        bytes
    }

    fn try_connect(&self) -> Option<TcpStream> {
        TcpStream::connect(self.address).ok()
    }

    /// In KiB.
    fn resident(&self) -> u64 {
        resident_kib(self.pid)
    }
}
