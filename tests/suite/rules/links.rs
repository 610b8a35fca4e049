//! Links between documents: each leads to a file of the repository, and to a heading that is in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::{root, tracked_files};

#[test]
fn every_link_of_every_document_leads_somewhere() {
    let documents: Vec<_> = tracked_files()
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    let mut looked_at = 0;
    let mut dead = Vec::new();
    for document in &documents {
        let text = fs::read_to_string(root().join(document)).unwrap();
        for target in links(&text) {
            looked_at += 1;
            if let Some(why) = what_is_wrong(document, &target) {
                dead.push(format!("{}: {target}: {why}", document.display()));
            }
        }
    }
    assert!(dead.is_empty(), "\n{}", dead.join("\n"));
    assert!(looked_at > 100, "only {looked_at} links were found in {documents:?}");
}

/// Every `PATH.md` that a comment or a message of the program names is there.
#[test]
fn every_document_that_a_source_names_is_there() {
    let name = Regex::new(r"(?:[a-z.][a-z_.]*/)+[A-Z]+\.md").unwrap();
    let is_source = |path: &PathBuf| {
        ["rs", "service", "sh"].iter().any(|kind| path.extension().is_some_and(|e| e == *kind))
    };
    let mut missing = Vec::new();
    for path in tracked_files().into_iter().filter(is_source) {
        let text = fs::read_to_string(root().join(&path)).unwrap();
        for line in text.lines().filter(|line| !line.contains("include_str!")) {
            for named in name.find_iter(line).filter(|named| !named.as_str().starts_with('.')) {
                if !root().join(named.as_str()).is_file() {
                    missing.push(format!("{}: {}", path.display(), named.as_str()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

/// A document of contributors names files as the text of code, such as `src/api/routes.rs`.
#[test]
fn every_file_that_the_house_names_is_there() {
    let name = Regex::new(r"`((?:src|tests|fixtures|systemd)/[A-Za-z0-9_./-]+)`").unwrap();
    let house = fs::read_to_string(root().join("src/README.md")).unwrap();
    let named: Vec<_> = name.captures_iter(&house).map(|found| found[1].to_owned()).collect();
    let missing: Vec<_> = named.iter().filter(|path| !root().join(path).exists()).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(named.len() > 30, "only {} files are named", named.len());
}

#[test]
fn a_heading_s_anchor_is_the_one_that_a_browser_is_given() {
    let text = "# A `b`, and c's D_e\n```sh\n# no heading\n```\n## Twice\n## Twice\n## 0.2.0\n";
    assert_eq!(anchors(text), ["a-b-and-cs-d_e", "twice", "twice-1", "020"]);
}

fn what_is_wrong(document: &Path, target: &str) -> Option<&'static str> {
    let (path, anchor) =
        target.split_once('#').map_or((target, None), |(path, at)| (path, Some(at)));
    let folder = root().join(document.parent()?);
    let file = if path.is_empty() { root().join(document) } else { folder.join(path) };
    if !file.exists() {
        return Some("no such file");
    }
    let wanted = anchor?;
    let is_there = anchors(&fs::read_to_string(file).ok()?).iter().any(|anchor| anchor == wanted);
    (!is_there).then_some("no such heading")
}

/// What the links of a document lead to, but for those that leave the repository.
fn links(text: &str) -> Vec<String> {
    let link = Regex::new(r"\]\(([^()\s]+)\)").unwrap();
    let code = Regex::new(r"`[^`]*`").unwrap();
    let plain: Vec<_> = outside_of_blocks(text).collect();
    // The text of a link may be code, its target is none.
    let plain = code.replace_all(&plain.join("\n"), "code").into_owned();
    let targets = link.captures_iter(&plain).map(|found| found[1].to_owned());
    targets.filter(|target| !target.contains("://")).collect()
}

fn anchors(text: &str) -> Vec<String> {
    let mut seen = BTreeMap::<String, usize>::new();
    let headings = outside_of_blocks(text).filter_map(|line| {
        let title = line.trim_start_matches('#');
        (title.len() < line.len()).then(|| title.strip_prefix(' ')).flatten()
    });
    let slug = |title: &str| -> String {
        let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings
        .map(|title| {
            let slug = slug(title.trim());
            let times = seen.entry(slug.clone()).or_default();
            *times += 1;
            if *times == 1 { slug } else { format!("{slug}-{}", *times - 1) }
        })
        .collect()
}

/// The lines that are in no fenced block.
fn outside_of_blocks(text: &str) -> impl Iterator<Item = &str> {
    let mut is_inside = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_inside ^= is_fence;
        !is_inside && !is_fence
    })
}
