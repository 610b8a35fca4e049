//! Disks that are full or can only be read, and folders that belong to others: the keyring stays, and it is said why.

use std::fs;
use std::os::unix::fs::chown;

use super::{add, keyring, keys, left_over, write};
use crate::binary::files::set_mode;
use crate::binary::serve::access::{NOBODY, as_nobody, is_root};
use crate::store::image::{FileSystem, Mounted, left_out};

#[test]
fn on_a_full_disk_and_on_one_that_can_only_be_read_the_old_keyring_stays() {
    if left_out() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let image = home.path().join("image");
    FileSystem::Ext4.make(&image, 16);
    let mounted = Mounted::new(&image, home.path().join("mounted"));
    let path = keyring(mounted.path());
    write(&path, &["old", "new"]);
    let before = fs::read(&path).unwrap();
    let is_refused = |parts: &[&str]| {
        for arguments in [&["add"][..], &["retire", "old", "--keyring-only", "--force"]] {
            let ended = keys(mounted.path(), arguments);
            assert_eq!(ended.code, Some(74), "{}", ended.stderr);
            for part in parts {
                assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
            }
            assert_eq!(fs::read(&path).unwrap(), before);
            assert_eq!(left_over(mounted.path()), [""; 0]);
        }
    };
    let in_the_way = mounted.fill();
    is_refused(&["it is as it was", "Make room"]);
    fs::remove_file(in_the_way).unwrap();
    mounted.remount("ro");
    is_refused(&["it is as it was", "mount it for writing"]);
    mounted.remount("rw");
    add(mounted.path());
}

#[test]
fn who_may_not_write_beside_the_keyring_can_not_edit_it() {
    if !is_root() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("etc");
    fs::create_dir(&folder).unwrap();
    let path = folder.join("ring");
    write(&path, &["old", "new"]);
    let before = fs::read(&path).unwrap();
    let arguments = ["keys", "add", "--keyring", "etc/ring", "--data", "node"];
    let ended = as_nobody(directory.path(), &arguments);
    assert_eq!(ended.code, Some(78), "another user's: {}", ended.stderr);

    chown(&path, Some(NOBODY), None).unwrap();
    let ended = as_nobody(directory.path(), &arguments);
    assert_eq!(ended.code, Some(74), "{}", ended.stderr);
    assert!(ended.stderr.contains("write to its folder"), "{}", ended.stderr);
    assert_eq!(fs::read(&path).unwrap(), before);
    set_mode(&folder, 0o777);
    assert_eq!(as_nobody(directory.path(), &arguments).code, Some(0));
}
