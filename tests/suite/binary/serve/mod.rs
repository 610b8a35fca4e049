//! `esoz-otp serve`.

mod damage;
mod keyring;
mod nobody_reads;
mod restart;
mod start;

use std::fs;
use std::path::Path;

use esoz_otp::domain::SecretDigest;
use serde_json::{Value, json};

use super::program::{Ended, Program, run};
use crate::support::DEMO_WORLD;

/// Starts a node on `node` in this directory.
fn serve(directory: &Path, more: &[&str]) -> Program {
    Program::start(
        directory,
        &[&["serve", "--data", "node", "--allow-plaintext-codes"], more].concat(),
    )
}

/// Starts one that should end by itself.
fn refused(directory: &Path, more: &[&str]) -> Ended {
    let always = ["serve", "--data", "node", "--allow-plaintext-codes", "--listen", "127.0.0.1:0"];
    let ended = run(directory, &[&always, more].concat());
    assert!(ended.stdout.is_empty(), "{}", ended.stdout);
    ended
}

/// Starts the first node of a directory, with the demo's world, its secrets known by their digests only.
fn serve_a_world(directory: &Path) -> Program {
    fs::write(directory.join("world.json"), world_of_digests().to_string()).unwrap();
    serve(directory, &["--fixtures", "world.json"])
}

fn world_of_digests() -> Value {
    let mut world: Value = serde_json::from_str(DEMO_WORLD).unwrap();
    world["demo"] = false.into();
    for (list, field) in [("clients", "api_key"), ("tokens", "secret")] {
        for entry in world[list].as_array_mut().unwrap() {
            if let Some(plain) = entry[field]["plain"].as_str() {
                let digest = SecretDigest::of(plain.as_bytes());
                let hex: Vec<_> = digest.as_bytes().iter().map(|b| format!("{b:02x}")).collect();
                entry[field] = json!({"digest": hex.concat()});
            } else if entry[field].is_null() {
                entry.as_object_mut().unwrap().remove(field);
            }
        }
    }
    world
}
