//! `esoz-otp keys`.

mod add;
mod disk;
mod interrupted;
mod list;
mod retire;
mod rotation;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::program::{Ended, Program, command, run};

fn keyring(directory: &Path) -> PathBuf {
    directory.join("node.keyring")
}

/// A keyring as it is written.
fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The ids of its keys, in the order of the file.
fn ids(path: &Path) -> Vec<String> {
    let id = |key: &Value| key["id"].as_str().unwrap().to_owned();
    read(path)["keys"].as_array().unwrap().iter().map(id).collect()
}

/// A key of its own for each of these ids, the last one the newest.
fn write(path: &Path, ids: &[&str]) {
    let key = |(n, id): (usize, &&str)| {
        let at = format!("2026-01-01T00:{:02}:{:02}Z", n / 60, n % 60);
        json!({"id": id, "created_at": at, "key": format!("{:064x}", 0x5a5a_5a5a + n)})
    };
    let keys: Vec<_> = ids.iter().enumerate().map(key).collect();
    fs::write(path, json!({"format": 1, "keys": keys}).to_string()).unwrap();
    super::files::set_mode(path, 0o600);
}

/// Runs `keys …` on the node, or on what the arguments name instead.
fn keys(directory: &Path, arguments: &[&str]) -> Ended {
    let node: &[&str] = if arguments.contains(&"--data") { &[] } else { &["--data", "node"] };
    silent(directory, || run(directory, &[&["keys"], arguments, node].concat()))
}

/// The same with a service manager's credentials in this folder.
fn keys_with_credentials(directory: &Path, credentials: &Path, arguments: &[&str]) -> Ended {
    let mut command = command(directory, &[&["keys"], arguments, &["--data", "node"]].concat());
    command.env("CREDENTIALS_DIRECTORY", credentials);
    silent(directory, || Program::spawn(&mut command).end())
}

/// The same where it has to succeed.
fn keys_done(directory: &Path, arguments: &[&str]) -> String {
    let ended = keys(directory, arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.stdout
}

/// The id of the key that it has added.
fn add(directory: &Path) -> String {
    let said = keys_done(directory, &["add"]);
    said.lines().next().unwrap().split(' ').nth(1).unwrap().to_owned()
}

/// No output has a part of a key, old or new.
fn silent(directory: &Path, run: impl FnOnce() -> Ended) -> Ended {
    let text = || fs::read_to_string(keyring(directory)).unwrap_or_default();
    let before = text();
    let ended = run();
    let said = [ended.stdout.as_str(), &ended.stderr].concat();
    let is_secret = |word: &&str| word.len() >= 32 && word.bytes().all(|b| b.is_ascii_hexdigit());
    for text in [before, text()] {
        for secret in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_secret) {
            assert!(!said.contains(&secret[..12]) && !said.contains(&secret[52..]), "{said}");
        }
    }
    ended
}

/// What lies beside the node and its keyring.
fn left_over(directory: &Path) -> Vec<String> {
    let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    names.filter(|name| name.starts_with("node.keyring.")).collect()
}
