//! Reads the layers of the configuration: defaults, presets, the service manager, the file, the environment and flags. Each
//! overrides those before it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use super::cross_check::CheckContext;
use super::drivers::{PLACEHOLDER, RECEIPTS, key_of, section_of};
use super::effective::Effective;
use super::fault::{Fault, Faults, Source, short};
use super::file::{self, Parsed};
use super::former_names::{self, replaced};
use super::gateway_names::gateway_names;
use super::keyword::Keyword as _;
use super::presets::PresetName;
use super::sections::{
    Config, GatewayConfig, Setting, cross_checks, gateway_settings, settings_with,
};
use super::setting::{PREFIX, START};
use super::suggest;
use super::value::{SourcedValue, Value};

/// The sources of settings.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// The configuration file.
    pub file: Option<PathBuf>,
    /// The environment. Only `ESOZ_OTP__…` and the variables of a service manager are read.
    pub environment: Vec<(OsString, OsString)>,
    /// The files in `$CREDENTIALS_DIRECTORY`.
    pub credentials: Vec<PathBuf>,
    /// Flags of the command line: key, flag and value.
    pub flags: Vec<(&'static str, &'static str, Value)>,
    /// Whether the configuration is for a node that serves.
    pub is_to_serve: bool,
}

impl Layers {
    /// Reads all layers. The error has every fault in any of them.
    pub fn load(&self) -> Result<Effective, Faults> {
        let (effective, faults) = self.read();
        if faults.is_empty() { Ok(effective) } else { Err(Faults(faults)) }
    }

    /// Reads all layers. Wrong values are left out, and every fault is returned.
    pub fn read(&self) -> (Effective, Vec<Fault>) {
        let (effective, _, faults) = self.read_both();
        (effective, faults)
    }

    /// Reads all layers, with values under misspelt names used for the settings that are probably meant. `check` needs it to
    /// look at the files that the configuration will name once its names are right.
    pub fn read_as_meant(&self) -> (Config, Vec<Fault>) {
        let (_, meant, faults) = self.read_both();
        (meant, faults)
    }

    fn read_both(&self) -> (Effective, Config, Vec<Fault>) {
        let mut faults = Vec::new();
        let text = self.file.as_ref().and_then(|path| Some((path, file::read(path, &mut faults)?)));
        let file = text.as_ref().map(|(path, text)| Parsed::of(path, text));
        let gateways = gateway_names(file.as_ref(), &self.environment);
        let settings = settings_with(gateways.iter().map(String::as_str));
        let mut config = Config::default();
        config.sms.gateways = gateways.iter().map(|name| GatewayConfig::named(name)).collect();
        let mut effective = Effective { config, sources: BTreeMap::new() };
        let (values, supposed) = self.values(&gateways, file.as_ref(), &settings, &mut faults);
        for SourcedValue { key, value, source } in values {
            let Some(setting) = settings.iter().find(|setting| setting.key == key) else {
                continue;
            };
            match setting.set(&mut effective.config, &value) {
                Ok(()) => drop(effective.sources.insert(key, source)),
                Err(what) => faults.push(bad_value(setting, &what, source)),
            }
        }
        let Effective { config, sources } = &effective;
        let context = CheckContext { sources, faults: &faults, is_to_serve: self.is_to_serve };
        faults.extend(cross_checks(config, &context));
        let mut meant = as_meant(&effective, &settings, supposed, &mut faults);
        faults.sort_by_key(|fault| rank(&fault.source));
        for config in [&mut effective.config, &mut meant] {
            config.keys.keyring_file = Some(config.keys.keyring_of(&config.data.path));
        }
        (effective, meant, faults)
    }

    /// The values of all layers, the weakest first, and the values under misspelt names.
    fn values(
        &self,
        gateways: &[String],
        file: Option<&Parsed<'_>>,
        settings: &[Setting],
        faults: &mut Vec<Fault>,
    ) -> (Vec<SourcedValue>, Vec<SourcedValue>) {
        let mut values = manager(&self.environment, &self.credentials, gateways);
        let mut supposed = former_credentials(&self.credentials, faults);
        let (of_file, more) = file.map(|file| file.values(settings, faults)).unwrap_or_default();
        supposed.extend(more);
        values.extend(of_file);
        let (of_environment, more) = environment(&self.environment, settings, faults);
        values.extend(of_environment);
        supposed.extend(more);
        values.extend(self.flags.iter().map(|(key, flag, value)| SourcedValue {
            key: (*key).to_owned(),
            value: value.clone(),
            source: Source::Flag(flag),
        }));
        let mut all = presets(&values, gateways);
        all.append(&mut values);
        (all, supposed)
    }
}

