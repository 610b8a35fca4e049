//! The Unix socket for administration.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::node::{init, make, refused};
use crate::binary::program::{Program, command, run};
use crate::support::patience::wait_until;

/// A node on `node` that listens on `admin.sock` in its runtime directory, which is the working directory.
fn serve(directory: &Path) -> Program {
    let arguments =
        ["serve", "--data", "node", "--allow-plaintext-codes", "--listen", "127.0.0.1:0"];
    let mut command = command(directory, &arguments);
    command.env("RUNTIME_DIRECTORY", directory);
    let mut node = Program::spawn(&mut command);
    node.line("administration on ");
    node
}

fn node() -> (Program, PathBuf, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    let node = serve(directory.path());
    let socket = directory.path().join("admin.sock");
    (node, socket, directory)
}

/// Status and body of a call without a token.
fn call(socket: &Path, method: &str, path: &str) -> (u16, Value) {
    let head = format!("{method} {path} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n");
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    answer(stream)
}

fn answer(mut stream: UnixStream) -> (u16, Value) {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

#[test]
fn the_user_of_the_node_needs_no_token_and_the_audit_has_their_uid() {
    let (node, socket, directory) = node();
    let metadata = fs::symlink_metadata(&socket).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    let (status, answer) = call(&socket, "POST", "/admin/phones/%2B380671234567/actions/unlock");
    assert_eq!(status, 200, "{answer}");
    let (status, answer) = call(&socket, "GET", "/admin/audit?event=phone_unlocked");
    let row = &answer["data"][0];
    assert_eq!(status, 200, "{answer}");
    assert_eq!(row["uid"], rustix::process::geteuid().as_raw());
    assert!(["peer", "client_id", "user_id"].iter().all(|name| row[name].is_null()), "{row}");
    for path in ["/verifications/%2B380671234567", "/health/live", "/openapi.json", "/api/x"] {
        assert_eq!(call(&socket, "GET", path).0, 404, "{path}");
    }
    let ended = node.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!socket.exists());
    drop(directory);
}

#[test]
fn a_token_on_the_socket_counts_as_anywhere() {
    let (_node, socket, _directory) = node();
    for (token, status) in [("demo-admin-token", 200), ("demo-mis-token", 403), ("no-token", 401)] {
        let mut stream = UnixStream::connect(&socket).unwrap();
        let head = "GET /admin/audit HTTP/1.1\r\nHost: x\r\nConnection: close\r\napi-key: demo-api-key\r\n";
        write!(stream, "{head}Authorization: Bearer {token}\r\n\r\n").unwrap();
        assert_eq!(answer(stream).0, status, "{token}");
    }
}

#[test]
fn another_user_is_refused_and_the_audit_says_so() {
    const NOBODY: u32 = 65534;
    if !rustix::process::geteuid().is_root() {
        println!("LEFT OUT: only root can run a command as another user");
        return;
    }
    let (_node, socket, directory) = node();
    // The mode of the socket would refuse them before the node can.
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).unwrap();
    let arguments = ["apply", "-", "--socket", "admin.sock"];
    let mut other = command(directory.path(), &arguments);
    other.uid(NOBODY).stdin(Stdio::null());
    let ended = Program::spawn(&mut other).end();
    assert_eq!(ended.code, Some(77), "{}", ended.stderr);
    assert!(ended.stderr.contains("Only root and the user of this node"), "{}", ended.stderr);
    let (_, answer) = call(&socket, "GET", "/admin/audit?event=socket_refused");
    assert_eq!(answer["data"][0]["uid"], NOBODY, "{answer}");
}

#[test]
fn a_socket_that_a_killed_node_has_left_is_replaced() {
    let (node, socket, directory) = node();
    node.signal("KILL");
    drop(node);
    assert!(socket.exists());
    let _node = serve(directory.path());
    assert_eq!(call(&socket, "GET", "/admin/audit").0, 200);
}

#[test]
fn a_socket_of_a_running_node_and_a_file_that_is_none_are_refused() {
    let (mut node, socket, directory) = node();
    let other = tempfile::tempdir().unwrap();
    init(other.path());
    let refuse = |path: &Path, part: &str| {
        let set = format!("[admin]\nsocket = {:?}\n", path.to_str().unwrap());
        fs::write(other.path().join("c.toml"), set).unwrap();
        let ended = refused(other.path(), &["--config", "c.toml"]);
        assert_eq!(ended.code, Some(69), "{}", ended.stderr);
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
    };
    refuse(&socket, "another process listens there");
    assert_eq!(call(&socket, "GET", "/admin/audit").0, 200);
    assert_eq!(node.call("GET", "/health/live", "").status, 200);
    let file = directory.path().join("file");
    fs::write(&file, "text").unwrap();
    refuse(&file, "no socket");
    assert_eq!(fs::read_to_string(&file).unwrap(), "text");
    refuse(&directory.path().join("missing/admin.sock"), "No such file");
}

#[test]
fn a_call_in_flight_is_answered_and_an_idle_connection_closed_at_the_end() {
    let (node, socket, _directory) = node();
    let idle = UnixStream::connect(&socket).unwrap();
    let mut open = UnixStream::connect(&socket).unwrap();
    let path = "/admin/phones/%2B380671234567/actions/unlock";
    let head = "HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    write!(open, "POST {path} {head}").unwrap();
    // The node waits for the body now.
    let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    open.read_exact(&mut go_on).unwrap();
    node.signal("TERM");
    wait_until("it accepts no more", || UnixStream::connect(&socket).is_err());
    open.write_all(b"{}").unwrap();
    assert_eq!(answer(open).0, 200);
    let mut nothing = Vec::new();
    (&idle).read_to_end(&mut nothing).unwrap();
    assert!(nothing.is_empty());
    assert_eq!(node.end().code, Some(0));
    assert!(!socket.exists());
}

#[test]
fn a_load_goes_over_the_socket_by_default() {
    let (_node, _socket, directory) = node();
    let home = directory.path();
    let user = r#"{"user": {"id": "d1000000-0000-4000-8000-000000000001"}}"#;
    fs::write(home.join("load.ndjson"), user).unwrap();
    let mut by_default = command(home, &["apply", "load.ndjson"]);
    let ended = Program::spawn(by_default.env("RUNTIME_DIRECTORY", home)).end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("1 added"), "{}", ended.stdout);
    for (socket, code) in [("admin.sock", 0), ("other.sock", 69)] {
        let ended = run(home, &["apply", "load.ndjson", "--socket", socket]);
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
    }
}
