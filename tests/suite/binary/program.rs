//! A running `esoz-otp`.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::support::{MIS, Reply, SEED_REQUEST, call, patience};

/// Longer than anything takes on a machine that is busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The process, killed when dropped.
pub struct Program {
    child: Child,
    lines: Receiver<String>,
    errors: Option<JoinHandle<String>>,
    /// What was printed so far, line by line.
    pub printed: Vec<String>,
}

/// What a process left.
#[derive(Debug)]
pub struct Ended {
    /// Exit code; none when a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Program {
    /// Starts it in this directory with these arguments, on a free port unless they say otherwise.
    pub fn start(directory: &Path, arguments: &[&str]) -> Self {
        let mut command = command(directory, arguments);
        if !arguments.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        Self::spawn(&mut command)
    }

    pub fn spawn(command: &mut Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let (printing, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in out.lines() {
                let Ok(()) = printing.send(line.unwrap()) else { return };
            }
        });
        let mut err = child.stderr.take().unwrap();
        let errors = std::thread::spawn(move || {
            let mut text = String::new();
            err.read_to_string(&mut text).unwrap();
            text
        });
        Self { child, lines, errors: Some(errors), printed: Vec::new() }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line that holds this, among those printed and those to come.
    pub fn line(&mut self, part: &str) -> String {
        loop {
            if let Some(line) = self.printed.iter().find(|line| line.contains(part)) {
                return line.clone();
            }
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.printed.push(line),
                Err(error) => panic!("no line holds {part:?}: {error}; {:#?}", self.printed),
            }
        }
    }

    /// Waits for a line that holds this, behind those that were read so far.
    pub fn next_line(&mut self, part: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect("a line comes");
            self.printed.push(line.clone());
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Where it listens, as its first line says.
    pub fn address(&mut self) -> SocketAddr {
        self.address_after(" on http://")
    }

    /// The address that it prints after this.
    pub fn address_after(&mut self, words: &str) -> SocketAddr {
        let line = self.line(words);
        let (_, rest) = line.split_once(words).unwrap();
        rest.split(|c: char| c == '/' || c.is_whitespace()).next().unwrap().parse().unwrap()
    }

    /// The code of the latest SMS to this phone, once there are so many.
    pub fn code_for(&mut self, phone: &str, messages: usize) -> String {
        let start = format!("SMS {phone} ");
        loop {
            let mut sent = self.printed.iter().filter(|line| line.starts_with(&start));
            if let Some(line) = sent.nth(messages - 1) {
                return line.rsplit(' ').next().unwrap().to_owned();
            }
            self.printed.push(self.lines.recv_timeout(PATIENCE).expect("an SMS comes"));
        }
    }

    pub fn call(&mut self, method: &str, path: &str, body: &str) -> Reply {
        call(self.address(), method, path, &MIS, body)
    }

    /// Makes a call again while the machine is too busy to answer it in time.
    pub fn answered(&mut self, mut call: impl FnMut(&mut Self) -> Reply) -> Reply {
        patience::wait_for("the call is answered in time", || {
            Some(call(self)).filter(|reply| reply.status != 503)
        })
    }

    /// Resends the code of the page's request.
    pub fn resend(&mut self) -> Reply {
        let path = format!("/api/person_requests/{SEED_REQUEST}/actions/resend_otp");
        self.call("POST", &path, "")
    }

    /// Approves the page's request.
    pub fn approve(&mut self, code: &str) -> Reply {
        let path = format!("/api/person_requests/{SEED_REQUEST}/actions/approve");
        self.call("PATCH", &path, &serde_json::json!({"verification_code": code}).to_string())
    }

    pub fn initialize(&mut self, phone: &str) -> Reply {
        self.call("POST", "/verifications", &serde_json::json!({"phone_number": phone}).to_string())
    }

    /// Sends `INT`, `TERM` or `KILL`.
    pub fn signal(&self, name: &str) {
        // A shell's own `kill`, which needs no package.
        let kill = format!("kill -{name} {}", self.id());
        let sent = Command::new("bash").args(["-c", &kill]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for its end. Printing ends with the process, so there is nothing to ask again and again.
    pub fn end_within(mut self, time: Duration) -> Ended {
        let timer = Timer::of(time);
        loop {
            match self.lines.recv_timeout(timer.left()) {
                Ok(line) => self.printed.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("still running after {time:?}"),
            }
        }
        let code = self.child.wait().unwrap().code();
        let stderr = self.errors.take().unwrap().join().unwrap();
        let stdout = self.printed.join("\n");
        Ended { code, stdout, stderr }
    }

    /// The end of a command that ends by itself.
    pub fn end(self) -> Ended {
        self.end_within(PATIENCE)
    }

    /// Asks it to end, and waits for that.
    pub fn stop(self) -> Ended {
        self.signal("TERM");
        self.end()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended long ago.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The program with these arguments, in this directory, without anything of this process's environment that it reads.
pub fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments);
    prepared(command, directory)
}

/// The same, started by a shell that first does this, such as to set limits.
pub fn command_after(first: &str, directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("bash");
    command.args(["-c", &format!("{first}; exec \"$0\" \"$@\""), PROGRAM]).args(arguments);
    prepared(command, directory)
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_esoz-otp");

fn prepared(mut command: Command, directory: &Path) -> Command {
    command.current_dir(directory);
    let is_read = |name: &str| {
        ["CREDENTIALS_DIRECTORY", "RUNTIME_DIRECTORY", "STATE_DIRECTORY"].contains(&name)
            || name.starts_with("ESOZ_OTP")
    };
    for (name, _) in std::env::vars().filter(|(name, _)| is_read(name)) {
        command.env_remove(name);
    }
    command
}

/// Runs a command that ends by itself.
pub fn run(directory: &Path, arguments: &[&str]) -> Ended {
    Program::spawn(&mut command(directory, arguments)).end()
}

/// How much is left of a length of time.
struct Timer {
    clock: esoz_otp::clock::SystemClock,
    end: esoz_otp::domain::Timestamp,
}

impl Timer {
    fn of(time: Duration) -> Self {
        use esoz_otp::clock::Clock as _;
        let clock = esoz_otp::clock::SystemClock::start();
        let end = clock.now() + time;
        Self { clock, end }
    }

    fn left(&self) -> Duration {
        use esoz_otp::clock::Clock as _;
        self.end.since(self.clock.now())
    }
}
