//! What a node is told: sections of settings, each with its default.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tracing::level_filters::LevelFilter;

use super::drivers::DriverName;
use super::gateway::GatewayConfig;
use super::names::{DialectName, LogFormat};
use crate::domain::limits::Limits;
use crate::domain::{CodeFormat, Network, Phone, Purpose, VerificationRules};

/// The whole configuration. [`Config::default`] is what a node runs with when nothing is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Which of the two ways of answering it speaks.
    pub dialect: DialectName,
    /// The internal listener.
    pub server: ServerConfig,
    /// The public listener.
    pub public: PublicConfig,
    /// The data directory.
    pub data: DataConfig,
    /// The store in it.
    pub store: StoreConfig,
    /// The keys.
    pub keys: KeysConfig,
    /// One-time codes.
    pub otp: OtpConfig,
    /// How often codes are sent and guessed.
    pub limits: Limits,
    /// Messages.
    pub sms: SmsConfig,
    /// Person requests.
    pub person_requests: PersonRequestsConfig,
    /// The rows of audit.
    pub audit: AuditConfig,
    /// What is logged.
    pub log: LogConfig,
}

/// The internal listener: it serves everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// Where it listens.
    pub listen: Vec<SocketAddr>,
    /// Whether it may listen elsewhere than on loopback.
    pub internal_allow_remote: bool,
    /// What it is called: `Host` of a request, without the port, must be one of these.
    pub hosts: Vec<String>,
}

/// The public listener: it serves what may be called from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicConfig {
    /// Where it listens; nowhere when there is none.
    pub listen: Vec<SocketAddr>,
    /// Whether something before it does the encryption, so that it may listen elsewhere than on loopback.
    pub behind_proxy: bool,
    /// Where that is: only connections from there say for whom they are, in `X-Forwarded-For`.
    pub trusted_proxies: Vec<Network>,
}

/// Where the data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataConfig {
    /// The data directory.
    pub path: PathBuf,
}

/// The keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeysConfig {
    /// The keyring; when it is not named, it lies beside the data directory.
    pub keyring_file: Option<PathBuf>,
}

/// The store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// sled's page cache in MiB; the process needs up to ten times as much.
    pub cache_mib: u64,
    /// Room on the disk, in MiB, below which nothing is written.
    pub reserve_mib: u64,
}

/// One-time codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtpConfig {
    /// How long a code is, 4 to 10 digits.
    pub format: CodeFormat,
    /// A code's life (at most 600 s) and its attempts (1 to 5).
    pub rules: VerificationRules,
    /// Starts of numbers that no code is sent to: free-phone and premium ranges, and `+3800`.
    pub refused_prefixes: Vec<String>,
    /// Starts of numbers that codes are sent to, and to no others; to all when there is none.
    pub allowed_prefixes: Vec<String>,
    /// Whether a phone that no code was sent to looks like one with a code, to whoever tries one.
    pub strict_enumeration: bool,
    /// How many codes are made ahead of need; none when it is 0.
    pub ready: usize,
    /// Cost of a hash.
    pub argon2: Argon2Cost,
}

/// Cost of one argon2id hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

/// Messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsConfig {
    /// What sends them, the first choice first.
    pub drivers: Vec<DriverName>,
    /// Their texts.
    pub template: Templates,
    /// Whether a text may need more than one segment, each of which is paid for.
    pub allow_long_template: bool,
    /// How long a driver may take for one message.
    pub timeout: Duration,
    /// Whether a driver may show codes and numbers in clear, on a console that a journal may keep.
    pub allow_plaintext_codes: bool,
    /// How many messages are handed over at the same time.
    pub parallel: usize,
    /// How many messages may wait.
    pub queue: usize,
    /// The file that `file` appends to.
    pub file: Option<PathBuf>,
    /// The gateways that `drivers` may name.
    pub gateways: Vec<GatewayConfig>,
}

/// The text of a message for each purpose of a code; `{code}` stands for the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Templates {
    /// Of a code that approves a person request.
    pub approval: String,
    /// Of a code that shows that a phone is its caller's.
    pub verification: String,
}

impl Templates {
    /// The text for a code of this purpose.
    pub fn of(&self, purpose: Purpose) -> &str {
        match purpose {
            Purpose::PersonRequest(_) => &self.approval,
            Purpose::PhoneVerification => &self.verification,
        }
    }

