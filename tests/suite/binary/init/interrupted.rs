//! A run that was cut short is begun again, and leaves nothing of the first.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::binary::node::{init, run_on_node, serve, world_of_digests};
use crate::binary::program::{PATIENCE, command, run};
use crate::support::call;

/// How much a pipe holds on Linux (pipe(7)).
const PIPE: usize = 65_536;

fn knows(directory: &Path, token: &str) -> bool {
    let mut node = serve(directory, &[]);
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    call(node.address(), "GET", "/api/cabinet/authentication_factor", &headers, "").status == 403
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Waits for something that the other process does.
fn until(happens: impl Fn() -> bool) {
    let pause = Duration::from_millis(2);
    let tries = PATIENCE.as_millis() / pause.as_millis();
    assert!((0..tries).any(|_| happens() || {
        std::thread::sleep(pause);
        false
    }));
}

#[test]
fn a_run_killed_while_it_tells_the_token_is_begun_again_with_another_one() {
    let directory = tempfile::tempdir().unwrap();
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(&vec![b'.'; PIPE]).unwrap();
    let first = command(directory.path(), &["init", "--data", "node"])
        .stdout(Stdio::from(writer))
        .spawn()
        .unwrap();
    let keyring = directory.path().join("node.keyring");
    until(|| keyring.exists() && fs::read_dir(directory.path()).unwrap().count() == 2);
    let second = run_on_node(directory.path(), "init", &[]);
    assert_eq!(second.code, Some(75), "the first init has the directory: {}", second.stderr);
    let before = fs::read(&keyring).unwrap();
    kill(first);
    let mut said = Vec::new();
    reader.read_to_end(&mut said).unwrap();
    assert_eq!(said.len(), PIPE, "no token was told");

    let token = init(directory.path());
    assert_ne!(fs::read(&keyring).unwrap(), before, "the keyring of the first run went with it");
    assert!(knows(directory.path(), &token));
}

#[test]
fn a_keyring_that_another_run_did_not_make_is_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let keyring = directory.path().join("node.keyring");
    let before = fs::read(&keyring).unwrap();
    let node = directory.path().join("node");
    fs::write(node.join("unfinished"), noted(&"0".repeat(64))).unwrap();
    let database = fs::read(node.join("store/db")).unwrap();
    let ended = run_on_node(directory.path(), "init", &[]);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert!(ended.stderr.contains("node.keyring is there already"), "{}", ended.stderr);
    assert_eq!(fs::read(&keyring).unwrap(), before);
    assert!(fs::read(node.join("store/db")).unwrap() == database, "nor is the directory touched");
}

/// What an interrupted run notes of the keyring that it was making.
fn noted(digest: &str) -> String {
    format!(
        "`esoz-otp init` has not finished here: run it again. SHA-256 of its keyring: {digest}\n"
    )
}

#[test]
fn what_was_served_is_not_taken_for_what_an_interrupted_run_left() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let mut node = serve(directory.path(), &[]);
    until(|| directory.path().join("node/mark").exists());
    let unfinished = directory.path().join("node/unfinished");
    let other = ["--keyring", "other"];
    for text in ["", "a list of things to do", &noted(&"0".repeat(64))] {
        fs::write(&unfinished, text).unwrap();
        let ended = run_on_node(directory.path(), "init", &other);
        assert_eq!(ended.code, Some(78), "{}", ended.stderr);
        assert_eq!(fs::read_to_string(&unfinished).unwrap(), text);
    }
    assert_eq!(node.initialize("+380671000099").status, 201, "it goes on");
    assert_eq!(node.stop().code, Some(0));
    let ended = run_on_node(directory.path(), "init", &other);
    assert!(ended.stderr.contains("remove node/unfinished"), "{}", ended.stderr);
    fs::remove_file(&unfinished).unwrap();
    let mut node = serve(directory.path(), &[]);
    assert_eq!(node.initialize("+380671000099").reason(), Some("send_pause"));
}

#[test]
fn a_backup_put_over_what_an_interrupted_run_left_is_not_taken_away() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    fs::write(directory.path().join("world.json"), world_of_digests().to_string()).unwrap();
    assert_eq!(run_on_node(directory.path(), "import", &["world.json"]).code, Some(0));
    let node = directory.path().join("node");
    fs::write(node.join("unfinished"), noted(&"0".repeat(64))).unwrap();
    let before = fs::read(node.join("store/db")).unwrap();
    let ended = run_on_node(directory.path(), "init", &["--keyring", "other"]);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert!(fs::read(node.join("store/db")).unwrap() == before);
    fs::remove_file(node.join("unfinished")).unwrap();
    assert_eq!(serve(directory.path(), &[]).resend().status, 200);
}

