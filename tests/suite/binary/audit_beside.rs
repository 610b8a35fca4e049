//! `esoz-otp audit verify` where the database can't be asked, and files that go while a node runs.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::node::{init, make, serve};
use super::program::{Ended, Program, run};
use crate::store::image::{FileSystem, Mounted, left_out};
use crate::support::call;
use crate::support::patience::wait_until;

const ADMIN: [(&str, &str); 1] = [("authorization", "Bearer demo-admin-token")];

fn verify(directory: &Path) -> Ended {
    run(directory, &["audit", "verify", "--data", "node"])
}

fn audit(directory: &Path) -> PathBuf {
    directory.join("node/audit")
}

fn files(directory: &Path) -> usize {
    fs::read_dir(audit(directory)).map_or(0, Iterator::count)
}

fn page(node: &mut Program, after: u64) -> u16 {
    let path = format!("/admin/audit?after={after}");
    call(node.address(), "GET", &path, &ADMIN, "").status
}

/// A node with three rows that have moved.
fn served(directory: &Path) -> Program {
    make(directory);
    let mut node = serve(directory, &[]);
    for phone in ["+380671000041", "+380681000042", "+380631000043"] {
        assert_eq!(node.initialize(phone).status, 201);
    }
    wait_until("they have moved", || verify(directory).stdout.contains("rows 1 to 3\n"));
    node
}

#[test]
fn beside_a_node_nothing_is_said_to_be_whole_that_only_the_database_knows() {
    let directory = tempfile::tempdir().unwrap();
    let node = served(directory.path());
    let beside = verify(directory.path());
    assert_eq!((beside.code, beside.stderr.as_str()), (Some(0), ""), "{}", beside.stdout);
    assert!(!beside.stdout.contains("nothing is missing"), "{}", beside.stdout);
    assert!(
        beside.stdout.contains("\nnothing was found, as far as can be seen beside a running node")
    );
    drop(node);
}

#[test]
fn a_folder_that_is_gone_beside_a_node_is_65_also_before_its_first_row() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let mut node = serve(directory.path(), &[]);
    node.address();
    wait_until("there is a file", || files(directory.path()) == 1);
    assert_eq!(verify(directory.path()).code, Some(0));
    let file = fs::read_dir(audit(directory.path())).unwrap().next().unwrap().unwrap().path();
    fs::remove_file(file).unwrap();
    for _ in 0..2 {
        let ended = verify(directory.path());
        assert_eq!(ended.code, Some(65), "{}", ended.stdout);
        assert!(ended.stderr.contains("\naudit/: there is no file"), "{}", ended.stderr);
        fs::remove_dir_all(audit(directory.path())).ok();
    }
}

#[test]
fn a_file_that_goes_under_a_node_is_told_of_and_the_next_start_says_what_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = served(directory.path());
    fs::remove_dir_all(audit(directory.path())).unwrap();
    assert_eq!(node.initialize("+380671000044").status, 201);
    assert_eq!(page(&mut node, 0), 503);
    let ended = node.stop();
    assert_eq!(ended.code, Some(0));
    let told = ended.stderr.matches("rows of audit stay in the database").count();
    assert!(told == 1 && !ended.stderr.contains("move to their files again"), "{}", ended.stderr);
    let found = verify(directory.path());
    assert_eq!(found.code, Some(65));
    assert!(found.stdout.contains("not moved from the database yet: 1"), "{}", found.stdout);

    let mut node = serve(directory.path(), &[]);
    assert_eq!((page(&mut node, 0), page(&mut node, 2), page(&mut node, 3)), (503, 503, 200));
    let ended = node.stop();
    for said in ["there is no file, and the database knows row 3", "rows 1 to 3 are missing"] {
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
    let found = verify(directory.path());
    assert_eq!(found.code, Some(65));
    assert!(found.stderr.contains("rows 1 to 3 are missing"), "{}", found.stderr);
}

#[test]
fn a_directory_that_can_only_be_read_or_is_on_a_full_disk_is_looked_at_without_the_database() {
    if left_out() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let image = home.path().join("image");
    FileSystem::Ext4.make(&image, 160);
    let mounted = Mounted::new(&image, home.path().join("mounted"));
    fs::set_permissions(mounted.path(), Permissions::from_mode(0o700)).unwrap();
    assert_eq!(served(mounted.path()).stop().code, Some(0));
    let looked = |why: &str| {
        let ended = verify(mounted.path());
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
        let said = format!("the database is left out: {why}");
        assert!(ended.stdout.contains(&said), "{}", ended.stdout);
        assert!(ended.stdout.contains("as far as can be seen without the database"));
    };
    mounted.remount("ro");
    looked("its directory can't be written to (read-only");
    mounted.remount("rw");
    let in_the_way = mounted.fill();
    looked("its disk is full");
    assert!(mounted.path().join("node/ballast").exists(), "it is the node's, for its start");
    fs::remove_file(in_the_way).unwrap();
    assert!(verify(mounted.path()).stdout.contains("nothing was changed, nothing is missing"));
}
