use std::fs::{self, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::PossibleValue;

use super::listen::Addresses;
use super::node::Parts;
use super::{DemoArgs, Failure, import, run};
use crate::api::Demo;
use crate::api::routes::{Access, ROUTES};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, DialectName, LogConfig, StoreConfig, Word};
use crate::domain::limits::Rule;
use crate::entropy::{Entropy, SystemEntropy, Tape};
use crate::files;
use crate::otp::Keyring;
use crate::service::fixtures::{self, Known};
use crate::sms::{Both, Console, Memory};
use crate::store::{Store, make_folders};

/// Codes made ahead of need: enough for a developer, and a laptop has other things to do at every start.
const READY: usize = 64;

const DIRECTORY: &str = "data/demo";
/// Says that a directory is a demo's, and may be wiped.
const MARKER: &str = ".esoz-otp-demo";
const WORLD: &str = include_str!("../../fixtures/demo.json");

/// `esoz-otp demo`.
pub(super) fn demo(args: DemoArgs) -> Result<(), Failure> {
    let DemoArgs { fixtures: file, dialect, pause, common } = args;
    let world = match &file {
        None => WORLD.to_owned(),
        Some(path) => read(path)?,
    };
    let mut config = Config { dialect, ..Config::default() };
    config.otp.ready = READY;
    let log = LogConfig { level: common.log.unwrap_or(config.log.level), ..config.log };
    if let Some(seconds) = pause {
        let rule = Rule::Ladder([Duration::from_secs(seconds); 4]);
        config.limits = config
            .limits
            .with("send_pause", rule)
            .ok_or_else(|| Failure::software("the limits table has lost its row `send_pause`"))?;
    }
    if let Some(address) = common.listen.iter().find(|it| !it.ip().to_canonical().is_loopback()) {
        return Err(Failure::usage(format_args!(
            "--listen {address} is not a loopback address. Use 127.0.0.1 or [::1]: a demo's tokens are known to everybody."
        )));
    }
    if !common.listen.is_empty() {
        config.server.listen.clone_from(&common.listen);
    }
    let addresses = Addresses::of(&config);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
    let prepare = || {
        let wrong = |error| Failure::fixtures(file.as_deref(), &error);
        let secrets = Tape::of(Arc::clone(&entropy));
        let mut loaded = fixtures::read(&world, clock.now(), &secrets.replay()).map_err(wrong)?;
        let store = fresh_store(Path::new(DIRECTORY), config.store)?;
        let known = std::mem::take(&mut loaded.known);
        fixtures::load(&store, loaded).map_err(wrong)?;
        let keyring = Keyring::generate(&*entropy, clock.now()).map_err(Failure::software)?;
        let mut keyring = Keyring::parse(&keyring)?;
        keyring.check(&store)?;
        let sent = Memory::new(Arc::clone(&clock));
        let console = Console::to(io::stdout()).map_err(Failure::software)?;
        let demo = Demo { sent: sent.clone(), store: store.clone(), world, secrets };
        let parts = Parts {
            config,
            store,
            keyring,
            clock,
            entropy,
            drivers: vec![Arc::new(Both(sent, console))],
            demo: Some(demo),
        };
        Ok((parts, known))
    };
    run::run(log, &addresses, true, prepare, |addresses, known| {
        banner(addresses, dialect, &known, file.is_none())
    })
}

fn read(path: &Path) -> Result<String, Failure> {
    let read = files::open(path).and_then(|file| files::read(file, import::MOST_BYTES));
    let text = read.and_then(|bytes| {
        String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
    });
    text.map_err(|error| Failure::usage(format_args!("cannot read {}: {error}", path.display())))
}

/// An empty store in a demo's directory. Whatever else is in the way stays as it is.
fn fresh_store(directory: &Path, config: StoreConfig) -> Result<Store, Failure> {
    let marker = directory.join(MARKER);
    let is_empty = fs::read_dir(directory).map_or(true, |mut entries| entries.next().is_none());
    if !is_empty && !marker.exists() {
        return Err(Failure::configuration(format_args!(
            "{} is not empty and was not made by a demo ({MARKER} is missing), so it is left alone. \
             Move it away, or start the demo in another directory.",
            directory.display()
        )));
    }
    let cannot =
        |error| Failure::io(format_args!("cannot write to {}: {error}", directory.display()));
    make_folders(directory).map_err(cannot)?;
    // One that is older than the rule that only its owner may look into it.
    fs::set_permissions(directory, Permissions::from_mode(0o700)).map_err(cannot)?;
    fs::write(&marker, "Made by `esoz-otp demo`, which empties this directory at every start.\n")
        .map_err(cannot)?;
    Ok(Store::open_emptied(directory, config)?)
}

impl ValueEnum for DialectName {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.word()).help(match self {
            Self::Documented => "as the public pages say, to the letter",
            Self::Deployed => "as the live system was seen to answer",
        }))
    }
}

/// What is served, and how to try it.
fn banner(
    addresses: &[SocketAddr],
    dialect: DialectName,
    known: &[Known],
    is_built_in: bool,
) -> String {
    let base = base_url(addresses);
    let mut lines = vec![
        format!("esoz-otp demo on {base}  (Ctrl-C ends it)"),
        format!("dialect: {dialect}"),
        String::new(),
    ];
    lines.extend(ROUTES.iter().map(|row| {
        let scope = match row.access {
            Access::Scope(scope) => scope,
            Access::Anyone => "-",
        };
        format!("  {:<6} {:<50} {scope}", row.method, row.path)
    }));
    lines.push("\nSecrets of this world:".into());
    lines.extend(
        known.iter().map(|Known { owner, secret, .. }| format!("  {owner}: {}", secret.reveal())),
    );
    if is_built_in {
        lines.push(format!("\nTo paste into another terminal:\n{}", examples(&base)));
    }
    lines.push("Every SMS appears below as it is sent.".into());
    lines.join("\n")
}

/// The seed's own cURL example calls `localhost:4000`; another port is only shown when another was asked for.
fn base_url(addresses: &[SocketAddr]) -> String {
    let port = addresses.first().map_or(0, SocketAddr::port);
    let host = match addresses {
        [only] => only.ip().to_string(),
        _ => "localhost".into(),
    };
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    format!("http://{host}:{port}")
}

fn examples(base: &str) -> String {
    format!(
        r#"  curl -X POST {base}/api/person_requests/eeebb86d-5cba-43c9-885b-6482ecaf826b/actions/resend_otp \
    -H 'authorization: Bearer demo-mis-token' -H 'api-key: demo-api-key' -H 'content-type: application/json'

  CODE=$(curl -s '{base}/demo/messages?phone=+380958697084' | sed 's/.*eHealth: \([0-9]*\).*/\1/')
  curl -X PATCH {base}/api/person_requests/eeebb86d-5cba-43c9-885b-6482ecaf826b/actions/approve \
    -H 'authorization: Bearer demo-mis-token' -H 'api-key: demo-api-key' -H 'content-type: application/json' \
    -d "{{\"verification_code\": \"$CODE\"}}"

  curl {base}/api/cabinet/authentication_factor -H 'authorization: Bearer demo-patient-token'
"#
    )
}
