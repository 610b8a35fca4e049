//! `esoz-otp NOUN VERB`: calls a method of administration on a running node.
//!
//! - `rows`: the table of verbs;
//! - `arguments`: the command line and the request of a verb, from the row of its method;
//! - `answer`: the node's answer, or the error that the command ends with;
//! - `json`, `text`: data for people.

mod answer;
mod arguments;
mod json;
mod rows;
mod text;

use std::io::{self, IsTerminal as _, Write as _};

use answer::Envelope;
use arguments::{OUTPUT, Request, YES};
use clap::{ArgMatches, Command, FromArgMatches as _};
use json::Json;
use rows::{VERBS, Verb};

use super::client::NodeArgs;
use super::output::{self, OutputForm};
use super::{CliError, error};

/// The command line with every noun and verb.
pub(super) fn add_to(line: Command) -> Command {
    arguments::add_to(line)
}

/// The verb of a command line, and its arguments. `None` for a command that is no verb.
pub(super) fn chosen(matches: &ArgMatches) -> Option<(&'static Verb, &ArgMatches)> {
    let (noun, of_noun) = matches.subcommand()?;
    let (verb, of_verb) = of_noun.subcommand().unwrap_or(("", of_noun));
    let row = VERBS.iter().find(|row| (row.noun, row.word) == (noun, verb))?;
    Some((row, of_verb))
}

/// Calls the node, and prints its answer.
pub(super) fn run(verb: &Verb, matches: &ArgMatches) -> Result<(), CliError> {
    let node = NodeArgs::from_arg_matches(matches).map_err(CliError::usage)?;
    let form = matches.get_one::<OutputForm>(OUTPUT).copied().unwrap_or(OutputForm::Text);
    let Request { method, target, body } = arguments::request(verb, matches)?;
    let client = node.client()?;
    if let Some(question) = verb.question
        && !matches.get_flag(YES)
    {
        ask(question)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CliError::software)?;
    let (status, body) = runtime.block_on(client.call(method, &target, body))?;
    let envelope = Envelope::read(&body)?;
    if !status.is_success() {
        return Err(envelope.into_error(verb, status));
    }
    if let Some(data) = envelope.data {
        output::print(shown(verb, form, data.get())?.as_bytes())?;
    }
    if let Some(next) = envelope.next_page() {
        error::note(format_args!("there are more: {next}"));
    }
    Ok(())
}

/// The data of an answer in this form, with the end of its last line.
fn shown(verb: &Verb, form: OutputForm, data: &str) -> Result<String, CliError> {
    match form {
        OutputForm::Json => Ok(format!("{data}\n")),
        OutputForm::Text => {
            let data: Json = serde_json::from_str(data).map_err(CliError::unavailable)?;
            let text = text::text(&verb.view, &data);
            if text.is_empty() && data == Json::List(Vec::new()) {
                error::note("nothing found");
            }
            Ok(text)
        }
    }
}

/// Asks on the terminal. Any answer but yes is an error, and without a terminal there is no answer.
fn ask(question: &str) -> Result<(), CliError> {
    if !io::stdin().is_terminal() {
        return Err(CliError::usage("nothing was changed: this needs --yes where no terminal is"));
    }
    drop(write!(io::stderr(), "{question} [y/N] "));
    let mut line = String::new();
    io::stdin().read_line(&mut line).map_err(CliError::io)?;
    if matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(CliError::usage("nothing was changed"))
}
