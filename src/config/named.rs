//! Which gateways there are: those that somebody has written a setting or a section of.

use std::ffi::OsString;

use super::drivers::DriverName;
use super::file::Parsed;
use super::gateway::GatewayConfig;
use super::gateway_keys::SECTION;
use super::gateways::in_variable;
use super::replaced;
use super::setting::PREFIX;
use super::takes::Takes;

/// The names of all gateways, as the file and the environment have them.
pub(super) fn gateways(
    file: Option<&Parsed<'_>>,
    environment: &[(OsString, OsString)],
) -> Vec<String> {
    let mut names = file.map(Parsed::gateways).unwrap_or_default();
    let drivers = drivers(file, environment);
    for (variable, _) in environment {
        let of_gateway = |variable| {
            in_variable(variable, SECTION).or_else(|| replaced::gateway_in_variable(variable))
        };
        let Some((written, _)) = variable.to_str().and_then(of_gateway) else { continue };
        let is_it = |name: &&String| GatewayConfig::in_variable(name) == written;
        if names.iter().any(|name| is_it(&name)) {
            continue;
        }
        // A hyphen is known from the list of drivers only: a variable's name has none.
        let name = drivers.iter().find(is_it).cloned().unwrap_or(written.to_ascii_lowercase());
        if DriverName::can_be_gateway(&name) {
            names.push(name);
        }
    }
    names
}

/// The gateways that `sms.drivers` names, wherever it is set.
fn drivers(file: Option<&Parsed<'_>>, environment: &[(OsString, OsString)]) -> Vec<String> {
    let takes = Takes::List { of: super::forms::driver(), may_be_empty: false };
    let variable = format!("{PREFIX}SMS__DRIVERS");
    let in_environment = environment
        .iter()
        .filter(|(name, _)| *name == *variable)
        .filter_map(|(_, value)| value.to_str().map(|text| takes.read(text)));
    let values = file.and_then(Parsed::drivers).into_iter().chain(in_environment);
    let texts = values.flat_map(|value| {
        value.items(|item| Some(item.text().unwrap_or_default().to_owned())).unwrap_or_default()
    });
    texts
        .filter_map(|text| match text.parse() {
            Ok(DriverName::Gateway(name)) => Some(name),
            Ok(DriverName::Console | DriverName::File) | Err(_) => None,
        })
        .collect()
}
