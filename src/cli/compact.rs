use clap::Args;
use tracing::level_filters::LevelFilter;

use super::settings::SettingsArgs;
use super::{CliError, output, signals};
use crate::config::LogConfig;
use crate::log;
use crate::store::{Compacted, Store};

#[derive(Args)]
pub(super) struct CompactArgs {
    #[command(flatten)]
    settings: SettingsArgs,
}

/// `esoz-otp compact`.
pub(super) fn compact(args: &CompactArgs) -> Result<(), CliError> {
    let config = args.settings.load()?;
    let data = &config.data.path;
    let _log = log::start(LogConfig { level: LevelFilter::WARN, ..config.log });
    // Only to listen to a signal: nothing runs in it.
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
    output::say(&said);
    Ok(())
}

/// With one digit behind the point.
fn mib(bytes: u64) -> String {
    let tenths = bytes * 10 / (1024 * 1024);
    format!("{}.{}", tenths / 10, tenths % 10)
}
