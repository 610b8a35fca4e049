//! Every kind of fault, where it is, and what to do.

use esoz_otp::config::{Faults, Layers, Value};

use super::{load, load_with, refused, refused_with, variables, written};

/// One fault a row: the file, and what is said of it.
const FAULTS: [(&str, &str); 29] = [
    (
        "dialect = \"deployd\"",
        "esoz-otp.toml:1: dialect is \"deployd\", but takes `documented` or `deployed`.",
    ),
    ("dialect = 4", "esoz-otp.toml:1: dialect is 4, but takes `documented` or `deployed`."),
    ("\n[otp]\ndigits = 3", "esoz-otp.toml:3: otp.digits is 3, but takes 4 to 10 digits."),
    ("[otp]\ndigits = 11", "esoz-otp.toml:2: otp.digits is 11, but takes 4 to 10 digits."),
    ("[otp]\ndigits = \"6\"", "esoz-otp.toml:2: otp.digits is \"6\", but takes 4 to 10 digits."),
    ("[otp]\ndigits = 6.0", "esoz-otp.toml:2: otp.digits is a fraction, but takes 4 to 10 digits."),
    ("[otp]\ndigits = 1979-05-27", "esoz-otp.toml:2: otp.digits is a date or time, but takes"),
    ("[otp.digits]", "esoz-otp.toml:1: otp.digits is a section, but takes 4 to 10 digits."),
    (
        "otp.life_seconds = 601",
        "esoz-otp.toml:1: otp.life_seconds is 601, but takes 30 to 600 seconds.",
    ),
    (
        "otp = 6",
        "esoz-otp.toml:1: otp is a section, and no setting. Write its settings, one a line, below [otp].",
    ),
    ("[[otp]]\ndigits = 6", "esoz-otp.toml:1: otp is a section, and no setting."),
    (
        "[otp]\ndigit = 6",
        "esoz-otp.toml:2: otp.digit is no setting. The nearest known one is otp.digits.",
    ),
    (
        "[server]\ndigits = 6",
        "esoz-otp.toml:2: server.digits is no setting. The nearest known one is otp.digits.",
    ),
    ("[otpp]\ndigits = 6", "esoz-otp.toml:1: otpp is no section. The nearest known one is [otp]."),
    (
        "[otp.argon]\npasses = 2",
        "esoz-otp.toml:1: otp.argon is no section. The nearest known one is [otp.argon2].",
    ),
    ("[public]\ntls_key = \"k\"", "esoz-otp.toml:2: public.tls_key is no setting."),
    (
        "[server]\nlisten = [\"localhost:4000\"]",
        "esoz-otp.toml:2: server.listen holds \"localhost:4000\", but takes a list of addresses with a port",
    ),
    ("[server]\nhosts = []", "esoz-otp.toml:2: server.hosts is empty, but takes"),
    (
        "[server]\nhosts = [\"a\", \"a\"]",
        "esoz-otp.toml:2: server.hosts holds \"a\" twice, but takes",
    ),
    (
        "[sms]\ndrivers = [\"SMPP\"]",
        "esoz-otp.toml:2: sms.drivers holds \"SMPP\", but takes a list of `console`, `file` or names of gateways",
    ),
    (
        "[sms]\ntemplate.approval = \"Код\"",
        "esoz-otp.toml:2: sms.template.approval is \"Код\", but takes a text of one line that has `{code}` in it once.",
    ),
    (
        "[sms]\ntemplate.verification = \"{code} {code}\"",
        "esoz-otp.toml:2: sms.template.verification is \"{code} {code}\", but takes",
    ),
    (
        "[otp]\nrefused_prefixes = [\"+1\"]",
        "esoz-otp.toml:2: otp.refused_prefixes holds \"+1\", but takes",
    ),
    (
        "[limits]\nsend_pause = [60, 120]",
        "esoz-otp.toml:2: limits.send_pause is [60, 120], but takes a list of 4 pauses of 0 to 86400 seconds, none shorter than the one before.",
    ),
    (
        "[limits]\nsend_pause = [4, 3, 2, 1]",
        "esoz-otp.toml:2: limits.send_pause is [4, 3, 2, 1], but takes",
    ),
    (
        "[log]\nlevel = \"loud\"",
        "esoz-otp.toml:2: log.level is \"loud\", but takes `off`, `error`, `warn`, `info`, `debug` or `trace`.",
    ),
    ("[sms.template]\nfoo = \"x\"", "esoz-otp.toml:2: sms.template.foo is no setting. Remove it."),
    ("[nothing]\nlike = 6", "esoz-otp.toml:1: nothing is no section. Remove it."),
    ("[log\nlevel = \"info\"", "esoz-otp.toml:1: this is no TOML: "),
];

