//! The table of settings, walked: bounds, defaults, names, and which of two sources counts.

use std::collections::BTreeSet;
use std::path::Path;

use esoz_otp::config::{Config, Effective, Fault, Layers, Setting, Source, Value, ValueType};
use esoz_otp::domain::limits::Limits;

use super::{GATEWAY, every_setting, line_for, load, load_with, refused, variables, written};

/// A value that is not the default: what a setting takes, by kind.
fn other_value(setting: &Setting) -> Value {
    let default = setting.get(&Config::default());
    let word = match &*setting.key {
        "dialect" => "deployed",
        "server.listen" | "public.listen" => "127.0.0.1:4999",
        "server.hosts" => "codes.example",
        "public.trusted_proxies" => "192.0.2.0/24",
        "otp.refused_prefixes" | "otp.allowed_prefixes" => "+38099",
        "sms.template.approval" | "sms.template.verification" => "{code} – код",
        "log.level" => "debug",
        "log.format" => "json",
        "sms.drivers" => "file",
        key => key.strip_prefix(&format!("gateway.{GATEWAY}.")).map_or("elsewhere", of_a_gateway),
    };
    match &setting.value_type {
        ValueType::Number { bounds, .. } => {
            let end = Value::Number(*bounds.end());
            if end == default { Value::Number(*bounds.start()) } else { end }
        }
        ValueType::Boolean => Value::Boolean(default != Value::Boolean(true)),
        ValueType::Text(_) => word.into(),
        ValueType::List { .. } => Value::texts([word]),
        ValueType::Numbers { bounds, .. } => Value::List(vec![Value::Number(*bounds.end())]),
        ValueType::Pauses { count, .. } => Value::List(vec![Value::Number(7); *count]),
    }
}

fn of_a_gateway(name: &str) -> &'static str {
    match name {
        "preset" => "turbosms",
        "body" | "receipts.body" => "[\"{phone}\"]",
        "url" | "receipts.url" => "https://gateway.example/messages?by=us",
        "method" => "PUT",
        "headers" => "X-Api-Key: {secret}",
        "number" => "national",
        "id_at" | "verdict_at" | "receipts.list_at" | "receipts.id_at" | "receipts.verdict_at" => {
            "/0/a~1b/~0c"
        }
        "receipts.by" => "poll",
        _ => "elsewhere",
    }
}

