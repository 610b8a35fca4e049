//! `esoz-otp init`.

mod interrupted;
mod refused;

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use super::node::{init, run_on_node, serve};
use super::program::{Program, command, run};
use crate::support::call;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Whether these bytes are anywhere below.
fn holds(folder: &Path, bytes: &[u8]) -> bool {
    let mut entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.any(|path| {
        if path.is_dir() {
            return holds(&path, bytes);
        }
        fs::read(&path).unwrap().windows(bytes.len()).any(|window| window == bytes)
    })
}

#[test]
fn a_directory_and_its_keyring_are_made_for_their_owner_only() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    assert_eq!(mode(&directory.path().join("node")), 0o700);
    assert_eq!(mode(&directory.path().join("node.keyring")), 0o600);
    let mut left: Vec<_> =
        fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["node", "node.keyring"], "and nothing else");
}

#[test]
fn folders_on_the_way_are_made_for_their_owner_only() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["init", "--data", "var/lib/node", "--keyring", "etc/keys/ring"];
    let ended = run(directory.path(), &arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for folder in ["var", "var/lib", "var/lib/node", "etc", "etc/keys"] {
        assert_eq!(mode(&directory.path().join(folder)), 0o700, "{folder}");
    }
    assert_eq!(mode(&directory.path().join("etc/keys/ring")), 0o600);
}

#[test]
fn an_empty_folder_becomes_the_directory_and_is_closed_to_others() {
    let directory = tempfile::tempdir().unwrap();
    let node = directory.path().join("node");
    DirBuilder::new().mode(0o755).create(&node).unwrap();
    // As at the top of a file system of its own.
    fs::create_dir(node.join("lost+found")).unwrap();
    init(directory.path());
    assert_eq!(mode(&node), 0o700);
    assert!(node.join("lost+found").exists());
}

#[test]
fn the_first_token_is_known_and_may_administer_only() {
    let directory = tempfile::tempdir().unwrap();
    let token = init(directory.path());
    assert!(!holds(directory.path(), token.as_bytes()), "only its digest is kept");
    let mut node = serve(directory.path(), &[]);
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let path = "/api/cabinet/authentication_factor";
    let reply = call(node.address(), "GET", path, &headers, "");
    assert_eq!(reply.status, 403, "known, and not for this: {reply:?}");
    let other = format!("Bearer {}", "0".repeat(64));
    let reply = call(node.address(), "GET", path, &[("authorization", other.as_str())], "");
    assert_eq!(reply.status, 404, "not known");
}

#[test]
fn what_was_made_and_how_to_go_on_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let ended = run_on_node(directory.path(), "init", &[]);
    for part in [
        "data directory (0700): node\n",
        "keyring (0600): node.keyring\n",
        "admin:read admin:write",
        "90 days",
        "esoz-otp import FILE --data node,",
        "esoz-otp serve --data node --allow-plaintext-codes\n",
    ] {
        assert!(format!("{}\n", ended.stdout).contains(part), "{part}\n{}", ended.stdout);
    }
    assert!(ended.stderr.is_empty(), "{}", ended.stderr);
}

#[test]
fn a_keyring_is_made_where_it_is_looked_for() {
    let directory = tempfile::tempdir().unwrap();
    let ended = run_on_node(directory.path(), "init", &["--keyring", "keys/mine"]);
    assert!(ended.stdout.contains("keyring (0600): keys/mine\n"), "{}", ended.stdout);
    assert!(ended.stdout.contains("serve --data node --keyring keys/mine"), "{}", ended.stdout);
    assert_eq!(mode(&directory.path().join("keys/mine")), 0o600);
}

#[test]
fn no_keyring_is_made_among_credentials_that_go_away_with_a_service() {
    let (directory, credentials) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut as_a_unit = command(directory.path(), &["init", "--data", "node"]);
    as_a_unit.env("CREDENTIALS_DIRECTORY", credentials.path());
    let ended = Program::spawn(&mut as_a_unit).end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(directory.path().join("node.keyring").exists());
    assert_eq!(fs::read_dir(credentials.path()).unwrap().count(), 0);

    // Another credential of the unit is no reason not to find it.
    let always = ["serve", "--data", "node", "--allow-plaintext-codes", "--listen", "127.0.0.1:0"];
    let mut as_a_unit = command(directory.path(), &always);
    as_a_unit.env("CREDENTIALS_DIRECTORY", credentials.path());
    let mut node = Program::spawn(&mut as_a_unit);
    assert_eq!(node.call("GET", "/health/ready", "").status, 200);
}

#[test]
fn two_directories_have_keys_and_tokens_of_their_own() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_ne!(init(one.path()), init(two.path()));
    let keyring = |home: &Path| fs::read(home.join("node.keyring")).unwrap();
    assert_ne!(keyring(one.path()), keyring(two.path()));
}

#[test]
fn of_several_at_once_that_name_one_keyring_the_one_that_succeeds_has_its_own() {
    for _ in 0..6 {
        let home = tempfile::tempdir().unwrap();
        let started: Vec<_> = ["a", "b", "c", "d"]
            .map(|data| {
                let mut init = command(home.path(), &["init", "--data", data, "--keyring", "key"]);
                (data, Program::spawn(&mut init))
            })
            .into_iter()
            .collect();
        let ended: Vec<_> = started.into_iter().map(|(data, it)| (data, it.end())).collect();
        let done: Vec<_> = ended.iter().filter(|(_, ended)| ended.code == Some(0)).collect();
        assert_eq!(done.len(), 1, "{ended:?}");
        let arguments = ["serve", "--data", done[0].0, "--keyring", "key"];
        let more = ["--allow-plaintext-codes"];
        let mut node = Program::start(home.path(), &[&arguments[..], &more].concat());
        assert_eq!(node.call("GET", "/health/ready", "").status, 200);
    }
}

#[test]
fn the_next_step_that_it_prints_works() {
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path();
    let next = |printed: &str| {
        let line = printed.lines().find(|line| line.starts_with("Next: ")).unwrap().to_owned();
        let serve = line.split_once("then esoz-otp ").unwrap().1.to_owned();
        serve.split(' ').map(str::to_owned).collect::<Vec<_>>()
    };
    let ended = run(home, &["init", "--data", "node"]);
    let serve = next(&ended.stdout);
    assert_eq!(serve.last().unwrap(), "--allow-plaintext-codes");
    let listen = ["--listen".to_owned(), "127.0.0.1:0".to_owned()];
    let serve = [serve, listen.to_vec()].concat();
    let mut node = Program::start(home, &serve.iter().map(String::as_str).collect::<Vec<_>>());
    node.address();
    // With a setting that allows it, the flag is not needed.
    fs::write(home.join("settings.toml"), "[sms]\nallow_plaintext_codes = true\n").unwrap();
    let ended = run(home, &["init", "--data", "other", "--config", "settings.toml"]);
    assert!(!ended.stdout.contains("--allow-plaintext-codes"), "{}", ended.stdout);
}
