//! Sections, variables and credentials of gateways by their names of former releases: each is refused with its new name.

use std::path::PathBuf;

use esoz_otp::config::{Config, Layers, Setting, settings};

use super::{GATEWAY, gateway_with, load, refused, refused_with, variables, written};
use crate::binary::node::init;
use crate::binary::program::run;

const DOCUMENT: &str = include_str!("../../../systemd/SETTINGS.md");

/// Every setting of a gateway, by its name within the section, as it was set in former releases.
fn former_settings() -> Vec<(Setting, String)> {
    let name = |setting: &Setting| setting.key.strip_prefix("gateway.NAME.").map(str::to_owned);
    let all: Vec<_> = settings()
        .into_iter()
        .filter_map(|it| Some((name(&it)?, it)))
        .map(|(a, b)| (b, a))
        .collect();
    assert!(all.len() > 20, "{}", all.len());
    all
}

#[test]
fn each_former_section_is_refused_with_the_new_one_beside_every_other_fault() {
    let text = "[otp]\ndigit = 4\n[sms.first]\npreset = \"turbosms\"\n[sms.first.receipts]\nby = \"none\"\n\
                [sms.queue]\n[sms.second]\nurl = \"no address\"\nulr = \"https://a.example/\"\nreceipts.by = \"none\"\n[sms.Third]\n[log]\nlevel = \"loud\"\n";
    let found = refused(text);
    let said = |section: &str, now: &str| {
        format!("{section} is a gateway's section of former releases. Write [{now}] in its place.")
    };
    let expected = [
        "esoz-otp.toml:2: otp.digit is no setting. The nearest known one is otp.digits.".into(),
        format!("esoz-otp.toml:3: {}", said("sms.first", "gateway.first")),
        format!("esoz-otp.toml:5: {}", said("sms.first.receipts", "gateway.first.receipts")),
        format!("esoz-otp.toml:8: {}", said("sms.second", "gateway.second")),
        "esoz-otp.toml:9: gateway.second.url does not begin with https://, but takes".into(),
        "esoz-otp.toml:10: sms.second.ulr is no setting. The nearest known one is gateway.second.url.".into(),
        format!("esoz-otp.toml:12: {} A gateway's name is up to 32", said("sms.Third", "gateway.NAME")),
        "esoz-otp.toml:14: log.level is \"loud\", but takes".into(),
    ];
    // `[sms.queue]` sets the setting of that name to a section.
    let others: Vec<_> =
        found.iter().filter(|fault| !fault.contains("toml:7: sms.queue is ")).collect();
    assert_eq!((found.len(), others.len()), (expected.len() + 1, expected.len()), "{found:#?}");
    for (fault, start) in others.iter().zip(expected) {
        assert!(fault.starts_with(&start), "{fault}\n{start}");
    }
}

#[test]
fn a_former_section_is_known_however_it_is_written() {
    for text in [
        "[sms.backup]\n",
        "[sms]\nbackup = { preset = \"turbosms\" }\n",
        "[sms]\nbackup.preset = \"turbosms\"\n",
        "sms.backup.preset = \"turbosms\"\n",
        "sms.backup.receipts.by = \"none\"\n",
        "[sms]\ndrivers = [\"backup\"]\n[sms.backup]\n",
    ] {
        let found = refused(text);
        assert_eq!(found.len(), 1, "{text}{found:#?}");
        assert!(found[0].ends_with("Write [gateway.backup] in its place."), "{}", found[0]);
    }
    // One whose name is almost another section's.
    let found = refused("[sms.files]\nurl = \"https://gateway.example/\"\n");
    assert!(found[0].ends_with("Write [gateway.files] in its place."), "{found:#?}");
    let found = refused("[sms.fiel]\npath = \"a\"\n");
    assert_eq!(
        found,
        ["esoz-otp.toml:1: sms.fiel is no section. The nearest known one is [sms.file]."]
    );
}

#[test]
fn each_former_variable_is_refused_with_the_new_one() {
    for (setting, name) in former_settings() {
        let rest = name.replace('.', "__").to_ascii_uppercase();
        let (former, now) = (
            format!("ESOZ_OTP__SMS__BACKUP_2__{rest}"),
            format!("ESOZ_OTP__GATEWAY__BACKUP_2__{rest}"),
        );
        let default = setting.get(&Config::default()).to_string();
        let value = default.trim_matches('"');
        for text in [gateway_with(""), String::new()] {
            let found = refused_with(&text, &[(&former, value)], Vec::new());
            let end = format!("is a gateway's setting of former releases. Set {now} in its place.");
            let start = format!("{former}: ");
            let told = found.iter().filter(|it| it.starts_with(&start) && it.ends_with(&end));
            assert_eq!(told.count(), 1, "{found:#?}");
        }
    }
    // What a file has of it is judged all the same, and so is a value.
    let both = [("ESOZ_OTP__SMS__BACKUP_2__METHOD", "GET"), ("ESOZ_OTP__LOG__LEVEL", "loud")];
    let found = refused_with(&gateway_with("number = \"none\""), &both, Vec::new());
    assert_eq!(found.len(), 4, "{found:#?}");
    assert!(found.iter().any(|it| it.contains("gateway.backup-2.method is another word")));
}

