use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;

use crate::binary::node::{init, refused, serve, serve_a_world};
use crate::binary::program::{Program, run};
use crate::support::SEED_PHONE;
use crate::support::patience::wait_until;

#[test]
fn codes_in_clear_on_the_console_must_be_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let ended = run(directory.path(), &["serve", "--data", "node", "--listen", "127.0.0.1:0"]);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert!(ended.stderr.contains("--allow-plaintext-codes"), "{}", ended.stderr);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn a_directory_that_was_never_made_is_not_made_by_serving() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let ended = refused(path, &[]);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert!(ended.stderr.contains("esoz-otp init --data node"), "{}", ended.stderr);
    assert_eq!(fs::read_dir(path).unwrap().count(), 0);

    DirBuilder::new().mode(0o700).create(path.join("node")).unwrap();
    let ended = refused(path, &[]);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert_eq!(fs::read_dir(path.join("node")).unwrap().count(), 0);
}

#[test]
fn a_world_is_served_as_it_was_imported() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = serve_a_world(directory.path());
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE, 1);
    assert_eq!(node.approve(&code).data()["status"], "APPROVED");
    let description = node.call("GET", "/openapi.json", "").body;
    assert_eq!(description["openapi"], "3.1.0");
    let paths = description["paths"].as_object().unwrap();
    assert!(paths.contains_key("/verifications") && !paths.contains_key("/demo/reset"));
    for path in ["/demo/messages", "/demo/reset"] {
        assert_eq!(node.call("GET", path, "").status, 404, "{path} is the demo's");
    }
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn the_directory_one_is_in_can_be_named_by_a_dot() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("node");
    DirBuilder::new().mode(0o700).create(&path).unwrap();
    let ended = run(&path, &["init", "--data", "."]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(directory.path().join("node.keyring").exists());
    for name in [".", "../node"] {
        let mut node = Program::start(&path, &["serve", "--data", name, "--allow-plaintext-codes"]);
        assert_eq!(node.call("GET", "/health/ready", "").status, 200);
        assert_eq!(node.stop().code, Some(0));
    }
}

#[test]
fn a_start_that_waits_for_something_can_be_broken_off() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let lock = directory.path().join("node/lock");
    let held = File::options().write(true).open(&lock).unwrap();
    held.lock().unwrap();
    let node =
        Program::start(directory.path(), &["serve", "--data", "node", "--allow-plaintext-codes"]);
    let files = format!("/proc/{}/fd", node.id());
    wait_until("it waits for the lock", || {
        let mut files = fs::read_dir(&files).unwrap().flatten();
        files.any(|file| fs::read_link(file.path()).is_ok_and(|file| file.ends_with("node/lock")))
    });
    // A shell that runs the tests in the background makes their programs ignore INT.
    node.signal("TERM");
    assert_eq!(node.end().code, None, "by the signal");
    drop(held);
    assert_eq!(serve(directory.path(), &[]).call("GET", "/health/ready", "").status, 200);
}

#[test]
fn a_world_is_not_loaded_by_serving() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    for flag in [&["--fixtures", "world.json"][..], &["--allow-demo-secrets"]] {
        assert_eq!(refused(directory.path(), flag).code, Some(64));
    }
    assert_eq!(serve(directory.path(), &[]).call("GET", "/health/ready", "").status, 200);
}

#[test]
fn a_second_node_on_the_directory_is_refused_and_the_first_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let mut first = serve_a_world(directory.path());
    assert_eq!(first.resend().status, 200);
    let second = refused(directory.path(), &[]);
    assert_eq!(second.code, Some(75), "{}", second.stderr);
    assert!(second.stderr.contains("node is in use by another esoz-otp"), "{}", second.stderr);

    let code = first.code_for(SEED_PHONE, 1);
    assert_eq!(first.approve(&code).status, 200);
    assert_eq!(first.stop().code, Some(0));
}
