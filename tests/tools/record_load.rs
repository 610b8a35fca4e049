//! A load of records beside reads and resends. `tests/bench/load` starts it.

#![allow(clippy::print_stdout, reason = "a table is what it is for")]
#![allow(clippy::unwrap_used, reason = "a measurement that can't be made should say so loudly")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "it measures")]

mod resident;

use std::fs;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use resident::resident_kib;

const USAGE: &str = "record-load lines NUMBER | record-load measure ADDRESS PID BINARY DIRECTORY";

/// A client of the demo that needs no api-key, and its token.
const CLIENT: &str = "c0000000-0000-4000-8000-000000000002";
const RESEND_TOKEN: &str = "demo-direct-token";
const READ_TOKEN: &str = "demo-patient-token";

/// How long a node is measured that applies nothing.
const QUIET: Duration = Duration::from_secs(20);
/// Between two reads, and between two resends.
const READ_PAUSE: Duration = Duration::from_millis(1);
const RESEND_PAUSE: Duration = Duration::from_millis(50);
/// The person requests that are resent, each once.
const RESENT: u64 = 100_000;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["lines", number] => {
            write_lines(io::stdout(), 0xe, number.parse().unwrap(), 670_000_000).unwrap();
        }
        ["measure", address, pid, binary, directory] => {
            let directory = Path::new(directory);
            Measured { address, pid, binary, directory }.measure();
        }
        _ => panic!("{USAGE}"),
    }
}

/// Writes person requests with ids in no order.
fn write_lines(out: impl io::Write, kind: u8, number: u64, first_phone: u64) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    for index in 0..number {
        let phone = first_phone + index % 10_000_000;
        writeln!(
            out,
            r#"{{"person_request": {{"id": "{}", "client_id": "{CLIENT}", "status": "NEW", "authentication_method": {{"type": "OTP", "phone_number": "+380{phone:09}"}}}}}}"#,
            id(kind, index),
        )?;
    }
    out.flush()
}

fn id(kind: u8, index: u64) -> String {
    let mixed = index.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let (high, low) = (mixed >> 32, index & 0xffff_ffff_ffff);
    format!("{high:08x}-{kind:04x}-4000-8000-{low:012x}")
}

struct Measured<'a> {
    address: &'a str,
    pid: &'a str,
    binary: &'a str,
    directory: &'a Path,
}

/// How long calls took.
#[derive(Default)]
struct Times(Vec<Duration>);

impl Measured<'_> {
    fn measure(&self) {
        let resent = self.directory.join("resent.ndjson");
        write_lines(fs::File::create(&resent).unwrap(), 0xd, RESENT, 500_000_000).unwrap();
        self.apply(&resent);
        println!(
            "{:<16} {:>8} {:>10} {:>10} {:>10} {:>10} {:>8} {:>12}",
            "",
            "seconds",
            "read p50",
            "read p99",
            "resend p50",
            "resend p99",
            "resends",
            "most KiB"
        );
        let mut next = 0;
        self.row("before", &mut next, || thread::sleep(QUIET));
        self.row("meanwhile", &mut next, || self.apply(&self.directory.join("records.ndjson")));
        self.row("after", &mut next, || thread::sleep(QUIET));
        self.row("applied again", &mut next, || {
            self.apply(&self.directory.join("records.ndjson"));
        });
    }

    fn apply(&self, file: &Path) {
        let mut command = Command::new(self.binary);
        command.arg("apply").arg(file).args(["--url", &format!("http://{}", self.address)]);
        let status = command.arg("--token-file").arg(self.directory.join("token")).status();
        assert!(status.unwrap().success());
    }

    /// Reads and resends while `load` runs.
    fn row(&self, name: &str, next: &mut u64, load: impl FnOnce()) {
        let is_over = AtomicBool::new(false);
        let begun = Instant::now();
        let first = *next;
        let (reads, (resends, end), most) = thread::scope(|scope| {
            let reads = scope.spawn(|| self.read_until(&is_over));
            let resends = scope.spawn(|| self.resend_until(&is_over, first));
            let most = scope.spawn(|| {
                let mut most = 0;
                while !is_over.load(Ordering::Relaxed) {
                    most = most.max(resident_kib(self.pid));
                    thread::sleep(Duration::from_millis(20));
                }
                most
            });
            load();
            is_over.store(true, Ordering::Relaxed);
            (reads.join().unwrap(), resends.join().unwrap(), most.join().unwrap())
        });
        let seconds = begun.elapsed().as_secs_f64();
        println!(
            "{name:<16} {seconds:>8.1} {:>10.3} {:>10.3} {:>10.3} {:>10.3} {:>8} {most:>12}",
            reads.within(50),
            reads.within(99),
            resends.within(50),
            resends.within(99),
            end - first,
        );
        *next = end;
    }

    fn read_until(&self, is_over: &AtomicBool) -> Times {
        let mut connection = Connection::to(self.address);
        let mut times = Times::default();
        while !is_over.load(Ordering::Relaxed) {
            let path = "/api/cabinet/authentication_factor";
            times.0.push(connection.ask("GET", path, READ_TOKEN));
            thread::sleep(READ_PAUSE);
        }
        times
    }

    fn resend_until(&self, is_over: &AtomicBool, first: u64) -> (Times, u64) {
        let mut connection = Connection::to(self.address);
        let (mut times, mut next) = (Times::default(), first);
        while !is_over.load(Ordering::Relaxed) && next < RESENT {
            let path = format!("/api/person_requests/{}/actions/resend_otp", id(0xd, next));
            times.0.push(connection.ask("POST", &path, RESEND_TOKEN));
            next += 1;
            thread::sleep(RESEND_PAUSE);
        }
        (times, next)
    }
}

impl Times {
    /// Milliseconds within which so many of a hundred were answered.
    fn within(&self, of_a_hundred: usize) -> f64 {
        let mut times = self.0.clone();
        times.sort_unstable();
        times[(times.len() - 1) * of_a_hundred / 100].as_secs_f64() * 1000.0
    }
}

/// One call after the other over one connection.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn to(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    /// The time until the whole answer, which has to be 200.
    fn ask(&mut self, method: &str, path: &str, token: &str) -> Duration {
        let length = if method == "POST" { "content-length: 0\r\n" } else { "" };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n{length}\r\n"
        );
        let begun = Instant::now();
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        assert_eq!(line, "HTTP/1.1 200 OK\r\n", "{path}");
        let mut length = 0;
        while line != "\r\n" {
            line.clear();
            self.0.read_line(&mut line).unwrap();
            if let Some(bytes) = line.strip_prefix("content-length: ") {
                length = bytes.trim().parse().unwrap();
            }
        }
        self.0.read_exact(&mut vec![0; length]).unwrap();
        begun.elapsed()
    }
}
