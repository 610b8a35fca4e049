//! Sections of gateways: which there are, where they come from, and what has to hold in one.

use std::path::{Path, PathBuf};

use esoz_otp::config::{DriverName, GatewayConfig, Layers, ReceiptsBy, Source};

use super::{
    GATEWAY, gateway_with, load, load_with, refused, refused_with, text_of, variables, written,
};

fn gateways(text: &str, environment: &[(&str, &str)]) -> Vec<GatewayConfig> {
    load_with(text, environment, Vec::new()).unwrap().config.sms.gateways
}

#[test]
fn a_section_makes_a_gateway_and_the_list_of_drivers_calls_it() {
    let text = format!("[sms]\ndrivers = [\"{GATEWAY}\", \"console\"]\n{}", gateway_with(""));
    let sms = load(&text).unwrap().config.sms;
    assert_eq!(sms.drivers, [DriverName::Gateway(GATEWAY.into()), DriverName::Console]);
    assert_eq!(sms.gateways.len(), 1);
    assert_eq!(sms.gateways[0].name, GATEWAY);
    assert_eq!(text_of(sms.gateways[0].url.as_ref()), "https://gateway.example/send");
    assert_eq!(sms.gateways[0].receipts.by, ReceiptsBy::None);
}

#[test]
fn a_driver_that_nobody_has_described_is_told_what_to_write() {
    for text in ["[sms]\ndrivers = [\"backup\"]", "sms.drivers = [\"console\", \"backup\"]"] {
        let found = refused(text);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(
            found[0].contains("sms.drivers has `backup`, and there is no section [gateway.backup]")
        );
        assert!(found[0].contains("preset = \"turbosms\""), "{}", found[0]);
    }
}

#[test]
fn variables_make_a_gateway_and_know_one_with_a_hyphen() {
    let set = |name: &str| {
        [
            (format!("ESOZ_OTP__GATEWAY__{name}__URL"), "https://gateway.example/".to_owned()),
            (format!("ESOZ_OTP__GATEWAY__{name}__BODY"), "[\"{phone}\", \"{text}\"]".to_owned()),
            (format!("ESOZ_OTP__GATEWAY__{name}__RECEIPTS__LIST_AT"), "/list".to_owned()),
        ]
    };
    let from = |text: &str, name: &str| {
        let set = set(name);
        let set: Vec<_> = set.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let found = gateways(text, &set);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(
            (found[0].receipts.list_at.as_str(), text_of(found[0].url.as_ref())),
            ("/list", "https://gateway.example/".into())
        );
        found[0].name.clone()
    };
    assert_eq!(from("", "BACKUP"), "backup");
    assert_eq!(from("", "MY_GATEWAY"), "my_gateway");
    assert_eq!(from("[gateway.my-gateway]", "MY_GATEWAY"), "my-gateway");
    assert_eq!(from("sms.drivers = [\"my-gateway\"]", "MY_GATEWAY"), "my-gateway");
}

#[test]
fn two_gateways_that_a_variable_could_not_tell_apart_are_refused() {
    let both = [gateway_with(""), gateway_with("").replace(GATEWAY, "backup_2")].concat();
    let found = refused(&both);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].contains("cannot be told from gateway.backup-2 in the name of a variable"),
        "{}",
        found[0]
    );
}