#[test]
fn every_fault_names_file_line_key_bound_and_remedy() {
    for (text, said) in FAULTS {
        let found = refused(text);
        assert_eq!(found.len(), 1, "{text}: {found:#?}");
        assert!(found[0].starts_with(said), "{text}: {}", found[0]);
        let (_, remedy) = found[0].split_at(said.trim_end_matches('.').len());
        assert!(remedy.matches(". ").count() >= 1 || said.contains(". "), "{}", found[0]);
    }
}

#[test]
fn all_faults_are_told_at_once_wherever_they_are() {
    let text = FAULTS.map(|row| row.0);
    let [first, second, third] = [text[0], text[2], text[13]];
    let found = refused_with(
        &[first, second, third].join("\n"),
        &[("ESOZ_OTP__STORE__CACHE_MIB", "much"), ("ESOZ_OTP__OTP__ATEMPTS", "3")],
        vec![("store.path", "--data", "".into())],
    );
    assert_eq!(found.len(), 6, "{found:#?}");
    let starts = [
        "esoz-otp.toml:1: dialect ",
        "esoz-otp.toml:4: otp.digits ",
        "esoz-otp.toml:5: otpp is no section",
        "ESOZ_OTP__OTP__ATEMPTS: otp.atempts is no setting. The nearest known one is ESOZ_OTP__OTP__ATTEMPTS.",
        "ESOZ_OTP__STORE__CACHE_MIB: store.cache_mib is \"much\", but takes 8 to 1024 MiB.",
        "--data: store.path is \"\", but takes a path.",
    ];
    for start in starts {
        assert!(found.iter().any(|said| said.starts_with(start)), "{start}: {found:#?}");
    }
}

#[test]
fn a_line_that_is_no_toml_hides_no_fault_of_another() {
    let found = refused("[otp]\ndigits =\nattempts = 9\n[log\nlevel = \"loud\"");
    for start in ["esoz-otp.toml:2: this is no TOML", "esoz-otp.toml:3: otp.attempts is 9"] {
        assert!(found.iter().any(|said| said.starts_with(start)), "{found:#?}");
    }
    assert!(!found.iter().any(|said| said.contains("is no setting")), "{found:#?}");
}

#[test]
fn a_key_that_is_set_twice_is_refused_where_it_stands_again() {
    let found = refused("[otp]\ndigits = 4\ndigits = 6");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with("esoz-otp.toml:3: this is no TOML: duplicate key"), "{found:#?}");
}

#[test]
fn a_message_has_to_fit_into_one_segment_with_its_code() {
    let template =
        |length: usize| format!("[sms]\ntemplate.approval = \"{}{{code}}\"", "я".repeat(length));
    assert!(load(&template(64)).is_ok());
    let found = refused(&template(65));
    assert_eq!(
        found,
        [
            "esoz-otp.toml:2: sms.template.approval makes messages of 71 characters, more than the 70 of one segment. \
          Shorten it, or set sms.allow_long_template = true and pay for several."
        ]
    );
    assert!(load(&format!("{}\n[otp]\ndigits = 7", template(64))).is_err(), "a longer code");
    assert!(load(&format!("{}\nallow_long_template = true", template(65))).is_ok());
    // UCS-2 has two characters for one beyond its plane.
    let smiling = format!("[sms]\ntemplate.verification = \"{}{{code}}\"", "🙂".repeat(33));
    assert!(refused(&smiling)[0].contains("messages of 72 characters"));
}

