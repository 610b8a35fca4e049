//! A console that is full or gone.

use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read as _, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::mpsc::channel;

use crate::binary::node::{make, serve};
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

/// Calls with an unknown token, many at a time. Each call makes two lines of the log.
fn knock(address: &str, times: usize) {
    let request = b"GET /api/cabinet/authentication_factor HTTP/1.1\r\nhost: localhost\r\n\
        authorization: Bearer nobody-s\r\n\r\n";
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (mut answers, mut bytes, at_a_time) = (Vec::new(), vec![0; 65_536], 50);
    for _ in 0..times / at_a_time {
        stream.write_all(&request.repeat(at_a_time)).unwrap();
        answers.clear();
        while answers.windows(12).filter(|part| part == b"HTTP/1.1 404").count() < at_a_time {
            let read = stream.read(&mut bytes).unwrap();
            assert!(read > 0, "{}", String::from_utf8_lossy(&answers));
            answers.extend_from_slice(&bytes[..read]);
        }
    }
}

#[test]
fn lines_that_a_log_did_not_take_are_counted_and_told_in_it_and_in_the_audit() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    let mut node =
        command(directory.path(), &["serve", "--data", "node", "--allow-plaintext-codes"])
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
    let mut line = String::new();
    let mut printed = BufReader::new(node.stdout.take().unwrap());
    printed.read_line(&mut line).unwrap();
    let address = line.trim().rsplit('/').next().unwrap().to_owned();
    let calls = 10_000;
    knock(&address, calls);
    // Standard error is read only now. The node has ended by then.
    let mut lines = BufReader::new(node.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut kept = 0;
    let warning = loop {
        let line = lines.next().expect("the log goes on");
        if line.contains("lines of the log were lost") {
            break line;
        }
        kept += usize::from(line.contains("authentication failed") || line.contains("refused"));
    };
    let warning: serde_json::Value = serde_json::from_str(&warning).unwrap();
    let missing = 2 * calls - kept;
    assert!(missing > 0, "nothing was lost, so nothing is proven");
    let lost = usize::try_from(warning["lost"].as_u64().unwrap()).unwrap();
    // What the node says by itself meanwhile may be lost, too: the head of the audit, say.
    assert!((missing..missing + 3).contains(&lost), "{lost} told, {missing} missing");
    assert_eq!(warning["level"], "WARN");
    let kill = format!("kill -TERM {}", node.id());
    assert!(std::process::Command::new("bash").args(["-c", &kill]).status().unwrap().success());
    assert!(lines.all(|line| !line.contains("were lost")), "it is told once");
    assert_eq!(node.wait().unwrap().code(), Some(0));

    let mut node = serve(directory.path(), &[]);
    let admin = [("authorization", "Bearer demo-admin-token")];
    let rows = call(node.address(), "GET", "/admin/audit?page_size=500", &admin, "");
    let rows = rows.body["data"].as_array().unwrap().clone();
    let rows: Vec<_> = rows.iter().filter(|row| row["event"] == "log_lines_lost").collect();
    assert_eq!(rows.iter().map(|row| row["times"].clone()).collect::<Vec<_>>(), [lost]);
}
