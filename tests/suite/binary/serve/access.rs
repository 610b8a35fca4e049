//! Whose the directory and the keyring are, and who else can look into them.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::binary::files::{files, set_mode};
use crate::binary::node::{make, refused, run_on_node, serve};
use crate::binary::program::{Ended, Program, command, run};
use crate::store::image::{FileSystem, Mounted, left_out};

/// Neither root nor the owner of anything.
pub const NOBODY: u32 = 65_534;

/// Whether this process can become another user. If it can't, prints what is not proven.
pub fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        println!("LEFT OUT: only root can give files away and become another user");
    }
    is_root
}

/// Sees that it is not served, that this is said, and that nothing is changed by it.
fn is_refused(directory: &Path, code: i32, parts: &[&str]) {
    let before = files(directory);
    let ended = refused(directory, &[]);
    assert_eq!(ended.code, Some(code), "{}", ended.stderr);
    for part in parts {
        assert!(ended.stderr.contains(part), "{part}\n{}", ended.stderr);
    }
    assert!(files(directory) == before, "something has changed");
}

#[test]
fn a_directory_that_others_can_look_into_is_not_served_until_it_is_closed() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    let node = directory.path().join("node");
    for mode in [0o755, 0o750, 0o701, 0o770] {
        set_mode(&node, mode);
        let told = format!("mode {mode:04o}");
        is_refused(directory.path(), 78, &[&told, "chmod 700 node"]);
    }
    set_mode(&node, 0o700);
    assert_eq!(serve(directory.path(), &[]).resend().status, 200);
}

#[test]
fn a_keyring_that_others_can_read_is_not_used_until_it_is_closed() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    let keyring = directory.path().join("node.keyring");
    for mode in [0o644, 0o640, 0o604, 0o620] {
        set_mode(&keyring, mode);
        is_refused(directory.path(), 78, &["chmod 600 node.keyring"]);
    }
    let always = ["serve", "--data", "node", "--allow-plaintext-codes", "--listen", "127.0.0.1:0"];
    let mut without_credentials = command(directory.path(), &always);
    without_credentials.env("CREDENTIALS_DIRECTORY", "");
    assert_eq!(Program::spawn(&mut without_credentials).end().code, Some(78));
    set_mode(&keyring, 0o400);
    assert_eq!(serve(directory.path(), &[]).resend().status, 200);
}

#[test]
fn a_credential_s_owner_and_mode_are_the_service_manager_s_business() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    let credentials = tempfile::tempdir().unwrap();
    let keyring = credentials.path().join("keyring");
    fs::rename(directory.path().join("node.keyring"), &keyring).unwrap();
    set_mode(&keyring, 0o440);
    if is_root() {
        chown(&keyring, Some(NOBODY), None).unwrap();
    }
    let always = ["serve", "--data", "node", "--allow-plaintext-codes", "--listen", "127.0.0.1:0"];
    let mut as_a_unit = command(directory.path(), &always);
    as_a_unit.env("CREDENTIALS_DIRECTORY", credentials.path());
    assert_eq!(Program::spawn(&mut as_a_unit).resend().status, 200);
}

#[test]
fn what_belongs_to_another_user_is_not_used_even_by_root() {
    if !is_root() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    let (node, keyring) = (directory.path().join("node"), directory.path().join("node.keyring"));
    let told = "belongs to user 65534, and this is user 0";
    chown(&node, Some(NOBODY), None).unwrap();
    // A `chown` to root would take a service's directory away from the service.
    let helps = "Run esoz-otp as user 65534: systemd/README.md, \"Commands beside the service\"";
    is_refused(directory.path(), 78, &[told, helps]);
    let ended = run_on_node(directory.path(), "import", &["world.json"]);
    assert!(ended.stderr.contains(helps) && !ended.stderr.contains("chown"), "{}", ended.stderr);
    chown(&node, Some(0), None).unwrap();
    chown(&keyring, Some(NOBODY), None).unwrap();
    is_refused(directory.path(), 78, &[told, "chown 0 node.keyring"]);
    chown(&keyring, Some(0), None).unwrap();
    assert_eq!(serve(directory.path(), &[]).resend().status, 200);
}

/// A directory that every user can reach, with a copy of the program in it.
pub fn as_nobody(directory: &Path, arguments: &[&str]) -> Ended {
    set_mode(directory, 0o711);
    let program = directory.join("esoz-otp");
    if !program.exists() {
        fs::copy(env!("CARGO_BIN_EXE_esoz-otp"), &program).unwrap();
    }
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory).env_remove("CREDENTIALS_DIRECTORY");
    command.uid(NOBODY).gid(NOBODY).stdin(Stdio::null());
    Program::spawn(&mut command).end()
}

const AS_NOBODY: [&str; 6] =
    ["serve", "--data", "node", "--allow-plaintext-codes", "--listen", "127.0.0.1:0"];

#[test]
fn another_user_is_told_whose_it_is() {
    if !is_root() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    let ended = as_nobody(directory.path(), &AS_NOBODY);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    let told = "node belongs to user 0, and this is user 65534";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    let ended = as_nobody(directory.path(), &["init", "--data", "node", "--keyring", "ring"]);
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
}

#[test]
fn a_directory_that_its_owner_may_not_write_to_is_named_and_not_changed() {
    if !is_root() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    let (node, keyring) = (directory.path().join("node"), directory.path().join("node.keyring"));
    give_to_nobody(&node);
    chown(&keyring, Some(NOBODY), None).unwrap();
    set_mode(&node, 0o500);
    let before = files(&node);
    let ended = as_nobody(directory.path(), &AS_NOBODY);
    assert_eq!(ended.code, Some(74), "{}", ended.stderr);
    assert!(ended.stderr.contains("node") && ended.stderr.contains("chmod"), "{}", ended.stderr);
    assert!(files(&node) == before);
    set_mode(&node, 0o700);
    chown(&node, Some(0), None).unwrap();
}

fn give_to_nobody(path: &Path) {
    chown(path, Some(NOBODY), None).unwrap();
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            give_to_nobody(&entry.unwrap().path());
        }
    }
}

#[test]
fn a_file_system_that_is_mounted_read_only_is_named_and_not_changed() {
    if left_out() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let image = home.path().join("image");
    FileSystem::Ext4.make(&image, 64);
    let mounted = Mounted::new(&image, home.path().join("mounted"));
    set_mode(mounted.path(), 0o700);
    make(mounted.path());
    mounted.remount("ro");
    is_refused(mounted.path(), 74, &["read-only", "Mount it for writing"]);
    let ended = run_on_node(mounted.path(), "import", &["world.json"]);
    assert_eq!(ended.code, Some(74), "{}", ended.stderr);
    let ended = run(home.path(), &["init", "--data", "mounted/new"]);
    assert_eq!(ended.code, Some(74), "{}", ended.stderr);
    assert!(ended.stderr.contains("Mount it for writing"), "{}", ended.stderr);
    mounted.remount("rw");
    let mut node = serve(mounted.path(), &[]);
    assert_eq!(node.resend().status, 200);
    assert_eq!(node.stop().code, Some(0));
}
