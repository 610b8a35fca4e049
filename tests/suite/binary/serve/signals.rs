//! What signals do, and what is left of a process that one has ended.

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::binary::node::{init, make, serve};
use crate::binary::program::{Program, command, command_after};
use crate::support::call;
use crate::support::patience::wait_until;

const TO_A_FILE: &str = "[sms]\ndrivers = [\"file\"]\nallow_plaintext_codes = true\n[sms.file]\npath = \"sms.ndjson\"\n";

/// A node that sends to `sms.ndjson`, and says what it does.
fn node(directory: &Path) -> Program {
    init(directory);
    fs::write(directory.join("esoz-otp.toml"), TO_A_FILE).unwrap();
    serve(directory, &["--config", "esoz-otp.toml"])
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).map_or(0, |text| text.lines().count())
}

#[test]
fn a_hangup_opens_the_driver_s_file_anew_and_changes_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let (file, old) = (directory.path().join("sms.ndjson"), directory.path().join("sms.ndjson.1"));
    let mut node = node(directory.path());
    assert_eq!(node.initialize("+380671000001").status, 201);
    wait_until("the first message is in the file", || lines(&file) == 1);
    fs::rename(&file, &old).unwrap();
    assert_eq!(node.initialize("+380671000002").status, 201);
    wait_until("the second goes to the file under its new name", || lines(&old) == 2);
    node.signal("HUP");
    wait_until("there is a file again", || file.exists());
    assert_eq!(node.initialize("+380671000003").status, 201);
    wait_until("the third is in the new file", || lines(&file) == 1);
    assert_eq!(lines(&old), 2);
    let ended = node.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("SIGHUP: the driver's file was opened anew"), "{}", ended.stderr);
    assert!(directory.path().join("node/seal").exists(), "it was closed in order");
}

#[test]
fn a_hangup_ends_neither_a_node_without_a_file_nor_one_that_stops() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    let mut node = serve(directory.path(), &[]);
    node.address();
    for _ in 0..3 {
        node.signal("HUP");
        assert_eq!(node.call("GET", "/health/ready", "").status, 200);
    }
    assert_eq!(node.resend().status, 200);
    node.signal("TERM");
    // A process can be signalled until its parent has waited for it.
    node.signal("HUP");
    let ended = node.end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let said = "SIGHUP: no driver writes to a file, so nothing was done";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    assert!(directory.path().join("node/seal").exists(), "it was closed in order");
    assert_eq!(serve(directory.path(), &[]).call("GET", "/health/ready", "").status, 200);
}

#[test]
fn a_demo_outlives_a_hangup_as_long_as_its_terminal_is_there_or_it_never_had_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = Program::start(directory.path(), &["demo"]);
    demo.address();
    demo.signal("HUP");
    assert_eq!(demo.call("GET", "/health/live", "").status, 200);
    assert_eq!(demo.stop().code, Some(0));
}

#[test]
fn a_demo_ends_in_order_with_the_terminal_that_it_was_started_in() {
    let directory = tempfile::tempdir().unwrap();
    let (terminal, inside) = terminal();
    let arguments = ["demo", "--listen", "127.0.0.1:0", "--log-level", "info"];
    let mut command = command(directory.path(), &arguments);
    let mut child =
        command.stdin(Stdio::null()).stdout(inside).stderr(Stdio::piped()).spawn().unwrap();
    drop(command);
    let mut printed = BufReader::new(terminal);
    let mut line = String::new();
    printed.read_line(&mut line).unwrap();
    let (_, rest) = line.split_once(" on http://").unwrap();
    let address = rest.split_whitespace().next().unwrap().parse().unwrap();
    signal(&child, "HUP");
    assert_eq!(call(address, "GET", "/health/live", &[], "").status, 200, "it is still there");
    drop(printed);
    signal(&child, "HUP");
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{log}");
    assert!(log.contains("the terminal was closed"), "{log}");
}

/// A terminal, as its window has it and as a program in it has it.
fn terminal() -> (fs::File, Stdio) {
    let window = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&window).unwrap();
    unlockpt(&window).unwrap();
    let name = ptsname(&window, Vec::new()).unwrap();
    let inside = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    (window.into(), inside.into())
}

fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id());
    assert!(Command::new("bash").args(["-c", &kill]).status().unwrap().success());
}

/// Whether a process that this starts, and that is ended by ABRT, leaves a core file.
fn dumps_core(mut command: Command, is_up: impl FnOnce(&mut Child)) -> bool {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    is_up(&mut child);
    // A process in the background of a shell ignores QUIT, and so would its children.
    signal(&child, "ABRT");
    child.wait().unwrap().core_dumped()
}

#[test]
fn a_process_that_holds_secrets_leaves_no_core_file() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    let allowed = "ulimit -c unlimited 2>/dev/null || ulimit -c \"$(ulimit -H -c)\"";
    let started = |child: &mut Child| {
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains(" on http://"), "{line}");
    };
    let with = |arguments: &[&str]| {
        let arguments = [arguments, &["--listen", "127.0.0.1:0"]].concat();
        command_after(allowed, directory.path(), &arguments)
    };
    let serve = with(&["serve", "--data", "node", "--allow-plaintext-codes"]);
    assert!(!dumps_core(serve, started));
    // A demo has no secrets, so it shows whether this machine writes core files at all.
    if !dumps_core(with(&["demo"]), started) {
        println!("LEFT OUT: this machine writes no core files, so nothing is proven about ours");
    }
}
