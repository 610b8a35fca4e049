//! `store-load` as a child process.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

/// Longer than anything here takes on a slow machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Large writes of 7.5 MB, for tests that cut them short.
pub(super) const LARGE: &str = "--large=5000";
/// Lines that a single caller says before it begins its first large write: one for the start, and thirty turns.
pub(super) const BEFORE_LARGE: u64 = 31;
/// About as long as it takes.
pub(super) const LARGE_MICROS: u64 = 1_000_000;

/// A store under load in another process, killed at the latest when this goes.
pub(super) struct Loaded {
    process: Child,
    acks: Receiver<()>,
    lines: Option<JoinHandle<Vec<u8>>>,
}

impl Loaded {
    pub(super) fn start(arguments: &[&str], directory: &Path) -> Self {
        let mut process = tool()
            .args(arguments)
            .arg(directory)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let (told, acks) = channel();
        let lines = std::thread::spawn(move || {
            let mut lines = Vec::new();
            while output.read_until(b'\n', &mut lines).is_ok_and(|read| read > 0) {
                // The test may have heard enough.
                let _ = told.send(());
            }
            lines
        });
        Self { process, acks, lines: Some(lines) }
    }

    /// Waits until that many lines have come.
    pub(super) fn wait_for_acks(&mut self, count: u64) {
        for come in 0..count {
            if self.acks.recv_timeout(PATIENCE).is_err() {
                drop(self.process.kill());
                let mut said = String::new();
                let mut errors = self.process.stderr.take().unwrap();
                errors.read_to_string(&mut said).unwrap();
                panic!("the load came to {come} acknowledged writes of {count} and ended: {said}");
            }
        }
    }

    /// Returns when no thread of it runs any more.
    pub(super) fn freeze(&self) {
        let pid = Pid::from_child(&self.process);
        kill_process(pid, Signal::STOP).unwrap();
        waitid(WaitId::Pid(pid), WaitIdOptions::STOPPED).unwrap();
    }

    /// `kill -9`; then all that it has ever said.
    pub(super) fn kill(mut self) -> Vec<u8> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.lines.take().unwrap().join().unwrap()
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// What `store-load` said of the directory.
pub(super) struct Verdict {
    /// The first thing that is wrong.
    pub(super) whole: Result<(), String>,
    /// Whether opening completed a write that a crash had cut short.
    pub(super) redone: bool,
}

/// Has another process open the directory and look for what was acknowledged.
pub(super) fn verify(arguments: &[&str], directory: &Path, acked: &[u8]) -> Verdict {
    let mut process = tool()
        .args(arguments)
        .arg(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Whoever fails early reads no further.
    drop(process.stdin.take().unwrap().write_all(acked));
    verdict(&process.wait_with_output().unwrap())
}

fn verdict(output: &Output) -> Verdict {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let redone = said.contains("completed the interrupted write of the last run");
    Verdict { whole: if output.status.success() { Ok(()) } else { Err(said) }, redone }
}

pub fn tool() -> Command {
    Command::new(tool_path())
}

pub(super) fn tool_path() -> PathBuf {
    example_path("store-load")
}

pub(super) fn example_path(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let path = own.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(path.exists(), "no {}: `cargo build --examples` makes it", path.display());
    path
}
