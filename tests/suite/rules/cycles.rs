//! No file of `src` uses, over whichever others, one that uses it.
//!
//! A file uses another when a path in it leads to something that is defined there; a path over `pub use` leads to where the
//! name is defined. That a module declares another is no use, and tests may use what they like.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::tokens::tokens;
use super::{root, sources};

/// Names of modules from the root of the crate down.
type Module = Vec<String>;

/// What a source file says of modules and names.
#[derive(Default)]
struct File {
    /// Below `src`.
    path: String,
    /// Paths in the order they stand, as they are written.
    paths: Vec<Module>,
    /// Names that it hands on, with the path to each; `*` for all of a module.
    handed_on: Vec<(String, Module)>,
}

struct Crate {
    files: BTreeMap<Module, File>,
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let sources = sources().into_iter().map(|path| {
        let text = std::fs::read_to_string(root().join("src").join(&path)).unwrap();
        (path, text)
    });
    let circles = Crate::read(sources).circles();
    let told: Vec<_> = circles.iter().map(|circle| circle.join(" ")).collect();
    assert!(circles.is_empty(), "{} circles:\n{}", circles.len(), told.join("\n"));
}

#[test]
fn a_planted_circle_is_found_over_names_that_are_handed_on() {
    let found = |files: &[(&str, &str)]| {
        Crate::read(files.iter().map(|(path, text)| (path.into(), (*text).to_owned()))).circles()
    };
    let a_and_b = [["a/b.rs", "a/mod.rs"]];
    assert_eq!(
        found(&[("a/mod.rs", "mod b; use b::B; struct A;"), ("a/b.rs", "use super::A;")]),
        a_and_b
    );
    assert_eq!(
        found(&[
            ("a/mod.rs", "mod b; fn f() { b::g() } struct A;"),
            ("a/b.rs", "fn g(_: super::A) {}")
        ]),
        a_and_b
    );
    let over_root = [
        ("a/mod.rs", "mod b; mod c; pub use c::C;"),
        ("a/b.rs", "use super::C;"),
        ("a/c.rs", "use crate::a::b::B;"),
    ];
    assert_eq!(found(&over_root), [["a/b.rs", "a/c.rs"]]);
    for fine in [
        &[("a/mod.rs", "mod b; pub use b::B;"), ("a/b.rs", "struct B;")][..],
        &[
            ("a/mod.rs", "mod b; struct A;"),
            ("a/b.rs", "use super::A; #[cfg(test)] mod tests { use crate::c::C; }"),
            ("c.rs", "use crate::a::b::B;"),
        ],
    ] {
        assert_eq!(found(fine), [[""; 0]; 0]);
    }
}

impl Crate {
    fn read(sources: impl IntoIterator<Item = (PathBuf, String)>) -> Self {
        let is_of_tests = |path: &Path| path.ends_with("tests.rs");
        let sources = sources.into_iter().filter(|(path, _)| !is_of_tests(path));
        let read = |(path, text): (PathBuf, String)| (module_of(&path), File::read(&path, &text));
        Self { files: sources.map(read).collect() }
    }

    /// The files of each circle.
    fn circles(&self) -> Vec<Vec<String>> {
        let uses: BTreeMap<_, _> =
            self.files.keys().map(|user| (user, self.used_by(user))).collect();
        let mut reached = BTreeMap::new();
        for user in uses.keys() {
            let mut found = BTreeSet::new();
            let mut next: Vec<_> = uses[user].iter().collect();
            while let Some(module) = next.pop() {
                if found.insert(module.clone()) {
                    next.extend(&uses[module]);
                }
            }
            reached.insert((*user).clone(), found);
        }
        let mut circles = BTreeSet::new();
        for (user, others) in &reached {
            let circle = others.iter().filter(|other| reached[*other].contains(user));
            let mut circle: Vec<_> = circle.map(|module| self.files[module].path.clone()).collect();
            circle.sort();
            if circle.len() > 1 {
                circles.insert(circle);
            }
        }
        circles.into_iter().collect()
    }

    fn used_by(&self, user: &Module) -> BTreeSet<Module> {
        let paths = self.files[user].paths.iter();
        paths
            .filter_map(|path| self.defined_in(user, path, 0))
            .filter(|used| used != user)
            .collect()
    }

