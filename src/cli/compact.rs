use clap::Args;
use tracing::level_filters::LevelFilter;

use super::settings::SettingsArgs;
use super::{CliError, output, signals};
use crate::config::LogConfig;
use crate::log;
use crate::store::{Compacted, Store};

const HELP: &str = "\
Example:
  esoz-otp compact --data /var/lib/esoz-otp

Exit codes:
  0   standard output has the sizes before and after; a database that would not become smaller stays
  64  the command line is wrong
  65  the database is damaged, or a newer release's
  74  the disk has no room for the new database beside the old one, or can't be written
  75  a node runs on the directory
  78  the configuration or the data directory is missing or wrong";

#[derive(Args)]
#[command(after_help = HELP)]
pub(super) struct CompactArgs {
    #[command(flatten)]
    settings: SettingsArgs,
}

/// `esoz-otp compact`.
pub(super) fn compact(args: &CompactArgs) -> Result<(), CliError> {
    let config = args.settings.load()?;
    let data = &config.data.path;
    let _log = log::start(LogConfig { level: LevelFilter::WARN, ..config.log });
    // The runtime is only here for the signal handler.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    let runtime = runtime.map_err(CliError::software)?;
    runtime.block_on(async { signals::outlive_file_limits() })?;
    Store::check_made(data)?;
    let Compacted { before, after } = Store::compact(data, config.store)?;
    let is_smaller = after < before;
    let (data, before, after) = (data.display(), mib(before), mib(after));
    let said = if is_smaller {
        format!("compacted {data}: its database had {before} MiB and has {after} MiB")
    } else {
        format!("left {data} as it is: a new database would not be smaller than its {before} MiB")
    };
    output::print_best_effort(&said);
    Ok(())
}

/// With one digit behind the point.
fn mib(bytes: u64) -> String {
    let tenths = bytes * 10 / (1024 * 1024);
    format!("{}.{}", tenths / 10, tenths % 10)
}