#[test]
fn a_text_of_gsm_03_38_has_more_room_and_is_counted_as_it_is_sent() {
    let template = |text: &str| format!("[sms]\ntemplate.verification = \"{text}{{code}}\"");
    assert!(load(&template(&"x".repeat(154))).is_ok());
    let found = refused(&template(&"x".repeat(155)));
    let said = "sms.template.verification makes messages of 161 characters, more than the 160 of one segment.";
    assert!(found[0].contains(said), "{found:#?}");
    // Those of the extension table are two.
    assert!(load(&template(&"€".repeat(77))).is_ok());
    assert!(refused(&template(&"€".repeat(78)))[0].contains("of 162 characters"));
    // One of another alphabet makes it UCS-2.
    assert!(load(&template(&format!("{}ї", "x".repeat(63)))).is_ok());
    let found = refused(&template(&format!("{}ї", "x".repeat(64))));
    assert!(found[0].contains("of 71 characters, more than the 70"), "{found:#?}");
    // Ten parts are the most, whoever pays.
    let long = |text: &str| format!("{}\nallow_long_template = true", template(text));
    assert!(load(&long(&"x".repeat(1520))).is_ok() && load(&long(&"x".repeat(1521))).is_err());
    assert!(load(&long(&"ї".repeat(660))).is_ok() && load(&long(&"ї".repeat(661))).is_err());
}

#[test]
fn the_template_of_former_releases_is_answered_with_what_has_come_in_its_place() {
    let what = "sms.template is a section now, with a text for each purpose of a code.";
    let found = refused("[sms]\ntemplate = \"{code}\"");
    let remedy = "Write sms.template.approval and sms.template.verification in its place.";
    assert_eq!(found, [format!("esoz-otp.toml:2: {what} {remedy}")]);
    let found = refused_with("", &[("ESOZ_OTP__SMS__TEMPLATE", "{code}")], Vec::new());
    let remedy = "Set ESOZ_OTP__SMS__TEMPLATE__APPROVAL and ESOZ_OTP__SMS__TEMPLATE__VERIFICATION in its place.";
    assert_eq!(found, [format!("ESOZ_OTP__SMS__TEMPLATE: {what} {remedy}")]);
}

#[test]
fn a_node_that_serves_has_to_be_told_that_codes_are_shown() {
    let serving = |environment: &[(&str, &str)]| {
        Layers { environment: variables(environment), is_to_serve: true, ..Layers::default() }
            .load()
    };
    let said = serving(&[]).unwrap_err().to_string();
    assert!(said.contains("sms.drivers has `console`, which prints codes and numbers in clear"));
    assert!(said.contains("sms.allow_plaintext_codes = true or --allow-plaintext-codes"), "{said}");
    assert!(serving(&[("ESOZ_OTP__SMS__ALLOW_PLAINTEXT_CODES", "true")]).is_ok());
    assert!(Layers::default().load().is_ok(), "others need not be told");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let of = |path: &std::path::Path| {
        let layers = Layers { file: Some(path.to_owned()), ..Layers::default() };
        layers.load().unwrap_err().to_string()
    };
    let missing = directory.path().join("missing.toml");
    for (path, why) in [(missing.as_path(), "No such file"), (directory.path(), "but a directory")]
    {
        let said = of(path);
        assert!(
            said.contains(&format!("{}: the file", path.display())) && said.contains(why),
            "{said}"
        );
        assert!(said.contains("--config FILE"), "{said}");
    }
    let latin = written(b"# caf\xe9");
    assert!(of(&latin.path).contains("it is not UTF-8"));
    let long = written("# long\n".repeat(40_000));
    assert!(of(&long.path).contains("longer than 256 KiB"));
}

#[test]
fn a_value_of_the_environment_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStringExt as _;
    let value = std::ffi::OsString::from_vec(vec![0xff]);
    let environment = vec![("ESOZ_OTP__SMS__TEMPLATE__APPROVAL".into(), value)];
    let Faults(faults) = Layers { environment, ..Layers::default() }.load().unwrap_err();
    assert!(
        faults[0]
            .to_string()
            .starts_with("ESOZ_OTP__SMS__TEMPLATE__APPROVAL: sms.template.approval is not UTF-8")
    );
}

#[test]
fn long_values_are_not_repeated_whole() {
    let found = refused(&format!("[sms]\ntemplate.approval = \"{}\"", "я".repeat(3000)));
    assert!(found[0].len() < 500, "{}", found[0].len());
}

#[test]
fn variables_of_others_do_not_matter() {
    let others = [("ESOZ_OTP_LONG", "1"), ("ESOZ_OTP", "x"), ("PATH", "/"), ("OTP__DIGITS", "4")];
    let loaded = load_with("", &others, Vec::new()).unwrap();
    assert_eq!(loaded, load("").unwrap());
    let flags = vec![("otp.digits", "--digits", Value::Number(5))];
    assert_eq!(load_with("", &[], flags).unwrap().config.otp.format.digits(), 5);
}
