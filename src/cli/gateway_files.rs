//! Reads the files that a gateway's settings name: its secrets and certificates. All faults are reported at once, each with
//! its setting.

use std::ops::RangeInclusive;
use std::path::Path;
use std::{fs, io};

use super::CliError;
use super::private_file::{self, SecretKind};
use crate::config::{GatewayConfig, ReceiptsBy};
use crate::domain::Secret;
use crate::files::{self, WritableByOthers};
use crate::sms::{GatewayError, GatewaySecrets};

/// The size limit of a secret's file. Tokens are far shorter.
const SECRET_KIB: usize = 4;
/// The length of the secret in `/receipts/NAME/SECRET`: hard to guess, and short enough for the settings of any gateway.
const RECEIPT_SECRET: RangeInclusive<usize> = 16..=200;
/// The size limit of `ca_file`: room for all certificates of a system.
const CERTIFICATES_KIB: u64 = 1024;

const TOKEN: SecretKind = SecretKind {
    label: "the gateway's secret",
    risk: "its readers can send messages at your expense",
    rotation: "ask the gateway for another one",
};

const RECEIPTS: SecretKind = SecretKind {
    label: "the secret of the gateway's receipts",
    risk: "its readers can report any message as delivered",
    rotation: "make another one, and give the gateway the new path",
};

/// Reads them all. The error has a fault for each file that is wrong.
pub(super) fn read(gateway: &GatewayConfig) -> Result<GatewaySecrets, Vec<CliError>> {
    let GatewayConfig { name, secret_file, ca_file, receipts, .. } = gateway;
    let mut wrong = Vec::new();
    let mut keep =
        |key: &str, failure: CliError| wrong.push(failure.of(&format!("gateway.{name}.{key}")));
    let is_called = receipts.by == ReceiptsBy::Callback;
    let receipts_file = receipts.secret_file.as_deref().filter(|_| is_called);
    let secrets = GatewaySecrets {
        secret: kept(secret_file.as_deref().map(token), |it| keep("secret_file", it)),
        receipt_secret: kept(receipts_file.map(receipt_secret), |it| {
            keep("receipts.secret_file", it);
        }),
        ca: kept(ca_file.as_deref().map(certificates), |it| keep("ca_file", it)),
    };
    for (error, key, path) in secrets.unfit(gateway).filter_map(|it| of_file(it, gateway)) {
        keep(key, CliError::configuration(format_args!("{}: {error}", path.display())));
    }
    if wrong.is_empty() { Ok(secrets) } else { Err(wrong) }
}

/// The value if the file was read. Passes an error to `keep`.
fn kept<T>(read: Option<Result<T, CliError>>, keep: impl FnOnce(CliError)) -> Option<T> {
    read?.map_err(keep).ok()
}

/// The error with the setting and the file that it is about. `None` for an error about no file.
fn of_file(
    error: GatewayError,
    gateway: &GatewayConfig,
) -> Option<(GatewayError, &'static str, &Path)> {
    match error {
        GatewayError::Secret => Some((error, "secret_file", gateway.secret_file.as_deref()?)),
        GatewayError::Ca => Some((error, "ca_file", gateway.ca_file.as_deref()?)),
        GatewayError::NotSet(_)
        | GatewayError::PlainHttp(_)
        | GatewayError::Local(_)
        | GatewayError::NoSecret(_)
        | GatewayError::NoRoots
        | GatewayError::Tls(_)
        | GatewayError::NoReceiptSecret => None,
    }
}

fn token(path: &Path) -> Result<Secret, CliError> {
    secret(path, &TOKEN)
}

/// Refuses a path that does not exist. The message has no path: it may be the secret itself, set in place of its file.
fn check_exists(path: &Path, what: &str) -> Result<fs::Metadata, CliError> {
    fs::metadata(path).map_err(|error| {
        CliError::configuration(format_args!(
            "cannot read {what}: {error}. Name its file: a relative name counts from the directory that esoz-otp is \
             started in. The value is not repeated here, in case it is the secret itself."
        ))
    })
}

/// The text of a secret's file, without the line feed that editors put at the end.
fn secret(path: &Path, kind: &SecretKind) -> Result<Secret, CliError> {
    let (what, name) = (kind.label, path.display());
    check_exists(path, what)?;
    let text = private_file::read(path, kind, SECRET_KIB, |error| {
        CliError::configuration(format_args!(
            "cannot read {what} {name}: {error}. Name its file, and see that this user may read it."
        ))
    })?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let wrong = if text.is_empty() {
        "is empty"
    } else if text.contains(char::is_control) {
        "has more than one line, or characters that are none of a secret"
    } else {
        return Ok(Secret::new(text.to_owned()));
    };
    Err(CliError::configuration(format_args!(
        "{what} {name} {wrong}. Write the secret into it, and nothing else."
    )))
}

fn receipt_secret(path: &Path) -> Result<Secret, CliError> {
    let secret = secret(path, &RECEIPTS)?;
    let text = secret.reveal();
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    if RECEIPT_SECRET.contains(&text.len()) && text.bytes().all(is_plain) {
        return Ok(secret);
    }
    Err(CliError::configuration(format_args!(
        "{} {} stands in a path, and has to be {} to {} letters, digits, -, ., _ or ~. \
         Make one: openssl rand -hex 32 > {1}",
        RECEIPTS.label,
        path.display(),
        RECEIPT_SECRET.start(),
        RECEIPT_SECRET.end()
    )))
}

/// Reads `ca_file`. Certificates are public, so other users may read the file; none may write to it, since it decides which
/// gateways are trusted.
fn certificates(path: &Path) -> Result<Vec<u8>, CliError> {
    let cannot = |error: io::Error| {
        CliError::configuration(format_args!(
            "cannot read the certificates {}: {error}. Name a file of certificates (PEM), and see that this user may \
             read it.",
            path.display()
        ))
    };
    check_exists(path, "the certificates")?;
    let file = files::open(path).map_err(cannot)?;
    let metadata = file.metadata().map_err(cannot)?;
    if let Some(WritableByOthers { what, remedy }) = files::writable_by_others(path, &metadata) {
        return Err(CliError::configuration(format_args!(
            "the file of certificates {} {what}, and it decides which gateways are trusted. {remedy}",
            path.display()
        )));
    }
    files::read(file, CERTIFICATES_KIB * 1024).map_err(cannot)
}
