use std::fs;
use std::path::Path;

use super::resident::resident_kib;

/// Bytes of a data directory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Size {
    store: u64,
    audit: u64,
}

impl Size {
    pub fn of(directory: &Path) -> Self {
        let mut size = Self { store: 0, audit: 0 };
        for entry in fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let bytes = bytes(&entry.path());
            match entry.file_name().to_str().unwrap() {
                // It does not change.
                "ballast" => {}
                "audit" => size.audit += bytes,
                _ => size.store += bytes,
            }
        }
        size
    }

    pub fn store_mib(self) -> f64 {
        mib(self.store)
    }

    pub fn audit_mib(self) -> f64 {
        mib(self.audit)
    }
}

/// A file may go while it is looked at.
fn bytes(path: &Path) -> u64 {
    match fs::read_dir(path) {
        Ok(folder) => folder.filter_map(Result::ok).map(|entry| bytes(&entry.path())).sum(),
        Err(_) => fs::metadata(path).map_or(0, |found| found.len()),
    }
}

/// What this process has in memory.
pub fn resident() -> f64 {
    mib(resident_kib("self") * 1024)
}

#[expect(clippy::cast_precision_loss, reason = "there are not so many")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}
