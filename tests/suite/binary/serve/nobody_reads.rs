//! A console that is full or gone.

use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc::channel;

use crate::binary::program::{PATIENCE, command};
use crate::support::call;

/// How much a pipe holds on Linux (pipe(7)).
const PIPE: usize = 65_536;

/// A demo that prints and logs into one pipe, and where it listens.
fn demo(directory: &std::path::Path) -> (Child, BufReader<PipeReader>, PipeWriter, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    let child = command(directory, &["demo", "--listen", "127.0.0.1:0", "--log", "debug"])
        .stdout(Stdio::from(writer.try_clone().unwrap()))
        .stderr(Stdio::from(writer.try_clone().unwrap()))
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(reader);
    let mut lines = String::new();
    while !lines.contains("Every SMS appears below as it is sent.\n") {
        assert!(reader.read_line(&mut lines).unwrap() > 0, "{lines}");
    }
    let (_, rest) = lines.split_once("esoz-otp demo on http://").unwrap();
    let address = rest.split_whitespace().next().unwrap().to_owned();
    (child, reader, writer, address)
}

fn initialize(address: &str, number: u32) -> u16 {
    let body = serde_json::json!({"phone_number": format!("+38067100{number:04}")}).to_string();
    call(address.parse().unwrap(), "POST", "/verifications", &[], &body).status
}

/// Asks it to end; its exit code.
fn stop(mut child: Child) -> Option<i32> {
    let kill = format!("kill -TERM {}", child.id());
    assert!(std::process::Command::new("bash").args(["-c", &kill]).status().unwrap().success());
    let (tell, told) = channel();
    let id = child.id();
    std::thread::spawn(move || tell.send(child.wait().unwrap().code()));
    told.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{id} is still running"))
}

#[test]
fn a_console_that_is_full_keeps_neither_answers_nor_the_end_waiting() {
    let directory = tempfile::tempdir().unwrap();
    let (child, reader, mut writer, address) = demo(directory.path());
    writer.write_all(&vec![b'.'; PIPE]).unwrap();
    for number in 0..5 {
        assert_eq!(initialize(&address, number), 201);
    }
    assert_eq!(stop(child), Some(0));
    drop(reader);
}

#[test]
fn a_console_that_is_gone_is_no_reason_to_stop_serving() {
    let directory = tempfile::tempdir().unwrap();
    let (child, reader, writer, address) = demo(directory.path());
    drop((reader, writer));
    for number in 0..3 {
        assert_eq!(initialize(&address, number), 201);
    }
    assert_eq!(stop(child), Some(0));
}