    /// The module whose file defines what a path of `user` leads to.
    fn defined_in(&self, user: &Module, path: &Module, depth: usize) -> Option<Module> {
        let mut names = path.iter().peekable();
        let mut module = match names.peek()?.as_str() {
            "crate" => Module::new(),
            "self" | "super" => user.clone(),
            first if self.files.contains_key(&child(user, first)) => user.clone(),
            _ => return None,
        };
        for name in names {
            match name.as_str() {
                "crate" | "self" => {}
                "super" => drop(module.pop()?),
                name if self.files.contains_key(&child(&module, name)) => {
                    module.push(name.to_owned());
                }
                name => return Some(self.of_name(&module, name, depth).unwrap_or(module)),
            }
        }
        Some(module)
    }

    /// Where a name that a module hands on is defined.
    fn of_name(&self, module: &Module, name: &str, depth: usize) -> Option<Module> {
        let file = self.files.get(module).filter(|_| depth < 8)?;
        let (_, path) = file.handed_on.iter().find(|(handed_on, _)| handed_on == name)?;
        self.defined_in(module, path, depth + 1)
    }
}

fn child(module: &[String], name: &str) -> Module {
    [module, &[name.to_owned()]].concat()
}

fn module_of(path: &Path) -> Module {
    let path = path.with_extension("");
    let mut names: Module = path.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if ["mod", "lib", "main"].contains(&names.last().unwrap().as_str()) {
        names.pop();
    }
    names
}

impl File {
    fn read(path: &Path, text: &str) -> Self {
        let words: Vec<String> = tokens(text).into_iter().map(|token| token.text).collect();
        let file = Self { path: path.display().to_string(), ..Self::default() };
        let mut reader = Reader { words: &without_tests(&words), at: 0, file };
        reader.read();
        reader.file
    }
}

/// Without `#[cfg(test)]` and what it stands on.
fn without_tests(words: &[String]) -> Vec<String> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < words.len() {
        if !words[at..].iter().zip(MARK).all(|(word, mark)| word == mark) || words.len() < at + 7 {
            kept.push(words[at].clone());
            at += 1;
            continue;
        }
        let mut open = 0_usize;
        for word in &words[at..] {
            at += 1;
            open += usize::from(word == "{");
            open -= usize::from(word == "}" && open > 0);
            if open == 0 && (word == "}" || word == ";") {
                break;
            }
        }
    }
    kept
}

struct Reader<'a> {
    words: &'a [String],
    at: usize,
    file: File,
}

impl Reader<'_> {
    fn word(&self) -> &str {
        self.words.get(self.at).map_or("", String::as_str)
    }

    fn read(&mut self) {
        let mut is_public = false;
        while self.at < self.words.len() {
            match self.word() {
                // `use<'a>` in a type names no path.
                "use" if self.words.get(self.at + 1).is_some_and(|word| word != "<") => {
                    self.at += 1;
                    self.tree(&Module::new(), is_public);
                    is_public = false;
                }
                "pub" => {
                    is_public = true;
                    self.at += 1;
                    if self.word() == "(" {
                        while self.word() != ")" {
                            self.at += 1;
                        }
                        self.at += 1;
                    }
                    is_public &= self.word() == "use";
                }
                _ => self.path_in_code(),
            }
        }
    }

    /// `a::b`, `a::{b, c as d}`, `a::*`, behind `use`.
    fn tree(&mut self, before: &Module, is_public: bool) {
        let mut path = before.clone();
        loop {
            match self.word() {
                "::" => self.at += 1,
                "{" => {
                    self.at += 1;
                    while self.word() != "}" && self.at < self.words.len() {
                        self.tree(&path, is_public);
                        if self.word() == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "as" => {
                    let name = self.words[self.at + 1].clone();
                    self.at += 2;
                    return self.take(path, name, is_public);
                }
                "," | "}" | ";" | "" => {
                    let name = path.last().cloned().unwrap_or_default();
                    return self.take(path, name, is_public);
                }
                name => {
                    path.push(name.to_owned());
                    self.at += 1;
                }
            }
        }
    }

    fn take(&mut self, path: Module, name: String, is_public: bool) {
        if is_public {
            self.file.handed_on.push((name, path));
        } else {
            self.file.paths.push(path);
        }
    }

    fn path_in_code(&mut self) {
        let mut path = vec![self.word().to_owned()];
        self.at += 1;
        while self.word() == "::" && self.words.get(self.at + 1).is_some_and(|word| is_name(word)) {
            path.push(self.words[self.at + 1].clone());
            self.at += 2;
        }
        if path.len() > 1 {
            self.file.paths.push(path);
        }
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}
