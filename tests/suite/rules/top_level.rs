//! What lies at the top of the repository, and what no file in it may name.

use std::collections::BTreeSet;
use std::fs;

use super::{root, tracked_files};

const VISIBLE: [&str; 10] = [
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "data",
    "findings",
    "fixtures",
    "src",
    "systemd",
    "tests",
];

#[test]
fn the_top_of_the_repository_stays_as_it_is() {
    let extra: BTreeSet<_> = tracked_files()
        .iter()
        .filter_map(|path| path.components().next())
        .map(|first| first.as_os_str().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && !VISIBLE.contains(&name.as_str()))
        .collect();
    assert!(extra.is_empty(), "not at the top: {extra:?}");
}

#[test]
fn no_file_names_a_machine_or_papers_that_are_not_here() {
    // In halves, or this file would be the first to be found.
    let needles = [
        ("/wo", "rk/"),
        ("../sh", "ared"),
        ("fa", "rm-"),
        ("index.cra", "tes.io"),
        ("static.cra", "tes.io"),
        ("py", "pi.org"),
        ("registry.np", "mjs.org"),
        ("deb.deb", "ian.org"),
    ]
    .map(|(start, end)| [start, end].concat());
    let mut found = Vec::new();
    for path in tracked_files() {
        let bytes = fs::read(root().join(&path)).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for (number, line) in text.lines().enumerate() {
            for needle in needles.iter().filter(|needle| line.contains(needle.as_str())) {
                found.push(format!("{}:{}: {needle}", path.display(), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
