//! Makes the `SmsDriver`s from settings for `serve` and `sms test`. `check` only checks that they could be made.

use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use super::{CliError, gateway_files};
use crate::clock::Clock;
use crate::config::{DriverName, Fault, GatewayConfig, SmsConfig};
use crate::sms::{self, Console, HttpGateway, SmsDriver};

/// The drivers, in the order in which they are called. The error has the faults of all of them.
pub(super) fn drivers(
    config: &SmsConfig,
    clock: &Arc<dyn Clock>,
) -> Result<Vec<Arc<dyn SmsDriver>>, CliError> {
    let (mut drivers, mut wrong) = (Vec::new(), Vec::new());
    for name in &config.drivers {
        match driver(name, config, clock) {
            Ok(driver) => drivers.push(driver),
            Err(why) => wrong.extend(why),
        }
    }
    if wrong.is_empty() { Ok(drivers) } else { Err(CliError::all(&wrong)) }
}

fn driver(
    name: &DriverName,
    config: &SmsConfig,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn SmsDriver>, Vec<CliError>> {
    Ok(match name {
        DriverName::Console => {
            Arc::new(Console::to(io::stdout()).map_err(|error| vec![CliError::software(error)])?)
        }
        DriverName::File => Arc::new(file(config, clock).map_err(|why| vec![why])?),
        DriverName::Gateway(name) => Arc::new(gateway(name, config, clock)?),
    })
}

/// The faults that would keep `serve` from making the drivers. Faults that follow from the `faulty` settings are left out.
pub(super) fn check(config: &SmsConfig, faulty: &[Fault], clock: &Arc<dyn Clock>) -> Vec<CliError> {
    // A configuration that could not be read names no drivers.
    if faulty.iter().any(|fault| fault.key.is_empty()) {
        return Vec::new();
    }
    let is_faulty = |start: &str| faulty.iter().any(|fault| fault.key.starts_with(start));
    let is_misread = |section: &str| faulty.iter().any(|fault| fault.concerns_section(section));
    let of = |name: &DriverName| match name {
        DriverName::Console => Vec::new(),
        DriverName::File => {
            file_path(config).and_then(check_appendable).err().into_iter().collect()
        }
        DriverName::Gateway(name)
            if is_misread(&format!("gateway.{name}")) || !DriverName::can_be_gateway(name) =>
        {
            gateway_section(name, config).and_then(gateway_files::read).err().unwrap_or_default()
        }
        DriverName::Gateway(name) => gateway(name, config, clock).err().unwrap_or_default(),
    };
    let is_known = |name: &DriverName| match name {
        DriverName::Console => true,
        DriverName::File => config.file.is_some(),
        DriverName::Gateway(name) => gateway_section(name, config).is_ok(),
    };
    let are_known = config.drivers.iter().all(is_known) && !is_faulty("sms.drivers");
    let mut checked = config.drivers.clone();
    if !are_known {
        // A name that is unknown may stand for any of the gateways, so the files of all are checked.
        let others =
            config.gateways.iter().map(|gateway| DriverName::Gateway(gateway.name.clone()));
        checked.extend(others.filter(|other| !config.drivers.contains(other)));
    }
    checked.iter().filter(|name| is_known(name)).flat_map(of).collect()
}

/// Makes the driver of this gateway.
fn gateway(
    name: &str,
    config: &SmsConfig,
    clock: &Arc<dyn Clock>,
) -> Result<HttpGateway, Vec<CliError>> {
    let gateway = gateway_section(name, config)?;
    let secrets = gateway_files::read(gateway)?;
    HttpGateway::of(gateway, secrets, config.timeout, Arc::clone(clock))
        .map_err(|error| vec![CliError::configuration(format_args!("gateway.{name}: {error}"))])
}

/// The settings of this gateway.
fn gateway_section<'a>(
    name: &str,
    config: &'a SmsConfig,
) -> Result<&'a GatewayConfig, Vec<CliError>> {
    let found = config.gateways.iter().find(|gateway| gateway.name == name);
    let unknown = || CliError::configuration(format_args!("there is no section [gateway.{name}]"));
    found.ok_or_else(|| vec![unknown()])
}

fn file(config: &SmsConfig, clock: &Arc<dyn Clock>) -> Result<sms::File, CliError> {
    let path = file_path(config)?;
    sms::File::append_to(path, Arc::clone(clock)).map_err(|error| not_appended(path, &error))
}

fn file_path(config: &SmsConfig) -> Result<&Path, CliError> {
    let set = config.file.as_deref();
    set.ok_or_else(|| CliError::configuration("sms.file.path is not set"))
}

/// Refuses a file that can't be appended to, or whose folder is missing. Makes and writes nothing.
fn check_appendable(path: &Path) -> Result<(), CliError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let looked = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::read_dir(folder.unwrap_or(Path::new("."))).map(drop)
        }
        Ok(_) | Err(_) => sms::File::open(path).map(drop),
    };
    looked.map_err(|error| not_appended(path, &error))
}

fn not_appended(path: &Path, error: &io::Error) -> CliError {
    CliError::configuration(format_args!(
        "cannot append messages to {}: {error}. Make its directory, or name another file in sms.file.path, that this \
         user may write to.",
        path.display()
    ))
}
