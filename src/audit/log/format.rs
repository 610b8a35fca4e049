//! The layout of a file of the log.
//!
//! A file begins with the line [`MAGIC`]. Entries follow, without gaps:
//!
//! | bytes | content |
//! |---|---|
//! | 2 | length of the payload, little-endian |
//! | 1 | kind: 1 beginning of the file, 2 row, 3 anchor |
//! | length | payload: a record as the store encodes it; an anchor's has 32 bytes of HMAC-SHA-256 after it |
//! | 32 | chain hash of the previous entry; for the first entry, of the last one in the file before |
//! | 4 | checksum: the first bytes of this entry's chain hash |
//!
//! The chain hash of an entry is the SHA-256 of all its bytes except the checksum. A row does not contain its number:
//! rows are counted from the number in the file's beginning.

use std::io::{self, Read};

use serde::{Deserialize, Serialize};

use super::chain::{AnchorKeys, ChainHash, MAC_BYTES};
use crate::domain::Timestamp;
use crate::domain::audit::{AuditEvent, AuditRow};
use crate::store::{BadRecord, MAX_RECORD_BYTES, Record, decode, encode};

/// The first line of every file, with the version of the layout.
pub(super) const MAGIC: &[u8] = b"esoz-otp audit 1\n";

/// Most bytes of a row's entry in a file, including length, hash and checksum; [`MAX_CHANGE_BYTES`] for a row with a change.
pub const MAX_ROW_BYTES: usize = 256;

/// Most bytes of the entry of a row with a change that an operator made.
pub const MAX_CHANGE_BYTES: usize = 1536;

/// Bytes of an entry in addition to its payload.
pub(super) const AROUND: usize = HEAD_BYTES + HASH_BYTES + CHECKSUM_BYTES;
/// Most bytes of a file with no entry after its beginning: one record with a version and a number.
pub(super) const BEGINNING_BYTES: u64 = (MAGIC.len() + AROUND + 1 + 9) as u64;

const HEAD_BYTES: usize = 3;
const HASH_BYTES: usize = 32;
const CHECKSUM_BYTES: usize = 4;

const BEGIN: u8 = 1;
const ROW: u8 = 2;
const ANCHOR: u8 = 3;

/// The payload of the first entry of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileStart {
    /// Number of the first row in the file.
    pub(super) first: u64,
}

/// The statement of an anchor: its HMAC covers every entry before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Anchor {
    /// Number of the last row before the anchor.
    pub(super) number: u64,
    /// Number of the first row that has not been removed.
    pub(super) kept_from: u64,
    /// When the anchor was made, by the node's clock.
    pub(super) at: Timestamp,
    /// The occasion of the anchor.
    pub(super) reason: AnchorReason,
    /// Id of the keyring's key that made the HMAC.
    pub(super) key_id: String,
}

/// The occasion of an anchor. Stored records refer to a variant by its position: add new ones at the end, remove none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnchorReason {
    /// The node has started (`serve`).
    Start,
    /// The file is full or its day is over: the anchor is its last entry.
    FileEnd,
    /// The newest key of the keyring has changed.
    KeyExchange,
    /// Old files are about to be removed.
    Trim,
    /// The node has shut down cleanly.
    Stop,
}

impl Record for FileStart {
    const VERSION: u8 = 1;
}

impl Record for Anchor {
    const VERSION: u8 = 1;
}

/// An encoded entry with its chain hash.
pub(super) struct EncodedEntry {
    pub(super) bytes: Vec<u8>,
    pub(super) hash: ChainHash,
}

/// An entry with a valid checksum, its payload not decoded yet.
pub(super) struct RawEntry {
    kind: u8,
    /// Its head and its payload.
    entry: Vec<u8>,
    pub(super) previous: ChainHash,
    pub(super) hash: ChainHash,
}

/// The decoded payload of an entry.
pub(super) enum Entry {
    Begin(FileStart),
    Row(AuditRow),
    Anchor(Anchor, [u8; MAC_BYTES]),
}

/// Why the next entry can't be read.
#[derive(Debug)]
pub(super) enum EntryFault {
    Io(io::Error),
    /// The file ends within the entry.
    Torn,
    /// The checksum is wrong, or the length impossible.
    Changed,
}

pub(super) fn begin(first: u64, previous: ChainHash) -> Result<EncodedEntry, BadRecord> {
    Ok(written(BEGIN, &encode(&FileStart { first })?, previous))
}

pub(super) fn row(row: &AuditRow, previous: ChainHash) -> Result<EncodedEntry, BadRecord> {
    Ok(written(ROW, &encode(row)?, previous))
}

/// Encodes an anchor; `None` without a key to make its HMAC.
pub(super) fn anchor(
    anchor: &Anchor,
    previous: ChainHash,
    keys: &AnchorKeys,
) -> Result<Option<EncodedEntry>, BadRecord> {
    let statement = encode(anchor)?;
    let mac = keys.sign(previous, &statement);
    Ok(mac.map(|mac| written(ANCHOR, &[&statement[..], &mac].concat(), previous)))
}

/// Whether the anchor's HMAC is right; `None` if the keyring doesn't hold its key.
pub(super) fn is_genuine(
    anchor: &Anchor,
    mac: &[u8],
    previous: ChainHash,
    keys: &AnchorKeys,
) -> Option<bool> {
    let statement = encode(anchor).ok()?;
    keys.is_signed(&anchor.key_id, previous, &statement, mac)
}

