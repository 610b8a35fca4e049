use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use tracing::level_filters::LevelFilter;

use super::CliError;
use super::error::warn;
use crate::config::{Config, Layers, Value, Word, unread};

/// Where configuration is looked for when nobody says where.
const FILE: &str = "/etc/esoz-otp/esoz-otp.toml";

/// Where settings are written: what all commands have in common.
#[derive(Args)]
#[expect(clippy::doc_markdown, reason = "the text of --help")]
pub(super) struct ConfigArgs {
    /// The configuration file. Without it, /etc/esoz-otp/esoz-otp.toml if there is one. An environment variable
    /// ESOZ_OTP__SECTION__KEY overrides a key of it, and a flag overrides both.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The same, and where a node's data is.
#[derive(Args)]
#[expect(clippy::doc_markdown, reason = "the text of --help")]
pub(super) struct SettingsArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The data directory. Without it, store.path of the configuration, $STATE_DIRECTORY, or else /var/lib/esoz-otp.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The keyring. Without it, keys.keyring_file of the configuration, $CREDENTIALS_DIRECTORY/keyring if it is
    /// there, or else DIR.keyring. `init` makes it.
    #[arg(long, value_name = "FILE")]
    keyring: Option<PathBuf>,
}

/// The settings of a node that serves.
#[derive(Args)]
pub(super) struct ServingArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    /// Let the drivers `console` and `file` show codes and numbers in clear.
    #[arg(long)]
    allow_plaintext_codes: bool,
    #[command(flatten)]
    common: CommonArgs,
}

/// What `demo` takes, too.
#[derive(Args)]
pub(super) struct CommonArgs {
    /// Addresses to listen on.
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        value_parser = address,
        help = "Address to listen on, such as 127.0.0.1:4001; may be given more than once [default: 127.0.0.1:4000 and [::1]:4000]"
    )]
    pub(super) listen: Vec<SocketAddr>,
    #[arg(
        long,
        visible_alias = "log-level",
        value_name = "LEVEL",
        value_parser = level,
        help = "What to log: off, error, warn, info, debug or trace [default: info; of the demo, warn]"
    )]
    pub(super) log: Option<LevelFilter>,
}

/// A key, the flag that sets it, and to what.
type Flag = (&'static str, &'static str, Value);

impl ConfigArgs {
    /// The configuration of a command that looks at no data.
    pub(super) fn load(&self) -> Result<Config, CliError> {
        Ok(self.layers(Vec::new(), false).load()?.config)
    }

    fn layers(&self, flags: Vec<Flag>, is_to_serve: bool) -> Layers {
        // One that can't be looked at is there: what is wrong with it is told when it is read.
        let is_there = || match fs::symlink_metadata(FILE) {
            Err(error) => error.kind() != ErrorKind::NotFound,
            Ok(_) => true,
        };
        let found = || is_there().then(|| FILE.into());
        let environment: Vec<_> = std::env::vars_os().collect();
        warn_of_unread(&environment, false);
        Layers {
            file: self.config.clone().or_else(found),
            environment,
            credentials: credentials(),
            flags,
            is_to_serve,
        }
    }
}

impl SettingsArgs {
    /// The configuration of a command that does not serve.
    pub(super) fn load(&self) -> Result<Config, CliError> {
        Ok(self.layers(Vec::new(), false).load()?.config)
    }

    /// The same flags, to be written behind another command.
    pub(super) fn repeated(&self) -> String {
        let Self { config: ConfigArgs { config }, data, keyring } = self;
        let flags = [("--config", config), ("--data", data), ("--keyring", keyring)];
        let given = flags.into_iter().filter_map(|(flag, path)| Some((flag, path.as_ref()?)));
        given.map(|(flag, path)| format!(" {flag} {}", path.display())).collect::<Vec<_>>().concat()
    }

    fn layers(&self, mut flags: Vec<Flag>, is_to_serve: bool) -> Layers {
        // A path that is no text is no setting, and is refused as the empty one.
        let path = |path: &PathBuf| Value::from(path.to_str().unwrap_or_default());
        flags.extend(self.data.as_ref().map(|data| ("store.path", "--data", path(data))));
        flags.extend(
            self.keyring.as_ref().map(|file| ("keys.keyring_file", "--keyring", path(file))),
        );
        self.config.layers(flags, is_to_serve)
    }
}

/// Says which variables look as if they set something and are not read: of a command that reads none, all of ours.
pub(super) fn warn_of_unread(environment: &[(OsString, OsString)], reads_none: bool) {
    let unread = unread(environment, reads_none);
    if unread.is_empty() {
        return;
    }
    let why = if reads_none {
        "`demo` reads no variables: set what you want by its flags (--help)"
    } else {
        "a setting's variable is ESOZ_OTP__SECTION__KEY"
    };
    let names = unread.join(", ");
    warn(format_args!("these environment variables are set, and not read: {names}. {why}."));
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "it takes an address and a port, such as 127.0.0.1:4001 or [::1]:4001")
}

fn level(text: &str) -> Result<LevelFilter, &'static str> {
    let level = LevelFilter::from_word(&text.to_ascii_lowercase());
    level.ok_or("it takes off, error, warn, info, debug or trace")
}

/// The files that a service manager hands over.
fn credentials() -> Vec<PathBuf> {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty());
    let entries = folder.and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

impl ServingArgs {
    /// Where the configuration of a node that serves is looked for.
    pub(super) fn layers(&self) -> Layers {
        let Self { settings, allow_plaintext_codes, common } = self;
        let mut flags = Vec::new();
        if !common.listen.is_empty() {
            let addresses = common.listen.iter().map(SocketAddr::to_string);
            flags.push(("server.listen", "--listen", Value::texts(addresses)));
        }
        flags.extend(common.log.map(|level| ("log.level", "--log", level.word().into())));
        if *allow_plaintext_codes {
            let key = "sms.allow_plaintext_codes";
            flags.push((key, "--allow-plaintext-codes", true.into()));
        }
        settings.layers(flags, true)
    }
}