#[test]
fn slips_of_the_hand_make_no_gateway_and_are_told_the_nearest_name() {
    for (name, nearest) in [
        ("ESOZ_OTP__SMS__TIMEOUT__SECONDS", "ESOZ_OTP__SMS__TIMEOUT_SECONDS"),
        ("ESOZ_OTP__GATEWAY__BACKUP_2__ULR", "ESOZ_OTP__GATEWAY__BACKUP_2__URL"),
        ("ESOZ_OTP__GATEWAY__BACKUP_2__RECEIPT__BY", "ESOZ_OTP__GATEWAY__BACKUP_2__RECEIPTS__BY"),
        ("ESOZ_OTP__GATEWAY__BACKUP_2__TOKEN", "ESOZ_OTP__GATEWAY__BACKUP_2__SECRET_FILE"),
        ("ESOZ_OTP__SMS__FILE__PAHT", "ESOZ_OTP__SMS__FILE__PATH"),
    ] {
        // A value that fits what the name is taken for, or that would be told as well.
        let value = if name.ends_with("__BY") { "none" } else { "1" };
        let found = refused_with(&gateway_with(""), &[(name, value)], Vec::new());
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].starts_with(&format!("{name}: ")), "{}", found[0]);
        assert!(
            found[0].ends_with(&format!("The nearest known one is {nearest}.")),
            "{}",
            found[0]
        );
    }
    for (line, said) in [
        (
            "ulr = \"x\"",
            "gateway.backup-2.ulr is no setting. The nearest known one is gateway.backup-2.url.",
        ),
        (
            "token = \"x\"",
            "gateway.backup-2.token is no setting. The nearest known one is gateway.backup-2.secret_file.",
        ),
        (
            "api_key = \"x\"",
            "gateway.backup-2.api_key is no setting. The nearest known one is gateway.backup-2.secret_file.",
        ),
        (
            "password = \"x\"",
            "gateway.backup-2.password is no setting. The nearest known one is gateway.backup-2.secret_file.",
        ),
        (
            "receipts.secret = \"x\"",
            "receipts.secret is no setting. The nearest known one is gateway.backup-2.receipts.secret_file.",
        ),
        (
            "receipt.by = \"poll\"",
            "gateway.backup-2.receipt is no section. The nearest known one is [gateway.backup-2.receipts].",
        ),
        (
            "receipts.idat = \"/a\"",
            "gateway.backup-2.receipts.idat is no setting. The nearest known one is gateway.backup-2.receipts.id_at.",
        ),
    ] {
        let found = refused(&gateway_with(line));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].contains(said), "{}", found[0]);
    }
    for name in ["Backup", "1st", "a__b", "console", "\"a b\"", &"a".repeat(33)] {
        let found = refused(&format!("[gateway.{name}]\nurl = \"https://gateway.example\""));
        assert!(found[0].contains("esoz-otp.toml:1: gateway."), "{}", found[0]);
        assert!(
            found[0].contains("no gateway can be called so. A gateway's name is up to 32"),
            "{}",
            found[0]
        );
    }
}

