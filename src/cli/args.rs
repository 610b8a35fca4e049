//! The command line as a whole. The flags, examples and exit codes of a command stand in the command's own file.

use clap::{CommandFactory as _, Parser, Subcommand};

use super::apply::ApplyArgs;
use super::check::CheckArgs;
use super::compact::CompactArgs;
use super::demo::DemoArgs;
use super::import::ImportArgs;
use super::init::InitArgs;
use super::manual::{CompletionsArgs, ManArgs};
use super::settings::ServingArgs;
use super::{audit, demo, keys, manual, serve, sms, verbs};

/// Serves the one-time-code methods of the Ukrainian eHealth system (ЕСОЗ) from one data directory.
#[derive(Parser)]
#[command(name = "esoz-otp", version, arg_required_else_help = true, after_help = manual::after_help())]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Serves a small test world on localhost:4000 and prints every SMS.
    ///
    /// `demo` reads no configuration file and no environment variable.
    #[command(after_help = demo::HELP)]
    Demo(Box<DemoArgs>),
    /// Makes a data directory and its keyring, and prints the first admin token.
    ///
    /// An existing directory or keyring is not touched. An `init` that was interrupted can be repeated.
    Init(InitArgs),
    /// Adds clients, users, persons, tokens, factors and person requests from a file.
    ///
    /// The node must be stopped. Either the whole file is added or nothing is. Secrets that the file leaves to be
    /// generated are printed once.
    Import(ImportArgs),
    /// Adds and changes records of a running node, from a file with an entity a line.
    ///
    /// A line with a new id is added, and one with a known id changes it. No state moves backward: nothing is approved,
    /// revived, unblocked or deleted. A load that broke off can be repeated. `import` is for a stopped node.
    Apply(ApplyArgs),
    /// Runs a node on a data directory until SIGTERM or Ctrl-C.
    ///
    /// Standard output has the addresses, standard error the log. SIGHUP reopens the file of the driver `file`.
    #[command(after_help = serve::HELP)]
    Serve(ServingArgs),
    /// Makes the grown database of a stopped node small again.
    ///
    /// It copies all records into a new database, compares both and puts the new one in the old one's place. A running
    /// node does the same by itself.
    Compact(CompactArgs),
    /// Adds, lists and retires the keys that hash codes and seal messages.
    #[command(subcommand, after_help = keys::HELP)]
    Keys(keys::KeysCommand),
    /// Verifies the audit log.
    #[command(subcommand, after_help = audit::AUDIT_HELP)]
    Audit(audit::AuditCommand),
    /// Tests the drivers that send messages.
    #[command(subcommand, after_help = sms::SMS_HELP)]
    Sms(sms::SmsCommand),
    /// Reports every fault of the configuration, the keyring, the data directory and the gateways' files.
    ///
    /// It changes nothing, calls no gateway and may run beside a node.
    Check(CheckArgs),
    /// Prints the completion script of a shell.
    Completions(CompletionsArgs),
    /// Prints the manual page, or writes a page for every command.
    Man(ManArgs),
}

/// The whole command line: these commands, and the nouns and verbs of [`verbs`].
pub(super) fn line() -> clap::Command {
    verbs::add_to(Cli::command())
}

impl Command {
    /// Whether keys, tokens or patients' codes pass through the memory of this command. A demo's are public.
    pub(super) fn holds_secrets(&self) -> bool {
        match self {
            Self::Demo(_) | Self::Completions(_) | Self::Man(_) => false,
            Self::Init(_)
            | Self::Import(_)
            | Self::Apply(_)
            | Self::Serve(_)
            | Self::Compact(_)
            | Self::Keys(_)
            | Self::Audit(_)
            | Self::Sms(_)
            | Self::Check(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::error::EXITS;

    /// Every command of this command line, with its path: `keys add`.
    fn commands(of: clap::Command, path: &str) -> Vec<(String, clap::Command)> {
        let inner: Vec<_> = of
            .get_subcommands()
            .filter(|command| command.get_name() != "help")
            .flat_map(|command| {
                commands(command.clone(), &format!("{path} {}", command.get_name()))
            })
            .collect();
        [vec![(path.to_owned(), of)], inner].concat()
    }

    #[test]
    fn every_command_shows_an_example_that_parses_and_exit_codes_that_there_are() {
        let all = commands(line(), "esoz-otp");
        assert!(all.len() > 15, "{}", all.len());
        for (path, mut command) in all {
            let help = command.render_long_help().to_string();
            let (_, examples) = help.split_once("\nExample").expect(&path);
            let (examples, codes) = examples.split_once("\nExit codes:\n").expect(&path);
            let examples: Vec<_> =
                examples.lines().filter_map(|line| line.strip_prefix("  ")).collect();
            assert!(!examples.is_empty(), "{path}");
            for example in examples {
                assert!(example.starts_with(&path), "{path}: {example}");
                let parsed = line().try_get_matches_from(example.split(' '));
                assert!(parsed.is_ok(), "{example}: {:?}", parsed.err());
            }
            let codes: Vec<u8> = codes
                .lines()
                .map_while(|line| line.strip_prefix("  ")?.split(' ').next()?.parse().ok())
                .collect();
            assert_eq!(codes.first(), Some(&0), "{path}");
            assert!(codes.contains(&64), "{path}");
            for code in codes {
                assert!(EXITS.iter().any(|(known, _)| *known == code), "{path}: {code}");
            }
        }
    }
}