/// The configuration with the values under misspelt names, where the setting that is meant is not set. A fault of such a
/// value does not repeat it: a secret may stand under an unknown name.
fn as_meant(
    effective: &Effective,
    settings: &[Setting],
    supposed: Vec<SourcedValue>,
    faults: &mut Vec<Fault>,
) -> Config {
    let mut config = effective.config.clone();
    // A section under a name that no gateway can have stands for the gateway `NAME`.
    let misnamed = gateway_settings(PLACEHOLDER);
    if supposed.iter().any(|value| misnamed.iter().any(|setting| setting.key == value.key)) {
        config.sms.gateways.push(GatewayConfig::named(PLACEHOLDER));
    }
    for SourcedValue { key, value, source } in supposed {
        let setting = settings.iter().chain(&misnamed).find(|setting| setting.key == key);
        let Some(setting) = setting else { continue };
        if effective.sources.contains_key(&key) {
            continue;
        }
        if let Some(wrong) = setting.value_type.mismatch(&value, true) {
            faults.push(bad_value(setting, &wrong, source));
        } else if let Err(wrong) = setting.set(&mut config, &value) {
            faults.push(bad_value(setting, &wrong, source));
        }
    }
    config
}

/// The values of the presets that the gateways have.
fn presets(values: &[SourcedValue], gateways: &[String]) -> Vec<SourcedValue> {
    let preset = |gateway: &String| {
        let key = key_of(gateway, "preset");
        let strongest = values.iter().rfind(|value| value.key == key)?;
        Some(PresetName::from_word(strongest.value.text()?)?.values(gateway))
    };
    gateways.iter().filter_map(preset).flatten().collect()
}

/// The order of faults: those of the file first, by line.
fn rank(source: &Source) -> (u8, usize) {
    match source {
        Source::File { line, .. } => (0, *line),
        Source::Environment(_) => (1, 0),
        Source::Flag(_) => (2, 0),
        Source::Manager(_) => (3, 0),
        Source::Preset(_) => (4, 0),
        Source::Default => (5, 0),
    }
}

fn bad_value(setting: &Setting, what: &str, source: Source) -> Fault {
    Fault {
        source,
        key: setting.key.to_string(),
        what: format!("{what}, but takes {}", setting.value_type.in_words()),
        remedy: format!("Change it, or remove it: the default is {}.", setting.default_shown()),
        meant: None,
    }
}

/// The name of the socket for administration in the runtime directory.
pub const SOCKET_NAME: &str = "admin.sock";

/// The values from a service manager: the directories and the credentials.
fn manager(
    environment: &[(OsString, OsString)],
    credentials: &[PathBuf],
    gateways: &[String],
) -> Vec<SourcedValue> {
    let value = |key: String, variable, value: String| {
        let source = Source::Manager(variable);
        SourcedValue { key, value: Value::Text(value), source }
    };
    // A unit may have several directories of a kind; the first is the node's.
    let first = |variable: &str| {
        let (_, all) = environment.iter().rfind(|(name, _)| name == variable)?;
        let path = all.to_string_lossy().split(':').next()?.to_owned();
        (!path.is_empty()).then_some(path)
    };
    let state =
        first("STATE_DIRECTORY").map(|path| value("store.path".into(), "STATE_DIRECTORY", path));
    let socket = first("RUNTIME_DIRECTORY").map(|path| {
        value("admin.socket".into(), "RUNTIME_DIRECTORY", format!("{path}/{SOCKET_NAME}"))
    });
    let credential = |(key, name): (String, String)| {
        let path = credentials.iter().find(|path| path.ends_with(&name))?;
        Some(value(key, "CREDENTIALS_DIRECTORY", path.to_string_lossy().into_owned()))
    };
    let of_gateways = gateways.iter().flat_map(|name| {
        [
            (key_of(name, "secret_file"), section_of(name)),
            (key_of(name, "receipts.secret_file"), key_of(name, RECEIPTS)),
        ]
    });
    let credentials = [("keys.keyring_file".into(), "keyring".into())].into_iter();
    state
        .into_iter()
        .chain(socket)
        .chain(credentials.chain(of_gateways).filter_map(credential))
        .collect()
}