/// One fault a row: what is written in the section, and what is said of it.
const FAULTS: [(&str, &str); 46] = [
    ("url = \"\"", "url is not set. Write where the gateway takes messages"),
    (
        "url = \"gateway.example\"",
        "url does not begin with https://, but takes an address that begins with https://",
    ),
    ("url = \"ftp://gateway.example\"", "url does not begin with https://, but takes"),
    (
        "url = \"https://user:hunter2@gateway.example\"",
        "url has a token or password in clear. Put it into a file",
    ),
    ("url = \"https://gateway.example/#here\"", "url has a fragment"),
    (
        "url = \"http://gateway.example\"",
        "url has no TLS: codes, numbers and the token would go there in clear. Use https://",
    ),
    (
        "url = \"https://127.0.0.1/send\"",
        "url is on this machine or link. Name the gateway's own host, or set allow_local = true if this address is meant.",
    ),
    ("url = \"https://[::1]:8443/\"", "url is on this machine or link."),
    ("body = \"\"", "body is not set. Write what the gateway takes as JSON"),
    (
        "body = '{\"to\": \"{phone}\",}'",
        "body is no JSON (line 1, column 18), but takes JSON, such as",
    ),
    ("body = '{\"to\": \"{phone}\"}'", "body has no {text} in any of its texts."),
    ("body = '{\"{phone}\": \"{text}\"}'", "body has no {phone} in any of its texts."),
    (
        "body = '[\"{phone}\", \"{text}\", \"{key}\"]'",
        "body has {key}, which stands for nothing there.",
    ),
    (
        "body = '[\"{phone}\", \"{text}\", \"{secret}\"]'",
        "secret_file is not set, and {secret} is in a header or a body. Name a file",
    ),
    (
        "body = '[\"{phone}\", \"{text}\", {\"key\": \"hunter2\"}]'",
        "body has a token or password in clear. Put it into a file",
    ),
    (
        "body = '[\"{phone}\", \"{text}\", \"{sender}\"]'",
        "sender is not set, and the body has {sender}.",
    ),
    (
        "headers = [\"Authorization: Bearer {secret}\"]",
        "secret_file is not set, and {secret} is in a header or a body. Name a file",
    ),
    ("secret_file = \"token\"", "secret_file is set, and {secret} is in no header and no body."),
    ("secret_file = 12345678", "secret_file is no text, but takes a path, or an empty text"),
    ("receipts.secret_file = [\"hunter2\"]", "receipts.secret_file is no text, but takes"),
    (
        "headers = [\"Authorization: Bearer hunter2\"]",
        "headers has a token or password in clear. Put it into a file of its own, secret_file, and write {secret}",
    ),
    (
        "secret_file = \"token\"\nheaders = [\"Authorization: Bearer hunter2\"]",
        "headers has a token or password in clear. Put it into a file of its own",
    ),
    (
        "url = \"https://gateway.example/send/{secret}\"",
        "url has `{secret}` in it, but takes an address that begins with https:// (or http://), without user, fragment or `{secret}`.",
    ),
    ("headers = [\"X-Api-Key: hunter2\"]", "headers has a token or password in clear. Put it"),
    (
        "url = \"https://gateway.example/?token=hunter2\"",
        "url has a token or password in clear. Put it into a file",
    ),
    (
        "headers = [\"Content-Type: text/plain\"]",
        "headers is wrong: number 1 of it is a header that a request has by itself, but takes",
    ),
    (
        "headers = [\"no header\"]",
        "headers is wrong: number 1 of it has no colon, but takes a list",
    ),
    (
        "headers = [\"X-A: a\", \"X-B: a\\r\\nX-C: b\"]",
        "headers is wrong: number 2 of it has a character that no header may have, but takes",
    ),
    ("id_at = \"id\"", "id_at is \"id\", but takes JSON pointers such as /result/0/id (RFC 6901)."),
    ("verdict_at = [\"/a~2\"]", "verdict_at holds \"/a~2\", but takes a list of JSON pointers"),
    ("taken = [\"ok\"]", "verdict_at is not set, but lists of verdicts are."),
    (
        "verdict_at = [\"/v\"]",
        "taken is empty, and so no verdict would mean that a message was taken.",
    ),
    (
        "verdict_at = [\"/v\"]\ntaken = [\"0\"]\nrefused = [\"1\", \"0\"]",
        "refused has \"0\", which taken has too.",
    ),
    (
        "verdict_at = [\"/v\"]\ntaken = [\"0\"]\nnot_taken = [\"2\"]\nrefused = [\"2\"]",
        "refused has \"2\", which not_taken has too.",
    ),
    (
        "verdict_at = [\"/v\"]\ntaken = [\"0\"]\ntaken_before = [\"2\"]\nrefused = [\"2\"]",
        "refused has \"2\", which taken_before has too.",
    ),
    ("taken_before = [\"2\"]", "verdict_at is not set, but lists of verdicts are."),
    (
        "taken_before_statuses = [409, 410]\nrefused_statuses = [400, 410]",
        "taken_before_statuses has 410, which refused_statuses has too. A status means one thing",
    ),
    (
        "taken = [0]",
        "taken holds 0, but takes a list of words or numbers as the gateway writes them, each in quotes.",
    ),
    (
        "refused_statuses = [200]",
        "refused_statuses holds 200, but takes a list of HTTP statuses, 400 to 599.",
    ),
    ("refused_statuses = [400, 400]", "refused_statuses holds 400 twice, but takes"),
    ("method = \"GET\"", "method is \"GET\", but takes `POST` or `PUT`."),
    ("number = \"e164\"", "number is \"e164\", but takes `plus`, `digits` or `national`."),
    (
        "receipts.undelivered = [\"a\"]\nreceipts.delivered = [\"a\"]",
        "receipts.undelivered has \"a\", which receipts.delivered has too.",
    ),
    ("receipts.url = \"http://gateway.example\"", "receipts.url has no TLS"),
    (
        "receipts.secret_file = \"left over\"",
        "receipts.secret_file is set, and receipts.by is \"none\". Write receipts.by = \"callback\"",
    ),
    ("receipts.by = \"push\"", "receipts.by is \"push\", but takes `none`, `callback` or `poll`."),
];

