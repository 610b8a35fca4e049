//! The gateways of a configuration: those with a section in the file, or with a variable in the environment.

use std::ffi::OsString;

use super::drivers::{DriverName, SECTION, name_in_variable};
use super::file::Parsed;
use super::former_names;
use super::sections::{Setting, gateway_variable, settings_with};

/// The names of all gateways.
pub(super) fn gateway_names(
    file: Option<&Parsed<'_>>,
    environment: &[(OsString, OsString)],
) -> Vec<String> {
    let mut names = file.map(Parsed::gateway_names).unwrap_or_default();
    let drivers = drivers(file, environment);
    for (variable, _) in environment {
        let of_gateway = |variable| {
            gateway_variable(variable, SECTION)
                .or_else(|| former_names::gateway_in_variable(variable))
        };
        let Some((written, _)) = variable.to_str().and_then(of_gateway) else { continue };
        let is_it = |name: &&String| name_in_variable(name) == written;
        if names.iter().any(|name| is_it(&name)) {
            continue;
        }
        // The name of a variable has no hyphens: `sms.drivers` says where they are.
        let name = drivers.iter().find(is_it).cloned().unwrap_or(written.to_ascii_lowercase());
        if DriverName::can_be_gateway(&name) {
            names.push(name);
        }
    }
    names
}

/// The gateways in `sms.drivers`, of the file and of the environment.
fn drivers(file: Option<&Parsed<'_>>, environment: &[(OsString, OsString)]) -> Vec<String> {
    let settings = settings_with([]);
    let is_drivers = |setting: &&Setting| setting.key == "sms.drivers";
    let setting = settings.iter().find(is_drivers).expect("the table has `sms.drivers`");
    let in_environment = environment
        .iter()
        .filter(|(name, _)| *name == *setting.variable())
        .filter_map(|(_, value)| value.to_str().map(|text| setting.value_type.read(text)));
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
