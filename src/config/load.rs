//! Defaults, what the service manager says, the file, the environment and flags: each overrides those before it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use super::effective::Effective;
use super::fault::{Fault, Faults, Source, short};
use super::file::Parsed;
use super::gateway::GatewayConfig;
use super::gateway_keys::{RECEIPTS, key_of, section_of};
use super::gateways::{PLACEHOLDER, gateway};
use super::given::Given;
use super::names::Word;
use super::presets::PresetName;
use super::replaced::{self, replaced};
use super::sections::Config;
use super::setting::{PREFIX, START, Setting};
use super::table::settings_with;
use super::value::Value;
use super::{file, named, nearest, relations};

/// Where settings are looked for.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// The configuration file.
    pub file: Option<PathBuf>,
    /// The environment: variables of ours, and those of a service manager. Others don't matter.
    pub environment: Vec<(OsString, OsString)>,
    /// The files that a service manager hands over, those of `$CREDENTIALS_DIRECTORY`.
    pub credentials: Vec<PathBuf>,
    /// What the command line says: the key, the flag and the value.
    pub flags: Vec<(&'static str, &'static str, Value)>,
    /// Whether a node is going to serve with it.
    pub is_to_serve: bool,
}

impl Layers {
    /// Reads them all, or says everything that is wrong with any of them.
    pub fn load(&self) -> Result<Effective, Faults> {
        let (effective, faults) = self.read();
        if faults.is_empty() { Ok(effective) } else { Err(Faults(faults)) }
    }

    /// The same, with what is left when everything wrong is put aside.
    pub fn read(&self) -> (Effective, Vec<Fault>) {
        let (effective, _, faults) = self.read_both();
        (effective, faults)
    }

    /// The same, with misspelt names taken for those that they may stand for: for whoever looks further, at the files that
    /// the configuration names, and is to find what there will be to find once the names are right.
    pub fn read_as_meant(&self) -> (Config, Vec<Fault>) {
        let (_, meant, faults) = self.read_both();
        (meant, faults)
    }

    fn read_both(&self) -> (Effective, Config, Vec<Fault>) {
        let mut faults = Vec::new();
        let text = self.file.as_ref().and_then(|path| Some((path, file::read(path, &mut faults)?)));
        let file = text.as_ref().map(|(path, text)| Parsed::of(path, text));
        let gateways = named::gateways(file.as_ref(), &self.environment);
        let settings = settings_with(gateways.iter().map(String::as_str));
        let mut config = Config::default();
        config.sms.gateways = gateways.iter().map(|name| GatewayConfig::named(name)).collect();
        let mut effective = Effective { config, sources: BTreeMap::new() };
        let (given, supposed) = self.given(&gateways, file.as_ref(), &settings, &mut faults);
        for Given { key, value, source } in given {
            let Some(setting) = settings.iter().find(|setting| setting.key == key) else {
                continue;
            };
            match setting.set(&mut effective.config, &value) {
                Ok(()) => drop(effective.sources.insert(key, source)),
                Err(what) => faults.push(bad_value(setting, &what, source)),
            }
        }
        faults.extend(relations::broken(&effective, self.is_to_serve, &faults));
        let mut meant = as_meant(&effective, &settings, supposed, &mut faults);
        faults.sort_by_key(|fault| rank(&fault.source));
        for config in [&mut effective.config, &mut meant] {
            config.keys.keyring_file = Some(config.keys.keyring_of(&config.data.path));
        }
        (effective, meant, faults)
    }