#[test]
fn what_does_not_hold_in_a_section_is_told_with_its_key_and_what_to_do() {
    for (lines, said) in FAULTS {
        let found = refused(&gateway_with(lines));
        assert_eq!(found.len(), 1, "{lines}: {found:#?}");
        let said = format!("gateway.{GATEWAY}.{said}");
        assert!(found[0].contains(&said), "{lines}: {}", found[0]);
        assert!(!found[0].contains("hunter2"), "{}", found[0]);
    }
}

/// A text that is not read may have `{secret}` in it, so no fault rests on its being nowhere.
#[test]
fn a_wrong_setting_that_may_have_the_secret_makes_no_other_wrong() {
    let receipts = "id_at = \"/id\"\nreceipts.by = \"poll\"\nreceipts.url = \"https://gateway.example/status\"\n\
                    receipts.id_at = \"/id\"\nreceipts.verdict_at = \"/status\"\nreceipts.delivered = [\"2\"]";
    let question = "receipts.body = '{\"id\": \"{gateway_id}\", \"token\": \"{secret}\",}'";
    for (lines, said) in [
        (
            "headers = [\"X-Api-Key: account\"]\n\
             body = '{\"to\": \"{phone}\", \"text\": \"{text}\", \"password\": \"{secret}\",}'"
                .to_owned(),
            "body is no JSON",
        ),
        (
            "url = \"https://gateway.example/?key=account\"\n\
             headers = [\"Authorization: Bearer {secret}\", \"no header\"]"
                .to_owned(),
            "headers is wrong: number 2 of it has no colon",
        ),
        (format!("{receipts}\n{question}"), "receipts.body is no JSON"),
        (
            format!("headers = [\"X-Api-Key: account\"]\n{receipts}\n{question}"),
            "receipts.body is no JSON",
        ),
    ] {
        let found = refused(&gateway_with(&format!("secret_file = \"token\"\n{lines}")));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].contains(&format!("gateway.{GATEWAY}.{said}")), "{}", found[0]);
    }
    // A password is one wherever the secret stands.
    let lines = "headers = [\"Authorization: hunter2\"]\nbody = '{\"to\": \"{phone}\",}'";
    let found = refused(&gateway_with(lines));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found.iter().any(|said| said.contains("headers has a token or password in clear")));
}

#[test]
fn what_is_said_of_a_section_is_said_where_it_stands() {
    let text = gateway_with("url = \"http://gateway.example\"");
    let at = text.lines().position(|line| line.starts_with("url")).unwrap() + 1;
    assert!(refused(&text)[0].starts_with(&format!("esoz-otp.toml:{at}: gateway.backup-2.url ")));
    let environment = [("ESOZ_OTP__GATEWAY__BACKUP_2__URL", "http://gateway.example")];
    let found = refused_with(&gateway_with(""), &environment, Vec::new());
    assert!(
        found[0].starts_with("ESOZ_OTP__GATEWAY__BACKUP_2__URL: gateway.backup-2.url has no TLS")
    );
}

