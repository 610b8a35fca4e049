use std::collections::BTreeMap;
use std::path::Path;

use clap::Args;
use tracing::level_filters::LevelFilter;

use super::directory;
use crate::cli::settings::SettingsArgs;
use crate::cli::{CliError, keyring_file, output};
use crate::clock::{Clock as _, SystemClock};
use crate::config::{LogConfig, StoreConfig};
use crate::domain::Timestamp;
use crate::keyring::{KeyStatus, KeyUsage, Keyring, usage_by_key};
use crate::log;

const HELP: &str = "\
Example:
  esoz-otp keys list --keyring /etc/esoz-otp/keyring

Exit codes:
  0   standard output has a line for each key; with the node stopped also its live codes and state
  64  the command line is wrong
  65  the database is damaged; the keys of the keyring are printed all the same
  74  the disk can't be read or written
  78  the keyring is missing, wrong or open to other users";

#[derive(Args)]
#[command(after_help = HELP)]
pub(in crate::cli) struct ListArgs {
    #[command(flatten)]
    settings: SettingsArgs,
}

/// The records of a data directory about keys.
struct KeyRecords {
    statuses: BTreeMap<String, KeyStatus>,
    usage: BTreeMap<String, KeyUsage>,
}

/// `esoz-otp keys list`.
pub(super) fn list(args: &ListArgs) -> Result<(), CliError> {
    let config = args.settings.load()?;
    let data = &config.data.path;
    let keyring = keyring_file::read(&config.keys.keyring_of(data), data)?;
    let _log = log::start(LogConfig { level: LevelFilter::WARN, ..config.log })?;
    match records(&keyring, data, config.store) {
        Ok(Ok(records)) => output::print(table(&of_both(&keyring, &records)).as_bytes()),
        Ok(Err(why)) => {
            let table = table(&of_keyring(&keyring));
            let note = format!("The columns of the data directory are left out: {why}\n");
            output::print([table, note].join("\n").as_bytes())
        }
        Err(failure) => {
            output::print(table(&of_keyring(&keyring)).as_bytes())?;
            Err(failure)
        }
    }
}

/// Reads the directory's records, or gives the reason why the directory can't be opened.
fn records(
    keyring: &Keyring,
    data: &Path,
    config: StoreConfig,
) -> Result<Result<KeyRecords, String>, CliError> {
    let store = match directory::open(data, config)? {
        Ok(store) => store,
        Err(why) => return Ok(Err(why)),
    };
    let statuses = keyring.statuses(&store).map_err(CliError::io)?;
    let usage = usage_by_key(&store, SystemClock::start().now()).map_err(CliError::io)?;
    Ok(Ok(KeyRecords { statuses, usage }))
}

/// A line of the printed table, one text a column.
type TableRow = Vec<String>;

fn of_keyring(keyring: &Keyring) -> Vec<TableRow> {
    let head = [["key", "created at", "use"].map(str::to_owned).to_vec()];
    let newest = keyring.keys().last().map(|(id, _)| id);
    let row = |(id, at): (&str, Timestamp)| {
        let does = if newest == Some(id) { "writes, reads" } else { "reads" };
        vec![id.to_owned(), at.to_whole_second(), does.to_owned()]
    };
    head.into_iter().chain(keyring.keys().map(row)).collect()
}

fn of_both(keyring: &Keyring, records: &KeyRecords) -> Vec<TableRow> {
    let mut rows = of_keyring(keyring);
    let lost = records.statuses.keys().filter(|id| keyring.keys().all(|(held, _)| held != **id));
    rows.extend(lost.map(|id| vec![id.clone(), "-".into(), "-".into()]));
    rows[0].extend(["live codes", "in the data directory"].map(str::to_owned));
    for row in &mut rows[1..] {
        let status = records.statuses.get(&row[0]).copied().unwrap_or(KeyStatus::New);
        if let KeyStatus::Retired { .. } = status {
            // A retired key has no use, even if the keyring still has it.
            row[2] = "-".into();
        }
        row.extend(status_cells(status, records.usage.get(&row[0])));
    }
    rows
}

/// The last two columns: the live codes that need the key, and the key's state in the directory.
fn status_cells(status: KeyStatus, usage: Option<&KeyUsage>) -> [String; 2] {
    let codes = usage.map_or("0".into(), |KeyUsage { codes, until, .. }| {
        format!("{codes} until {}", until.to_whole_second())
    });
    match status {
        KeyStatus::New => [codes, "not used yet".into()],
        KeyStatus::InUse => [codes, "in use".into()],
        KeyStatus::Changed { was_retired: false } => {
            [codes, "another key was used under this id".into()]
        }
        KeyStatus::Changed { was_retired: true } => {
            [codes, "another key of this id was retired".into()]
        }
        KeyStatus::Missing => [codes, "was used, and is missing from the keyring".into()],
        KeyStatus::Retired { at, .. } => ["-".into(), format!("retired {}", at.to_whole_second())],
    }
}

fn table(rows: &[TableRow]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<_> = (0..rows[0].len()).map(width).collect();
    let line = |row: &TableRow| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        [cells.collect::<Vec<_>>().join("  ").trim_end(), "\n"].concat()
    };
    rows.iter().map(line).collect()
}
