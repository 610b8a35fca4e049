use super::child::{tool, verify};
use super::image::{FileSystem, Mounted, left_out};

/// Small enough to be full within seconds, large enough for sled's first segments and the ballast.
const MIB: u64 = 40;

/// A file system with 4 MiB taken by a file that can go.
fn small_disk(home: &std::path::Path) -> (Mounted, std::path::PathBuf) {
    let file = home.join("image");
    FileSystem::Ext4.make(&file, MIB);
    let mounted = Mounted::new(&file, home.join("mounted"));
    let room = mounted.path().join("room");
    std::fs::write(&room, vec![7; 4 * 1024 * 1024]).unwrap();
    (mounted, room)
}

#[test]
fn a_full_disk_fails_every_write_and_loses_nothing_that_was_acknowledged() {
    if left_out() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let (mounted, room) = small_disk(home.path());
    let data = mounted.path().join("data");
    let filled = tool().arg("fill").arg(&data).output().unwrap();
    let said = String::from_utf8_lossy(&filled.stderr);
    assert!(filled.status.success(), "{said}");

    std::fs::remove_file(&room).unwrap();
    verify(&["verify"], &data, &filled.stdout).whole.unwrap();
}

#[test]
fn without_room_to_open_it_is_said_what_to_do_and_nothing_is_lost() {
    if left_out() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let (mounted, room) = small_disk(home.path());
    let data = mounted.path().join("data");
    let filled = tool().arg("fill").arg(&data).output().unwrap();
    std::fs::remove_file(data.join("ballast")).unwrap();
    let in_the_way = mounted.fill();
    let said = verify(&["verify"], &data, &filled.stdout).whole.unwrap_err();
    assert!(said.contains("The disk is full. Make room on it and start again"), "{said}");

    for file in [room, in_the_way] {
        std::fs::remove_file(file).unwrap();
    }
    verify(&["verify"], &data, &filled.stdout).whole.unwrap();
}

#[test]
fn a_store_that_was_full_opens_on_the_full_disk_for_reading() {
    if left_out() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let (mounted, room) = small_disk(home.path());
    let data = mounted.path().join("data");
    let filled = tool().arg("fill").arg(&data).output().unwrap();
    let said = String::from_utf8_lossy(&filled.stderr);
    assert!(filled.status.success(), "{said}");
    assert!(data.join("ballast").exists());
    let in_the_way = mounted.fill();

    verify(&["verify"], &data, &filled.stdout).whole.unwrap();
    assert!(!data.join("ballast").exists(), "that is what it is for");
    for file in [room, in_the_way] {
        std::fs::remove_file(file).unwrap();
    }
    verify(&["verify"], &data, &filled.stdout).whole.unwrap();
}
