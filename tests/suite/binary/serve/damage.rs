//! A database that has been damaged is left as it is.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::binary::node::{refused, serve_a_world};

#[test]
fn a_damaged_database_is_not_opened_and_not_changed() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = serve_a_world(directory.path());
    assert_eq!(node.resend().status, 200);
    assert_eq!(node.stop().code, Some(0));

    let database = directory.path().join("node/store/db");
    let mut bytes = fs::read(&database).unwrap();
    let name = b"demo-clinic-blocked";
    let place = bytes.windows(name.len()).position(|window| window == name).unwrap();
    bytes[place] ^= 1;
    fs::write(&database, bytes).unwrap();

    let before = files(&directory.path().join("node"));
    let ended = refused(directory.path(), &[]);
    assert_eq!(ended.code, Some(65), "{}", ended.stderr);
    assert!(ended.stderr.contains("node is damaged"), "{}", ended.stderr);
    assert!(ended.stderr.contains("restore it from a backup"), "it says what to do");
    assert!(files(&directory.path().join("node")) == before, "not a byte has changed");
}

#[test]
fn a_file_that_is_no_database_is_not_opened_and_not_changed() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = serve_a_world(directory.path());
    assert_eq!(node.resend().status, 200);
    assert_eq!(node.stop().code, Some(0));
    let database = directory.path().join("node/store/db");
    let length = fs::metadata(&database).unwrap().len();
    fs::write(&database, vec![0xa5; usize::try_from(length).unwrap()]).unwrap();

    let before = files(&directory.path().join("node"));
    let ended = refused(directory.path(), &[]);
    assert_eq!(ended.code, Some(65), "{}", ended.stderr);
    assert!(files(&directory.path().join("node")) == before, "not a byte has changed");
}

pub(super) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = fs::read(&path).unwrap();
            found.insert(path, bytes);
        }
    }
    found
}
