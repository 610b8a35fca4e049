//! Whatever is in a file, a variable or a value: a refusal or a configuration, never a panic, and soon.

use esoz_otp::config::{Config, Faults, Layers, Value};
use proptest::prelude::*;

use super::{every_setting, line_for, load, load_with, written};

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i128>().prop_map(Value::Number),
        any::<bool>().prop_map(Value::Boolean),
        any::<String>().prop_map(Value::Text),
        Just(Value::Other("a fraction")),
    ];
    leaf.prop_recursive(2, 16, 6, |inner| prop::collection::vec(inner, 0..6).prop_map(Value::List))
}

/// Text that looks like a configuration here and there.
fn toml_like() -> impl Strategy<Value = String> {
    let keys: Vec<_> = every_setting().iter().map(|setting| setting.key.to_string()).collect();
    let key = prop_oneof![prop::sample::select(keys), "[a-z_.\"\\[\\]]{0,12}"];
    let value = prop_oneof![
        "-?[0-9_]{0,25}",
        "\"[^\"]{0,10}\"?",
        "\\[[0-9,\" \n]{0,12}\\]?",
        "(true|false|nan|inf|1e9|0x[0-9a-f]{1,9}|1979-05-27|\\{ a = 1 \\})",
        ".{0,8}",
    ];
    let line = prop_oneof![
        (key.clone(), value).prop_map(|(key, value)| format!("{key} = {value}")),
        key.prop_map(|key| format!("[{key}]")),
        ".{0,20}",
    ];
    prop::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))
}

/// A refusal says where and what in lines that a terminal survives.
fn is_told(faults: &Faults) -> Result<(), TestCaseError> {
    prop_assert!(!faults.0.is_empty());
    for fault in &faults.0 {
        let said = fault.to_string();
        prop_assert!(!fault.remedy.is_empty());
        prop_assert!(said.len() < 3000, "{}", said.len());
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_text_is_refused_or_comes_back(text in prop_oneof![any::<String>(), toml_like()]) {
        match load(&text) {
            Ok(effective) => {
                let again = load(&effective.to_toml()).unwrap();
                prop_assert_eq!(again.config, effective.config);
            }
            Err(faults) => is_told(&faults)?,
        }
    }

    #[test]
    fn any_bytes_are_a_file_like_any_other(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let file = written(bytes);
        let layers = Layers { file: Some(file.path.clone()), ..Layers::default() };
        if let Err(faults) = layers.load() {
            is_told(&faults)?;
        }
    }

    /// A setting that refuses a value is as it was, and one that takes it has it.
    #[test]
    fn any_value_is_refused_or_taken(value in any_value()) {
        for setting in every_setting() {
            let mut config = Config::default();
            let expected = match setting.set(&mut config, &value) {
                Ok(()) => value.clone(),
                Err(_) => setting.get(&Config::default()),
            };
            prop_assert_eq!(setting.get(&config), expected, "{}", setting.key);
        }
    }

    #[test]
    fn any_variable_is_refused_or_taken(
        at in 0..every_setting().len(), text in "[^\u{0}]{0,30}", name in "[A-Z_]{0,12}"
    ) {
        let variable = every_setting()[at].variable();
        for name in [variable, format!("ESOZ_OTP__{name}")] {
            if let Err(faults) = load_with("", &[(&name, &text)], Vec::new()) {
                is_told(&faults)?;
            }
        }
    }
}

#[test]
fn what_is_nested_deeply_or_repeated_often_is_refused_soon() {
    let deep = "[".repeat(100_000);
    assert!(load(&line_for("server.listen", &deep)).is_err());
    let dotted = format!("{} = 1", vec!["a"; 50_000].join("."));
    assert!(load(&dotted).is_err());
    let many = (0..20_000).map(|i| format!("k{i} = 1")).collect::<Vec<_>>().join("\n");
    assert!(load(&many).is_err());
}
