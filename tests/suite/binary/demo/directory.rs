//! What it does to `data/demo`, and what not.

use std::fs;
use std::path::Path;

use crate::binary::program::{Program, run};
use crate::support::SEED_PHONE;

const HERE: &str = "data/demo";

#[test]
fn the_next_start_begins_anew() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let mut demo = Program::start(directory.path(), &["demo"]);
        assert_eq!(demo.resend().status, 200, "no pause from the last time");
        let code = demo.code_for(SEED_PHONE, 1);
        assert_eq!(demo.approve(&code).status, 200);
        assert_eq!(demo.stop().code, Some(0));
        assert!(directory.path().join(HERE).join(".esoz-otp-demo").exists());
    }
    let top: Vec<_> = names(directory.path());
    assert_eq!(top, ["data"], "it writes nowhere else");
}

#[test]
fn a_directory_that_no_demo_made_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path().join(HERE);
    fs::create_dir_all(&here).unwrap();
    fs::write(here.join("thesis.txt"), "three years of work").unwrap();

    let ended = run(directory.path(), &["demo", "--listen", "127.0.0.1:0"]);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert!(
        ended.stderr.contains(HERE) && ended.stderr.contains("it was not changed"),
        "{}",
        ended.stderr
    );
    assert_eq!(names(&here), ["thesis.txt"]);
    assert_eq!(fs::read_to_string(here.join("thesis.txt")).unwrap(), "three years of work");
}

#[test]
fn a_second_demo_in_the_directory_is_refused_and_the_first_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let mut first = Program::start(directory.path(), &["demo"]);
    assert_eq!(first.resend().status, 200);
    let code = first.code_for(SEED_PHONE, 1);

    let second = run(directory.path(), &["demo", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, Some(75), "{}", second.stderr);
    assert!(second.stderr.contains("data/demo is in use by another esoz-otp"), "{}", second.stderr);
    assert!(!second.stderr.contains("--"), "demo has no flag for it: {}", second.stderr);

    assert_eq!(first.approve(&code).status, 200);
    assert_eq!(first.initialize("+380671000099").status, 201);
    assert_eq!(first.stop().code, Some(0));
}

#[test]
fn a_place_that_cannot_be_written_to_is_named() {
    let directory = tempfile::tempdir().unwrap();
    // A file where a folder should be stops the owner of everything, too.
    fs::write(directory.path().join("data"), "").unwrap();
    let ended = run(directory.path(), &["demo", "--listen", "127.0.0.1:0"]);
    assert_eq!(ended.code, Some(74), "{}", ended.stderr);
    assert!(ended.stderr.contains(HERE), "{}", ended.stderr);
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
