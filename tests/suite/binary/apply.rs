//! `esoz-otp apply` against a running node.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::program::{Ended, Program, command, run};
use crate::support::DEMO_WORLD;

const CLINIC: &str = "c0000000-0000-4000-8000-000000000001";

/// A demo, its URL, and a directory with the token file `token`.
fn demo() -> (Program, String, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let token = directory.path().join("token");
    fs::write(&token, "demo-admin-token\n").unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    let mut demo = Program::start(directory.path(), &["demo"]);
    let url = format!("http://{}", demo.address());
    (demo, url, directory)
}

fn apply(directory: &Path, url: &str, arguments: &[&str]) -> Ended {
    let first = ["apply", "--url", url];
    run(directory, &[&first[..], arguments].concat())
}

fn person_request(number: usize) -> Value {
    json!({"person_request": {
        "id": format!("d1000000-0000-4000-8000-{number:012}"), "client_id": CLINIC, "status": "NEW",
        "authentication_method": {"type": "OTP", "phone_number": format!("+38067{number:07}")},
    }})
}

fn write_lines(path: &Path, lines: impl Iterator<Item = Value>) {
    let mut file = fs::File::create(path).unwrap();
    for line in lines {
        writeln!(file, "{line}").unwrap();
    }
}

#[test]
fn a_file_is_applied_and_applied_again() {
    let (mut demo, url, directory) = demo();
    let home = directory.path();
    write_lines(&home.join("load.ndjson"), (1..=3000).map(person_request));
    let arguments = ["load.ndjson", "--token-file", "token"];
    let ended = apply(home, &url, &[&arguments[..], &["--dry-run", "-o", "json"]].concat());
    assert_eq!((ended.code, ended.stdout.lines().count()), (Some(0), 3001), "{}", ended.stderr);
    let ended = apply(home, &url, &arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let expected =
        "3000 added, 0 changed, 0 unchanged, 0 refused; 0 with a state that the node keeps";
    assert_eq!(ended.stdout.trim(), expected);
    assert_eq!(ended.stderr, "", "no bar where no terminal is");
    let ended = apply(home, &url, &arguments);
    assert!(ended.stdout.starts_with("0 added, 0 changed, 3000 unchanged"), "{}", ended.stdout);
    let path = "/api/person_requests/d1000000-0000-4000-8000-000000003000/actions/resend_otp";
    assert_eq!(demo.call("POST", path, "").status, 200);
}

#[test]
fn a_world_is_applied_and_its_faults_have_the_lines_of_its_file() {
    let (_demo, url, directory) = demo();
    let home = directory.path();
    fs::write(home.join("world.json"), DEMO_WORLD).unwrap();
    let ended = apply(home, &url, &["world.json", "--demo"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("0 added, "), "{}", ended.stdout);

    let world = "{\n \"format\": 1,\n \"users\": [\n  {\"id\": \"1\"},\n  {\n   \"id\": \"d1000000-0000-4000-8000-000000000001\",\n   \"person_id\": \"d1000000-0000-4000-8000-000000000002\"\n  }\n ]\n}\n";
    fs::write(home.join("wrong.json"), world).unwrap();
    let ended = apply(home, &url, &["wrong.json", "--demo", "--report", "report.ndjson"]);
    assert_eq!(ended.code, Some(65), "{}", ended.stderr);
    assert!(ended.stderr.contains("line 4: $.user.id: "), "{}", ended.stderr);
    assert!(ended.stderr.contains("line 5: $.user.person_id: there is no person"));
    let report = fs::read_to_string(home.join("report.ndjson")).unwrap();
    let lines: Vec<Value> =
        report.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[0]["line"], &lines[1]["line"]), (2, &json!(4), &json!(5)));
}

#[test]
fn standard_input_is_sent_as_it_comes() {
    let (_demo, url, directory) = demo();
    let arguments = ["apply", "-", "--url", &url, "--demo", "-o", "json"];
    let mut command = command(directory.path(), &arguments);
    command.stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for number in 1..=100 {
        writeln!(input, "{}", person_request(number)).unwrap();
    }
    writeln!(input, "nothing").unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(65));
    let stdout = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> =
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["refused"]["line"], 101);
    assert_eq!(lines[1]["total"]["added"], 100);
}

#[test]
fn a_generated_api_key_is_printed_once() {
    let (_demo, url, directory) = demo();
    let home = directory.path();
    let vendor = json!({"client": {"id": "d1000000-0000-4000-8000-000000000001", "name": "vendor",
        "access_type": "DIRECT", "broker_scope": "otp:read", "api_key": {"generate": true}}});
    write_lines(&home.join("vendor.ndjson"), [vendor].into_iter());
    let ended = apply(home, &url, &["vendor.ndjson", "--token-file", "token"]);
    assert!(ended.stdout.starts_with("api-key of client vendor: "), "{}", ended.stdout);
    let ended = apply(home, &url, &["vendor.ndjson", "--token-file", "token"]);
    assert!(!ended.stdout.contains("api-key"), "{}", ended.stdout);
}

