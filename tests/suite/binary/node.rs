//! A node on `node` in a directory: made, filled, served.

use std::fs;
use std::path::Path;

use esoz_otp::domain::SecretDigest;
use serde_json::{Value, json};

use super::program::{Ended, Program, run};
use crate::support::DEMO_WORLD;

/// Runs a command on it that ends by itself.
pub fn run_on_node(directory: &Path, command: &str, more: &[&str]) -> Ended {
    run(directory, &[&[command, "--data", "node"], more].concat())
}

/// Makes it; gives the first token.
pub fn init(directory: &Path) -> String {
    let ended = run_on_node(directory, "init", &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let token = ended.stdout.lines().find_map(|line| line.strip_prefix("token operator: "));
    token.unwrap().to_owned()
}

/// Adds this to it.
pub fn import(directory: &Path, world: &str) -> Ended {
    fs::write(directory.join("world.json"), world).unwrap();
    run_on_node(directory, "import", &["world.json"])
}

/// Makes it, with the demo's world in it, whose secrets are known by their digests only.
pub fn make(directory: &Path) {
    init(directory);
    let ended = import(directory, &world_of_digests().to_string());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

/// Serves it.
pub fn serve(directory: &Path, more: &[&str]) -> Program {
    let always = ["serve", "--data", "node", "--allow-plaintext-codes"];
    Program::start(directory, &[&always, more].concat())
}

/// Makes and serves it.
pub fn serve_a_world(directory: &Path) -> Program {
    make(directory);
    serve(directory, &[])
}

/// Serves it, which should not succeed.
pub fn refused(directory: &Path, more: &[&str]) -> Ended {
    let always = ["--allow-plaintext-codes", "--listen", "127.0.0.1:0"];
    let ended = run_on_node(directory, "serve", &[&always, more].concat());
    assert!(ended.stdout.is_empty(), "{}", ended.stdout);
    ended
}

pub fn world_of_digests() -> Value {
    let mut world: Value = serde_json::from_str(DEMO_WORLD).unwrap();
    world["demo"] = false.into();
    for (list, field) in [("clients", "api_key"), ("tokens", "secret")] {
        for entry in world[list].as_array_mut().unwrap() {
            if let Some(plain) = entry[field]["plain"].as_str() {
                let digest = SecretDigest::of(plain.as_bytes());
                entry[field] = json!({"digest": digest.to_hex()});
            } else if entry[field].is_null() {
                entry.as_object_mut().unwrap().remove(field);
            }
        }
    }
    world
}