#[test]
fn receipts_want_everything_that_they_are_read_by() {
    for (way, wanted) in [
        ("callback", &["secret_file", "../id_at", "id_at", "verdict_at", "delivered"][..]),
        ("poll", &["url", "body", "../id_at", "id_at", "verdict_at", "delivered"][..]),
    ] {
        let found = refused(&gateway_with(&format!("receipts.by = \"{way}\"")));
        assert_eq!(found.len(), wanted.len(), "{found:#?}");
        for key in wanted {
            let key = format!("receipts.{key}").replace("receipts.../", "");
            let start = format!("gateway.{GATEWAY}.{key} is ");
            assert!(found.iter().any(|said| said.contains(&start)), "{key}: {found:#?}");
        }
    }
    let lines = "id_at = \"/id\"\n[gateway.backup-2.receipts]\nby = \"poll\"\nurl = \"https://gateway.example/status\"\n\
                 body = '{\"id\": \"{gateway_id}\"}'\nid_at = \"/id\"\nverdict_at = \"/status\"\ndelivered = [\"2\"]\n";
    assert_eq!(
        load(&gateway_with(lines)).unwrap().config.sms.gateways[0].receipts.delivered,
        ["2"]
    );
    let found = refused(&gateway_with(&lines.replace("{gateway_id}", "{id}")));
    assert!(
        found[0].contains("receipts.body has no {gateway_id} in any of its texts"),
        "{found:#?}"
    );
}

#[test]
fn one_host_takes_messages_and_is_asked_what_became_of_them() {
    let asked = |url: &str| {
        let lines = "id_at = \"/id\"\n[gateway.backup-2.receipts]\nby = \"poll\"\nbody = '[\"{gateway_id}\"]'\nid_at = \"/id\"\n\
                     verdict_at = \"/status\"\ndelivered = [\"2\"]\n";
        gateway_with(&format!("{lines}url = \"{url}\""))
    };
    for url in ["https://gateway.example/status", "https://Gateway.Example:8443/"] {
        assert!(load(&asked(url)).is_ok(), "{url}");
    }
    let found = refused(&asked("https://other.example/status"));
    assert_eq!(found.len(), 1, "{found:#?}");
    let said = "gateway.backup-2.receipts.url is on other.example, and url on gateway.example: the token would go to a host \
                that messages do not go to. Write where on the host of url";
    assert!(found[0].contains(said), "{}", found[0]);
    // Nobody is asked there.
    assert!(load(&gateway_with("receipts.url = \"https://other.example/status\"")).is_ok());
}

#[test]
fn all_that_an_address_on_this_machine_needs_is_told_at_once() {
    let lines = "url = \"http://127.0.0.1:4100/send\"\nid_at = \"/id\"\n[gateway.backup-2.receipts]\nby = \"poll\"\n\
                 url = \"http://127.0.0.1:4100/status\"\nbody = '[\"{gateway_id}\"]'\nid_at = \"/id\"\nverdict_at = \"/status\"\n\
                 delivered = [\"2\"]\n";
    let found = refused(&gateway_with(lines));
    assert_eq!(found.len(), 4, "{found:#?}");
    for key in ["url", "receipts.url"] {
        for said in ["has no TLS", "is on this machine or link"] {
            let said = format!("gateway.backup-2.{key} {said}");
            assert!(found.iter().any(|it| it.contains(&said)), "{said}: {found:#?}");
        }
    }
    let allowed = format!("allow_http = true\nallow_local = true\n{lines}");
    assert!(load(&gateway_with(&allowed)).is_ok());
    // Nobody is asked there.
    assert!(load(&gateway_with("receipts.url = \"https://127.0.0.1/status\"")).is_ok());
}

#[test]
fn what_tells_a_secret_is_not_printed() {
    let lines = "headers = [\"X-Api-Key: hunter2\"]\nurl = \"https://gateway.example/?token=hunter2\"\n\
                 body = '{\"to\": \"{phone}\", \"text\": \"{text}\", \"password\": \"hunter2\"}'";
    let written = written(gateway_with(lines));
    let layers = Layers { file: Some(written.path.clone()), ..Layers::default() };
    let (effective, faults) = layers.read();
    assert_eq!(faults.len(), 3, "{faults:#?}");
    let printed = effective.to_toml();
    assert!(!printed.contains("hunter2"), "{printed}");
    for key in ["url", "headers", "body"] {
        assert!(printed.contains(&format!("\n# {key} is not shown  # ")), "{key}: {printed}");
    }
}

