use std::path::PathBuf;

use clap::Args;

use crate::config::Config;

/// Settings that the command line gives: what a node's commands have in common.
#[derive(Args)]
#[expect(clippy::doc_markdown, reason = "the text of --help")]
pub(super) struct SettingsArgs {
    /// The data directory.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The keyring. Without it, $CREDENTIALS_DIRECTORY/keyring, or else DIR.keyring. `init` makes it.
    #[arg(long, value_name = "FILE")]
    keyring: Option<PathBuf>,
}

impl SettingsArgs {
    /// The configuration that they make.
    pub(super) fn load(&self) -> Config {
        let mut config = Config::default();
        config.data.path.clone_from(&self.data);
        config.keys.keyring_file = self.keyring.clone().or_else(credential);
        config
    }
}

/// The credential that a service manager hands over.
fn credential() -> Option<PathBuf> {
    std::env::var_os("CREDENTIALS_DIRECTORY").map(|folder| PathBuf::from(folder).join("keyring"))
}