/// The value as somebody writes it into an environment.
fn in_environment(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::List(items) => items.iter().map(in_environment).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// What came of it, with what has to hold between settings left aside: here it is about each by itself.
fn read(text: &str, environment: &[(&str, &str)]) -> Effective {
    let file = written(text);
    let environment = variables(environment);
    let layers = Layers { file: Some(file.path.clone()), environment, ..Layers::default() };
    let (effective, faults) = layers.read();
    let is_of_one = |fault: &&Fault| {
        ["but takes", "is no setting", "no TOML"].iter().any(|words| fault.what.contains(words))
    };
    let of_one: Vec<_> = faults.iter().filter(is_of_one).collect();
    assert!(of_one.is_empty(), "{text}: {of_one:#?}");
    effective
}

fn loaded(setting: &Setting, text: &str) -> Value {
    setting.get(&read(text, &[]).config)
}

#[test]
fn every_bound_is_taken_and_what_is_beyond_it_is_refused() {
    let mut walked = 0;
    for setting in every_setting() {
        let (ValueType::Number { bounds, .. } | ValueType::Pauses { bounds, .. }) =
            &setting.value_type
        else {
            continue;
        };
        walked += 1;
        let written = |number: i128| match &setting.value_type {
            ValueType::Pauses { count, .. } => format!("{:?}", vec![number; *count]),
            _ => number.to_string(),
        };
        for inside in [*bounds.start(), *bounds.end()] {
            let value = written(inside);
            let got = loaded(&setting, &line_for(&setting.key, &value));
            assert_eq!(got.to_string(), value, "{}", setting.key);
        }
        for outside in [bounds.start() - 1, bounds.end() + 1, i128::from(i64::MAX), -1_000_000] {
            let found = refused(&line_for(&setting.key, &written(outside)));
            assert_eq!(found.len(), 1, "{found:#?}");
            let (least, most) = (bounds.start().to_string(), bounds.end().to_string());
            assert!(found[0].contains(&*setting.key), "{}", found[0]);
            assert!(found[0].contains(&least) && found[0].contains(&most), "{}", found[0]);
        }
    }
    assert!(walked > 8);
}

#[test]
fn every_setting_takes_its_default_and_another_value_from_each_source() {
    for setting in every_setting() {
        let default = setting.get(&Config::default());
        let key = &*setting.key;
        assert_eq!(loaded(&setting, &line_for(key, &default.to_string())), default, "{key}");

        // There is one kind of gateway so far.
        if key == format!("gateway.{GATEWAY}.kind") {
            continue;
        }
        let other = other_value(&setting);
        assert!(other != default, "{key}");
        assert_eq!(loaded(&setting, &line_for(key, &other.to_string())), other, "{key}");
        let variable = setting.variable();
        for text in [in_environment(&other), other.to_string()] {
            let is_text = matches!(setting.value_type, ValueType::Text(_));
            if is_text && text != in_environment(&other) {
                continue;
            }
            // No variable's name has a hyphen, so the gateway's has to stand somewhere.
            let is_known =
                if key.contains(GATEWAY) { format!("[gateway.{GATEWAY}]") } else { String::new() };
            let got = read(&is_known, &[(&variable, &text)]);
            assert_eq!(setting.get(&got.config), other, "{variable}={text}");
            assert_eq!(got.source(key), Source::Environment(variable.clone()));
        }
    }
}

#[test]
fn every_setting_refuses_what_is_of_another_kind() {
    for setting in every_setting() {
        let strange =
            ["{ a = 1 }", "1.5", "[[1]]", "true", "-3", "\"\\u0000\"", "[]", "1979-05-27"];
        let refusals = strange.iter().filter(|value| {
            let file = written(line_for(&setting.key, value));
            let layers = Layers { file: Some(file.path.clone()), ..Layers::default() };
            let is_it = |it: &Fault| it.key == setting.key && it.what.contains("but takes");
            layers.read().1.iter().any(is_it)
        });
        // A switch takes one of them, and a list may be empty.
        assert!(refusals.count() >= strange.len() - 1, "{}", setting.key);
    }
}

#[test]
fn a_flag_counts_more_than_the_environment_that_more_than_the_file_and_that_more_than_the_manager()
{
    let manager = ("STATE_DIRECTORY", "/manager/first:/manager/second");
    let variable = ("ESOZ_OTP__STORE__PATH", "/environment");
    let flag = || ("store.path", "--data", Value::from("/flag"));
    let file = "[store]\npath = \"/file\"";
    for (environment, flags, text, path, source) in [
        (vec![], vec![], "", "/var/lib/esoz-otp", "default"),
        (vec![manager], vec![], "", "/manager/first", "$STATE_DIRECTORY"),
        (vec![manager], vec![], file, "/file", "esoz-otp.toml:2"),
        (vec![manager, variable], vec![], file, "/environment", "ESOZ_OTP__STORE__PATH"),
        (vec![manager, variable], vec![flag()], file, "/flag", "--data"),
        (vec![manager], vec![flag()], "", "/flag", "--data"),
    ] {
        let loaded = load_with(text, &environment, flags).unwrap();
        assert_eq!(loaded.config.data.path, Path::new(path));
        let said = loaded.source("store.path").to_string();
        assert!(said.ends_with(source), "{said}");
    }
}

#[test]
fn the_socket_is_in_the_runtime_directory_unless_it_is_set() {
    let manager = ("RUNTIME_DIRECTORY", "/run/first:/run/second");
    for (environment, text, expected) in [
        (vec![], "", None),
        (vec![manager], "", Some("/run/first/admin.sock")),
        (vec![manager], "admin.socket = \"a.sock\"", Some("a.sock")),
        (vec![manager], "admin.socket = \"\"", None),
    ] {
        let loaded = load_with(text, &environment, Vec::new()).unwrap();
        assert_eq!(loaded.config.admin.socket.as_deref(), expected.map(Path::new));
    }
}

#[test]
fn the_keyring_is_the_managers_credential_or_lies_beside_the_data() {
    let keyring = |environment: &[(&str, &str)], text: &str| {
        load_with(text, environment, Vec::new()).unwrap().config.keys.keyring_file.unwrap()
    };
    let manager = [("CREDENTIALS_DIRECTORY", "/run/credentials/esoz-otp.service")];
    assert_eq!(keyring(&[], ""), Path::new("/var/lib/esoz-otp.keyring"));
    assert_eq!(keyring(&[], "store.path = \"a/b.c\""), Path::new("a/b.c.keyring"));
    let credential = Path::new("/run/credentials/esoz-otp.service/keyring");
    assert_eq!(keyring(&manager, "store.path = \"a\""), credential);
    assert_eq!(keyring(&manager, "keys.keyring_file = \"k\""), Path::new("k"));
}

#[test]
fn every_row_of_the_limits_is_a_setting_and_is_obeyed() {
    for row in Limits::default().rows() {
        let key = format!("limits.{}", row.name);
        let setting = every_setting().into_iter().find(|setting| setting.key == key).unwrap();
        assert!(setting.description.contains(row.protects));
        let other = other_value(&setting);
        let config = load(&line_for(&key, &other.to_string())).unwrap().config;
        let default = Limits::default();
        let both = config.limits.rows().zip(default.rows());
        let changed: Vec<_> = both.filter(|(a, b)| *a != *b).map(|(a, _)| a.name).collect();
        assert_eq!(changed, [row.name]);
    }
}

#[test]
fn keys_and_variables_are_each_there_once() {
    let all = every_setting();
    let keys: BTreeSet<_> = all.iter().map(|setting| setting.key.to_string()).collect();
    let names: BTreeSet<_> = all.iter().map(Setting::variable).collect();
    assert_eq!((keys.len(), names.len()), (all.len(), all.len()));
    assert!(
        names.contains("ESOZ_OTP__OTP__ARGON2__MEMORY_KIB") && names.contains("ESOZ_OTP__DIALECT")
    );
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    assert!(keys.iter().all(|key| key.bytes().all(is_plain) && !key.contains("__")), "{keys:?}");
    // Sections in one piece each, or they could not be printed as TOML.
    let mut sections: Vec<_> = all.iter().map(|setting| setting.section_and_name().0).collect();
    sections.dedup();
    assert_eq!(sections.len(), sections.iter().collect::<BTreeSet<_>>().len(), "{sections:?}");
}

#[test]
fn a_configuration_of_nothing_is_the_default() {
    let loaded = Layers { environment: variables(&[]), ..Layers::default() }.load().unwrap();
    let mut default = Config::default();
    default.keys.keyring_file = Some("/var/lib/esoz-otp.keyring".into());
    assert_eq!(loaded.config, default);
}