#[test]
fn credentials_are_a_gateway_s_secrets_when_they_are_handed_over() {
    let receipts = "id_at = \"/id\"\n[gateway.backup-2.receipts]\nby = \"callback\"\nid_at = \"/id\"\nverdict_at = \"/status\"\n\
                    delivered = [\"2\"]\n";
    let headers = "headers = [\"Authorization: Bearer {secret}\"]\n";
    let written = written(gateway_with(&format!("{headers}{receipts}")));
    let folder = PathBuf::from("/run/credentials/esoz-otp.service");
    let layers = |names: &[&str]| Layers {
        file: Some(written.path.clone()),
        environment: variables(&[]),
        credentials: names.iter().map(|name| folder.join(name)).collect(),
        ..Layers::default()
    };
    let effective =
        layers(&["gateway.backup-2", "gateway.backup-2.receipts", "gateway.other"]).load().unwrap();
    let gateway = &effective.config.sms.gateways[0];
    assert_eq!(gateway.secret_file, Some(folder.join("gateway.backup-2")));
    assert_eq!(gateway.receipts.secret_file, Some(folder.join("gateway.backup-2.receipts")));
    let key = "gateway.backup-2.secret_file";
    assert_eq!(effective.source(key), Source::Manager("CREDENTIALS_DIRECTORY"));
    assert_eq!(effective.config.sms.gateways.len(), 1, "a credential makes no gateway");
    let said = layers(&["gateway.other", "keyring"]).load().unwrap_err().to_string();
    for named in [
        "LoadCredential=gateway.backup-2:/etc/esoz-otp/backup-2.token",
        "LoadCredential=gateway.backup-2.receipts:/etc/esoz-otp/backup-2.receipts",
    ] {
        assert!(said.contains(named), "{said}");
    }
    assert_eq!(
        layers(&["keyring", "gateway.backup-2", "gateway.backup-2.receipts"])
            .load()
            .unwrap()
            .config
            .keys
            .keyring_file
            .as_deref(),
        Some(Path::new("/run/credentials/esoz-otp.service/keyring"))
    );
}

#[test]
fn a_file_of_messages_needs_a_path_and_both_that_show_codes_have_to_be_allowed() {
    let found = refused("[sms]\ndrivers = [\"file\"]");
    assert!(
        found[0].contains("sms.drivers has `file`, and sms.file.path is not set. Write its path")
    );
    let text = "[sms]\ndrivers = [\"file\"]\n[sms.file]\npath = \"sms.ndjson\"\n";
    assert_eq!(load(text).unwrap().config.sms.file.as_deref(), Some(Path::new("sms.ndjson")));
    let written = written(text);
    let serving =
        Layers { file: Some(written.path.clone()), is_to_serve: true, ..Layers::default() };
    let said = serving.load().unwrap_err().to_string();
    assert!(
        said.contains("sms.drivers has `file`, which keeps codes and numbers in clear"),
        "{said}"
    );
}

#[test]
fn a_driver_may_not_take_as_long_as_a_code_lives() {
    let found = refused("[sms]\ntimeout_seconds = 30\n[otp]\nlife_seconds = 30\n");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].contains("sms.timeout_seconds is 30, and a code lives for 30 seconds, no longer")
    );
    assert!(load("[sms]\ntimeout_seconds = 29\n[otp]\nlife_seconds = 30\n").is_ok());
}

#[test]
fn a_gateway_is_printed_with_every_setting_and_means_the_same_when_it_is_used_again() {
    let text = gateway_with(
        "refused_statuses = [422, 410]\nallow_local = true\nreceipts.list_at = \"/a\"",
    );
    let effective = load(&text).unwrap();
    let printed = effective.to_toml();
    for line in
        ["[gateway.backup-2]", "[gateway.backup-2.receipts]", "refused_statuses = [422, 410]  # "]
    {
        assert!(printed.lines().any(|other| other.starts_with(line)), "{printed}");
    }
    assert_eq!(load(&printed).unwrap().config, effective.config);
}
