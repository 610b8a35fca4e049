//! What an operator sets, and what is said when it is wrong.

mod check;
mod effective;
mod faults;
mod fuzz;
mod manual;
mod readme;
mod service;
mod table;

use std::ffi::OsString;
use std::path::PathBuf;

use esoz_otp::config::{Effective, Faults, Layers, Value};

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

/// Loads a file of this text.
fn load(text: &str) -> Result<Effective, Faults> {
    load_with(text, &[], Vec::new())
}

fn load_with(
    text: &str,
    environment: &[(&str, &str)],
    flags: Vec<(&'static str, &'static str, Value)>,
) -> Result<Effective, Faults> {
    let file = written(text);
    let environment = variables(environment);
    Layers { file: Some(file.path.clone()), environment, flags, is_to_serve: false }.load()
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
