//! Files that settings and commands name: what is none in the place of one, and those that others can change.

use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use super::files::set_mode;
use super::node::{init, run_on_node, serve};
use super::program::{Ended, run};
use super::serve::access::{NOBODY, is_root};
use crate::support::patience::wait_until;

/// A gateway with every file that one can have, and the driver `file`.
const SETTINGS: &str = "[store]\npath = \"node\"\n[server]\nlisten = [\"127.0.0.1:0\"]\n\
    [sms]\ndrivers = [\"backup\", \"file\"]\nallow_plaintext_codes = true\n[sms.file]\npath = \"sms.ndjson\"\n\
    [gateway.backup]\nurl = \"https://gateway.example/\"\nbody = '[\"{phone}\", \"{text}\"]'\n\
    headers = [\"Authorization: Bearer {secret}\"]\nsecret_file = \"token\"\nca_file = \"ca.pem\"\nid_at = \"/id\"\n\
    [gateway.backup.receipts]\nby = \"callback\"\nsecret_file = \"receipts\"\nid_at = \"/id\"\n\
    verdict_at = \"/status\"\ndelivered = [\"ok\"]\n";

/// A directory with a node, its settings and every file that they name.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let put = |name: &str, text: &[u8], mode| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        set_mode(&path, mode);
    };
    put("esoz-otp.toml", SETTINGS.as_bytes(), 0o644);
    put("token", b"hunter2", 0o600);
    put("receipts", b"0123456789abcdef", 0o600);
    let authority = rcgen::generate_simple_self_signed(["gateway.example".into()]).unwrap();
    put("ca.pem", authority.cert.pem().as_bytes(), 0o644);
    directory
}

fn check(directory: &Path) -> Ended {
    run(directory, &["check", "--config", "esoz-otp.toml"])
}

/// Puts something that is no file there, of this kind.
fn put_instead(path: &Path, kind: &str) {
    drop(fs::remove_file(path));
    match kind {
        "FIFO" => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
        "directory" => fs::create_dir(path).unwrap(),
        "socket" => drop(UnixListener::bind(path).unwrap()),
        _ => symlink("/dev/zero", path).unwrap(),
    }
    if kind != "device" {
        set_mode(path, 0o600);
    }
}

const SERVE: [&str; 6] =
    ["serve", "--data", "node", "--allow-plaintext-codes", "--listen", "127.0.0.1:0"];
const KINDS: [&str; 4] = ["FIFO", "directory", "socket", "device"];

#[test]
fn a_setting_or_argument_that_names_no_regular_file_is_refused_without_waiting() {
    for kind in KINDS {
        let directory = directory();
        let path = directory.path();
        assert_eq!(check(path).code, Some(0), "{}", check(path).stderr);
        put_instead(&path.join("world"), kind);
        for (arguments, code) in [
            (&["check", "--config", "world"][..], 78),
            (&["serve", "--config", "world"], 78),
            (&["import", "world", "--data", "node"], 64),
            (&["demo", "--fixtures", "world"], 64),
            (&[&SERVE[..], &["--keyring", "world"]].concat(), 78),
            (&["keys", "list", "--data", "node", "--keyring", "world"], 78),
        ] {
            let ended = run(path, arguments);
            assert_eq!(ended.code, Some(code), "{kind} {arguments:?}: {}", ended.stderr);
            let said = format!("it is no file, but a {kind}");
            assert!(ended.stderr.contains(&said), "{arguments:?}: {}", ended.stderr);
        }
    }
}

#[test]
fn what_is_no_file_is_refused_in_the_data_directory_too() {
    for kind in KINDS {
        for name in ["lock", "seal", "mark", "store/conf", "store/snap.0000000000000000", "store/x"]
        {
            let directory = directory();
            let path = directory.path();
            put_instead(&path.join("node").join(name), kind);
            let is_folder = kind == "directory" && name.starts_with("store/");
            for arguments in [
                &["check", "--config", "esoz-otp.toml"][..],
                &SERVE,
                &["compact", "--data", "node"],
                &["keys", "list", "--data", "node"],
            ] {
                if is_folder {
                    continue;
                }
                let ended = run(path, arguments);
                let code = if arguments[0] == "check" { 78 } else { 74 };
                assert_eq!(ended.code, Some(code), "{kind} {name} {arguments:?}: {}", ended.stderr);
                let said = format!("cannot use node/{name}: it is no file, but a {kind}. Move it");
                assert!(ended.stderr.contains(&said), "{arguments:?}: {}", ended.stderr);
            }
        }
    }
}

