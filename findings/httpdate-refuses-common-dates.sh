#!/usr/bin/env bash
# What it shows: the crate httpdate reads the dates that RFC 9110 (5.6.7) allows, and none of three that programs write in
# Retry-After: with +0000 for GMT, with a day of one digit, with a weekday that is another day's.
# Version: httpdate 1.0.3. Nothing of this repository is used. It fails when that changes.
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
httpdate = "=1.0.3"
END
cat > "$folder/src/main.rs" <<'END'
fn main() {
    for date in [
        "Sun, 01 Nov 2026 12:00:30 GMT",
        "Sunday, 01-Nov-26 12:00:30 GMT",
        "Sun Nov  1 12:00:30 2026",
        "Sun, 01 Nov 2026 12:00:30 +0000",
        "Sun, 1 Nov 2026 12:00:30 GMT",
        "Mon, 01 Nov 2026 12:00:30 GMT",
    ] {
        let read = httpdate::parse_http_date(date).is_ok();
        println!("{date}: {}", if read { "read" } else { "refused" });
    }
}
END
seen=$(cargo run --quiet --manifest-path "$folder/Cargo.toml" --target-dir "$folder/target")
expected='Sun, 01 Nov 2026 12:00:30 GMT: read
Sunday, 01-Nov-26 12:00:30 GMT: read
Sun Nov  1 12:00:30 2026: read
Sun, 01 Nov 2026 12:00:30 +0000: refused
Sun, 1 Nov 2026 12:00:30 GMT: refused
Mon, 01 Nov 2026 12:00:30 GMT: refused'
printf '%s\n' "$seen"
[[ $seen == "$expected" ]] || { echo "httpdate 1.0.3 does something else now" >&2; exit 1; }
