//! What systemd/GATEWAYS.md shows of programs that ran, held against what they print.

use std::path::Path;
use std::process::Command;

use esoz_otp::domain::Timestamp;

use crate::support::DEMO_WORLD;

#[test]
fn the_readme_s_gateway_that_goes_down_does_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let built = Path::new(env!("CARGO_BIN_EXE_esoz-otp")).parent().unwrap();
    let mut script = Command::new("tests/tools/delivery.sh");
    let ran = script.arg(built).current_dir(root).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let got = String::from_utf8(ran.stdout).unwrap();
    let readme = include_str!("../../../systemd/GATEWAYS.md");
    let start = "What `tests/tools/delivery.sh target/release` prints, which does all of this by itself:\n\n```text\n";
    let (_, told) = readme.split_once(start).expect("the README shows it");
    let told = told.split_once("```").unwrap().0;
    assert_eq!(timeless(&got), timeless(told), "systemd/GATEWAYS.md is out of date");
}

/// A transcript without what no two runs have in common: times, ids that were made, codes.
pub(super) fn timeless(transcript: &str) -> String {
    transcript.split_inclusive(ends_a_word).map(placeholder).collect()
}

fn placeholder(word: &str) -> String {
    let text = word.trim_end_matches(ends_a_word);
    // The id of a request has a number behind it.
    let id = text.split_once('#').map_or(text, |(id, _)| id);
    let is_made = uuid::Uuid::try_parse(id).is_ok() && !DEMO_WORLD.contains(id);
    let is_code = matches!(text.len(), 4 | 6) && text.bytes().all(|b| b.is_ascii_digit());
    let kind = match () {
        () if is_made => "(id)",
        () if is_code && text.len() == 4 => "(code of four digits)",
        () if is_code => "(code of six digits)",
        () if Timestamp::parse(text).is_ok() => "(time)",
        () => return word.to_owned(),
    };
    word.replace(text, kind)
}

fn ends_a_word(c: char) -> bool {
    matches!(c, '"' | '/') || c.is_whitespace()
}
