//! What is printed is what is used, and can be used again.

use esoz_otp::config::{Config, Effective, Layers, Setting, Value, ValueType, settings_with};
use proptest::prelude::*;

use super::{load, load_with, written};

fn read_again(effective: &Effective) -> Effective {
    load(&effective.to_toml()).unwrap_or_else(|faults| panic!("{faults}\n{}", effective.to_toml()))
}

#[test]
fn every_line_says_where_its_value_comes_from() {
    let text = "[otp]\ndigits = 4 # live clients want four\n";
    let flags = vec![("store.path", "--data", Value::from("node"))];
    let environment = [("ESOZ_OTP__LOG__LEVEL", "warn"), ("CREDENTIALS_DIRECTORY", "/run/c")];
    let effective = load_with(text, &environment, flags).unwrap();
    let printed = effective.to_toml();
    let line = |start: &str| printed.lines().find(|line| line.starts_with(start)).unwrap();
    assert!(line("digits = 4  # /").ends_with("/esoz-otp.toml:2"), "{printed}");
    assert_eq!(line("level = "), "level = \"warn\"  # ESOZ_OTP__LOG__LEVEL");
    assert_eq!(line("path = "), "path = \"node\"  # --data");
    assert_eq!(
        line("keyring_file = "),
        "keyring_file = \"/run/c/keyring\"  # $CREDENTIALS_DIRECTORY"
    );
    assert_eq!(line("attempts = "), "attempts = 3  # default");
    let settings = effective.settings();
    for setting in &settings {
        let (section, name) = setting.section_and_name();
        assert!(section.is_empty() || printed.contains(&format!("\n[{section}]\n")));
        assert_eq!(
            printed.lines().filter(|line| line.starts_with(&format!("{name} = "))).count(),
            settings.iter().filter(|other| other.section_and_name().1 == name).count(),
            "{name}"
        );
    }
}

#[test]
fn a_path_with_every_kind_of_character_comes_back() {
    for path in ["a b", "q\"'uote", "line\nfeed", "\u{7f}\u{1}", "ї#=[]", "'''\"\"\"", "tab\t\\"] {
        let flags = vec![("store.path", "--data", Value::from(path))];
        let effective = load_with("", &[], flags).unwrap();
        assert_eq!(read_again(&effective).config, effective.config, "{path:?}");
    }
    // As does the comment that says where it came from.
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a\nb.toml");
    std::fs::write(&file, "[otp]\ndigits = 5\n").unwrap();
    let effective = Layers { file: Some(file), ..Layers::default() }.load().unwrap();
    assert_eq!(read_again(&effective).config, effective.config);
}

/// A value that the setting takes.
fn fitting(setting: &Setting) -> BoxedStrategy<Value> {
    let texts = |pattern: &'static str| {
        let items = prop::collection::btree_set(pattern, 1..4);
        items.prop_map(Value::texts).boxed()
    };
    match (&*setting.key, &setting.value_type) {
        // Below the shortest life of a code.
        ("sms.timeout_seconds", _) => (1_i128..30).prop_map(Value::Number).boxed(),
        (_, ValueType::Number { bounds, .. }) => bounds.clone().prop_map(Value::Number).boxed(),
        (_, ValueType::Boolean) => any::<bool>().prop_map(Value::Boolean).boxed(),
        (_, ValueType::Pauses { count, bounds }) => {
            let pauses = prop::collection::vec(bounds.clone(), *count);
            pauses
                .prop_map(|mut pauses| {
                    pauses.sort_unstable();
                    Value::List(pauses.into_iter().map(Value::Number).collect())
                })
                .boxed()
        }
        ("store.path" | "keys.keyring_file" | "sms.file.path", _) => {
            "[^\u{0}]{1,20}".prop_map(|path| Value::from(path.as_str())).boxed()
        }
        ("sms.template.approval" | "sms.template.verification", _) => {
            "[^\\p{C}{}]{0,20}\\{code\\}[^\\p{C}{}]{0,10}"
                .prop_map(|text| Value::from(text.as_str()))
                .boxed()
        }
        ("server.listen", _) => texts("127\\.0\\.0\\.[1-9]:[1-9][0-9]{3}"),
        ("public.listen", _) => texts("\\[::[1-9]\\]:[1-9][0-9]{3}"),
        ("server.hosts", _) => texts("[a-z0-9.-]{1,12}"),
        ("otp.refused_prefixes", _) => texts("\\+380[0-4][0-9]{0,8}"),
        ("otp.allowed_prefixes", _) => texts("\\+380[5-7][0-9]{0,8}"),
        _ => Just(setting.get(&Config::default())).boxed(),
    }
}

proptest! {
    /// Any configuration that is taken is printed as one that is taken again, and is the same.
    #[test]
    fn what_is_printed_is_the_same_configuration(
        values in settings_with([]).iter().map(|setting| prop::option::of(fitting(setting))).collect::<Vec<_>>()
    ) {
        let lines = settings_with([]).iter().zip(values).filter_map(|(setting, value)| {
            Some(format!("{} = {}\n", setting.key, value?))
        }).collect::<String>();
        let effective = load(&lines).unwrap();
        let again = read_again(&effective);
        prop_assert_eq!(&again.config, &effective.config);
        let file = written(again.to_toml());
        let thrice = Layers { file: Some(file.path.clone()), ..Layers::default() }.load().unwrap();
        prop_assert_eq!(thrice.config, effective.config);
    }
}
