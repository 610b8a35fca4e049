//! `esoz-otp demo`: a world to try things out in.

mod args;
mod banner;

use std::collections::HashSet;
use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

pub(super) use args::DemoArgs;
use banner::Banner;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter as _;

use super::listen::ListenAddresses;
use super::run::Start;
use super::{CliError, import, run, settings};
use crate::api::{Demo, ReadWorld, TakeLine, TellNotices, routes};
use crate::clock::{Clock, SystemClock};
use crate::config::StoreConfig;
use crate::entropy::{Entropy, SystemEntropy, Tape};
use crate::files;
use crate::keyring::Keyring;
use crate::log::{self, LogWriter};
use crate::node::Dependencies;
use crate::service::import::{Expected, RevealedSecret, load, read_and_notice};
use crate::sms::{Console, DemoGateway};
use crate::store::{Store, make_folders};

/// Says that a directory is a demo's, and may be wiped.
const MARKER: &str = ".esoz-otp-demo";
const WORLD: &str = include_str!("../../../fixtures/demo.json");

/// `esoz-otp demo`.
pub(super) fn demo(args: &DemoArgs) -> Result<(), CliError> {
    let file = args.fixtures.clone();
    let world = match &file {
        None => WORLD.to_owned(),
        Some(path) => read(path).map_err(CliError::usage)?,
    };
    let config = args.config()?;
    settings::warn_of_unread(&std::env::vars_os().collect::<Vec<_>>(), true);
    let start = Start {
        log: config.log,
        addresses: ListenAddresses::of(&config),
        dialect: args.dialect,
        data: args.data.clone(),
        configuration: None,
        ends_with_terminal: true,
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
    let prepare = || {
        let wrong = |error| CliError::import(file.as_deref(), &error);
        let secrets = Tape::of(Arc::clone(&entropy));
        let request_life = config.person_requests.life;
        let expected = Expected { scopes: &routes::scopes(), request_life };
        let read = read_and_notice(&world, clock.now(), &secrets.replay(), expected);
        let (mut loaded, at_start) = read.map_err(wrong)?;
        let store = fresh_store(&args.data, config.store)?;
        let known = std::mem::take(&mut loaded.known);
        load(&store, loaded).map_err(wrong)?;
        let notices = file.clone().map(tell_notices);
        if let Some(tell) = &notices {
            tell(&at_start);
        }
        let keyring = Keyring::generate(&*entropy, clock.now()).map_err(CliError::software)?;
        let mut keyring = Keyring::parse(&keyring)?;
        keyring.check(&store)?;
        let console = Arc::new(Console::to(io::stdout()).map_err(CliError::software)?);
        let gateway = DemoGateway::new(args.sms, console, Arc::clone(&clock));
        let calls = (start.log.level == LevelFilter::WARN).then(call_lines).transpose();
        let demo = Demo {
            gateway: gateway.clone(),
            store: store.clone(),
            world: read_again(file.as_deref()),
            secrets,
            shown: Mutex::new(digests(&known)),
            show: Box::new(show),
            request_life,
            notices,
            calls: calls.map_err(CliError::software)?,
            origins: args.origins.clone(),
        };
        let drivers = vec![Arc::new(gateway) as _];
        let parts =
            Dependencies { config, store, keyring, clock, entropy, drivers, demo: Some(demo) };
        let (dialect, sms, is_built_in) = (args.dialect, args.sms, file.is_none());
        Ok((parts, Banner { dialect, sms, known, is_built_in }))
    };
    run::run(&start, prepare, |addresses, banner| banner.text(addresses))
}

fn read(path: &Path) -> Result<String, String> {
    let read = files::open(path).and_then(|file| files::read(file, import::MOST_BYTES));
    let text = read.and_then(|bytes| {
        String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
    });
    text.map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// How the text of the world is read again.
fn read_again(file: Option<&Path>) -> ReadWorld {
    match file.map(Path::to_owned) {
        Some(path) => Box::new(move || read(&path)),
        None => Box::new(|| Ok(WORLD.to_owned())),
    }
}

fn digests(known: &[RevealedSecret]) -> HashSet<crate::domain::SecretDigest> {
    known.iter().map(|known| known.secret.digest()).collect()
}

/// Secrets that a reset has brought.
fn show(known: &[RevealedSecret]) {
    let lines: Vec<_> = known.iter().map(banner::secret).collect();
    drop(writeln!(io::stdout(), "New secrets of this world:\n{}", lines.join("\n")));
}

/// Warns of what may not be what was meant in a file. Of the built-in world all is.
fn tell_notices(file: PathBuf) -> TellNotices {
    Box::new(move |notices| import::warn_of(notices, &file))
}

/// Writes a line for each call to standard error, while the log says nothing of calls. Whoever does not read it keeps no
/// call waiting.
fn call_lines() -> io::Result<TakeLine> {
    let (out, guard) = LogWriter::start("calls", io::stderr(), log::WAITING, |out, lost| {
        drop(writeln!(out.make_writer(), "({lost} calls are not shown: nobody read)"));
    })?;
    Ok(Box::new(move |line| {
        // Until the last call, what waits is to be written.
        let _kept = &guard;
        drop(out.make_writer().write_all(format!("{line}\n").as_bytes()));
    }))
}

/// An empty store in a demo's directory. Whatever else is in the way stays as it is.
fn fresh_store(directory: &Path, config: StoreConfig) -> Result<Store, CliError> {
    let marker = directory.join(MARKER);
    let is_empty = fs::read_dir(directory).map_or(true, |mut entries| entries.next().is_none());
    if !is_empty && !marker.exists() {
        return Err(CliError::configuration(format_args!(
            "{} is not empty and was not made by a demo ({MARKER} is missing), so it is left alone. \
             Move it away, or name another directory with --data.",
            directory.display()
        )));
    }
    let cannot =
        |error| CliError::io(format_args!("cannot write to {}: {error}", directory.display()));
    make_folders(directory).map_err(cannot)?;
    // One that is older than the rule that only its owner may look into it.
    fs::set_permissions(directory, Permissions::from_mode(0o700)).map_err(cannot)?;
    fs::write(&marker, "Made by `esoz-otp demo`, which empties this directory at every start.\n")
        .map_err(cannot)?;
    Ok(Store::open_emptied(directory, config)?)
}
