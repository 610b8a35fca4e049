//! Notes which refusals of the description the tests have seen, in the file of `ESOZ_OTP_REFUSALS_SEEN`. `tests/run` sets it,
//! and compares the file with the description when all tests have run.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::Mutex;

/// The file's path.
pub const FILE: &str = "ESOZ_OTP_REFUSALS_SEEN";

static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Notes the refusal of this name, once in a process.
pub fn note(name: &str) {
    let Some(path) = std::env::var_os(FILE) else { return };
    if SEEN.lock().unwrap().insert(name.to_owned()) {
        let file: std::io::Result<File> = OpenOptions::new().append(true).create(true).open(path);
        writeln!(file.unwrap(), "{name}").unwrap();
    }
}