#[test]
fn scripts_can_tell_what_went_wrong() {
    let (_demo, url, directory) = demo();
    let home = directory.path();
    write_lines(&home.join("load.ndjson"), (1..=3).map(person_request));
    fs::write(home.join("open"), "demo-admin-token").unwrap();
    fs::set_permissions(home.join("open"), fs::Permissions::from_mode(0o644)).unwrap();
    for (name, token) in [("unknown", "nobody-s"), ("other", "demo-direct-token")] {
        fs::write(home.join(name), token).unwrap();
        fs::set_permissions(home.join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    fs::write(home.join("broken.json"), "{\n \"format\": 1,\n").unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nowhere = format!("http://{free}");
    for (url, arguments, code, part) in [
        (url.as_str(), &["load.ndjson"][..], 64, "--token-file"),
        (&url, &["load.ndjson", "--demo", "--token-file", "token"], 64, "cannot be used with"),
        (&url, &["missing.ndjson", "--demo"], 64, "cannot read missing.ndjson"),
        (&url, &["load.ndjson", "--token-file", "missing"], 64, "cannot read missing"),
        ("https://127.0.0.1", &["load.ndjson", "--demo"], 64, "http://HOST:PORT"),
        (&url, &["broken.json", "--demo"], 65, "was not sent, nothing has changed"),
        (&nowhere, &["load.ndjson", "--demo"], 69, "no node can be reached"),
        (&url, &["load.ndjson", "--token-file", "unknown"], 77, "Invalid access token"),
        (&url, &["load.ndjson", "--token-file", "other"], 77, "Missing allowances: admin:write"),
        (&url, &["load.ndjson", "--token-file", "open"], 78, "open to other users"),
        (&url, &["load.ndjson", "--demo", "--report", "no/such/folder"], 74, "the report"),
    ] {
        let ended = apply(home, url, arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.stderr);
        let told = ended.stderr.replace('"', "");
        assert!(told.contains(part), "{arguments:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains("demo-"), "{}", ended.stderr);
    }
}

/// A node that ends in the middle of its answer.
#[test]
fn a_load_that_broke_off_is_told_from_a_whole_one() {
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path();
    write_lines(&home.join("load.ndjson"), (1..=3).map(person_request));
    for answer in ["", r#"{"progress":{"lines":3}}"#, r#"{"total":{"lines":3}}"#] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let node = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            // The last chunk.
            while line != "0\r\n" {
                line.clear();
                reader.read_line(&mut line).unwrap();
            }
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            stream.write_all(head.as_bytes()).unwrap();
            if !answer.is_empty() {
                write!(stream, "{:x}\r\n{answer}\n\r\n", answer.len() + 1).unwrap();
            }
        });
        let ended = apply(home, &url, &["load.ndjson", "--demo"]);
        assert_eq!(ended.code, Some(69), "{answer}: {}", ended.stderr);
        assert!(ended.stderr.contains("broke off"), "{}", ended.stderr);
        node.join().unwrap();
    }
}

#[test]
fn a_byte_order_mark_at_the_beginning_of_a_file_is_skipped() {
    let (_demo, url, directory) = demo();
    let home = directory.path();
    fs::write(home.join("load.ndjson"), format!("\u{feff}{}\r\n", person_request(1))).unwrap();
    let ended = apply(home, &url, &["load.ndjson", "--demo"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    fs::write(home.join("world.json"), format!("\u{feff}{DEMO_WORLD}")).unwrap();
    let ended = apply(home, &url, &["world.json", "--demo"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[test]
fn a_refused_line_says_what_is_allowed() {
    let (_demo, url, directory) = demo();
    let home = directory.path();
    let line = r#"{"client": {"id": "1", "name": "", "access_type": "MAYBE", "nickname": 1}}"#;
    fs::write(home.join("load.ndjson"), format!("{line}\n{{\"client\": \n")).unwrap();
    let ended = apply(home, &url, &["load.ndjson", "--demo"]);
    assert_eq!(ended.code, Some(65), "{}", ended.stderr);
    for part in [
        "line 1: $.client.nickname: there is no such name here; known: id, name, ",
        "line 1: $.client.name: expected a name: has no control characters, and is not empty",
        "line 1: $.client.access_type: expected one of DIRECT, BROKER",
        "line 2: the line is no JSON, from its byte ",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
}

#[test]
fn a_line_that_is_too_long_is_not_called_a_broken_load() {
    let (_demo, url, directory) = demo();
    let home = directory.path();
    let long = format!("{{\"user\": {{\"id\": \"{}\"}}}}", "x".repeat(17_000));
    let mut lines: Vec<_> = (1..=130).map(|number| person_request(number).to_string()).collect();
    lines.push(long.clone());
    fs::write(home.join("load.ndjson"), lines.join("\n")).unwrap();
    let ended = apply(home, &url, &["load.ndjson", "--demo"]);
    assert_eq!(ended.code, Some(65), "{}", ended.stderr);
    for part in [
        "A line of the request body is too long: line 131.",
        "Of the first 128 lines: 128 added, ",
        "Mend the file, and load it again",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("can be repeated"), "{}", ended.stderr);
    // In the first chunk nothing was applied yet.
    fs::write(home.join("load.ndjson"), long).unwrap();
    let ended = apply(home, &url, &["load.ndjson", "--demo"]);
    assert_eq!(ended.code, Some(65), "{}", ended.stderr);
    assert!(ended.stderr.contains("Nothing has changed."), "{}", ended.stderr);
    assert!(ended.stderr.contains("too long: line 1."), "{}", ended.stderr);
}