#[test]
fn what_has_the_name_of_a_file_that_is_to_be_made_is_made_way_with() {
    for kind in ["FIFO", "socket", "device"] {
        let directory = directory();
        let path = directory.path();
        for name in ["mark.new", "seal.new", "ballast"] {
            put_instead(&path.join("node").join(name), kind);
        }
        let mut node = serve(path, &[]);
        node.address();
        wait_until("the mark is made", || path.join("node/mark").exists());
        let ended = node.stop();
        assert_eq!(ended.code, Some(0), "{kind}: {}", ended.stderr);
        for name in ["mark", "seal", "ballast"] {
            let found = fs::symlink_metadata(path.join("node").join(name)).expect(name);
            assert!(found.is_file() && found.len() > 0, "{kind}: {name}");
        }
        let check = check(path);
        assert_eq!(check.code, Some(0), "{}", check.stderr);
    }
}

#[test]
fn what_is_no_file_is_no_file_of_a_driver_s_either() {
    for kind in KINDS {
        let directory = directory();
        let path = directory.path();
        for name in ["token", "receipts", "ca.pem", "sms.ndjson"] {
            put_instead(&path.join(name), kind);
        }
        let serve = ["serve", "--config", "esoz-otp.toml"];
        let test = ["sms", "test", "+380671234567", "--config", "esoz-otp.toml"];
        for arguments in [&["check", "--config", "esoz-otp.toml"][..], &serve, &test] {
            let ended = run(path, arguments);
            assert_eq!(ended.code, Some(78), "{kind} {arguments:?}: {}", ended.stderr);
            let said = format!("it is no file, but a {kind}");
            assert_eq!(ended.stderr.matches(&said).count(), 4, "{arguments:?}: {}", ended.stderr);
        }
    }
}

#[test]
fn a_configuration_or_an_authority_that_others_can_change_is_refused() {
    let directory = directory();
    let path = directory.path();
    for (name, said) in [
        ("esoz-otp.toml", "esoz-otp.toml: the file can be changed by other users"),
        (
            "ca.pem",
            "gateway.backup.ca_file: the file of certificates ca.pem can be changed by other users",
        ),
    ] {
        for mode in [0o664, 0o646, 0o622, 0o666] {
            set_mode(&path.join(name), mode);
            let ended = check(path);
            assert_eq!(ended.code, Some(78), "{name} {mode:o}");
            assert!(
                ended.stderr.contains(&format!("{said} (mode {mode:04o})")),
                "{}",
                ended.stderr
            );
            assert!(ended.stderr.contains(&format!("chmod go-w {name}")), "{}", ended.stderr);
        }
        for mode in [0o644, 0o600, 0o444] {
            set_mode(&path.join(name), mode);
            assert_eq!(check(path).code, Some(0), "{name} {mode:o}: {}", check(path).stderr);
        }
        if is_root() {
            chown(path.join(name), Some(NOBODY), None).unwrap();
            let ended = check(path);
            assert_eq!(ended.code, Some(78), "{name}");
            let said = format!("belongs to user {NOBODY}, who can change it, and this is user 0");
            assert!(ended.stderr.contains(&said), "{}", ended.stderr);
            assert!(ended.stderr.contains(&format!("chown 0 {name}")), "{}", ended.stderr);
            chown(path.join(name), Some(0), None).unwrap();
        }
    }
}

#[test]
fn the_file_of_messages_is_this_user_s_alone() {
    let directory = directory();
    let path = directory.path();
    let file = path.join("sms.ndjson");
    fs::write(&file, "").unwrap();
    for mode in [0o640, 0o604, 0o620] {
        set_mode(&file, mode);
        let ended = check(path);
        assert_eq!(ended.code, Some(78), "{mode:o}");
        assert!(ended.stderr.contains(&format!("open to other users (mode {mode:04o})")));
    }
    set_mode(&file, 0o600);
    assert_eq!(check(path).code, Some(0));
    if is_root() {
        chown(&file, Some(NOBODY), None).unwrap();
        let test = ["sms", "test", "+380671234567", "--config", "esoz-otp.toml"];
        for arguments in [&["check", "--config", "esoz-otp.toml"][..], &test] {
            let ended = run(path, arguments);
            assert_eq!(ended.code, Some(78), "{}", ended.stderr);
            let said = format!("it belongs to user {NOBODY}, and this is user 0");
            assert!(ended.stderr.contains(&said), "{}", ended.stderr);
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), "", "no code has come to it");
    }
}

#[test]
fn a_file_that_is_led_to_by_a_link_or_standard_input_is_one() {
    let directory = directory();
    let path = directory.path();
    fs::rename(path.join("esoz-otp.toml"), path.join("settings")).unwrap();
    symlink("settings", path.join("esoz-otp.toml")).unwrap();
    assert_eq!(check(path).code, Some(0), "{}", check(path).stderr);
    fs::write(path.join("world.json"), r#"{"demo": false}"#).unwrap();
    let mut import = super::program::command(path, &["import", "/dev/stdin", "--data", "node"]);
    import.stdin(fs::File::open(path.join("world.json")).unwrap());
    let ended = super::program::Program::spawn(&mut import).end();
    let named = run_on_node(path, "import", &["world.json"]);
    assert_eq!((ended.code, ended.stdout), (named.code, named.stdout), "{}", ended.stderr);
}
