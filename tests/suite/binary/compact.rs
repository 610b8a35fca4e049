//! `compact`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::binary::node::{make, run_on_node, serve, serve_a_world};
use crate::binary::program::{command, run};
use crate::store::Chance;
use crate::support::SEED_PHONE;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_node_on_a_compacted_directory_goes_on_where_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = serve_a_world(directory.path());
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE, 1);
    let busy = run_on_node(directory.path(), "compact", &[]);
    assert_eq!(busy.code, Some(75), "{}", busy.stderr);
    assert!(busy.stderr.contains("is in use by another esoz-otp"), "{}", busy.stderr);
    assert_eq!(node.stop().code, Some(0));

    let ended = run_on_node(directory.path(), "compact", &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("compacted node: its database had "), "{}", ended.stdout);
    let again = run_on_node(directory.path(), "compact", &[]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(again.stdout.starts_with("left node as it is: a new database would not be smaller"));
    let data = directory.path().join("node");
    assert!(!data.join("store.new").exists() && data.join("seal").exists());
    assert_eq!((mode(&data.join("store")), mode(&data.join("store/db"))), (0o700, 0o600));

    let verified = run(directory.path(), &["audit", "verify", "--data", "node"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);

    let mut node = serve(directory.path(), &[]);
    assert_eq!(node.approve(&code).data()["status"], "APPROVED");
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn a_kill_at_any_point_leaves_a_whole_database() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    let mut chance = Chance::new();
    for _ in 0..12 {
        let mut compact = command(directory.path(), &["compact", "--data", "node"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(chance.below(300)));
        compact.kill().unwrap();
        compact.wait().unwrap();
        let ended = run(directory.path(), &["keys", "list", "--data", "node"]);
        assert_eq!(ended.code, Some(0), "ESOZ_OTP_SEED={}: {}", chance.seed(), ended.stderr);
    }
    let mut node = serve(directory.path(), &[]);
    assert_eq!(node.resend().status, 200);
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn what_is_no_data_directory_is_not_made_one() {
    let directory = tempfile::tempdir().unwrap();
    let ended = run_on_node(directory.path(), "compact", &[]);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}
