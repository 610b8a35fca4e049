//! Room on the disk.
//!
//! A disk that fills up while something is written costs the process: sled does not recover from it, and callers
//! get no answer. So no write is begun when little is left; reading goes on. It costs a system call of a
//! microsecond for each write, and nothing has to be remembered when there is room again.
//!
//! Others can fill the disk too, and sled writes when it opens: see `reserve_file`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::statvfs;

use super::reserve_file;
use crate::config::StoreConfig;

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

    /// Gives the reserve file up if opening needs it.
    pub(super) fn before_opening(&self) -> io::Result<()> {
        if is_full(&self.path) {
            reserve_file::give_up(&self.path)?;
        }
        Ok(())
    }

    /// Puts the reserve file back if there is room for it, and says if there is not.
    pub(super) fn after_opening(&self) {
        if self.has_room_for(0) {
            self.put_reserve_file();
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
            self.put_reserve_file();
        }
    }

    /// Puts the reserve file back, if that leaves room for writes.
    fn put_reserve_file(&self) {
        let is_tight =
            free(&self.path).is_some_and(|free| free < self.reserve + reserve_file::BYTES);
        if !is_tight {
            reserve_file::put_back(&self.path);
        }
    }
}

/// Whether the disk of this data directory is so full that opening it costs its reserve file.
pub fn is_full(data: &Path) -> bool {
    free(data).is_some_and(|free| free < reserve_file::BYTES)
}

/// Bytes that this user can still write.
pub(super) fn free(path: &Path) -> Option<u64> {
    statvfs(path).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

fn mib(bytes: u64) -> u64 {
    bytes / 1024 / 1024
}
