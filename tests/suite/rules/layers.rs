//! A module uses only modules on lower lines.

use std::fs;
use std::path::Path;

use super::paths::mentions;
use super::tokens::tokens;
use super::{root, sources};

/// The modules at the top of the crate, from the top line to the bottom one.
const LINES: [&[&str]; 12] = [
    &["cli"],
    &["node"],
    &["api"],
    &["service", "http"],
    &["otp"],
    &["sms"],
    &["keyring"],
    &["audit"],
    &["store", "log"],
    &["clock", "entropy", "config"],
    &["contract", "files"],
    &["domain"],
];

#[test]
fn every_module_uses_only_modules_on_lower_lines() {
    let mut violations = Vec::new();
    for path in sources() {
        let text = fs::read_to_string(root().join("src").join(&path)).unwrap();
        violations.extend(violations_in(&path, &text));
    }
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

#[test]
fn every_module_has_its_line() {
    for path in sources() {
        let module = module_of(&path);
        assert!(
            ["lib", "main"].contains(&module.as_str()) || line_of(&module).is_some(),
            "src/{}: module `{module}` is on none of the lines in {}",
            path.display(),
            file!(),
        );
    }
}

#[test]
fn the_root_of_the_library_declares_modules_and_nothing_else() {
    let source = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    assert_eq!(beside_modules(&source), None, "src/lib.rs");
    assert_eq!(beside_modules("#![doc = \"x\"] pub mod a; #[cfg(x)] mod b;"), None);
    assert_eq!(beside_modules("pub mod a; pub use a::B;").as_deref(), Some("pub"));
    assert_eq!(beside_modules("mod a { fn f() {} }").as_deref(), Some("{"));
}

#[test]
fn a_planted_violation_is_reported_where_it_stands() {
    for (path, source, reported) in [
        ("store/open.rs", "use crate::domain::Id;\nuse crate::sms::Sms;", "src/store/open.rs:2: "),
        ("service/mod.rs", "use crate::{otp, http::Server};", "src/service/mod.rs:1: "),
        ("http.rs", "use crate::{\n    domain,\n    service::{a, b},\n};", "src/http.rs:3: "),
        ("clock.rs", "\nfn f() { crate::entropy::g() }", "src/clock.rs:2: "),
        ("domain/id.rs", "use super::super::store;", "src/domain/id.rs:1: "),
        ("domain/mod.rs", "use super::config::Config;", "src/domain/mod.rs:1: "),
        ("otp.rs", "#[cfg(test)]\nmod tests {\nuse crate::api::x;\n}", "src/otp.rs:3: "),
        ("api/mod.rs", "use crate::*;", "src/api/mod.rs:1: "),
        ("main.rs", "fn main() { esoz_otp::api::serve() }", "src/main.rs:1: "),
    ] {
        let found = violations_in(Path::new(path), source);
        assert_eq!(found.len(), 1, "{source}: {found:?}");
        assert!(found[0].starts_with(reported), "{}", found[0]);
    }
    for (path, source) in [
        ("api/persons.rs", "use crate::{api::Row, http::Request, service, domain::*};"),
        ("store/open.rs", "//! [`crate::cli`]\nuse super::redo;\nuse crate::config::StoreConfig;"),
        ("main.rs", "fn main() { esoz_otp::cli::run() }"),
    ] {
        assert_eq!(violations_in(Path::new(path), source), [""; 0], "{source}");
    }
}

fn module_of(path: &Path) -> String {
    let first = path.components().next().unwrap();
    Path::new(&first).with_extension("").to_string_lossy().into_owned()
}

/// How many modules lie between the file and the root, its own included.
fn depth_of(path: &Path) -> usize {
    let is_root = ["lib.rs", "main.rs"].map(Path::new).contains(&path);
    let names_its_folder = path.ends_with("mod.rs");
    path.components().count() - usize::from(is_root || names_its_folder)
}

fn line_of(module: &str) -> Option<usize> {
    LINES.iter().position(|line| line.contains(&module))
}

fn violations_in(path: &Path, source: &str) -> Vec<String> {
    let user = module_of(path);
    mentions(source, depth_of(path))
        .into_iter()
        .filter(|mention| !may_use(&user, &mention.module))
        .map(|mention| {
            let (path, line) = (path.display(), mention.line);
            format!("src/{path}:{line}: `{user}` may not use `{}` of the root", mention.module)
        })
        .collect()
}

fn may_use(user: &str, other: &str) -> bool {
    if user == "main" {
        return other == "cli";
    }
    let is_lower = line_of(user).zip(line_of(other)).is_some_and(|(mine, its)| mine < its);
    user == other || is_lower
}

/// The first word of a source that is part of no attribute and of no `mod name;`.
fn beside_modules(source: &str) -> Option<String> {
    let words: Vec<_> = tokens(source).into_iter().map(|token| token.text).collect();
    let mut rest = words.iter().map(String::as_str).peekable();
    while let Some(word) = rest.next() {
        match word {
            "#" => {
                let mut open = 0_usize;
                for sign in rest.by_ref() {
                    open += usize::from(sign == "[");
                    open -= usize::from(sign == "]");
                    if open == 0 && sign == "]" {
                        break;
                    }
                }
            }
            "pub" if rest.peek() == Some(&"mod") => {}
            "mod" => {
                let end = rest.nth(1);
                if end != Some(";") {
                    return end.map(str::to_owned);
                }
            }
            other => return Some(other.to_owned()),
        }
    }
    None
}
