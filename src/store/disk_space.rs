//! Room on the disk.
//!
//! A disk that fills up while something is written costs the process: sled does not recover from it, and callers
//! get no answer. So no write is begun when little is left; reading goes on. It costs a system call of a
//! microsecond for each write, and nothing has to be remembered when there is room again.
//!
//! Others can fill the disk too, and sled writes when it opens. `DIR/ballast` holds room for that: it is given up
//! when the disk is full at the start.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FallocateFlags, fallocate, statvfs};

use crate::config::StoreConfig;

/// The name of the ballast.
pub(super) const BALLAST: &str = "ballast";

/// Room for a segment of sled's log and a snapshot of a million records.
const BALLAST_BYTES: u64 = 8 * 1024 * 1024;

/// What a write's bytes can come to in sled's log: they are in it twice, and sled writes pages of up to 17 records anew.
const GROWTH: u64 = 8;

/// What is left on the disk of a data directory, and whether that is too little.
pub(super) struct DiskSpace {
    path: PathBuf,
    reserve: u64,
    is_low: AtomicBool,
}

impl DiskSpace {
    pub(super) fn new(path: &Path, config: StoreConfig) -> Self {
        let reserve = config.reserve_mib * 1024 * 1024;
        Self { path: path.to_owned(), reserve, is_low: AtomicBool::new(false) }
    }

    /// Gives the ballast up if opening needs it.
    pub(super) fn before_opening(&self) -> io::Result<()> {
        if is_full(&self.path) {
            match fs::remove_file(self.path.join(BALLAST)) {
                Ok(()) => tracing::warn!("the disk is full: the ballast was given up to open"),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Puts the ballast back if there is room for it, and says if there is not.
    pub(super) fn after_opening(&self) {
        if self.has_room_for(0) {
            self.put_ballast();
        }
    }

    /// Whether a write of so many bytes may be begun; always, if nothing is to be kept free.
    pub(super) fn has_room_for(&self, bytes: u64) -> bool {
        if self.reserve == 0 {
            return true;
        }
        // A file system that says nothing says so when it is written to.
        let Some(free) = free(&self.path) else { return true };
        self.tell(free);
        free >= self.reserve + bytes.saturating_mul(GROWTH)
    }

    /// One line when the room runs out, and one when there is some again.
    fn tell(&self, free: u64) {
        let is_low = free < self.reserve;
        if self.is_low.swap(is_low, Ordering::Relaxed) == is_low {
            return;
        }
        let (free, reserve) = (mib(free), mib(self.reserve));
        let directory = self.path.display();
        if is_low {
            tracing::warn!(
                "the disk of {directory} is nearly full: {free} MiB are left, and nothing is written below {reserve} MiB. \
                 Reading goes on. Make room; writing goes on by itself then."
            );
        } else {
            tracing::info!("there is room on the disk of {directory} again: writing goes on");
            self.put_ballast();
        }
    }

    /// Without it everything works, until the disk is full at a start.
    fn put_ballast(&self) {
        let place = self.path.join(BALLAST);
        let is_whole = |it: fs::Metadata| it.is_file() && it.blocks() * 512 >= BALLAST_BYTES;
        let is_there = fs::symlink_metadata(&place).is_ok_and(is_whole);
        if is_there || free(&self.path).is_some_and(|free| free < self.reserve + BALLAST_BYTES) {
            return;
        }
        // Remove what has its name first: nothing is written through a link.
        drop(fs::remove_file(&place));
        let put = File::options().write(true).create_new(true).mode(0o600).open(&place);
        let put = put.and_then(|file| {
            // Real room, not the promise of it.
            Ok(fallocate(&file, FallocateFlags::empty(), 0, BALLAST_BYTES)?)
        });
        if let Err(error) = put {
            tracing::debug!(%error, "no ballast on this file system");
            drop(fs::remove_file(&place));
        }
    }
}

/// Whether the disk of this data directory is so full that opening it costs its ballast.
pub fn is_full(data: &Path) -> bool {
    free(data).is_some_and(|free| free < BALLAST_BYTES)
}

/// Bytes that this user can still write.
pub(super) fn free(path: &Path) -> Option<u64> {
    statvfs(path).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

fn mib(bytes: u64) -> u64 {
    bytes / 1024 / 1024
}
