//! `DIR/ballast`: 8 MiB of the disk that are given up when the database could not be opened otherwise.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{FallocateFlags, fallocate};

/// The file's name in the data directory.
pub(super) const NAME: &str = "ballast";

/// Room for a segment of sled's log and a snapshot of a million records.
pub(super) const BYTES: u64 = 8 * 1024 * 1024;

/// Removes the file, if it is there.
pub(super) fn give_up(data: &Path) -> io::Result<()> {
    match fs::remove_file(data.join(NAME)) {
        Ok(()) => {
            tracing::warn!("the disk is full: the file ballast was removed to open the database");
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes the file anew, unless it is there with all its blocks. A failure is not reported: everything works without the
/// file, until the disk is full at a start.
pub(super) fn put_back(data: &Path) {
    let place = data.join(NAME);
    let is_whole = |it: fs::Metadata| it.is_file() && it.blocks() * 512 >= BYTES;
    if fs::symlink_metadata(&place).is_ok_and(is_whole) {
        return;
    }
    // Remove what has its name first: nothing is written through a link.
    drop(fs::remove_file(&place));
    let put = File::options().write(true).create_new(true).mode(0o600).open(&place);
    let put = put.and_then(|file| {
        // Allocates blocks: a file with holes would hold no room.
        Ok(fallocate(&file, FallocateFlags::empty(), 0, BYTES)?)
    });
    if let Err(error) = put {
        tracing::debug!(%error, "no ballast on this file system");
        drop(fs::remove_file(&place));
    }
}
