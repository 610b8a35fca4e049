//! A database that has been damaged is left as it is.

use std::fs;

use esoz_otp::store::schema::DATA_VERSION;

use crate::binary::files::files;
use crate::binary::node::{refused, run_on_node, serve, serve_a_world};
use crate::store::child::tool;

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

#[test]
fn a_database_of_a_newer_release_is_not_opened_and_nothing_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = serve_a_world(directory.path());
    assert_eq!(node.resend().status, 200);
    assert_eq!(node.stop().code, Some(0));
    let path = directory.path().join("node");
    let set_version = |version: &str| {
        let set = tool().args(["set-version"]).arg(&path).arg(version).output().unwrap();
        assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
    };
    set_version("99");
    let ended = refused(directory.path(), &[]);
    assert_eq!(ended.code, Some(65), "{}", ended.stderr);
    let expected = format!("data version 99, this one knows {DATA_VERSION}");
    assert!(ended.stderr.contains(&expected), "{}", ended.stderr);
    assert!(ended.stderr.contains("Start the newer release on it"), "{}", ended.stderr);
    assert_eq!(run_on_node(directory.path(), "import", &["world.json"]).code, Some(65));

    // The newer release, as far as this test goes.
    set_version("1");
    let mut node = serve(directory.path(), &[]);
    assert_eq!(node.resend().reason(), Some("send_pause"), "what was answered is there");
}
