//! Everything that `serve` would read, read without changing anything.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use zeroize::Zeroizing;

use super::{CheckArgs, Failure, manual};
use crate::config::{Config, Faults};
use crate::otp::Keyring;
use crate::store::Store;

/// `esoz-otp check`.
pub(super) fn check(args: &CheckArgs) -> Result<(), Failure> {
    let (effective, faults) = args.settings.layers().read();
    let mut said = Vec::new();
    if !faults.is_empty() {
        said.push(Faults(faults).to_string());
    }
    said.extend(places(&effective.config));
    if !said.is_empty() {
        return Err(Failure::configuration(said.join("\n")));
    }
    if args.print_effective {
        return manual::print(effective.to_toml().as_bytes());
    }
    manual::print(b"configuration is in order\n")
}

/// What is wrong with the keyring, and with the data directory if there is one.
fn places(config: &Config) -> Vec<String> {
    let data = &config.data.path;
    let keyring = keyring(&config.keys.keyring_of(data), Store::exists(data));
    [keyring, directory(data)].into_iter().flatten().collect()
}

fn keyring(path: &Path, is_needed: bool) -> Option<String> {
    let text = match fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound && !is_needed => return None,
        Err(error) => {
            return Some(format!(
                "cannot read the keyring {}: {error}. Name the right one by keys.keyring_file or --keyring.",
                path.display()
            ));
        }
    };
    Keyring::parse(&text).err().map(|error| format!("{}: {error}", path.display()))
}

fn directory(path: &Path) -> Option<String> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        Err(error) => return Some(format!("cannot look at {}: {error}", path.display())),
    };
    let path = path.display();
    let mode = metadata.permissions().mode() & 0o7777;
    if !metadata.is_dir() {
        return Some(format!("{path} is no directory. Name one by store.path or --data."));
    }
    if mode & 0o077 != 0 {
        return Some(format!(
            "{path} has mode {mode:04o}: others may look into it. chmod 0700 {path}"
        ));
    }
    None
}