/// Reports credentials of gateways under names of former releases, and returns their values.
fn former_credentials(credentials: &[PathBuf], faults: &mut Vec<Fault>) -> Vec<SourcedValue> {
    let mut supposed = Vec::new();
    for path in credentials {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let Some((now, gateway)) = former_names::credential_now(name) else { continue };
        let source = Source::Manager("CREDENTIALS_DIRECTORY");
        let of_receipts = now != section_of(gateway);
        let key = key_of(gateway, if of_receipts { "receipts.secret_file" } else { "secret_file" });
        let value = path.to_string_lossy().as_ref().into();
        supposed.push(SourcedValue { key: key.clone(), value, source: source.clone() });
        let what = "is a gateway's credential of former releases".into();
        let remedy = format!(
            "Call it {now} where it is handed over: LoadCredential={now}:FILE in the unit."
        );
        faults.push(Fault { source, key: name.to_owned(), what, remedy, meant: Some(key) });
    }
    supposed
}

/// The names of variables that begin with `ESOZ_OTP_` and that a command neither reads nor refuses. With `reads_none` it
/// reads no variable.
pub fn unread(environment: &[(OsString, OsString)], reads_none: bool) -> Vec<String> {
    let settings = settings_with([PLACEHOLDER]);
    let looks_like_setting = |name: &&str| name.starts_with(START);
    let is_unread = |name: &&str| {
        let is_read = name.starts_with(PREFIX) || suggest::variable(&settings, name).is_some();
        reads_none || !is_read
    };
    let names = environment.iter().filter_map(|(name, _)| name.to_str());
    let mut unread: Vec<_> = names
        .filter(looks_like_setting)
        .filter(is_unread)
        .map(|name| short(&name.escape_debug().to_string()))
        .collect();
    unread.sort_unstable();
    unread
}

/// The values of variables of settings, and the values of misspelt variables, by the key that is probably meant.
fn environment(
    environment: &[(OsString, OsString)],
    settings: &[Setting],
    faults: &mut Vec<Fault>,
) -> (Vec<SourcedValue>, Vec<SourcedValue>) {
    let (mut values, mut supposed) = (Vec::new(), Vec::new());
    for (variable, value) in environment {
        let is_of_setting =
            |name: &&str| name.starts_with(PREFIX) || suggest::variable(settings, name).is_some();
        let Some(variable) = variable.to_str().filter(is_of_setting) else { continue };
        let source = Source::Environment(variable.escape_debug().to_string());
        let read = |setting: &Setting, text: &str| SourcedValue {
            key: setting.key.to_string(),
            value: setting.value_type.read(text),
            source: source.clone(),
        };
        match (settings.iter().find(|setting| setting.variable() == variable), value.to_str()) {
            (Some(setting), Some(text)) => values.push(read(setting, text)),
            (Some(setting), None) => faults.push(bad_value(setting, "is not UTF-8", source)),
            (None, text) => {
                let (fault, meant) = unknown_variable(variable, source.clone(), settings);
                faults.push(fault);
                supposed.extend(meant.zip(text).map(|(setting, text)| read(setting, text)));
            }
        }
    }
    values.sort_by(|a, b| a.key.cmp(&b.key));
    (values, supposed)
}

/// The fault of a variable that is of no setting, and the setting to read its value as, if one is probably meant.
fn unknown_variable<'s>(
    variable: &str,
    source: Source,
    settings: &'s [Setting],
) -> (Fault, Option<&'s Setting>) {
    let name = variable.strip_prefix(PREFIX).unwrap_or(variable);
    let key = name.replace("__", ".").to_ascii_lowercase();
    if let Some(replaced) = replaced(&key) {
        let (what, remedy) = (replaced.what.into(), replaced.remedy_in_variables());
        return (Fault { source, key, what, remedy, meant: None }, None);
    }
    if let Some(now) = former_names::variable_now(variable) {
        let setting = settings.iter().find(|setting| setting.variable() == now);
        let what = "is a gateway's setting of former releases".into();
        let remedy = format!("Set {now} in its place.");
        let meant = setting.map(|setting| setting.key.to_string());
        return (Fault { source, key, what, remedy, meant }, setting);
    }
    let by_variable = suggest::variable(settings, variable);
    let nearest = by_variable.or_else(|| suggest::setting(settings, &key));
    let typo_of = nearest.filter(|near| suggest::is_typo_of(&key, near) || by_variable.is_some());
    let remedy = file::remedy(nearest.map(Setting::variable));
    let meant = nearest.map(|near| near.key.to_string());
    (Fault { source, key, what: "is no setting".into(), remedy, meant }, typo_of)
}
