//! Settings of a gateway: its section `gateway.NAME`, and `gateway.NAME.receipts` in it. The `kind` says
//! what the gateway speaks: today that is HTTP, and every other setting is of that kind.

use super::forms::{header, path_or_none, plain, pointer, url, verdict};
use super::gateway::{GatewayConfig, GatewayKind, GatewayMethod, NumberFormat, ReceiptsBy};
use super::gateway_keys::{SECTION, key_of};
use super::names::Word;
use super::presets::PresetName;
use super::rows::{placed, set, set_place, text};
use super::sections::Config;
use super::setting::{PREFIX, Setting};
use super::takes::{Form, Takes};
use super::value::Value;

/// Stands for a gateway's name where none is meant in particular. No gateway can be called so.
pub(super) const PLACEHOLDER: &str = "NAME";

/// The gateway's name and the setting's in the name of a variable that sets a gateway's setting in this section. Another
/// variable may be a slip of the hand, from which no gateway is made.
pub(super) fn in_variable<'v>(variable: &'v str, section: &str) -> Option<(&'v str, &'v str)> {
    let start = |section: &str| format!("{PREFIX}{}__", section.to_ascii_uppercase());
    let (name, rest) = variable.strip_prefix(&start(section))?.split_once("__")?;
    let of_any = format!("{}{PLACEHOLDER}__", start(SECTION));
    let is_it = |row: &Setting| row.variable().strip_prefix(&of_any) == Some(rest);
    gateway(PLACEHOLDER).iter().any(is_it).then_some((name, rest))
}

/// A gateway that turns a message away says so with one of these.
const STATUSES: std::ops::RangeInclusive<i128> = 400..=599;

/// Every setting of the gateway of this name.
pub(super) fn gateway(name: &str) -> Vec<Setting> {
    [requests(name), answers(name), connections(name), receipts(name), receipts_read(name)]
        .into_iter()
        .flatten()
        .collect()
}

type Get = fn(&GatewayConfig) -> Value;
type Set = fn(&mut GatewayConfig, &Value) -> Option<()>;

fn row(name: &str, key: &str, takes: Takes, about: &'static str, get: Get, set: Set) -> Setting {
    let (asked, told) = (name.to_owned(), name.to_owned());
    Setting::new(
        key_of(name, key),
        takes,
        about,
        move |config| match config.sms.gateways.iter().find(|it| it.name == asked) {
            Some(gateway) => get(gateway),
            None => get(&GatewayConfig::named(&asked)),
        },
        move |config, value| set(entry(config, &told), value),
    )
}

/// The gateway of this name, which is made if there is none.
fn entry<'a>(config: &'a mut Config, name: &str) -> &'a mut GatewayConfig {
    let gateways = &mut config.sms.gateways;
    let place = gateways.iter().position(|gateway| gateway.name == name).unwrap_or_else(|| {
        gateways.push(GatewayConfig::named(name));
        gateways.len() - 1
    });
    &mut gateways[place]
}

