//! Killed at any moment, an edit has happened or has not, and the next one takes away what is left of it.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{add, ids, keyring, keys_done, left_over, write};
use crate::binary::node::{init, serve};
use crate::binary::program::{Program, command};

/// More than a kibibyte of them.
const MANY: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

/// With a limit on file sizes, beyond which the system kills a process that writes.
fn with_a_kibibyte(directory: &Path, setup: &str) -> Command {
    let line = format!("ulimit -c 0; {setup}; ulimit -f 1; exec \"$0\" keys add --data node");
    let mut shell = Command::new("bash");
    shell.current_dir(directory).env_remove("CREDENTIALS_DIRECTORY");
    shell.args(["-c", &line, env!("CARGO_BIN_EXE_esoz-otp")]);
    shell
}

#[test]
fn killed_in_the_middle_of_writing_it_leaves_the_keyring_and_the_next_edit_cleans_up() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let path = keyring(directory.path());
    write(&path, &MANY);
    let before = fs::read(&path).unwrap();
    let ended = Program::spawn(&mut with_a_kibibyte(directory.path(), ":")).end();
    assert_eq!(ended.code, None, "killed: {}", ended.stderr);
    assert_eq!(fs::read(&path).unwrap(), before);
    let [left] = &left_over(directory.path())[..] else { panic!("half an edit is left") };
    assert_eq!(fs::metadata(directory.path().join(left)).unwrap().len(), 1024);

    assert!(
        keys_done(directory.path(), &["list", "--data", "none", "--keyring", "node.keyring"])
            .contains("writes, reads")
    );
    let id = add(directory.path());
    assert_eq!(ids(&path)[12], id);
    assert_eq!(left_over(directory.path()), [""; 0]);
}

#[test]
fn what_can_not_be_written_is_said_and_nothing_is_left() {
    let directory = tempfile::tempdir().unwrap();
    let path = keyring(directory.path());
    write(&path, &MANY);
    let before = fs::read(&path).unwrap();
    let ended = Program::spawn(&mut with_a_kibibyte(directory.path(), "trap '' XFSZ")).end();
    assert_eq!(ended.code, Some(74), "{}", ended.stderr);
    assert!(ended.stderr.contains("it is as it was"), "{}", ended.stderr);
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(left_over(directory.path()), [""; 0]);
}

fn start(directory: &Path, arguments: &[&str]) -> Child {
    command(directory, &[&["keys"], arguments, &["--data", "node"]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn kill(mut child: Child) -> String {
    child.kill().unwrap();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    child.wait().unwrap();
    said
}

#[test]
fn of_the_keys_that_were_told_none_is_lost_by_kills() {
    const ROUNDS: u32 = 60;
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let path = keyring(directory.path());
    let half = directory.path().join("node.keyring.unfinished-edit");
    let mut told = ids(&path);
    let mut halves = 0;
    for round in 0..ROUNDS {
        let mut child = start(directory.path(), &["add"]);
        // As soon as there is something half done, or a little later, or not at all.
        let is_over = |child: &mut Child| child.try_wait().unwrap().is_some();
        while !half.exists() && !is_over(&mut child) {}
        std::thread::sleep(Duration::from_micros(u64::from(round % 20) * 100));
        let said = kill(child);
        halves += u32::from(half.exists());
        told.extend(said.split(' ').nth(1).map(str::to_owned));
        let found = ids(&path);
        assert!(told.iter().all(|id| found.contains(id)), "round {round}: {told:?}, {found:?}");
        told = found;
    }
    println!("{halves} of {ROUNDS} kills left half an edit, {} keys were added", told.len() - 1);
    add(directory.path());
    assert_eq!(left_over(directory.path()), [""; 0]);
    serve(directory.path(), &[]).address();
}

/// The lines that it prints to its standard error.
fn errors(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap)
}

#[test]
fn killed_between_directory_and_file_a_retirement_holds_and_can_be_completed() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let path = keyring(directory.path());
    add(directory.path());
    let old = ids(&path).remove(0);
    // As another edit would.
    let folder = File::open(directory.path()).unwrap();
    folder.lock().unwrap();
    let mut child = start(directory.path(), &["retire", &old]);
    let waits = errors(&mut child).find(|line| line.contains("waiting for another"));
    assert!(waits.is_some(), "it has come to the file");
    assert_eq!(kill(child), "");
    folder.unlock().unwrap();
    assert_eq!(ids(&path).len(), 2);

    let said = keys_done(directory.path(), &["list"]);
    assert!(said.contains("retired"), "{said}");
    let mut node = serve(directory.path(), &[]);
    assert_eq!(node.initialize("+380671000099").status, 201);
    let ended = node.stop();
    assert!(ended.stderr.contains(&old), "{}", ended.stderr);
    keys_done(directory.path(), &["retire", &old]);
    assert_eq!(ids(&path).len(), 1);
}

#[test]
fn killed_at_any_moment_a_retirement_can_be_done_again() {
    const ROUNDS: u64 = 16;
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let path = keyring(directory.path());
    for round in 0..ROUNDS {
        let old = ids(&path).remove(0);
        let new = add(directory.path());
        let child = start(directory.path(), &["retire", &old]);
        std::thread::sleep(Duration::from_millis(round * 6));
        kill(child);
        serve(directory.path(), &[]).address();
        keys_done(directory.path(), &["retire", &old]);
        assert_eq!(ids(&path), [new]);
    }
    assert_eq!(left_over(directory.path()), [""; 0]);
    serve(directory.path(), &[]).address();
}

#[test]
fn an_edit_waits_for_another_one_and_a_dead_one_holds_nothing() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let folder = File::open(directory.path()).unwrap();
    folder.lock().unwrap();
    let mut child = start(directory.path(), &["add"]);
    assert!(errors(&mut child).next().unwrap().contains("waiting for another"));
    let second = start(directory.path(), &["add"]);
    kill(child);
    folder.unlock().unwrap();
    assert!(second.wait_with_output().unwrap().status.success());
    assert_eq!(ids(&keyring(directory.path())).len(), 2);
}
