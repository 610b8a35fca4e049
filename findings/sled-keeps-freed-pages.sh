#!/usr/bin/env bash
# What it shows: a sled database from which every record was removed, flushed, closed and opened again stays large, and its
# next records make it larger still. Copying the (no) records to a new database is what makes it small. The reason, as read in
# its source: a page that is freed stays an entry in the log for ever, waiting to be used again, and such an entry keeps its
# whole segment of the log.
# Version: sled 0.34.7. Nothing of this repository is used. It fails when that changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat > "$folder/Cargo.toml" <<'END'
[package]
name = "finding"
version = "0.1.0"
edition = "2021"

[dependencies]
sled = "=0.34.7"

[profile.dev]
opt-level = 2
END
cat > "$folder/src/main.rs" <<'END'
use std::path::Path;

const RECORDS: u64 = 200_000;

fn open(path: &Path) -> sled::Db {
    sled::Config::new().path(path).open().unwrap()
}

/// Keys in an order of their own, as ids have it.
fn key(number: u64) -> [u8; 8] {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes()
}

fn mib(db: &sled::Db) -> f64 {
    db.size_on_disk().unwrap() as f64 / 1024.0 / 1024.0
}

fn main() {
    let folder = std::env::args().nth(1).unwrap();
    let (used, fresh) = (Path::new(&folder).join("used"), Path::new(&folder).join("fresh"));
    for round in 1..=3 {
        let db = open(&used);
        for number in 0..RECORDS {
            db.insert(key(round * RECORDS + number), vec![7; 100]).unwrap();
        }
        for number in 0..RECORDS {
            db.remove(key(round * RECORDS + number)).unwrap();
        }
        db.flush().unwrap();
        drop(db);
        let db = open(&used);
        println!("round {round}: {} records in {:.1} MiB", db.len(), mib(&db));
    }
    let db = open(&fresh);
    db.insert(b"one", b"record").unwrap();
    db.flush().unwrap();
    println!("a new database: {} record in {:.1} MiB", db.len(), mib(&db));
}
END
mkdir "$folder/data"
seen=$(cargo run --quiet --manifest-path "$folder/Cargo.toml" --target-dir "$folder/target" -- "$folder/data")
printf '%s\n' "$seen"
# Seen: 33.5, 39.5 and 41.0 MiB after three rounds, and 0.0 for the new one.
large() { sed -n "s/^round $1: 0 records in \([0-9]*\)\..*/\1/p" <<< "$seen"; }
((10 < $(large 1))) || { echo "sled 0.34.7 does something else now" >&2; exit 1; }
