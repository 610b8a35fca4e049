use std::fs::{self, DirBuilder, File};
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::listen::Addresses;
use super::node::Parts;
use super::{Failure, ServeArgs, run};
use crate::clock::{Clock, SystemClock};
use crate::domain::Timestamp;
use crate::entropy::{Entropy, SystemEntropy};
use crate::otp::Keyring;
use crate::service::fixtures::{self, Known, World};
use crate::sms::Console;
use crate::store::Store;

/// `esoz-otp serve`.
pub(super) fn serve(args: ServeArgs) -> Result<(), Failure> {
    let ServeArgs { settings, fixtures: world, allow_plaintext_codes, allow_demo_secrets, common } =
        args;
    let mut config = settings.load();
    config.sms.allow_plaintext_codes |= allow_plaintext_codes;
    if !config.sms.allow_plaintext_codes {
        return Err(Failure::configuration(
            "the only SMS driver there is prints codes and numbers in clear on the console. \
             If that is what you want, say so with --allow-plaintext-codes.",
        ));
    }
    let addresses = Addresses::of(&config, &common.listen)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
    let prepare = || {
        // Before anything is made that a faulty file would leave behind.
        let world = match &world {
            Some(file) => Some((file, read_world(file, clock.now(), &*entropy)?)),
            None => None,
        };
        if let Some((file, World { is_demo: true, .. })) = &world
            && !allow_demo_secrets
        {
            return Err(Failure::configuration(format_args!(
                "{} is a demo's world: everybody knows its tokens and api-keys. \
                 If that does not matter here, say so with --allow-demo-secrets.",
                file.display()
            )));
        }
        let data = &config.data.path;
        let is_new = !Store::exists(data);
        let keyring = config.keys.keyring_of(data);
        let ring = read_keyring(&keyring, data, is_new, &*entropy, clock.now())?;
        let store = Store::open(data, config.store)?;
        ring.check(&store)?;
        let known = match world {
            Some((file, world)) => load(&store, data, file, world)?,
            None => Vec::new(),
        };
        let console = Console::to(std::io::stdout()).map_err(Failure::software)?;
        let parts = Parts {
            config,
            store,
            keyring: ring,
            clock,
            entropy,
            driver: Arc::new(console),
            demo: None,
        };
        Ok((parts, known))
    };
    run::run(common.log, &addresses, prepare, |addresses, known| announcement(addresses, &known))
}

fn announcement(addresses: &[SocketAddr], known: &[Known]) -> String {
    let served = addresses.iter().map(|address| format!("esoz-otp serves on http://{address}"));
    let secrets =
        known.iter().map(|Known { owner, secret }| format!("{owner}: {}", secret.reveal()));
    served.chain(secrets).collect::<Vec<_>>().join("\n")
}

fn read_world(file: &Path, now: Timestamp, entropy: &dyn Entropy) -> Result<World, Failure> {
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::usage(format_args!("cannot read {}: {error}", file.display())))?;
    fixtures::read(&text, now, entropy).map_err(|error| Failure::fixtures(Some(file), &error))
}

fn load(store: &Store, data: &Path, file: &Path, mut world: World) -> Result<Vec<Known>, Failure> {
    let wrong = |error| Failure::fixtures(Some(file), &error);
    if !fixtures::is_empty(store).map_err(|error| wrong(error.into()))? {
        return Err(Failure::usage(format_args!(
            "--fixtures is for a new data directory; {} holds a world already",
            data.display()
        )));
    }
    let known = std::mem::take(&mut world.known);
    fixtures::load(store, world).map_err(wrong)?;
    Ok(known)
}

fn read_keyring(
    path: &Path,
    data: &Path,
    is_new: bool,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Keyring, Failure> {
    if is_new && !path.exists() {
        make_keyring(path, entropy, now)?;
    }
    let text = fs::read_to_string(path).map(Zeroizing::new).map_err(|error| {
        Failure::configuration(format_args!(
            "cannot read the keyring {}: {error}. Name the keyring that {} was used with by --keyring.",
            path.display(),
            data.display()
        ))
    })?;
    Ok(Keyring::parse(&text)?)
}

fn make_keyring(path: &Path, entropy: &dyn Entropy, now: Timestamp) -> Result<(), Failure> {
    let text = Keyring::generate(entropy, now).map_err(Failure::software)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let make = || {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        // Or its name might be gone after a power cut, and the database be there.
        File::open(folder)?.sync_all()
    };
    make().map_err(|error| {
        Failure::io(format_args!("cannot make the keyring {}: {error}", path.display()))
    })
}
