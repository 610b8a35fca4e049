//! Which modules at the top of the crate a source file names.

use super::tokens::{Token, tokens};

/// A module at the top of the crate, named by a path that starts at the root or climbs up to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) module: String,
    pub(super) line: usize,
}

/// What the root of the crate is called: `crate` within it, its name in `main.rs`.
const ROOTS: [&str; 2] = ["crate", "esoz_otp"];

/// Reads a file that is `depth` modules below the root.
pub(super) fn mentions(source: &str, depth: usize) -> Vec<Mention> {
    let mut reader = Reader { tokens: tokens(source), at: 0, found: Vec::new() };
    reader.file(depth);
    reader.found
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    found: Vec<Mention>,
}

impl Reader {
    fn file(&mut self, mut depth: usize) {
        let mut braces = 0_usize;
        let mut inline_modules = Vec::new();
        while let Some(token) = self.tokens.get(self.at) {
            match token.text.as_str() {
                "{" if self.opens_module() => {
                    inline_modules.push(braces);
                    depth += 1;
                    braces += 1;
                }
                "{" => braces += 1,
                "}" => {
                    braces = braces.saturating_sub(1);
                    if inline_modules.pop_if(|before| *before == braces).is_some() {
                        depth -= 1;
                    }
                }
                text if self.starts_path(text) => {
                    self.path(depth);
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &token.text)
    }

    fn opens_module(&self) -> bool {
        self.at >= 2 && self.text(self.at - 2) == "mod"
    }

    fn starts_path(&self, text: &str) -> bool {
        let is_inner = self.at > 0 && self.text(self.at - 1) == "::";
        !is_inner && (ROOTS.contains(&text) || text == "super" || text == "self")
    }

    /// Reads a path or a tree of paths from `depth` modules below the root on.
    fn path(&mut self, mut depth: usize) {
        loop {
            match self.text(self.at) {
                "{" => return self.group(depth),
                "self" => {}
                "super" => depth = depth.saturating_sub(1),
                root if ROOTS.contains(&root) => depth = 0,
                _ if depth == 0 => return self.name(),
                _ => return,
            }
            self.at += 1;
            match self.text(self.at) {
                "::" => self.at += 1,
                // The root under another name would lead anywhere.
                "as" if depth == 0 => return self.name(),
                _ => return,
            }
        }
    }

    fn name(&mut self) {
        let Token { text, line } = self.tokens[self.at].clone();
        self.found.push(Mention { module: text, line });
        self.at += 1;
    }

    fn group(&mut self, depth: usize) {
        self.at += 1;
        while !matches!(self.text(self.at), "}" | "") {
            self.path(depth);
            self.rest_of_item();
        }
        self.at += 1;
    }

    /// Goes on to the next item of the group, or to its end.
    fn rest_of_item(&mut self) {
        let mut braces = 0;
        loop {
            match self.text(self.at) {
                "" => return,
                "}" if braces == 0 => return,
                "}" => braces -= 1,
                "{" => braces += 1,
                "," if braces == 0 => {
                    self.at += 1;
                    return;
                }
                _ => {}
            }
            self.at += 1;
        }
    }
}

fn modules(source: &str, depth: usize) -> Vec<String> {
    mentions(source, depth).into_iter().map(|mention| mention.module).collect()
}

#[test]
fn paths_from_the_root_are_found_in_uses_groups_and_code() {
    assert_eq!(modules("use crate::api::Row;", 1), ["api"]);
    assert_eq!(
        modules("use crate::{api::{Row, self}, store::Store, sms};", 1),
        ["api", "store", "sms"]
    );
    assert_eq!(modules("fn f(at: &crate::clock::Now) { crate::otp::g(at) }", 1), ["clock", "otp"]);
    assert_eq!(modules("pub(crate) use esoz_otp::cli;", 0), ["cli"]);
    assert_eq!(modules("pub(in crate::store) struct S;", 2), ["store"]);
}

#[test]
fn climbing_paths_are_found_when_they_reach_the_root() {
    assert_eq!(modules("use super::api;", 1), ["api"]);
    assert_eq!(modules("use super::table;", 2), [""; 0]);
    assert_eq!(
        modules("use super::{table, super::{clock, config::Config}};", 2),
        ["clock", "config"]
    );
    assert_eq!(modules("use self::super::super::cli::run;", 2), ["cli"]);
}

#[test]
fn a_test_module_within_the_file_is_one_step_deeper() {
    let source = "mod tests { use super::*; fn f() { super::super::http::g() } } use super::sms;";
    assert_eq!(modules(source, 1), ["http", "sms"]);
}

#[test]
fn everything_at_once_and_another_name_for_the_root_count_too() {
    assert_eq!(modules("use crate::*;", 1), ["*"]);
    assert_eq!(modules("use super::{self as root};", 1), ["as"]);
}
