//! sled's snapshots of where its pages are in the log: it begins from the newest, and without one from the log alone.
//!
//! A snapshot ends with a checksum. When that is wrong the snapshot is broken and says nothing of the log, which has
//! checksums of its own: the snapshot is set aside, and the database opened from the log. sled takes the last name that
//! begins with `snap.` for its newest snapshot, without a look at the file, and removes the others.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::files;

/// What the name of a snapshot begins with.
const START: &str = "snap.";

/// What a snapshot that was not finished ends with.
const UNFINISHED: &str = ".generating";

/// What the name of a snapshot that was set aside begins with: sled does not look at it.
const ASIDE: &str = "broken-";

/// The length of the content and its CRC-32, little-endian, are at the end of the file.
const TRAILER: usize = 12;

/// Sets a broken snapshot aside and removes an unfinished one. The database must be closed.
pub(super) fn prepare(home: &Path) -> io::Result<()> {
    let mut newest = None;
    for name in names(home)? {
        if name.ends_with(UNFINISHED) {
            // It was never renamed, so the database does not depend on it.
            fs::remove_file(home.join(name))?;
        } else {
            newest = newest.max(Some(name));
        }
    }
    if newest.is_some_and(|name| is_broken(&home.join(name)).unwrap_or(true)) {
        set_all_aside(home)?;
    }
    Ok(())
}

/// A file that sled would take for a snapshot, and that is none.
pub(super) fn stray(home: &Path) -> io::Result<Option<String>> {
    let is_other = |name: &String| !is_snapshot(name) && !name.ends_with(UNFINISHED);
    match names(home) {
        Ok(names) => Ok(names.into_iter().find(is_other)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a file of this name is one of sled's.
pub(super) fn is_sled_s(name: &str) -> bool {
    name == "db" || name == "conf" || name.starts_with("blobs/") || is_snapshot(name)
}

/// Whether this is a snapshot that is broken or missing: opening does without it.
pub(super) fn is_done_without(home: &Path, name: &str) -> bool {
    is_snapshot(name) && is_broken(&home.join(name)).unwrap_or(true)
}

/// Beside a broken snapshot no older one is read either: the log says more.
fn set_all_aside(home: &Path) -> io::Result<()> {
    for name in names(home)? {
        let aside = home.join(format!("{ASIDE}{name}"));
        fs::rename(home.join(name), &aside)?;
        tracing::warn!(
            file = %aside.display(),
            "a snapshot of the database was broken and is set aside: the database is opened from its log"
        );
    }
    File::open(home)?.sync_all()
}

/// All names that sled takes for a snapshot's.
fn names(home: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(home)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with(START) {
            names.push(name);
        }
    }
    Ok(names)
}

/// Sixteen hexadecimal digits say up to where in the log it goes.
fn is_snapshot(name: &str) -> bool {
    let digits = name.strip_prefix(START);
    digits.is_some_and(|digits| digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_broken(place: &Path) -> io::Result<bool> {
    let bytes = files::read(files::open(place)?, u64::MAX)?;
    let Some(end) = bytes.len().checked_sub(TRAILER).filter(|end| *end > 0) else {
        return Ok(true);
    };
    let (content, trailer) = bytes.split_at(end);
    Ok(trailer[8..] != crc32(content).to_le_bytes())
}

/// CRC-32 of IEEE 802.3.
fn crc32(bytes: &[u8]) -> u32 {
    let turned = bytes.iter().fold(u32::MAX, |crc, byte| {
        let [low, ..] = crc.to_le_bytes();
        (crc >> 8) ^ CRC_OF_BYTE[usize::from(low ^ byte)]
    });
    !turned
}

const CRC_OF_BYTE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u32;
    while byte < 256 {
        let mut crc = byte;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 * (crc & 1));
            bit += 1;
        }
        table[byte as usize] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }
}
