use std::fs;
use std::path::PathBuf;

use super::child::{tool, verify};
use super::image::{FileSystem, Mounted, left_out};

/// Small enough to be full within seconds, large enough for sled's first segments and the ballast.
const MIB: u64 = 40;

/// A store that was written to until its disk was full.
struct Full {
    /// Where it is.
    data: PathBuf,
    /// What it had acknowledged.
    acked: Vec<u8>,
    /// A file of 4 MiB that can go.
    room: PathBuf,
    mounted: Mounted,
    _home: tempfile::TempDir,
}

impl Full {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("image");
        FileSystem::Ext4.make(&file, MIB);
        let mounted = Mounted::new(&file, home.path().join("mounted"));
        let room = mounted.path().join("room");
        fs::write(&room, vec![7; 4 * 1024 * 1024]).unwrap();
        let data = mounted.path().join("data");
        let filled = tool().arg("fill").arg(&data).output().unwrap();
        assert!(filled.status.success(), "{}", String::from_utf8_lossy(&filled.stderr));
        Self { data, acked: filled.stdout, room, mounted, _home: home }
    }

    /// Opens it, and looks whether all that was acknowledged is there.
    fn verify(&self) -> Result<(), String> {
        verify(&["verify"], &self.data, &self.acked).whole
    }
}

#[test]
fn a_full_disk_fails_every_write_and_loses_nothing_that_was_acknowledged() {
    if left_out() {
        return;
    }
    let full = Full::new();
    fs::remove_file(&full.room).unwrap();
    full.verify().unwrap();
}

#[test]
fn without_room_to_open_it_is_said_what_to_do_and_nothing_is_lost() {
    if left_out() {
        return;
    }
    let full = Full::new();
    fs::remove_file(full.data.join("ballast")).unwrap();
    let in_the_way = full.mounted.fill();
    let said = full.verify().unwrap_err();
    assert!(said.contains("The disk is full. Make room on it and start again"), "{said}");
    fs::remove_file(in_the_way).unwrap();
    fs::remove_file(&full.room).unwrap();
    full.verify().unwrap();
}

#[test]
fn a_store_that_was_full_opens_on_the_full_disk_for_reading() {
    if left_out() {
        return;
    }
    let full = Full::new();
    let ballast = full.data.join("ballast");
    assert!(ballast.exists());
    let in_the_way = full.mounted.fill();
    full.verify().unwrap();
    assert!(!ballast.exists(), "that is what it is for");
    fs::remove_file(in_the_way).unwrap();
    fs::remove_file(&full.room).unwrap();
    full.verify().unwrap();
}
