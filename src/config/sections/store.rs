//! `store.*`, the data directory and its database, and `keys.*`, the keyring.

use std::path::{Path, PathBuf};

use crate::config::setting::section;
use crate::config::value::SettingValue;
use crate::config::value_type::{TextFormat, ValueType, number};

section! {
    /// The data directory. The default is the one of the Filesystem Hierarchy Standard.
    pub struct DataConfig {
        /// The data directory.
        path: PathBuf = "/var/lib/esoz-otp".into() => [
            "store.path", ValueType::Text(TextFormat::path()),
            by_default("`$STATE_DIRECTORY`, or else `/var/lib/esoz-otp`")
        ],
    }
}

section! {
    /// The database in the data directory.
    #[derive(Copy)]
    pub struct StoreConfig {
        /// The database's page cache. The process needs up to ten times as much memory.
        cache_mib: u64 = 32 => ["store.cache_mib", number(8..=1024, "MiB")],
        /// Free space on the disk below which the node refuses writes. Reads go on.
        reserve_mib: u64 = 32 => ["store.reserve_mib", number(8..=65_536, "MiB")],
    }
}

section! {
    /// The keys that hash codes and seal messages.
    pub struct KeysConfig {
        /// The keyring.
        keyring_file: Option<PathBuf> = None => [
            "keys.keyring_file", ValueType::Text(TextFormat::path()),
            shown_as(|keys| keys.keyring_of(&DataConfig::default().path).to_value()),
            by_default("`$CREDENTIALS_DIRECTORY/keyring` if it is there, else `store.path` with `.keyring` added")
        ],
    }
}

impl KeysConfig {
    /// The keyring of this data directory: `keyring_file`, or a file beside the directory.
    pub fn keyring_of(&self, data: &Path) -> PathBuf {
        self.keyring_file.clone().unwrap_or_else(|| named(data).with_added_extension("keyring"))
    }
}

/// The directory by its own name, which `.` and paths that end in `..` do not have.
fn named(directory: &Path) -> PathBuf {
    match directory.file_name() {
        Some(_) => directory.to_owned(),
        None => directory.canonicalize().unwrap_or_else(|_| directory.to_owned()),
    }
}
