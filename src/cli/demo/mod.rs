//! `esoz-otp demo`: a node with a built-in test world and a gateway that prints messages.

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
use crate::api::{Demo, ReadWorld, TakeLine, TellNotices, routes, secret_names};
use crate::clock::{Clock, SystemClock};
use crate::config::StoreConfig;
use crate::entropy::{Entropy, EntropyRecording, SystemEntropy};
use crate::files;
use crate::keyring::Keyring;
use crate::log::{self, LogWriter};
use crate::node::Dependencies;
use crate::service::import::{Expected, RevealedSecret, load, read_and_notice};
use crate::sms::{Console, DemoGateway};
use crate::store::{Store, make_folders};

/// The file that marks a directory as a demo's, which the next demo may empty.
const MARKER: &str = ".esoz-otp-demo";
const WORLD: &str = include_str!("../../../fixtures/demo.json");

pub(super) const HELP: &str = "\
Examples:
  esoz-otp demo
  esoz-otp demo --dialect deployed --pause 0
  esoz-otp demo --listen 127.0.0.1:4001 --data /tmp/demo --fixtures world.json

Exit codes:
  0   the demo ended, by Ctrl-C, SIGTERM or the end of its terminal
  64  the command line is wrong, or the file of --fixtures can't be read
  65  the file of --fixtures has faults; standard error has a line for each
  69  an address can't be listened on
  70  a fault of the program, or the system gives no random numbers or no threads
  74  the disk is full or can't be written
  75  another demo runs in the directory
  78  the directory was not made by a demo";

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
        settings: Vec::new(),
        configuration: None,
        ends_with_terminal: true,
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
    // Runs after the listeners are bound, so a taken port changes nothing on disk.
    let prepare = || {
        // Read the whole world before the old one is emptied. The tape makes the same secrets again at each reset.
        let wrong = |error| CliError::import(file.as_deref(), &error);
        let secrets = EntropyRecording::of(Arc::clone(&entropy));
        let request_life = config.person_requests.life;
        let expected = Expected { scopes: &routes::scopes(), request_life };
        let read = read_and_notice(&world, clock.now(), &secrets.replay(), expected);
        let (mut loaded, at_start) = read.map_err(wrong)?;
        // Empty the directory and load the world.
        let store = fresh_store(&args.data, config.store)?;
        let known = std::mem::take(&mut loaded.known);
        load(&store, loaded).map_err(wrong)?;
        let notices = file.clone().map(tell_notices);
        if let Some(tell) = &notices {
            tell(&at_start);
        }
        // A demo's keyring lives in memory only.
        let keyring = Keyring::generate(&*entropy, clock.now()).map_err(CliError::software)?;
        let mut keyring = Keyring::parse(&keyring)?;
        keyring.check(&store)?;
        // The gateway prints messages on the console, or misbehaves as `--sms` says.
        let console = Arc::new(Console::to(io::stdout()).map_err(CliError::software)?);
        let gateway = DemoGateway::new(args.sms, console, Arc::clone(&clock));
        let calls = (start.log.level == LevelFilter::WARN).then(call_lines).transpose();
        let demo = Demo {
            gateway: gateway.clone(),
            store: store.clone(),
            world: read_again(file.as_deref()),
            secrets,
            shown: Mutex::new(digests(&known)),
            secret_names: Mutex::new(secret_names(&known)),
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

/// Returns a function that reads the world again, for a reset.
fn read_again(file: Option<&Path>) -> ReadWorld {
    match file.map(Path::to_owned) {
        Some(path) => Box::new(move || read(&path)),
        None => Box::new(|| Ok(WORLD.to_owned())),
    }
}

fn digests(known: &[RevealedSecret]) -> HashSet<crate::domain::SecretDigest> {
    known.iter().map(|known| known.secret.digest()).collect()
}

/// Prints the secrets that a reset has generated.
fn show(known: &[RevealedSecret]) {
    let lines: Vec<_> = known.iter().map(banner::secret).collect();
    drop(writeln!(io::stdout(), "New secrets of this world:\n{}", lines.join("\n")));
}

/// Returns a function that warns of entries that may be mistakes. The built-in world needs none.
fn tell_notices(file: PathBuf) -> TellNotices {
    Box::new(move |notices| import::warn_of(notices, &file))
}

/// Writes a line for each call to standard error, in place of the log's lines, which are `INFO`. No call waits for a blocked
/// standard error: its line is dropped and counted.
fn call_lines() -> io::Result<TakeLine> {
    let (out, guard) = LogWriter::start("calls", io::stderr(), log::WAITING, |out, lost| {
        drop(writeln!(
            out.make_writer(),
            "({lost} calls are not shown: standard error did not take them)"
        ));
    })?;
    Ok(Box::new(move |line| {
        // The guard writes the waiting lines when the last call is over.
        let _kept = &guard;
        drop(out.make_writer().write_all(format!("{line}\n").as_bytes()));
    }))
}

/// Opens an empty store in `directory`. Refuses a directory that has files and no [`MARKER`].
fn fresh_store(directory: &Path, config: StoreConfig) -> Result<Store, CliError> {
    let marker = directory.join(MARKER);
    let is_empty = fs::read_dir(directory).map_or(true, |mut entries| entries.next().is_none());
    if !is_empty && !marker.exists() {
        return Err(CliError::configuration(format_args!(
            "{} is not empty and was not made by a demo ({MARKER} is missing), so it was not changed. \
             Move it away, or name another directory with --data.",
            directory.display()
        )));
    }
    let cannot =
        |error| CliError::io(format_args!("cannot write to {}: {error}", directory.display()));
    make_folders(directory).map_err(cannot)?;
    // A directory of an earlier release may be readable by other users.
    fs::set_permissions(directory, Permissions::from_mode(0o700)).map_err(cannot)?;
    fs::write(&marker, "Made by `esoz-otp demo`, which empties this directory at every start.\n")
        .map_err(cannot)?;
    Ok(Store::open_emptied(directory, config)?)
}
