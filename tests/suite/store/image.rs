//! File systems in files, mounted for a test.

use std::path::{Path, PathBuf};
use std::process::Command;

const LEAVE_OUT: &str = "crash-images";

/// Whether the tests that mount file systems were left out by name.
pub fn left_out() -> bool {
    let without = std::env::var("ESOZ_OTP_WITHOUT").unwrap_or_default();
    let left_out = without.split([',', ' ']).any(|name| name == LEAVE_OUT);
    if left_out {
        println!(
            "LEFT OUT by name ({LEAVE_OUT}): nothing is proven about power cuts and full disks"
        );
    }
    left_out
}

/// A file system that a test can make.
#[derive(Clone, Copy, Debug)]
pub enum FileSystem {
    Ext4,
    Xfs,
}

impl FileSystem {
    /// Makes one of that many MiB in a sparse file.
    pub fn make(self, file: &Path, mib: u64) {
        let backing = std::fs::File::create_new(file).unwrap();
        backing.set_len(mib * 1024 * 1024).unwrap();
        match self {
            Self::Ext4 => run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(file)),
            Self::Xfs => run(Command::new("mkfs.xfs").args(["-q", "-f"]).arg(file)),
        };
    }
}

/// A mounted image. Unmounted, and its loop device freed, when this goes.
pub struct Mounted {
    point: PathBuf,
}

impl Mounted {
    pub fn new(file: &Path, point: PathBuf) -> Self {
        std::fs::create_dir(&point).unwrap();
        run(Command::new("mount").args(["-o", "loop"]).arg(file).arg(&point));
        Self { point }
    }

    /// Leaves so many MiB free, in a file that is given back.
    pub fn leave_free(&self, mib: u64) -> PathBuf {
        let file = self.point.join("in-the-way");
        let free = rustix::fs::statvfs(&self.point).unwrap();
        let taken = (free.f_bavail * free.f_frsize).saturating_sub(mib * 1024 * 1024);
        let hog = std::fs::File::create(&file).unwrap();
        rustix::fs::fallocate(&hog, rustix::fs::FallocateFlags::empty(), 0, taken).unwrap();
        file
    }

    /// Leaves nothing free, not even what is kept for root; the file that is in the way is given back.
    pub fn fill(&self) -> PathBuf {
        use std::io::Write;
        let file = self.point.join("all-over");
        let mut hog = std::fs::File::create(&file).unwrap();
        for size in [1024 * 1024, 4096, 1] {
            while hog.write_all(&vec![7; size]).is_ok() && hog.sync_data().is_ok() {}
        }
        file
    }

    /// Everything that is mounted can be read only from now on, or written again.
    pub fn remount(&self, option: &str) {
        let remount = format!("remount,{option}");
        run(Command::new("mount").args(["-o", &remount]).arg(&self.point));
    }

    pub fn path(&self) -> &Path {
        &self.point
    }

    /// Copies the file below at one moment of its life: nothing was written to the device meanwhile. Whoever writes
    /// has to be frozen, but the kernel writes by itself too.
    pub fn copy_still(&self, file: &Path, copy: &Path) {
        let written = self.device_written();
        let still = (0..100).any(|_| {
            let before = std::fs::read_to_string(&written).unwrap();
            run(Command::new("cp").arg("--sparse=always").arg(file).arg(copy));
            let after = std::fs::read_to_string(&written).unwrap();
            writes(&before) == writes(&after) && in_flight(&after) == 0
        });
        assert!(still, "{} does not come to rest", self.point.display());
    }

    /// The kernel's counters of the loop device.
    fn device_written(&self) -> PathBuf {
        let device = run(Command::new("findmnt").args(["-no", "SOURCE"]).arg(&self.point));
        let device = device.trim().strip_prefix("/dev/").unwrap().to_owned();
        Path::new("/sys/block").join(device).join("stat")
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.point).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            // Somebody still holds a file: the kernel lets go when they do.
            drop(Command::new("umount").arg("--lazy").arg(&self.point).status());
        }
    }
}

fn column(stat: &str, column: usize) -> u64 {
    stat.split_whitespace().nth(column).unwrap().parse().unwrap()
}

/// Writes and flushes completed (Documentation/block/stat.rst).
fn writes(stat: &str) -> (u64, u64) {
    (column(stat, 4), column(stat, 15))
}

fn in_flight(stat: &str) -> u64 {
    column(stat, 8)
}

fn run(command: &mut Command) -> String {
    let how = format!(
        "This test mounts file systems of its own: it needs root, mount, mkfs.ext4 and mkfs.xfs. \
         ESOZ_OTP_WITHOUT={LEAVE_OUT} leaves it out."
    );
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}. {how}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}. {how}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
