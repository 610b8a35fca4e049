use super::usage::KeyUsage;
use crate::domain::is_similar;
use crate::entropy::NoEntropy;
use crate::store::StoreError;

/// Why a keyring is not taken. Says nothing of a key but its id.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// Not the format.
    #[error(
        "the keyring is no JSON of the form {{\"format\": 1, \"keys\": [{{\"id\": \"…\", \"created_at\": \"…\", \"key\": \"64 hexadecimal digits\"}}]}} (line {line}, column {column})"
    )]
    Format {
        /// Where reading stopped.
        line: usize,
        /// Where reading stopped.
        column: usize,
    },
    /// Another format number.
    #[error("the keyring has format {0}, this program knows format 1")]
    Version(u32),
    /// No key in it.
    #[error("the keyring holds no key")]
    Empty,
    /// A key has no id that could be said.
    #[error(
        "the id of key {0} in the keyring is not 1 to 32 letters, digits, dots, hyphens or underscores"
    )]
    Id(usize),
    /// Two keys of one id.
    #[error("the keyring names key `{0}` twice")]
    Twice(String),
    /// Not 256 bits.
    #[error("key `{0}` is not 64 hexadecimal digits")]
    Length(String),
    /// When the key was made can't be read.
    #[error("`created_at` of key `{0}` is no RFC 3339 time such as 2026-01-31T12:00:00Z")]
    Time(String),
    /// The id stood for other content before.
    #[error(
        "key `{0}` is not the key that this data directory was used with under that id. Put the old keyring back, or name it by --keyring; a new key needs a new id."
    )]
    Changed(String),
    /// The id is that of a key that was retired.
    #[error(
        "key `{0}` has the id of another key, which was retired: no id is given twice. If it is another directory's keyring, name the right one by --keyring. Otherwise do without this key: add one with an id of its own (esoz-otp keys add), then take this one out (esoz-otp keys retire {0} --keyring-only --force)."
    )]
    Reused(String),
    /// The data directory was used with a key that is not there.
    #[error(
        "this data directory was used with key `{0}`, which the keyring does not hold. Put the keyring back that does, or name it by --keyring. If that key is lost, do without it: esoz-otp keys retire {0}"
    )]
    Missing(String),
    /// New codes would be hashed with a key that has been retired.
    #[error(
        "key `{0}` is the newest in the keyring, but it has been retired. Add another one: esoz-otp keys add"
    )]
    Retired(String),
    /// The store can't be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no chance to draw a secret from.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

/// Why a key was not added.
#[derive(Debug, thiserror::Error)]
pub enum NotAdded {
    /// What was given is no id.
    #[error("an id is 1 to 32 letters, digits, dots, hyphens or underscores")]
    Id,
    /// The id is another key's.
    #[error("the keyring has a key `{0}` already, and no id is given twice")]
    Taken(String),
    /// The data directory knows another key of that id.
    #[error(
        "the data directory was used with another key `{0}` before, and no id is given twice. Give another one, or none: then one is drawn."
    )]
    UsedBefore(String),
    /// Nothing can be newer than the newest key.
    #[error(
        "key `{0}` says of itself that it was made at the end of time, so none can be newer. Correct its `created_at` in the keyring."
    )]
    NeverNewer(String),
    /// There is no chance to draw a key from.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

/// Why a key was not retired. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum NotRetired {
    /// Nobody knows such a key. What was given may be a slip of the hand, even a key: it is not repeated.
    #[error("there is no such key. {}", .nearest.as_ref().map_or("esoz-otp keys list shows those that there are.".into(), |id| format!("The nearest id is `{id}`.")))]
    Unknown {
        /// The id that comes nearest, if one comes near.
        nearest: Option<String>,
    },
    /// It hashes new codes.
    #[error(
        "key `{0}` is the newest, which new codes are hashed with. Add another one first: esoz-otp keys add"
    )]
    Newest(String),
    /// Something can't do without it.
    #[error(
        "key `{id}` is needed by {usage} at the latest. Wait, or retire it with --force, which makes these codes worthless."
    )]
    Needed {
        /// The key.
        id: String,
        /// What needs it.
        usage: KeyUsage,
    },
    /// It is another directory's keyring, or a new one where the old one is lost.
    #[error(
        "the keyring holds none of the keys that this data directory was used with. Name the one that does by --keyring; if that is lost, --force does without it."
    )]
    Foreign,
    /// The keyring can't be held against the data directory, or does not stand that.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
}

impl NotRetired {
    /// None of these ids is `wanted`.
    pub(super) fn unknown<'a>(wanted: &str, ids: impl Iterator<Item = &'a str>) -> Self {
        let near = ids.filter(|id| is_similar(wanted, id));
        let nearest = near.min_by_key(|id| strsim::osa_distance(wanted, id));
        Self::Unknown { nearest: nearest.map(str::to_owned) }
    }
}

impl From<StoreError> for NotRetired {
    fn from(error: StoreError) -> Self {
        Self::Keyring(error.into())
    }
}
