use super::usage::KeyUsage;
use crate::domain::is_similar;
use crate::entropy::NoEntropy;
use crate::store::StoreError;

/// Why a keyring is refused. The message contains at most the id of a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The file is not JSON of the expected form.
    #[error(
        "the keyring is no JSON of the form {{\"format\": 1, \"keys\": [{{\"id\": \"…\", \"created_at\": \"…\", \"key\": \"64 hexadecimal digits\"}}]}} (line {line}, column {column})"
    )]
    Format {
        /// Line of the first fault, from 1.
        line: usize,
        /// Column of the first fault, from 1.
        column: usize,
    },
    /// `format` is a number that this program doesn't know.
    #[error("the keyring has format {0}, this program knows format 1")]
    Version(u32),
    /// The list `keys` is empty.
    #[error("the keyring holds no key")]
    Empty,
    /// The `id` of this key, counted from 1, is not allowed. It is not printed: it may be a misplaced key.
    #[error(
        "the id of key {0} in the keyring is not 1 to 32 letters, digits, dots, hyphens or underscores"
    )]
    Id(usize),
    /// Two keys have the same `id`.
    #[error("the keyring names key `{0}` twice")]
    Twice(String),
    /// `key` is not 64 hexadecimal digits (256 bits).
    #[error("key `{0}` is not 64 hexadecimal digits")]
    Length(String),
    /// `created_at` is not an RFC 3339 time.
    #[error("`created_at` of key `{0}` is no RFC 3339 time such as 2026-01-31T12:00:00Z")]
    Time(String),
    /// The data directory was used with another key under this id.
    #[error(
        "key `{0}` is not the key that this data directory was used with under that id. Put the old keyring back, or name it by --keyring; a new key needs a new id."
    )]
    Changed(String),
    /// The id belongs to a key that was retired: ids are never reused.
    #[error(
        "key `{0}` has the id of another key, which was retired: no id is given twice. If it is another directory's keyring, name the right one by --keyring. Otherwise do without this key: add one with an id of its own (esoz-otp keys add), then take this one out (esoz-otp keys retire {0} --keyring-only --force)."
    )]
    Reused(String),
    /// The data directory was used with this key, and the keyring doesn't hold it.
    #[error(
        "this data directory was used with key `{0}`, which the keyring does not hold. Put the keyring back that does, or name it by --keyring. If that key is lost, do without it: esoz-otp keys retire {0}"
    )]
    Missing(String),
    /// The newest key, which would hash new codes, was retired.
    #[error(
        "key `{0}` is the newest in the keyring, but it has been retired. Add another one: esoz-otp keys add"
    )]
    Retired(String),
    /// The store failed while the key checks were read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system's random number generator failed.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

/// Why `keys add` did not add a key.
#[derive(Debug, thiserror::Error)]
pub enum NotAdded {
    /// The given text is not allowed as an id.
    #[error("an id is 1 to 32 letters, digits, dots, hyphens or underscores")]
    Id,
    /// The keyring holds a key with this id.
    #[error("the keyring has a key `{0}` already, and no id is given twice")]
    Taken(String),
    /// The data directory was used with another key of this id before.
    #[error(
        "the data directory was used with another key `{0}` before, and no id is given twice. Give another one, or none: then one is drawn."
    )]
    UsedBefore(String),
    /// The newest key has the last time of the calendar as `created_at`, so no later one exists.
    #[error(
        "key `{0}` says of itself that it was made at the end of time, so none can be newer. Correct its `created_at` in the keyring."
    )]
    NeverNewer(String),
    /// The system's random number generator failed.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

/// Why `keys retire` did not retire a key. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum NotRetired {
    /// Neither the keyring nor the data directory knows the id. It is not printed: it may be a misplaced key.
    #[error("there is no such key. {}", .nearest.as_ref().map_or("esoz-otp keys list shows those that there are.".into(), |id| format!("The nearest id is `{id}`.")))]
    Unknown {
        /// The most similar known id ([`is_similar`]).
        nearest: Option<String>,
    },
    /// The key is the newest: it hashes new codes.
    #[error(
        "key `{0}` is the newest, which new codes are hashed with. Add another one first: esoz-otp keys add"
    )]
    Newest(String),
    /// Codes or messages need the key, and `--force` was not given.
    #[error(
        "key `{id}` is needed by {usage} at the latest. Wait, or retire it with --force, which makes these codes worthless."
    )]
    Needed {
        /// Id of the key that was to be retired.
        id: String,
        /// The codes and messages that need it, and until when.
        usage: KeyUsage,
    },
    /// The keyring holds no key of this data directory: it belongs to another one, or is new because the old one was
    /// lost.
    #[error(
        "the keyring holds none of the keys that this data directory was used with. Name the one that does by --keyring; if that is lost, --force does without it."
    )]
    Foreign,
    /// The keyring and the data directory don't fit together.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
}

impl NotRetired {
    /// The error for an unknown id, with the most similar of `ids`.
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