    /// What is given, from the weakest to the strongest, and what misspelt names may give.
    fn given(
        &self,
        gateways: &[String],
        file: Option<&Parsed<'_>>,
        settings: &[Setting],
        faults: &mut Vec<Fault>,
    ) -> (Vec<Given>, Vec<Given>) {
        let mut given = manager(&self.environment, &self.credentials, gateways);
        let mut supposed = former_credentials(&self.credentials, faults);
        let (of_file, more) = file.map(|file| file.given(settings, faults)).unwrap_or_default();
        supposed.extend(more);
        given.extend(of_file);
        let (of_environment, more) = environment(&self.environment, settings, faults);
        given.extend(of_environment);
        supposed.extend(more);
        given.extend(self.flags.iter().map(|(key, flag, value)| Given {
            key: (*key).to_owned(),
            value: value.clone(),
            source: Source::Flag(flag),
        }));
        let mut all = presets(&given, gateways);
        all.append(&mut given);
        (all, supposed)
    }
}

/// The configuration with what misspelt names may give, where nothing else gives it. A value that does not fit is a fault, and
/// is not repeated: under a name that is none, a secret may stand.
fn as_meant(
    effective: &Effective,
    settings: &[Setting],
    supposed: Vec<Given>,
    faults: &mut Vec<Fault>,
) -> Config {
    let mut config = effective.config.clone();
    // A gateway in a section that none can be called like.
    let misnamed = gateway(PLACEHOLDER);
    if supposed.iter().any(|given| misnamed.iter().any(|setting| setting.key == given.key)) {
        config.sms.gateways.push(GatewayConfig::named(PLACEHOLDER));
    }
    for Given { key, value, source } in supposed {
        let setting = settings.iter().chain(&misnamed).find(|setting| setting.key == key);
        let Some(setting) = setting else { continue };
        if effective.sources.contains_key(&key) {
            continue;
        }
        if setting.set(&mut config, &value).is_err() {
            faults.push(bad_value(setting, &setting.takes.wrong_with(&value), source));
        }
    }
    config
}

/// What the presets set that gateways are given.
fn presets(given: &[Given], gateways: &[String]) -> Vec<Given> {
    let preset = |gateway: &String| {
        let key = key_of(gateway, "preset");
        let strongest = given.iter().rfind(|given| given.key == key)?;
        Some(PresetName::from_word(strongest.value.text()?)?.given(gateway))
    };
    gateways.iter().filter_map(preset).flatten().collect()
}

/// The order in which faults are told: from the first line of the file on.
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
        what: format!("{what}, but takes {}", setting.takes.in_words()),
        remedy: format!("Change it, or take it out: the default is {}.", setting.default_shown()),
        meant: None,
    }
}

/// What a service manager says of where it runs us, and what it hands over, is no more than a default.
fn manager(
    environment: &[(OsString, OsString)],
    credentials: &[PathBuf],
    gateways: &[String],
) -> Vec<Given> {
    let given = |key: String, variable, value: String| {
        let source = Source::Manager(variable);
        Given { key, value: Value::Text(value), source }
    };
    // A unit may have several; the first is the one whose name is ours.
    let first = |all: &OsString| all.to_string_lossy().split(':').next().map(str::to_owned);
    let state = environment.iter().rfind(|(name, _)| name == "STATE_DIRECTORY");
    let state = state.and_then(|(_, all)| first(all)).filter(|path| !path.is_empty());
    let credential = |(key, name): (String, String)| {
        let path = credentials.iter().find(|path| path.ends_with(&name))?;
        Some(given(key, "CREDENTIALS_DIRECTORY", path.to_string_lossy().into_owned()))
    };
    let of_gateways = gateways.iter().flat_map(|name| {
        [
            (key_of(name, "secret_file"), section_of(name)),
            (key_of(name, "receipts.secret_file"), key_of(name, RECEIPTS)),
        ]
    });
    let credentials = [("keys.keyring_file".into(), "keyring".into())].into_iter();
    state
        .map(|path| given("store.path".into(), "STATE_DIRECTORY", path))
        .into_iter()
        .chain(credentials.chain(of_gateways).filter_map(credential))
        .collect()
}

