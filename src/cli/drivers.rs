//! What sends messages, made from its settings for `serve` and `sms test`, or seen to be makeable by `check`.

use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use super::{CliError, gateway_files};
use crate::clock::Clock;
use crate::config::{DriverName, Fault, GatewayConfig, SmsConfig};
use crate::sms::{self, Console, HttpGateway, SmsDriver};

/// The drivers, in the order in which they are called, or everything that keeps them from being made.
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

/// What would keep them from being made, but for what comes of settings that are `faulty`. Makes nothing.
pub(super) fn wrong(config: &SmsConfig, faulty: &[Fault], clock: &Arc<dyn Clock>) -> Vec<CliError> {
    // What could not be read may be anything.
    if faulty.iter().any(|fault| fault.key.is_empty()) {
        return Vec::new();
    }
    let is_faulty = |start: &str| faulty.iter().any(|fault| fault.key.starts_with(start));
    let is_misread = |section: &str| faulty.iter().any(|fault| fault.concerns_section(section));
    let of = |name: &DriverName| match name {
        DriverName::Console => Vec::new(),
        DriverName::File => file_of(config).and_then(check_appendable).err().into_iter().collect(),
        DriverName::Gateway(name)
            if is_misread(&format!("gateway.{name}")) || !DriverName::can_be_gateway(name) =>
        {
            described(name, config).and_then(gateway_files::read).err().unwrap_or_default()
        }
        DriverName::Gateway(name) => gateway(name, config, clock).err().unwrap_or_default(),
    };
    let is_known = |name: &DriverName| match name {
        DriverName::Console => true,
        DriverName::File => config.file.is_some(),
        DriverName::Gateway(name) => described(name, config).is_ok(),
    };
    let are_known = config.drivers.iter().all(is_known) && !is_faulty("sms.drivers");
    let mut looked_at = config.drivers.clone();
    if !are_known {
        // Which of the gateways is meant is not known: it may be any.
        let others =
            config.gateways.iter().map(|gateway| DriverName::Gateway(gateway.name.clone()));
        looked_at.extend(others.filter(|other| !config.drivers.contains(other)));
    }
    looked_at.iter().filter(|name| is_known(name)).flat_map(of).collect()
}

/// The gateway of this name.
fn gateway(
    name: &str,
    config: &SmsConfig,
    clock: &Arc<dyn Clock>,
) -> Result<HttpGateway, Vec<CliError>> {
    let gateway = described(name, config)?;
    let secrets = gateway_files::read(gateway)?;
    HttpGateway::of(gateway, secrets, config.timeout, Arc::clone(clock))
        .map_err(|error| vec![CliError::configuration(format_args!("gateway.{name}: {error}"))])
}

fn described<'a>(name: &str, config: &'a SmsConfig) -> Result<&'a GatewayConfig, Vec<CliError>> {
    let found = config.gateways.iter().find(|gateway| gateway.name == name);
    let unknown = || CliError::configuration(format_args!("there is no section [gateway.{name}]"));
    found.ok_or_else(|| vec![unknown()])
}

fn file(config: &SmsConfig, clock: &Arc<dyn Clock>) -> Result<sms::File, CliError> {
    let path = file_of(config)?;
    sms::File::append_to(path, Arc::clone(clock)).map_err(|error| not_appended(path, &error))
}

fn file_of(config: &SmsConfig) -> Result<&Path, CliError> {
    let set = config.file.as_deref();
    set.ok_or_else(|| CliError::configuration("sms.file.path is not set"))
}

/// Whether it could be appended to, or made, as far as that can be seen from outside.
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
