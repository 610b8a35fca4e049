//! What sends messages, made from its settings. `serve`, `check` and `sms test` read a gateway's secrets and certificates
//! here.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use super::Failure;
use super::private_file::{self, Kind};
use crate::clock::Clock;
use crate::config::{DriverName, GatewayConfig, ReceiptsBy, SmsConfig};
use crate::domain::Secret;
use crate::sms::{self, Console, GatewaySecrets, HttpGateway, SmsDriver};

/// No token is longer.
const SECRET_KIB: usize = 4;
/// A path that a gateway calls has to be hard to guess, and plain enough for any gateway's settings.
const RECEIPT_SECRET: std::ops::RangeInclusive<usize> = 16..=200;
/// As many certificates as a system has.
const CERTIFICATES_KIB: u64 = 1024;

const TOKEN: Kind = Kind {
    what: "the gateway's secret",
    danger: "who has it can send messages at your expense",
    exchange: "ask the gateway for another one",
};

const RECEIPTS: Kind = Kind {
    what: "the secret of the gateway's receipts",
    danger: "who has it can say of any message that it has arrived",
    exchange: "make another one, and tell the gateway the new path",
};

/// The drivers, in the order in which they are called.
pub(super) fn drivers(
    config: &SmsConfig,
    clock: &Arc<dyn Clock>,
) -> Result<Vec<Arc<dyn SmsDriver>>, Failure> {
    config.drivers.iter().map(|name| driver(name, config, clock)).collect()
}

fn driver(
    name: &DriverName,
    config: &SmsConfig,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn SmsDriver>, Failure> {
    Ok(match name {
        DriverName::Console => Arc::new(Console::to(io::stdout()).map_err(Failure::software)?),
        DriverName::File => {
            let path = file_of(config)?;
            let opened = sms::File::append_to(path, Arc::clone(clock));
            Arc::new(opened.map_err(|error| not_appended(path, &error))?)
        }
        DriverName::Gateway(name) => Arc::new(gateway(name, config, clock)?),
    })
}

/// What would keep them from being made. Makes nothing.
pub(super) fn wrong(config: &SmsConfig, clock: &Arc<dyn Clock>) -> Vec<Failure> {
    let of = |name: &DriverName| match name {
        DriverName::Console => None,
        DriverName::File => file_of(config).and_then(check_appendable).err(),
        DriverName::Gateway(name) => gateway(name, config, clock).err(),
    };
    config.drivers.iter().filter_map(of).collect()
}

fn file_of(config: &SmsConfig) -> Result<&Path, Failure> {
    let set = config.file.as_deref();
    set.ok_or_else(|| Failure::configuration("sms.file.path is not set"))
}

/// Whether it could be appended to, or made, as far as that can be seen from outside.
fn check_appendable(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let looked = match fs::metadata(path) {
        Ok(found) if found.is_file() => File::options().append(true).open(path).map(drop),
        Ok(_) => Err(io::Error::other("it is no file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::read_dir(folder.unwrap_or(Path::new("."))).map(drop)
        }
        Err(error) => Err(error),
    };
    looked.map_err(|error| not_appended(path, &error))
}

fn not_appended(path: &Path, error: &io::Error) -> Failure {
    Failure::configuration(format_args!(
        "cannot append messages to {}: {error}. Make its directory, or name another file in sms.file.path, that this \
         user may write to.",
        path.display()
    ))
}

/// The gateway of this name.
fn gateway(name: &str, config: &SmsConfig, clock: &Arc<dyn Clock>) -> Result<HttpGateway, Failure> {
    let described = config.gateways.iter().find(|gateway| gateway.name == name);
    let described = described
        .ok_or_else(|| Failure::configuration(format_args!("there is no section [sms.{name}]")))?;
    HttpGateway::of(described, secrets(described)?, config.timeout, Arc::clone(clock))
        .map_err(|error| Failure::configuration(format_args!("sms.{name}: {error}")))
}

fn secrets(gateway: &GatewayConfig) -> Result<GatewaySecrets, Failure> {
    let GatewayConfig { name, secret_file, ca_file, receipts, .. } = gateway;
    let key = format!("sms.{name}.secret_file");
    let secret = secret_file.as_ref().map(|path| secret(path, &TOKEN, &key)).transpose()?;
    let receipt_secret = match (receipts.by, &receipts.secret_file) {
        (ReceiptsBy::Callback, Some(path)) => Some(receipt_secret(path, name)?),
        (ReceiptsBy::Callback, None) | (ReceiptsBy::None | ReceiptsBy::Poll, _) => None,
    };
    let ca = ca_file.as_ref().map(|path| certificates(path, name)).transpose()?;
    Ok(GatewaySecrets { secret, receipt_secret, ca })
}

/// What a file holds, but for the line feed that an editor has put behind it.
fn secret(path: &Path, kind: &Kind, key: &str) -> Result<Secret, Failure> {
    let (what, name) = (kind.what, path.display());
    let text = private_file::read(path, kind, SECRET_KIB, |error| {
        Failure::configuration(format_args!(
            "cannot read {what} {name}: {error}. Name its file in {key}, and see that this user may read it."
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
    Err(Failure::configuration(format_args!(
        "{what} {name} {wrong}. Write the secret into it, and nothing else."
    )))
}

fn receipt_secret(path: &Path, gateway: &str) -> Result<Secret, Failure> {
    let secret = secret(path, &RECEIPTS, &format!("sms.{gateway}.receipts.secret_file"))?;
    let text = secret.reveal();
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    if RECEIPT_SECRET.contains(&text.len()) && text.bytes().all(is_plain) {
        return Ok(secret);
    }
    Err(Failure::configuration(format_args!(
        "{} {} stands in a path, and has to be {} to {} letters, digits, -, ., _ or ~. \
         Make one: openssl rand -hex 32 > {1}",
        RECEIPTS.what,
        path.display(),
        RECEIPT_SECRET.start(),
        RECEIPT_SECRET.end()
    )))
}

/// Certificates are no secret: whoever may write to the file decides who is believed, not who may read it.
fn certificates(path: &Path, gateway: &str) -> Result<Vec<u8>, Failure> {
    let cannot = |error: io::Error| {
        Failure::configuration(format_args!(
            "cannot read the certificates {}: {error}. Name a file of certificates (PEM) in sms.{gateway}.ca_file, and \
             see that this user may read it.",
            path.display()
        ))
    };
    if !fs::metadata(path).map_err(cannot)?.is_file() {
        return Err(cannot(io::Error::other("it is no file")));
    }
    let mut text = Vec::new();
    let most = CERTIFICATES_KIB * 1024;
    File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut text)).map_err(cannot)?;
    if text.len() as u64 > most {
        return Err(cannot(io::Error::other(format!("it has more than {CERTIFICATES_KIB} KiB"))));
    }
    Ok(text)
}