/// What credentials of gateways would give that have the names of former releases.
fn former_credentials(credentials: &[PathBuf], faults: &mut Vec<Fault>) -> Vec<Given> {
    let mut supposed = Vec::new();
    for path in credentials {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let Some((now, gateway)) = replaced::credential_now(name) else { continue };
        let source = Source::Manager("CREDENTIALS_DIRECTORY");
        let of_receipts = now != section_of(gateway);
        let key = key_of(gateway, if of_receipts { "receipts.secret_file" } else { "secret_file" });
        let value = path.to_string_lossy().as_ref().into();
        supposed.push(Given { key: key.clone(), value, source: source.clone() });
        let what = "is a gateway's credential of former releases".into();
        let remedy = format!(
            "Call it {now} where it is handed over: LoadCredential={now}:FILE in the unit."
        );
        faults.push(Fault { source, key: name.to_owned(), what, remedy, meant: Some(key) });
    }
    supposed
}

/// The names of variables that look as if they were ours, and are none that is read or refused; all that do, for a command
/// that reads none.
pub fn unread(environment: &[(OsString, OsString)], reads_none: bool) -> Vec<String> {
    let settings = settings_with([PLACEHOLDER]);
    let looks_like_ours = |name: &&str| name.starts_with(START);
    let is_unread = |name: &&str| {
        let is_judged = name.starts_with(PREFIX) || nearest::variable(&settings, name).is_some();
        reads_none || !is_judged
    };
    let names = environment.iter().filter_map(|(name, _)| name.to_str());
    let mut unread: Vec<_> = names
        .filter(looks_like_ours)
        .filter(is_unread)
        .map(|name| short(&name.escape_debug().to_string()))
        .collect();
    unread.sort_unstable();
    unread
}

/// The variables of ours.
fn environment(
    environment: &[(OsString, OsString)],
    settings: &[Setting],
    faults: &mut Vec<Fault>,
) -> (Vec<Given>, Vec<Given>) {
    let (mut given, mut supposed) = (Vec::new(), Vec::new());
    for (variable, value) in environment {
        let is_ours =
            |name: &&str| name.starts_with(PREFIX) || nearest::variable(settings, name).is_some();
        let Some(variable) = variable.to_str().filter(is_ours) else { continue };
        let source = Source::Environment(variable.escape_debug().to_string());
        let Some(setting) = settings.iter().find(|setting| setting.variable() == variable) else {
            let name = variable.strip_prefix(PREFIX).unwrap_or(variable);
            let key = name.replace("__", ".").to_ascii_lowercase();
            if let Some(replaced) = replaced(&key) {
                let (what, remedy) = (replaced.what.into(), replaced.remedy_in_variables());
                faults.push(Fault { source, key, what, remedy, meant: None });
                continue;
            }
            if let Some(now) = replaced::variable_now(variable) {
                let meant = settings.iter().find(|setting| setting.variable() == now);
                if let (Some(setting), Some(text)) = (meant, value.to_str()) {
                    let (key, value) = (setting.key.to_string(), setting.takes.read(text));
                    supposed.push(Given { key, value, source: source.clone() });
                }
                let what = "is a gateway's setting of former releases".into();
                let remedy = format!("Set {now} in its place.");
                let meant = meant.map(|setting| setting.key.to_string());
                faults.push(Fault { source, key, what, remedy, meant });
                continue;
            }
            let nearest =
                nearest::variable(settings, variable).or_else(|| nearest::setting(settings, &key));
            let (what, remedy) =
                ("is no setting".into(), file::remedy(nearest.map(Setting::variable)));
            let meant = nearest.map(|near| near.key.to_string());
            let slip = nearest.filter(|near| {
                nearest::is_slip(&key, near) || nearest::variable(settings, variable).is_some()
            });
            if let (Some(near), Some(text)) = (slip, value.to_str()) {
                let (key, value) = (near.key.to_string(), near.takes.read(text));
                supposed.push(Given { key, value, source: source.clone() });
            }
            faults.push(Fault { source, key, what, remedy, meant });
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
    (given, supposed)
}
