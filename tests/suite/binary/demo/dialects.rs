//! `--dialect NAME`, and what a client gets from the two.

use std::path::Path;
use std::process::{Command, Output};

use esoz_otp::config::DialectName;
use serde_json::json;

use crate::binary::program::Program;
use crate::binary::transcript::timeless;
use crate::support::call;

fn demo(directory: &Path, arguments: &[&str]) -> Program {
    let mut demo = Program::start(directory, &[&["demo"], arguments].concat());
    demo.line("Every SMS appears below");
    demo
}

#[test]
fn it_says_which_one_it_speaks_and_speaks_the_pages_unless_told_otherwise() {
    for (arguments, name, factor) in [
        (&[][..], "documented", json!("+380881234567")),
        (&["--dialect", "documented"], "documented", json!("+380881234567")),
        (&["--dialect", "deployed"], "deployed", json!(null)),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let mut demo = demo(directory.path(), arguments);
        assert_eq!(demo.printed[1], format!("dialect: {name}"));
        let patient = [("authorization", "Bearer demo-patient-token")];
        let path = "/api/cabinet/authentication_factor";
        let reply = call(demo.address(), "GET", path, &patient, "");
        assert_eq!((reply.status, &reply.data()["factor"]), (200, &factor), "{arguments:?}");
    }
}

#[test]
fn the_transcripts_are_what_a_client_gets() {
    for dialect in DialectName::ALL {
        let directory = tempfile::tempdir().unwrap();
        let mut demo = demo(directory.path(), &["--dialect", &dialect.to_string()]);
        let ran = client(&format!("http://{}", demo.address()));
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let got = String::from_utf8(ran.stdout).unwrap();
        let told = transcript(dialect);
        let (got_lines, told_lines) = (timeless(&got), timeless(told));
        for (got, told) in got_lines.lines().zip(told_lines.lines()) {
            assert_eq!(got, told, "fixtures/transcripts/{dialect}.txt is out of date");
        }
        assert_eq!(got_lines.lines().count(), told_lines.lines().count(), "{dialect}:\n{got}");
    }
}

#[test]
fn the_client_says_what_it_wants_and_whom_it_cannot_reach() {
    let nobody = client("http://127.0.0.1:1");
    assert!(!nobody.status.success() && nobody.stdout.starts_with(b"GET /api/cabinet"));
    assert!(String::from_utf8(nobody.stderr).unwrap().contains("127.0.0.1"));
    let script = Command::new("tests/tools/client.sh").current_dir(root()).output().unwrap();
    assert_eq!(script.status.code(), Some(64));
    assert!(String::from_utf8(script.stderr).unwrap().contains("BASE_URL"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn client(base: &str) -> Output {
    let mut script = Command::new("tests/tools/client.sh");
    script.arg(base).current_dir(root()).output().unwrap()
}

/// What is kept of a client of this dialect.
fn transcript(dialect: DialectName) -> &'static str {
    match dialect {
        DialectName::Documented => include_str!("../../../../fixtures/transcripts/documented.txt"),
        DialectName::Deployed => include_str!("../../../../fixtures/transcripts/deployed.txt"),
    }
}
