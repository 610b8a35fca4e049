//! Removes phone numbers and secrets from usage errors: a caller may have put one in the wrong place.

use clap::error::{ContextKind, ContextValue, Error};

use crate::domain::mask_numbers;

/// Stands in place of a removed value.
const HIDDEN: &str = "…";

/// Arguments that have their value removed, as clap names them in errors.
const QUIET: [&str; 2] = ["<PHONE>", "--allow-origin <ORIGIN>"];

/// The longest command or flag. A longer word may be a secret.
const LONGEST_WORD: usize = 24;

/// The same error without values that may be a number or a secret.
pub(super) fn without_secrets(mut error: Error) -> Error {
    let argument = text(&error, ContextKind::InvalidArg);
    if let Some(value) = text(&error, ContextKind::InvalidValue) {
        // `argument` is the definition here (`<PHONE>`), not what the caller wrote.
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

/// Removes this value, and the suggestion, which resembles it.
fn hide(error: &mut Error, kind: ContextKind) {
    error.insert(kind, ContextValue::String(HIDDEN.into()));
    error.remove(ContextKind::Suggested);
}

/// Whether clap names a defined argument with its value: `--data <DIR>`.
fn is_ours(argument: &str) -> bool {
    argument.ends_with('>')
}

fn is_flag(argument: &str) -> bool {
    argument.strip_prefix("--").is_some_and(is_word)
}

fn is_word(text: &str) -> bool {
    text.len() <= LONGEST_WORD && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}