fn requests(name: &str) -> Vec<Setting> {
    vec![
        row(
            name,
            "kind",
            Takes::Text(Form::word::<GatewayKind>()),
            "what the gateway speaks: JSON over HTTP",
            |g| g.kind.word().into(),
            |g, v| set(&mut g.kind, v.word()),
        ),
        row(
            name,
            "preset",
            Takes::Text(Form::word::<PresetName>()),
            "whose ready-made settings hold where nothing else is set",
            |g| g.preset.word().into(),
            |g, v| set(&mut g.preset, v.word()),
        ),
        row(
            name,
            "url",
            Takes::Text(url()),
            "where the gateway takes messages",
            |g| g.url.as_str().into(),
            |g, v| set(&mut g.url, text(v)),
        )
        .unrepeated(),
        row(
            name,
            "method",
            Takes::Text(Form::word::<GatewayMethod>()),
            "how it takes them",
            |g| g.method.word().into(),
            |g, v| set(&mut g.method, v.word()),
        ),
        row(
            name,
            "headers",
            Takes::List { of: header(), may_be_empty: true },
            "headers besides the content type; `{secret}` stands for what is in `secret_file`",
            |g| Value::texts(g.headers.clone()),
            |g, v| set(&mut g.headers, v.items(text)),
        )
        .unrepeated(),
        row(
            name,
            "secret_file",
            Takes::Text(path_or_none()),
            "the file of the gateway's token or password: its owner's alone",
            |g| placed(g.secret_file.as_deref()),
            |g, v| set_place(&mut g.secret_file, v),
        )
        .unrepeated()
        .by_default("`$CREDENTIALS_DIRECTORY/gateway.NAME` if it is there"),
        row(
            name,
            "body",
            Takes::Text(plain()),
            "JSON to send; `{phone}`, `{text}`, `{sender}`, `{id}` (the verification's) and `{secret}` are replaced within its texts",
            |g| g.body.as_str().into(),
            |g, v| set(&mut g.body, text(v)),
        )
        .unrepeated(),
        row(
            name,
            "sender",
            Takes::Text(plain()),
            "whom messages come from: the name that the gateway has registered",
            |g| g.sender.as_str().into(),
            |g, v| set(&mut g.sender, text(v)),
        ),
        row(
            name,
            "number",
            Takes::Text(Form::word::<NumberFormat>()),
            "how a number is written: `+380…`, `380…` or `0…`",
            |g| g.number.word().into(),
            |g, v| set(&mut g.number, v.word()),
        ),
    ]
}

fn answers(name: &str) -> Vec<Setting> {
    vec![
        row(
            name,
            "id_at",
            Takes::Text(pointer()),
            "where in the answer the gateway's id of the message is",
            |g| g.id_at.as_str().into(),
            |g, v| set(&mut g.id_at, text(v)),
        ),
        row(
            name,
            "verdict_at",
            Takes::List { of: pointer(), may_be_empty: true },
            "where its verdict is: the first place with something in it counts, and blanks are nothing; without, the answer's status is all",
            |g| Value::texts(g.verdict_at.clone()),
            |g, v| set(&mut g.verdict_at, v.items(text)),
        ),
        row(
            name,
            "taken",
            verdicts(),
            "verdicts: the message was taken",
            |g| Value::texts(g.taken.clone()),
            |g, v| set(&mut g.taken, v.items(text)),
        ),
        row(
            name,
            "not_taken",
            verdicts(),
            "verdicts: it was not, but may be later, or by another driver",
            |g| Value::texts(g.not_taken.clone()),
            |g, v| set(&mut g.not_taken, v.items(text)),
        ),
        row(
            name,
            "refused",
            verdicts(),
            "verdicts: nobody will ever take it; with one in no list, it is uncertain whether it was taken",
            |g| Value::texts(g.refused.clone()),
            |g, v| set(&mut g.refused, v.items(text)),
        ),
        row(
            name,
            "refused_statuses",
            statuses(),
            "statuses of an answer: nobody will ever take the message",
            |g| Value::List(g.refused_statuses.iter().map(|it| u32::from(*it).into()).collect()),
            |g, v| set(&mut g.refused_statuses, v.items(Value::number)),
        ),
        row(
            name,
            "taken_before",
            verdicts(),
            "verdicts: it has the same message already; after a try that left that open the message is `sent`, else it was not taken",
            |g| Value::texts(g.taken_before.clone()),
            |g, v| set(&mut g.taken_before, v.items(text)),
        ),
        row(
            name,
            "taken_before_statuses",
            statuses(),
            "statuses of an answer: it has the same message already",
            |g| {
                let statuses = g.taken_before_statuses.iter().map(|it| u32::from(*it).into());
                Value::List(statuses.collect())
            },
            |g, v| set(&mut g.taken_before_statuses, v.items(Value::number)),
        ),
    ]
}

