use super::child::{tool, verify};
use super::image::{FileSystem, Mounted, left_out};

/// Small enough to be full within seconds, large enough for sled's first segments.
const MIB: u64 = 24;

#[test]
fn a_full_disk_fails_every_write_and_loses_nothing_that_was_acknowledged() {
    if left_out() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("image");
    FileSystem::Ext4.make(&file, MIB);
    let mounted = Mounted::new(&file, home.path().join("mounted"));
    let room = mounted.path().join("room");
    std::fs::write(&room, vec![7; 4 * 1024 * 1024]).unwrap();

    let data = mounted.path().join("data");
    let filled = tool().arg("fill").arg(&data).output().unwrap();
    let said = String::from_utf8_lossy(&filled.stderr);
    assert!(filled.status.success(), "{said}");

    std::fs::remove_file(&room).unwrap();
    verify(&["verify"], &data, &filled.stdout).whole.unwrap();
}
