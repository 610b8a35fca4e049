//! The unit in systemd/, judged by systemd's own tools.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

const UNIT: &str = include_str!("../../../systemd/esoz-otp.service");
/// Under this name `tests/run --without` leaves these tests out.
const LEAVE_OUT: &str = "systemd";
/// What systemd 252 gives a unit like ours; 10 is the worst.
const MOST_EXPOSED: f64 = 1.3;

fn left_out() -> bool {
    let without = std::env::var("ESOZ_OTP_WITHOUT").unwrap_or_default();
    let left_out = without.split([',', ' ']).any(|name| name == LEAVE_OUT);
    if left_out {
        println!("LEFT OUT by name ({LEAVE_OUT}): nothing is proven about the systemd unit");
    }
    left_out
}

/// The unit as it would be if this build were installed.
fn copy() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("esoz-otp.service");
    let copy = UNIT.replace("/usr/local/bin/esoz-otp", env!("CARGO_BIN_EXE_esoz-otp"));
    assert_ne!(copy, UNIT);
    fs::write(&path, copy).unwrap();
    (directory, path)
}

fn analyze(arguments: &[&str], unit: &PathBuf) -> String {
    let ran = Command::new("systemd-analyze").args(arguments).arg(unit).output();
    let ran = ran.unwrap_or_else(|error| {
        panic!(
            "systemd-analyze does not run: {error}. Install Debian's package systemd, or leave the unit out by \
             name: tests/run --without {LEAVE_OUT}, ESOZ_OTP_WITHOUT={LEAVE_OUT}."
        )
    });
    let said = [ran.stdout, ran.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(ran.status.success(), "{}", said.concat());
    said.concat()
}

#[test]
fn systemd_finds_nothing_to_say_about_the_unit() {
    if left_out() {
        return;
    }
    let (_directory, unit) = copy();
    assert_eq!(analyze(&["verify"], &unit).trim(), "");
}

#[test]
fn the_unit_exposes_next_to_nothing() {
    if left_out() {
        return;
    }
    let (_directory, unit) = copy();
    let said = analyze(&["security", "--offline=true", "--no-pager"], &unit);
    let (_, score) = said.split_once("Overall exposure level for esoz-otp.service: ").expect(&said);
    let score: f64 = score.split_whitespace().next().unwrap().parse().unwrap();
    assert!(score <= MOST_EXPOSED, "{said}");
}

/// Where it may not, hashing threads keep everybody waiting; the call is among those that are taken away as a group.
#[test]
fn it_may_lower_the_priority_of_its_threads() {
    let filters: Vec<_> =
        UNIT.lines().filter_map(|line| line.strip_prefix("SystemCallFilter=")).collect();
    assert_eq!(filters, ["@system-service", "~@privileged @resources", "setpriority"]);
}

#[test]
fn it_leaves_no_core_file() {
    assert!(UNIT.lines().any(|line| line == "LimitCORE=0"));
}

#[test]
fn what_no_restart_mends_is_not_restarted() {
    let has = |line: &str| UNIT.lines().any(|other| other == line);
    assert!(has("Restart=on-failure") && has("RestartPreventExitStatus=64 65 78"));
    assert!(has("StateDirectory=esoz-otp") && has("LoadCredential=keyring:/etc/esoz-otp/keyring"));
}