/// Most bytes of this row's entry.
pub(in crate::audit) fn most_bytes(row: &AuditRow) -> usize {
    if row.change().is_some() { MAX_CHANGE_BYTES } else { MAX_ROW_BYTES }
}

/// The row as its entry has it, with at most [`most_bytes`]: if it is too large, the values of its change are shortened, and
/// then it loses its `request_id`.
pub(in crate::audit) fn fitting(row: &AuditRow) -> AuditRow {
    let fits =
        |row: &AuditRow| encode(row).is_ok_and(|record| record.len() + AROUND <= most_bytes(row));
    let mut row = row.clone();
    for most_bytes in [64, 32, 16] {
        if fits(&row) {
            return row;
        }
        if let AuditEvent::AdminChanged(change) = &mut row.what.event {
            change.shorten(most_bytes);
        }
    }
    if fits(&row) { row } else { AuditRow { request_id: None, ..row } }
}

fn written(kind: u8, payload: &[u8], previous: ChainHash) -> EncodedEntry {
    let length = u16::try_from(payload.len()).expect("a record has at most 4096 bytes");
    let mut bytes = [&length.to_le_bytes()[..], &[kind], payload, previous.as_bytes()].concat();
    let hash = ChainHash::of(&bytes);
    bytes.extend_from_slice(&hash.as_bytes()[..CHECKSUM_BYTES]);
    EncodedEntry { bytes, hash }
}

impl RawEntry {
    pub(super) fn is_row(&self) -> bool {
        self.kind == ROW
    }

    /// Decodes the payload. [`BadRecord`] if this program doesn't know the kind or the version.
    pub(super) fn entry(&self) -> Result<Entry, BadRecord> {
        let payload = &self.entry[HEAD_BYTES..];
        match self.kind {
            BEGIN => decode(payload).map(Entry::Begin),
            ROW => decode(payload).map(Entry::Row),
            ANCHOR => {
                let (statement, mac) =
                    payload.split_last_chunk::<MAC_BYTES>().ok_or(BadRecord::Empty)?;
                decode(statement).map(|anchor| Entry::Anchor(anchor, *mac))
            }
            kind => Err(BadRecord::Layout(format!("an entry of kind {kind}"))),
        }
    }
}

/// Reads the entries of a file in order.
pub(super) struct EntryReader<R> {
    source: R,
    at: u64,
}

impl<R: Read> EntryReader<R> {
    /// Reads from a source that is positioned at the offset `at` of its file.
    pub(super) fn at(source: R, at: u64) -> Self {
        Self { source, at }
    }

    /// Reads the line [`MAGIC`] and stops at the first entry.
    pub(super) fn open(mut source: R) -> Result<Self, EntryFault> {
        let mut line = [0; MAGIC.len()];
        let read = fill(&mut source, &mut line)?;
        match (read == MAGIC.len(), line[..read] == MAGIC[..read]) {
            (true, true) => Ok(Self::at(source, MAGIC.len() as u64)),
            (false, true) => Err(EntryFault::Torn),
            (_, false) => Err(EntryFault::Changed),
        }
    }

    /// Offset of the next entry in the file.
    pub(super) fn place(&self) -> u64 {
        self.at
    }

    /// The next entry; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<RawEntry>, EntryFault> {
        let mut head = [0; HEAD_BYTES];
        match fill(&mut self.source, &mut head)? {
            0 => return Ok(None),
            HEAD_BYTES => {}
            _ => return Err(EntryFault::Torn),
        }
        let [low, high, kind] = head;
        let length = usize::from(u16::from_le_bytes([low, high]));
        if length > MAX_RECORD_BYTES + MAC_BYTES {
            return Err(EntryFault::Changed);
        }
        let hashed = HEAD_BYTES + length + HASH_BYTES;
        let mut entry = vec![0; hashed + CHECKSUM_BYTES];
        entry[..HEAD_BYTES].copy_from_slice(&head);
        let rest = &mut entry[HEAD_BYTES..];
        if fill(&mut self.source, rest)? < rest.len() {
            return Err(EntryFault::Torn);
        }
        let (hashed, checksum) = entry.split_at(hashed);
        let hash = ChainHash::of(hashed);
        if checksum != &hash.as_bytes()[..CHECKSUM_BYTES] {
            return Err(EntryFault::Changed);
        }
        self.at += (AROUND + length) as u64;
        let mut previous = [0; HASH_BYTES];
        previous.copy_from_slice(&hashed[HEAD_BYTES + length..]);
        entry.truncate(HEAD_BYTES + length);
        let previous = ChainHash::from_bytes(previous);
        Ok(Some(RawEntry { kind, entry, previous, hash }))
    }

    /// The next entry, which has to be the beginning of the file; [`EntryFault::Changed`] otherwise.
    pub(super) fn beginning(&mut self) -> Result<(FileStart, RawEntry), EntryFault> {
        let frame = self.next()?.ok_or(EntryFault::Torn)?;
        match frame.entry() {
            Ok(Entry::Begin(begin)) => Ok((begin, frame)),
            Ok(Entry::Row(_) | Entry::Anchor(..)) | Err(_) => Err(EntryFault::Changed),
        }
    }
}

/// Fills the buffer as far as the source has bytes, and returns their number.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> Result<usize, EntryFault> {
    let mut read = 0;
    while read < buffer.len() {
        match source.read(&mut buffer[read..]) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(EntryFault::Io(error)),
        }
    }
    Ok(read)
}
