//! What an operator sets, and what is said when it is wrong.

mod check;
mod effective;
mod faults;
mod files;
mod former_gateways;
mod fuzz;
mod gateways;
mod manual;
mod misspelt;
mod numbers;
mod own_addresses;
mod presets;
mod readme;
mod service;
mod table;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use esoz_otp::config::{Effective, Faults, Layers, Setting, Value, settings_with};

/// A directory with one configuration file in it.
struct Written {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

fn written(text: impl AsRef<[u8]>) -> Written {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("esoz-otp.toml");
    std::fs::write(&path, text).unwrap();
    Written { _directory: directory, path }
}

fn variables(variables: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    variables.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

/// What the gateway of these tests is called.
const GATEWAY: &str = "backup-2";

/// Every setting, those of one gateway among them.
fn every_setting() -> Vec<Setting> {
    settings_with([GATEWAY])
}

/// Settings that a gateway can't do without.
const NEEDED: [(&str, &str); 2] = [
    ("url", "\"https://gateway.example/send\""),
    ("body", "'{\"to\": \"{phone}\", \"text\": \"{text}\"}'"),
];

/// A section with them, and with what else is written.
fn gateway_with(more: &str) -> String {
    let own = more.lines().take_while(|line| !line.starts_with('[')).collect::<Vec<_>>();
    let is_set = |key: &str| own.iter().any(|line| line.starts_with(&format!("{key} = ")));
    let needed = NEEDED.iter().filter(|(key, _)| !is_set(key));
    let lines: Vec<_> = needed.map(|(key, value)| format!("{key} = {value}\n")).collect();
    format!("[gateway.{GATEWAY}]\n{}{more}\n", lines.concat())
}

/// A parsed value as it was written.
fn text_of(value: Option<&impl ToString>) -> String {
    value.unwrap().to_string()
}

/// Loads a file of this text.
pub fn load(text: &str) -> Result<Effective, Faults> {
    load_with(text, &[], Vec::new())
}

fn load_with(
    text: &str,
    environment: &[(&str, &str)],
    flags: Vec<(&'static str, &'static str, Value)>,
) -> Result<Effective, Faults> {
    let written = written(text);
    let handed_over = environment.iter().filter(|(name, _)| *name == "CREDENTIALS_DIRECTORY");
    let credentials = handed_over.map(|(_, folder)| Path::new(folder).join("keyring")).collect();
    let environment = variables(environment);
    let file = Some(written.path.clone());
    Layers { file, environment, credentials, flags, is_to_serve: false }.load()
}

/// What is wrong with a file of this text, without the folder that the file is in.
fn refused(text: &str) -> Vec<String> {
    refused_with(text, &[], Vec::new())
}

fn refused_with(
    text: &str,
    environment: &[(&str, &str)],
    flags: Vec<(&'static str, &'static str, Value)>,
) -> Vec<String> {
    let Faults(faults) = load_with(text, environment, flags).expect_err(text);
    let line = |fault: &esoz_otp::config::Fault| {
        let said = fault.to_string();
        let from = said.find("esoz-otp.toml").unwrap_or_default();
        said[from..].to_owned()
    };
    faults.iter().map(line).collect()
}

/// Sets one key in a file.
fn line_for(key: &str, value: &str) -> String {
    match key.rsplit_once('.') {
        Some((section, name)) => format!("[{section}]\n{name} = {value}\n"),
        None => format!("{key} = {value}\n"),
    }
}