#[test]
fn each_former_section_s_settings_are_read_as_those_of_the_new_one() {
    for (_, name) in former_settings() {
        let found = refused(&format!("[sms.backup]\n{name} = 1979-05-27\n"));
        let key = format!("gateway.backup.{name} ");
        assert!(found.iter().any(|it| it.contains("Write [gateway.backup] in")), "{found:#?}");
        assert!(found.iter().any(|it| it.contains(&key)), "{name}: {found:#?}");
    }
}

#[test]
fn each_former_credential_is_refused_with_the_new_one() {
    let receipts = "id_at = \"/id\"\n[gateway.backup-2.receipts]\nby = \"callback\"\nid_at = \"/id\"\n\
                    verdict_at = \"/status\"\ndelivered = [\"2\"]\n";
    let headers = "headers = [\"Authorization: Bearer {secret}\"]\n";
    let written = written(gateway_with(&format!("{headers}{receipts}")));
    let folder = PathBuf::from("/run/credentials/esoz-otp.service");
    let names = ["sms.backup-2", "sms.backup-2.receipts", "sms.other", "keyring", "sms.json.old"];
    let layers = Layers {
        file: Some(written.path.clone()),
        environment: variables(&[]),
        credentials: names.iter().map(|name| folder.join(name)).collect(),
        ..Layers::default()
    };
    let faults = layers.load().unwrap_err().0;
    let found: Vec<_> = faults.iter().map(ToString::to_string).collect();
    let said = |name: &str, now: &str| {
        format!(
            "$CREDENTIALS_DIRECTORY: {name} is a gateway's credential of former releases. Call it {now} where it is \
             handed over: LoadCredential={now}:FILE in the unit."
        )
    };
    assert_eq!(
        found,
        [
            said("sms.backup-2", "gateway.backup-2"),
            said("sms.backup-2.receipts", "gateway.backup-2.receipts"),
            said("sms.other", "gateway.other"),
        ],
        "and nothing is said of a secret that is not set"
    );
    let (meant, _) = layers.read_as_meant();
    assert_eq!(meant.sms.gateways[0].secret_file, Some(folder.join("sms.backup-2")));
}

#[test]
fn check_looks_at_the_files_that_a_former_section_names() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let text = "[sms]\ndrivers = [\"backup\"]\n[sms.backup]\npreset = \"turbosms\"\nsender = \"Clinic\"\n\
                secret_file = \"not-there\"\n";
    std::fs::write(directory.path().join("esoz-otp.toml"), text).unwrap();
    let ended = run(directory.path(), &["check", "--config", "esoz-otp.toml", "--data", "node"]);
    assert_eq!(ended.code, Some(78));
    for part in [
        "esoz-otp.toml:3: sms.backup is a gateway's section of former releases. Write [gateway.backup] in",
        "gateway.backup.secret_file: cannot read the gateway's secret",
    ] {
        assert_eq!(ended.stderr.matches(part).count(), 1, "{part}: {}", ended.stderr);
    }
}

#[test]
fn a_gateway_is_of_a_known_kind() {
    let http = load(&gateway_with("kind = \"http\"")).unwrap().config;
    assert_eq!(http, load(&gateway_with("")).unwrap().config);
    let found = refused(&format!("[gateway.{GATEWAY}]\nkind = \"smpp\"\n"));
    let said = "gateway.backup-2.kind is \"smpp\", but takes `http`. Change it, or remove it: the default is \
                `\"http\"`.";
    assert_eq!(found, [format!("esoz-otp.toml:2: {said}")], "what else it has is of no kind known");
}

#[test]
fn a_gateway_can_be_called_as_a_setting_or_section_of_sms_is() {
    for name in ["queue", "template", "drivers", "parallel", "sms", "gateway", "receipts"] {
        let text =
            format!("sms.drivers = [\"{name}\"]\n{}", gateway_with("").replace(GATEWAY, name));
        assert_eq!(load(&text).unwrap().config.sms.gateways[0].name, name);
        let variable = format!("ESOZ_OTP__GATEWAY__{}__METHOD", name.to_ascii_uppercase());
        let found = refused_with(&text, &[(&variable, "GET")], Vec::new());
        assert!(found[0].starts_with(&format!("{variable}: gateway.{name}.method is \"GET\"")));
    }
}

#[test]
fn a_misspelt_section_of_gateways_is_told_the_nearest_name() {
    let text = format!("sms.drivers = [\"{GATEWAY}\"]\n{}", gateway_with("method = \"GET\""));
    let found = refused(&text.replace("[gateway.", "[gateways."));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].ends_with("gateways is no section. The nearest known one is [gateway]."));
    assert!(found[1].contains("gateway.backup-2.method is another word"), "{found:#?}");
    let found = refused("gateway = \"http\"\n");
    assert!(
        found[0].ends_with("Write its settings, one a line, below [gateway.NAME]."),
        "{found:#?}"
    );
}

#[test]
fn the_table_of_former_names_is_in_the_document() {
    for row in [
        "| `[sms.NAME]`, `[sms.NAME.receipts]` in the file | `[gateway.NAME]`, `[gateway.NAME.receipts]` |",
        "| `ESOZ_OTP__SMS__NAME__…` in the environment | `ESOZ_OTP__GATEWAY__NAME__…` |",
        "| the credentials `sms.NAME` and `sms.NAME.receipts` | `gateway.NAME` and `gateway.NAME.receipts` |",
        "| `sms.template` | `sms.template.approval` and `sms.template.verification` |",
    ] {
        assert!(DOCUMENT.lines().any(|line| line == row), "{row}");
    }
}
