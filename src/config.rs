//! Every setting with its default, unit and bounds.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use crate::domain::limits::Limits;
use crate::domain::{CodeFormat, VerificationRules};

/// The whole configuration. [`Config::default`] is what a node runs with when nothing is set.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Which of the ways of answering it speaks.
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
    /// The text of an SMS.
    pub sms: SmsConfig,
    /// Person requests.
    pub person_requests: PersonRequestsConfig,
}

/// A way of answering. The public pages and the live system disagree, and a program was written against one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DialectName {
    /// As the pages say, to the letter.
    #[default]
    Documented,
    /// As the live system was seen to answer.
    Deployed,
}

/// The word names no dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a dialect is `documented` or `deployed`")]
pub struct UnknownDialect;

/// The internal listener, on which everything is served.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Where it listens.
    pub listen: Vec<SocketAddr>,
    /// Whether it may listen elsewhere than on loopback, although some of its methods take no token.
    pub internal_allow_remote: bool,
    /// What it is called: `Host` of a request, without the port, must be one of these.
    pub hosts: Vec<String>,
}

/// The public listener, on which only the rows marked public are served.
#[derive(Clone, Debug, Default)]
pub struct PublicConfig {
    /// Where it listens; nowhere by default.
    pub listen: Vec<SocketAddr>,
    /// Whether a proxy that speaks TLS with the callers is in front of it.
    pub behind_proxy: bool,
}

/// Where the data is.
#[derive(Clone, Debug)]
pub struct DataConfig {
    /// The data directory.
    pub path: PathBuf,
}

/// The keys.
#[derive(Clone, Debug, Default)]
pub struct KeysConfig {
    /// The keyring; when it is not named, it lies beside the data directory.
    pub keyring_file: Option<PathBuf>,
}

/// The store.
#[derive(Clone, Copy, Debug)]
pub struct StoreConfig {
    /// sled's page cache in MiB; the process needs up to ten times as much.
    pub cache_mib: u64,
    /// Room on the disk, in MiB, below which nothing is written.
    pub reserve_mib: u64,
}

/// One-time codes.
#[derive(Clone, Debug)]
pub struct OtpConfig {
    /// How long a code is, 4 to 10 digits.
    pub format: CodeFormat,
    /// A code's life (at most 600 s) and its attempts (1 to 5).
    pub rules: VerificationRules,
    /// Starts of numbers that no code is sent to: free-phone and premium ranges.
    pub refused_prefixes: Vec<String>,
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

/// The text of an SMS.
#[derive(Clone, Debug)]
pub struct SmsConfig {
    /// `{code}` stands for the code.
    pub template: String,
    /// How long a driver may take for one message.
    pub timeout: Duration,
    /// Whether a driver may show codes and numbers in clear, on a console that a journal may keep.
    pub allow_plaintext_codes: bool,
}

/// Person requests.
#[derive(Clone, Copy, Debug)]
pub struct PersonRequestsConfig {
    /// A request still NEW after this long is EXPIRED.
    pub life: Duration,
}

impl DialectName {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Documented, Self::Deployed];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Deployed => "deployed",
        }
    }
}

impl fmt::Display for DialectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for DialectName {
    type Err = UnknownDialect;

    fn from_str(word: &str) -> Result<Self, UnknownDialect> {
        Self::ALL.into_iter().find(|name| name.as_str() == word).ok_or(UnknownDialect)
    }
}
/// The seed's cURL example calls `localhost:4000`.
const PORT: u16 = 4000;

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: vec![
                SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)),
                SocketAddr::from((Ipv6Addr::LOCALHOST, PORT)),
            ],
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
        self.keyring_file.clone().unwrap_or_else(|| data.with_added_extension("keyring"))
    }
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { cache_mib: 32, reserve_mib: 32 }
    }
}

impl Default for OtpConfig {
    fn default() -> Self {
        Self {
            format: CodeFormat::new(6).expect("six is between four and ten"),
            rules: VerificationRules { life: Duration::from_mins(5), attempts: 3 },
            refused_prefixes: vec!["+380800".into(), "+380900".into()],
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

impl Default for SmsConfig {
    fn default() -> Self {
        Self {
            template: "Код авторизації дій в системі eHealth: {code}".into(),
            timeout: Duration::from_secs(10),
            allow_plaintext_codes: false,
        }
    }
}

impl Default for PersonRequestsConfig {
    fn default() -> Self {
        Self { life: Duration::from_hours(30 * 24) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialect_is_known_by_its_word_and_by_no_other() {
        for name in DialectName::ALL {
            assert_eq!(name.to_string().parse(), Ok(name));
        }
        for word in ["", "Documented", "deployed ", "live"] {
            assert_eq!(word.parse::<DialectName>(), Err(UnknownDialect), "{word:?}");
        }
        assert_eq!(Config::default().dialect, DialectName::Documented);
    }
}