    /// Every text.
    pub fn all(&self) -> [&str; 2] {
        [&self.approval, &self.verification]
    }
}

/// Person requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PersonRequestsConfig {
    /// A request still NEW after this long is EXPIRED.
    pub life: Duration,
}

/// The rows of audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditConfig {
    /// How long they are kept.
    pub keep: Duration,
}

/// What is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// The least important lines that are.
    pub level: LevelFilter,
    /// What a line looks like.
    pub format: LogFormat,
}

/// What numbers begin with that are nobody's, and that are dialled as a call abroad when they are written as `0…`:
/// +380029012345 would be 0029012345.
pub(super) const START_ABROAD: &str = "+3800";

/// The seed's cURL example calls `localhost:4000`.
const PORT: u16 = 4000;

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: vec![(Ipv4Addr::LOCALHOST, PORT).into(), (Ipv6Addr::LOCALHOST, PORT).into()],
            internal_allow_remote: false,
            hosts: ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).to_vec(),
        }
    }
}

/// Where the Filesystem Hierarchy Standard puts it.
impl Default for DataConfig {
    fn default() -> Self {
        Self { path: "/var/lib/esoz-otp".into() }
    }
}

impl KeysConfig {
    /// Where the keyring of this data directory is.
    pub fn keyring_of(&self, data: &Path) -> PathBuf {
        self.keyring_file.clone().unwrap_or_else(|| named(data).with_added_extension("keyring"))
    }
}

/// `.` and what ends in `..` name a directory by no name of its own.
fn named(directory: &Path) -> PathBuf {
    match directory.file_name() {
        Some(_) => directory.to_owned(),
        None => directory.canonicalize().unwrap_or_else(|_| directory.to_owned()),
    }
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { cache_mib: 32, reserve_mib: 32 }
    }
}

/// Why no code is sent to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSentTo<'a> {
    /// It begins with one of `refused_prefixes`.
    Refused(&'a str),
    /// It begins with none of `allowed_prefixes`.
    NotAllowed,
}

impl OtpConfig {
    /// Why no code is sent to this phone; `None` when codes are.
    pub fn not_sent_to(&self, phone: Phone) -> Option<NotSentTo<'_>> {
        let number = phone.full();
        let first = |starts: &'_ [String]| {
            starts.iter().position(|start| number.starts_with(start.as_str()))
        };
        if let Some(place) = first(&self.refused_prefixes) {
            return Some(NotSentTo::Refused(&self.refused_prefixes[place]));
        }
        let is_allowed =
            self.allowed_prefixes.is_empty() || first(&self.allowed_prefixes).is_some();
        (!is_allowed).then_some(NotSentTo::NotAllowed)
    }
}

impl Default for OtpConfig {
    fn default() -> Self {
        Self {
            format: CodeFormat::new(6).expect("six is between four and ten"),
            rules: VerificationRules { life: Duration::from_mins(5), attempts: 3 },
            refused_prefixes: vec![START_ABROAD.into(), "+380800".into(), "+380900".into()],
            allowed_prefixes: Vec::new(),
            strict_enumeration: false,
            ready: 2048,
            argon2: Argon2Cost::default(),
        }
    }
}

/// The first choice of OWASP's Password Storage Cheat Sheet for argon2id.
impl Default for Argon2Cost {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2 }
    }
}

impl Default for Templates {
    fn default() -> Self {
        let text = "Код авторизації дій в системі eHealth: {code}".to_owned();
        Self { approval: text.clone(), verification: text }
    }
}

impl Default for SmsConfig {
    fn default() -> Self {
        Self {
            drivers: vec![DriverName::Console],
            template: Templates::default(),
            allow_long_template: false,
            timeout: Duration::from_secs(10),
            allow_plaintext_codes: false,
            parallel: 16,
            queue: 20_000,
            file: None,
            gateways: Vec::new(),
        }
    }
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self { keep: Duration::from_hours(365 * 24) }
    }
}

impl Default for PersonRequestsConfig {
    fn default() -> Self {
        Self { life: Duration::from_hours(30 * 24) }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { level: LevelFilter::INFO, format: LogFormat::Auto }
    }
}
