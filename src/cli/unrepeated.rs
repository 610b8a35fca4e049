//! What an error about the command line does not repeat: somebody may have put a number, a token or a key in a wrong place.

use clap::error::{ContextKind, ContextValue, Error};

use crate::domain::mask_numbers;

/// Stands for what is not repeated.
const HIDDEN: &str = "…";

/// Arguments whose value is not repeated, in the words in which the error names them.
const QUIET: [&str; 2] = ["<PHONE>", "--allow-origin <ORIGIN>"];

/// No command and no flag of ours is longer.
const LONGEST_WORD: usize = 24;

/// The same error without what may be a number or a secret.
pub(super) fn without_secrets(mut error: Error) -> Error {
    let argument = text(&error, ContextKind::InvalidArg);
    if let Some(value) = text(&error, ContextKind::InvalidValue) {
        // Here the argument is named in our own words.
        let is_quiet = argument.is_some_and(|argument| QUIET.contains(&&*argument));
        let shown = if is_quiet { HIDDEN.to_owned() } else { mask_numbers(&value) };
        error.insert(ContextKind::InvalidValue, ContextValue::String(shown));
    } else if argument.is_some_and(|argument| !is_flag(&argument) && !is_ours(&argument)) {
        hide(&mut error, ContextKind::InvalidArg);
    }
    if text(&error, ContextKind::InvalidSubcommand).is_some_and(|command| !is_word(&command)) {
        hide(&mut error, ContextKind::InvalidSubcommand);
    }
    error
}

fn text(error: &Error, kind: ContextKind) -> Option<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(_) | None => None,
    }
}

/// What is suggested in its place would repeat it, too.
fn hide(error: &mut Error, kind: ContextKind) {
    error.insert(kind, ContextValue::String(HIDDEN.into()));
    error.remove(ContextKind::Suggested);
}

/// A flag that there is, with what it takes: `--data <DIR>`.
fn is_ours(argument: &str) -> bool {
    argument.ends_with('>')
}

fn is_flag(argument: &str) -> bool {
    argument.strip_prefix("--").is_some_and(is_word)
}

fn is_word(text: &str) -> bool {
    text.len() <= LONGEST_WORD && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}