fn connections(name: &str) -> Vec<Setting> {
    vec![
        row(
            name,
            "ca_file",
            Takes::Text(path_or_none()),
            "certificates (PEM) that vouch for the gateway; the system's when there is none",
            |g| placed(g.ca_file.as_deref()),
            |g, v| set_place(&mut g.ca_file, v),
        )
        .unrepeated(),
        row(
            name,
            "allow_local",
            Takes::Switch,
            "whether it may be on this machine (any address that an interface has) or link",
            |g| g.allow_local.into(),
            |g, v| set(&mut g.allow_local, v.switch()),
        ),
        row(
            name,
            "allow_http",
            Takes::Switch,
            "whether codes may go to it without TLS, in clear",
            |g| g.allow_http.into(),
            |g, v| set(&mut g.allow_http, v.switch()),
        ),
    ]
}

fn receipts(name: &str) -> Vec<Setting> {
    vec![
        row(
            name,
            "receipts.by",
            Takes::Text(Form::word::<ReceiptsBy>()),
            "how it is learnt what became of a message: not at all, the gateway calls, or it is asked",
            |g| g.receipts.by.word().into(),
            |g, v| set(&mut g.receipts.by, v.word()),
        ),
        row(
            name,
            "receipts.secret_file",
            Takes::Text(path_or_none()),
            "with `callback`: the file of the secret in the path that the gateway calls, 16 to 200 letters, digits, `-`, `.`, `_` or `~`",
            |g| placed(g.receipts.secret_file.as_deref()),
            |g, v| set_place(&mut g.receipts.secret_file, v),
        )
        .unrepeated()
        .by_default("`$CREDENTIALS_DIRECTORY/gateway.NAME.receipts` if it is there"),
        row(
            name,
            "receipts.url",
            Takes::Text(url()),
            "with `poll`: where to ask, with the headers that messages are sent with, on the host of `url`",
            |g| g.receipts.url.as_str().into(),
            |g, v| set(&mut g.receipts.url, text(v)),
        )
        .unrepeated(),
        row(
            name,
            "receipts.body",
            Takes::Text(plain()),
            "with `poll`: JSON to ask with; `{gateway_id}` and `{secret}` are replaced within its texts",
            |g| g.receipts.body.as_str().into(),
            |g, v| set(&mut g.receipts.body, text(v)),
        )
        .unrepeated(),
    ]
}

fn receipts_read(name: &str) -> Vec<Setting> {
    vec![
        row(
            name,
            "receipts.list_at",
            Takes::Text(pointer()),
            "where the list of receipts is; when empty, the whole is one receipt, or a list of them",
            |g| g.receipts.list_at.as_str().into(),
            |g, v| set(&mut g.receipts.list_at, text(v)),
        ),
        row(
            name,
            "receipts.id_at",
            Takes::Text(pointer()),
            "where in a receipt the gateway's id of the message is",
            |g| g.receipts.id_at.as_str().into(),
            |g, v| set(&mut g.receipts.id_at, text(v)),
        ),
        row(
            name,
            "receipts.verdict_at",
            Takes::Text(pointer()),
            "where its verdict is",
            |g| g.receipts.verdict_at.as_str().into(),
            |g, v| set(&mut g.receipts.verdict_at, text(v)),
        ),
        row(
            name,
            "receipts.delivered",
            verdicts(),
            "verdicts: the message has arrived",
            |g| Value::texts(g.receipts.delivered.clone()),
            |g, v| set(&mut g.receipts.delivered, v.items(text)),
        ),
        row(
            name,
            "receipts.undelivered",
            verdicts(),
            "verdicts: it will not arrive",
            |g| Value::texts(g.receipts.undelivered.clone()),
            |g, v| set(&mut g.receipts.undelivered, v.items(text)),
        ),
        row(
            name,
            "receipts.underway",
            verdicts(),
            "verdicts: it is still on its way; one in no list means the same, and is a line in the log once",
            |g| Value::texts(g.receipts.underway.clone()),
            |g, v| set(&mut g.receipts.underway, v.items(text)),
        ),
    ]
}

fn verdicts() -> Takes {
    Takes::List { of: verdict(), may_be_empty: true }
}

fn statuses() -> Takes {
    Takes::Numbers { bounds: STATUSES, unit: "statuses of HTTP" }
}
