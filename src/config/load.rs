//! Defaults, what the service manager says, the file, the environment and flags: each overrides those before it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use super::fault::{Fault, Faults, Source};
use super::sections::Config;
use super::setting::{PREFIX, Setting};
use super::table::settings;
use super::value::Value;
use super::{file, nearest, relations};

/// Where settings are looked for.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// The configuration file.
    pub file: Option<PathBuf>,
    /// The environment: variables of ours, and those of a service manager. Others don't matter.
    pub environment: Vec<(OsString, OsString)>,
    /// What the command line says: the key, the flag and the value.
    pub flags: Vec<(&'static str, &'static str, Value)>,
    /// Whether a node is going to serve with it.
    pub is_to_serve: bool,
}

/// A value for a setting, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) key: String,
    pub(super) value: Value,
    pub(super) source: Source,
}

/// A configuration, and where each of its values comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// What a node runs with.
    pub config: Config,
    /// By key; what is not in it is a default.
    sources: BTreeMap<String, Source>,
}

impl Effective {
    /// Where the setting of this key comes from.
    pub fn source(&self, key: &str) -> Source {
        self.sources.get(key).cloned().unwrap_or_default()
    }
}

impl Layers {
    /// Reads them all, or says everything that is wrong with any of them.
    pub fn load(&self) -> Result<Effective, Faults> {
        let (effective, faults) = self.read();
        if faults.is_empty() { Ok(effective) } else { Err(Faults(faults)) }
    }

    /// The same, with what is left when everything wrong is put aside.
    pub fn read(&self) -> (Effective, Vec<Fault>) {
        let settings = settings();
        let mut faults = Vec::new();
        let mut effective = Effective { config: Config::default(), sources: BTreeMap::new() };
        for Given { key, value, source } in self.given(&settings, &mut faults) {
            let Some(setting) = settings.iter().find(|setting| setting.key == key) else {
                continue;
            };
            match setting.set(&mut effective.config, &value) {
                Ok(()) => drop(effective.sources.insert(key, source)),
                Err(what) => faults.push(bad_value(setting, &what, source)),
            }
        }
        faults.extend(relations::broken(&effective, self.is_to_serve, &faults));
        faults.sort_by_key(|fault| rank(&fault.source));
        let config = &mut effective.config;
        config.keys.keyring_file = Some(config.keys.keyring_of(&config.data.path));
        (effective, faults)
    }

    /// What is given, from the weakest to the strongest.
    fn given(&self, settings: &[Setting], faults: &mut Vec<Fault>) -> Vec<Given> {
        let mut given = manager(&self.environment);
        if let Some(path) = &self.file {
            given.extend(file::read(path, settings, faults));
        }
        given.extend(environment(&self.environment, settings, faults));
        given.extend(self.flags.iter().map(|(key, flag, value)| Given {
            key: (*key).to_owned(),
            value: value.clone(),
            source: Source::Flag(flag),
        }));
        given
    }
}

/// The order in which faults are told: from the first line of the file on.
fn rank(source: &Source) -> (u8, usize) {
    match source {
        Source::File { line, .. } => (0, *line),
        Source::Environment(_) => (1, 0),
        Source::Flag(_) => (2, 0),
        Source::Manager(_) => (3, 0),
        Source::Default => (4, 0),
    }
}

fn bad_value(setting: &Setting, what: &str, source: Source) -> Fault {
    Fault {
        source,
        key: setting.key.to_string(),
        what: format!("{what}, but takes {}", setting.takes.in_words()),
        remedy: format!("Change it, or take it out: the default is {}.", setting.default_shown()),
    }
}

/// What a service manager says of where it runs us is no more than a default.
fn manager(environment: &[(OsString, OsString)]) -> Vec<Given> {
    let value = |name: &str| {
        let (_, value) = environment.iter().rev().find(|(variable, _)| variable == name)?;
        Some(value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
    };
    let given = |key: &str, variable, value: Option<String>| {
        let source = Source::Manager(variable);
        value.map(|value| Given { key: key.to_owned(), value: Value::Text(value), source })
    };
    // A unit may have several; the first is the one whose name is ours.
    let state =
        value("STATE_DIRECTORY").map(|all| all.split(':').next().unwrap_or_default().to_owned());
    let keyring = value("CREDENTIALS_DIRECTORY").map(|folder| format!("{folder}/keyring"));
    [
        given("store.path", "STATE_DIRECTORY", state),
        given("keys.keyring_file", "CREDENTIALS_DIRECTORY", keyring),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The variables of ours.
fn environment(
    environment: &[(OsString, OsString)],
    settings: &[Setting],
    faults: &mut Vec<Fault>,
) -> Vec<Given> {
    let mut given = Vec::new();
    for (variable, value) in environment {
        let is_ours =
            |name: &&str| name.starts_with(PREFIX) || nearest::variable(settings, name).is_some();
        let Some(variable) = variable.to_str().filter(is_ours) else { continue };
        let source = Source::Environment(variable.escape_debug().to_string());
        let Some(setting) = settings.iter().find(|setting| setting.variable() == variable) else {
            let name = variable.strip_prefix(PREFIX).unwrap_or(variable);
            let key = name.replace("__", ".").to_ascii_lowercase();
            let nearest = nearest::variable(settings, variable)
                .or_else(|| nearest::setting(settings, &key).map(Setting::variable));
            let what = "is no setting".into();
            faults.push(Fault { source, key, what, remedy: file::meant(nearest) });
            continue;
        };
        let Some(text) = value.to_str() else {
            faults.push(bad_value(setting, "is not UTF-8", source));
            continue;
        };
        let value = setting.takes.read(text);
        given.push(Given { key: setting.key.to_string(), value, source });
    }
    given.sort_by(|a, b| a.key.cmp(&b.key));
    given
}
