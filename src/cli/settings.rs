use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use tracing::level_filters::LevelFilter;

use super::CliError;
use super::error::warn;
use crate::config::{Config, Keyword, Layers, Value, unread};

/// The configuration file that is read without `--config`.
const FILE: &str = "/etc/esoz-otp/esoz-otp.toml";

/// The flag that every command with settings has.
#[derive(Args)]
#[expect(clippy::doc_markdown, reason = "the text of --help")]
pub(super) struct ConfigArgs {
    /// Configuration file. Default: /etc/esoz-otp/esoz-otp.toml if it exists. An environment variable
    /// ESOZ_OTP__SECTION__KEY overrides the file, and a flag overrides both.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The flags of a command that uses the data directory.
#[derive(Args)]
#[expect(clippy::doc_markdown, reason = "the text of --help")]
pub(super) struct SettingsArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Data directory. Default: store.path of the configuration, $STATE_DIRECTORY, or /var/lib/esoz-otp.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Keyring file, made by `init`. Default: keys.keyring_file of the configuration,
    /// $CREDENTIALS_DIRECTORY/keyring if it exists, or the data directory's name with .keyring added.
    #[arg(long, value_name = "FILE")]
    keyring: Option<PathBuf>,
}

/// The flags of `serve`, which `check` has too.
#[derive(Args)]
pub(super) struct ServingArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    /// Allow the drivers `console` and `file` to show codes and phone numbers in clear.
    #[arg(long)]
    allow_plaintext_codes: bool,
    #[command(flatten)]
    common: CommonArgs,
}

/// The flags that `serve`, `check` and `demo` have in common.
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
        help = "Least important level that is logged: off, error, warn, info, debug or trace [default: info; demo: warn]"
    )]
    pub(super) log: Option<LevelFilter>,
}

/// A setting's key, the flag that sets it, and the value.
type Flag = (&'static str, &'static str, Value);

impl ConfigArgs {
    /// Loads the configuration of a command that does not use the data directory.
    pub(super) fn load(&self) -> Result<Config, CliError> {
        Ok(self.layers(Vec::new(), false).load()?.config)
    }

    fn layers(&self, flags: Vec<Flag>, is_to_serve: bool) -> Layers {
        // A file without permission counts as there: reading it reports the error.
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
    /// Loads the configuration of a command that does not serve.
    pub(super) fn load(&self) -> Result<Config, CliError> {
        Ok(self.layers(Vec::new(), false).load()?.config)
    }

    /// The given flags as text, to be appended to another command line.
    pub(super) fn repeated(&self) -> String {
        let Self { config: ConfigArgs { config }, data, keyring } = self;
        let flags = [("--config", config), ("--data", data), ("--keyring", keyring)];
        let given = flags.into_iter().filter_map(|(flag, path)| Some((flag, path.as_ref()?)));
        given.map(|(flag, path)| format!(" {flag} {}", path.display())).collect::<Vec<_>>().concat()
    }

    fn layers(&self, mut flags: Vec<Flag>, is_to_serve: bool) -> Layers {
        // A path that is not UTF-8 becomes the empty text, which the setting refuses.
        let path = |path: &PathBuf| Value::from(path.to_str().unwrap_or_default());
        flags.extend(self.data.as_ref().map(|data| ("store.path", "--data", path(data))));
        flags.extend(
            self.keyring.as_ref().map(|file| ("keys.keyring_file", "--keyring", path(file))),
        );
        self.config.layers(flags, is_to_serve)
    }
}

/// Warns of variables that begin with `ESOZ_OTP_` and that this command does not read. With `reads_none`, it reads none
/// of them.
pub(super) fn warn_of_unread(environment: &[(OsString, OsString)], reads_none: bool) {
    let unread = unread(environment, reads_none);
    if unread.is_empty() {
        return;
    }
    let why = if reads_none {
        "`demo` reads no variables: use its flags (--help)"
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

/// The files in `$CREDENTIALS_DIRECTORY`, where a service manager puts secrets.
fn credentials() -> Vec<PathBuf> {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty());
    let entries = folder.and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

impl ServingArgs {
    /// The sources of the configuration of `serve`.
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
