//! The doors for time, chance and the database are locked: `.clippy.toml` bites.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::root;

/// What each row of `.clippy.toml` forbids, as somebody would write it.
const PLANTED: [(&str, &str); 12] = [
    ("std::time::SystemTime::now", "let _ = std::time::SystemTime::now();"),
    ("std::time::Instant::now", "let _ = std::time::Instant::now();"),
    ("tokio::time::Instant::now", "let _ = tokio::time::Instant::now();"),
    ("jiff::Timestamp::now", "let _ = jiff::Timestamp::now();"),
    ("ring::rand::SystemRandom::new", "let _ = ring::rand::SystemRandom::new();"),
    ("sled::open", "let _ = sled::open(\"\");"),
    ("sled::Config::open", "let _ = sled::Config::new().open();"),
    ("std::time::SystemTime", "let _: Option<std::time::SystemTime> = None;"),
    ("ring::rand::SystemRandom", "let _: Option<ring::rand::SystemRandom> = None;"),
    ("sled::Db", "let _: Option<sled::Db> = None;"),
    ("sled::Tree", "let _: Option<sled::Tree> = None;"),
    ("sled::Config", "let _: Option<sled::Config> = None;"),
];

#[test]
fn time_chance_and_the_database_have_one_door_each() {
    let rows = rows();
    let (mut forbidden, mut planted): (Vec<_>, Vec<_>) = (
        rows.iter().map(|(path, _)| path.as_str()).collect(),
        PLANTED.map(|(path, _)| path).into(),
    );
    forbidden.sort_unstable();
    planted.sort_unstable();
    assert_eq!(forbidden, planted, "rows of .clippy.toml, and what is planted against them");

    let copy = copy_of_the_package();
    assert_eq!(complaints(&copy), [], "without anything planted");
    plant(&copy);
    let found = complaints(&copy);
    for ((path, code), line) in PLANTED.into_iter().zip(2..) {
        let reason = rows.iter().find(|row| row.0 == path).map(|row| row.1.as_str()).unwrap();
        let is_found = found.iter().any(|complaint| {
            complaint.file == "src/domain/planted.rs"
                && complaint.line == line
                && complaint.message.starts_with("use of a disallowed ")
                && complaint.message.ends_with(&format!(" `{path}`"))
                && complaint.notes.iter().any(|note| note == reason)
        });
        assert!(is_found, "`{code}` should be refused because {reason}\n{found:#?}");
    }
}

/// Paths and reasons of `.clippy.toml`.
fn rows() -> Vec<(String, String)> {
    let between_quotes = |line: &str, key: &str| {
        let (_, value) = line.split_once(&format!("{key} = \""))?;
        value.split_once('"').map(|(value, _)| value.to_owned())
    };
    fs::read_to_string(root().join(".clippy.toml"))
        .unwrap()
        .lines()
        .filter_map(|line| Some((between_quotes(line, "path")?, between_quotes(line, "reason")?)))
        .collect()
}

/// Always at one place, so that cargo knows it again. Under another name, or cargo would take it for the package itself
/// when both are built in one target directory.
fn copy_of_the_package() -> PathBuf {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lints");
    if copy.exists() {
        fs::remove_dir_all(&copy).unwrap();
    }
    copy_folder(root(), &copy, &["target", ".git", "data"]);
    for name in ["Cargo.toml", "Cargo.lock"] {
        let text = fs::read_to_string(copy.join(name)).unwrap();
        let renamed = text.replace("\"esoz-otp\"", "\"planted\"").replace("esoz_otp", "planted");
        fs::write(copy.join(name), renamed).unwrap();
    }
    copy
}

fn copy_folder(from: &Path, to: &Path, but: &[&str]) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (name, kind) = (entry.file_name(), entry.file_type().unwrap());
        if but.iter().any(|left_out| name == *left_out) {
            continue;
        }
        if kind.is_dir() {
            copy_folder(&entry.path(), &to.join(name), &[]);
        } else if kind.is_file() {
            fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

/// Each on a line of its own, from the second line on.
fn plant(copy: &Path) {
    let domain = copy.join("src/domain");
    let head = fs::read_to_string(domain.join("mod.rs")).unwrap();
    fs::write(domain.join("mod.rs"), format!("{head}\nmod planted;\n")).unwrap();
    let lines = PLANTED.map(|(_, code)| format!("    {code}\n")).concat();
    fs::write(domain.join("planted.rs"), format!("fn planted() {{\n{lines}}}\n")).unwrap();
}

#[derive(Debug, PartialEq, Eq)]
struct Complaint {
    file: String,
    line: u64,
    message: String,
    notes: Vec<String>,
}

/// What clippy says about the library's doors. The dependencies have been checked in the same target directory before.
fn complaints(package: &Path) -> Vec<Complaint> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(package);
    cargo.args(["clippy", "--lib", "--offline", "--locked", "--message-format=json"]);
    // What cargo says to a test about its package would make build scripts run again.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| name.starts_with(start)) {
            cargo.env_remove(name.as_ref());
        }
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let output = cargo.env("CARGO_TARGET_DIR", target).output().unwrap();
    let messages: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let is_built = messages.iter().any(|message| message["success"] == true);
    assert!(is_built, "{}{messages:#?}", String::from_utf8_lossy(&output.stderr));
    messages.iter().filter_map(|message| complaint(&message["message"])).collect()
}

/// Only what the rows of `.clippy.toml` are for; all other lints are looked after by clippy's own run.
fn complaint(message: &Value) -> Option<Complaint> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let lint = message["code"]["code"].as_str()?;
    let place = message["spans"].get(0)?;
    lint.starts_with("clippy::disallowed_").then_some(Complaint {
        file: text(&place["file_name"]),
        line: place["line_start"].as_u64()?,
        message: text(&message["message"]),
        notes: message["children"].as_array()?.iter().map(|note| text(&note["message"])).collect(),
    })
}