#[test]
fn a_pipe_is_neither_waited_for_nor_taken_away() {
    for name in ["unfinished", "lock"] {
        let directory = tempfile::tempdir().unwrap();
        let node = directory.path().join("node");
        fs::create_dir(&node).unwrap();
        fs::write(node.join("unfinished"), noted(&"0".repeat(64))).unwrap();
        let pipe = node.join(name);
        drop(fs::remove_file(&pipe));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let ended = run_on_node(directory.path(), "init", &[]);
        assert_eq!(ended.code, Some(78), "{name}: {}", ended.stderr);
        assert!(pipe.exists(), "{name}");
    }
}

#[test]
fn a_directory_that_another_process_has_open_is_not_begun_again() {
    let directory = tempfile::tempdir().unwrap();
    let node = directory.path().join("node");
    fs::create_dir(&node).unwrap();
    let lock = fs::File::create(node.join("lock")).unwrap();
    lock.lock().unwrap();
    fs::write(node.join("unfinished"), noted(&"0".repeat(64))).unwrap();
    let ended = run_on_node(directory.path(), "init", &[]);
    assert_eq!(ended.code, Some(75), "{}", ended.stderr);
    assert!(node.join("lock").exists());
}

#[test]
fn a_link_is_not_followed() {
    let directory = tempfile::tempdir().unwrap();
    let node = directory.path().join("node");
    fs::create_dir(&node).unwrap();
    let victim = directory.path().join("victim");
    fs::write(&victim, "").unwrap();
    std::os::unix::fs::symlink("../victim", node.join("unfinished")).unwrap();
    let ended = run_on_node(directory.path(), "init", &[]);
    assert_ne!(ended.code, Some(0));
    assert_eq!(fs::read(&victim).unwrap(), b"");
    assert!(!directory.path().join("node.keyring").exists());
}

#[test]
fn a_keyring_is_not_made_within_the_directory_that_it_protects() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("real")).unwrap();
    std::os::unix::fs::symlink("real", directory.path().join("link")).unwrap();
    for keyring in ["node/keyring", "./node/store/keyring", "node/mark.new", "a/../node/keyring"] {
        let ended = run_on_node(directory.path(), "init", &["--keyring", keyring]);
        assert_eq!(ended.code, Some(78), "{}", ended.stderr);
        assert!(ended.stderr.contains("elsewhere"), "{}", ended.stderr);
    }
    let linked = ["init", "--data", "real", "--keyring", "link/keyring"];
    assert_eq!(run(directory.path(), &linked).code, Some(78));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    assert_eq!(fs::read_dir(directory.path().join("real")).unwrap().count(), 0);
}

#[test]
fn the_next_run_removes_every_file_of_an_interrupted_one() {
    let directory = tempfile::tempdir().unwrap();
    let node = directory.path().join("node");
    fs::create_dir_all(node.join("store/blobs")).unwrap();
    for torn in ["lock", "seal.new", "ballast", "store/db", "store/conf"] {
        fs::write(node.join(torn), [7; 100]).unwrap();
    }
    let digest = "5a".repeat(32);
    fs::write(node.join("unfinished"), noted(&digest)).unwrap();
    let half = directory.path().join(format!("node.keyring.{}.unfinished", &digest[..12]));
    let other = directory.path().join("node.keyring.unfinished");
    fs::write(&half, "{\"for").unwrap();
    fs::write(&other, "somebody's own").unwrap();
    let token = init(directory.path());
    assert!(!half.exists() && other.exists());
    assert!(knows(directory.path(), &token));
}

#[test]
fn killed_at_any_moment_it_is_done_or_can_be_done_again() {
    for round in 0..12 {
        let directory = tempfile::tempdir().unwrap();
        let mut child = command(directory.path(), &["init", "--data", "node"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(8 * round));
        child.kill().unwrap();
        let mut said = String::new();
        child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        child.wait().unwrap();
        let again = run_on_node(directory.path(), "init", &[]);
        let text = if again.code == Some(78) {
            assert!(!directory.path().join("node/unfinished").exists(), "{}", again.stderr);
            said
        } else {
            assert_eq!(again.code, Some(0), "round {round}: {}", again.stderr);
            again.stdout
        };
        let token = text.lines().find_map(|line| line.strip_prefix("token operator: "));
        assert!(
            knows(directory.path(), token.expect("the first process has printed it")),
            "{round}"
        );
    }
}
