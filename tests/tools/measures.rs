//! Prints how the sources and documents are written, in figures. It judges nothing.
//!
//! `cargo run --example measures` in the repository.

#![allow(clippy::print_stdout, reason = "figures are what it is for")]
#![allow(clippy::unwrap_used, reason = "a file that can't be read should say so loudly")]
#![allow(clippy::cast_precision_loss, reason = "there are not so many words")]

use std::fs;
use std::path::{Path, PathBuf};

/// Pronouns that point at nothing in particular.
const INDEFINITE: [&str; 8] =
    ["nobody", "whoever", "somebody", "whatever", "anybody", "whose", "whichever", "wherever"];

/// A doc comment of at most so many words says hardly more than its name.
const SHORT: usize = 5;

/// What the doc comments of some files come to.
#[derive(Default)]
struct Measures {
    files: usize,
    lines: usize,
    comments: usize,
    words: usize,
    indefinite: usize,
    code_words: usize,
    short: usize,
}

fn main() {
    println!(
        "{:<12} {:>6} {:>7} {:>9} {:>7} {:>12} {:>13} {:>8}",
        "src", "files", "lines", "comments", "words", "indefinite/k", "code/comment", "short %"
    );
    let mut total = Measures::default();
    for room in rooms(Path::new("src")) {
        let mut measures = Measures::default();
        for file in sources(&room) {
            measures.add(&fs::read_to_string(file).unwrap());
        }
        measures.print(&room.file_name().unwrap().to_string_lossy());
        total.join(&measures);
    }
    total.print("all");
    println!("\n{:<32} {:>6} {:>7} {:>12}", "document", "lines", "words", "indefinite/k");
    for document in documents(Path::new(".")) {
        let text = fs::read_to_string(&document).unwrap();
        let words = words(&text);
        let name = document.strip_prefix(".").unwrap().display().to_string();
        println!(
            "{name:<32} {:>6} {:>7} {:>12.1}",
            text.lines().count(),
            words.len(),
            1000.0 * indefinite(&words) as f64 / words.len().max(1) as f64,
        );
    }
}

impl Measures {
    fn add(&mut self, source: &str) {
        self.files += 1;
        self.lines += source.lines().count();
        for comment in doc_comments(source) {
            let words = words(&comment);
            self.comments += 1;
            self.words += words.len();
            self.indefinite += indefinite(&words);
            self.code_words += comment.matches('`').count() / 2;
            self.short += usize::from(words.len() <= SHORT);
        }
    }

    fn join(&mut self, other: &Self) {
        self.files += other.files;
        self.lines += other.lines;
        self.comments += other.comments;
        self.words += other.words;
        self.indefinite += other.indefinite;
        self.code_words += other.code_words;
        self.short += other.short;
    }

    fn print(&self, name: &str) {
        let comments = self.comments.max(1) as f64;
        println!(
            "{name:<12} {:>6} {:>7} {:>9} {:>7} {:>12.1} {:>13.2} {:>8.0}",
            self.files,
            self.lines,
            self.comments,
            self.words,
            1000.0 * self.indefinite as f64 / self.words.max(1) as f64,
            self.code_words as f64 / comments,
            100.0 * self.short as f64 / comments,
        );
    }
}

/// The folders of `src`, and its files.
fn rooms(src: &Path) -> Vec<PathBuf> {
    let mut rooms: Vec<_> = fs::read_dir(src).unwrap().map(|entry| entry.unwrap().path()).collect();
    rooms.sort();
    rooms
}

fn sources(room: &Path) -> Vec<PathBuf> {
    if room.is_dir() {
        return rooms(room).iter().flat_map(|inner| sources(inner)).collect();
    }
    if room.extension().is_some_and(|extension| extension == "rs") {
        vec![room.into()]
    } else {
        vec![]
    }
}

/// Every text for readers, but for what is built or kept by git.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let is_of_others = |path: &Path| path.ends_with("target") || path.ends_with(".git");
    let mut found = Vec::new();
    for path in rooms(folder) {
        if path.is_dir() && !is_of_others(&path) {
            found.extend(documents(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found
}

/// Lines of `///` or `//!` that follow each other, as one text.
fn doc_comments(source: &str) -> Vec<String> {
    let mut comments: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in source.lines() {
        let line = line.trim_start();
        let text = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
        match (text, comments.last_mut()) {
            (Some(text), Some(comment)) if is_open => {
                comment.push('\n');
                comment.push_str(text);
            }
            (Some(text), _) => comments.push(text.into()),
            (None, _) => {}
        }
        is_open = text.is_some();
    }
    comments
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && !"_'`".contains(c));
    words.filter(|word| word.contains(char::is_alphanumeric)).map(str::to_lowercase).collect()
}

fn indefinite(words: &[String]) -> usize {
    words.iter().filter(|word| INDEFINITE.contains(&word.as_str())).count()
}
