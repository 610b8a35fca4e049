//! What a file of the log looks like.
//!
//! A file begins with the line [`MAGIC`]; then come entries, one behind the other:
//!
//! | bytes | what |
//! |---|---|
//! | 2 | length of the payload, little-endian |
//! | 1 | kind: 1 the file's beginning, 2 a row, 3 an anchor |
//! | length | payload: a record as the store has it; behind an anchor's, 32 bytes of HMAC-SHA-256 |
//! | 32 | chain hash of the entry before this one, in the file before for the first |
//! | 4 | checksum: the first bytes of this entry's chain hash |
//!
//! The chain hash of an entry is the SHA-256 of all its bytes but the checksum. A row's number does not stand in it: rows are
//! numbered from the file's beginning on.

use std::io::{self, Read};

use serde::{Deserialize, Serialize};

use super::chain::{AnchorKeys, ChainHash, MAC_BYTES};
use crate::domain::Timestamp;
use crate::domain::audit::AuditRow;
use crate::store::{BadRecord, MAX_RECORD_BYTES, Record, decode, encode};

/// The first line of a file.
pub(super) const MAGIC: &[u8] = b"esoz-otp audit 1\n";

/// Most bytes of a row in a file, with all that is around it.
pub const MAX_ROW_BYTES: usize = 256;

/// Bytes of an entry beside its payload.
pub(super) const AROUND: usize = HEAD_BYTES + HASH_BYTES + CHECKSUM_BYTES;
/// Most bytes of a file that has no entry behind its beginning: a record of a version and a number.
pub(super) const BEGINNING_BYTES: u64 = (MAGIC.len() + AROUND + 1 + 9) as u64;

const HEAD_BYTES: usize = 3;
const HASH_BYTES: usize = 32;
const CHECKSUM_BYTES: usize = 4;

const BEGIN: u8 = 1;
const ROW: u8 = 2;
const ANCHOR: u8 = 3;

/// The first entry of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileStart {
    /// Number of the first row that comes.
    pub(super) first: u64,
}

/// What an anchor vouches for: everything before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Anchor {
    /// Number of the last row before it.
    pub(super) number: u64,
    /// Number of the first row that is kept.
    pub(super) kept_from: u64,
    /// When it was made.
    pub(super) at: Timestamp,
    /// Why.
    pub(super) reason: AnchorReason,
    /// With which key.
    pub(super) key_id: String,
}

/// Why an anchor was made. Records name a variant by its place: new ones go to the end, and none is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnchorReason {
    /// The node has started.
    Start,
    /// It is the last entry of its file.
    FileEnd,
    /// Keys are exchanged.
    KeyExchange,
    /// Old files are removed.
    Trim,
    /// The node has ended in order.
    Stop,
}

impl Record for FileStart {
    const VERSION: u8 = 1;
}

impl Record for Anchor {
    const VERSION: u8 = 1;
}

/// An entry as it is written, and its chain hash.
pub(super) struct EncodedEntry {
    pub(super) bytes: Vec<u8>,
    pub(super) hash: ChainHash,
}

/// An entry as it was read. Its checksum is right.
pub(super) struct RawEntry {
    kind: u8,
    payload: Vec<u8>,
    pub(super) previous: ChainHash,
    pub(super) hash: ChainHash,
}

/// What an entry says.
pub(super) enum Entry {
    Begin(FileStart),
    Row(AuditRow),
    Anchor(Anchor, [u8; MAC_BYTES]),
}

/// Why the next entry can't be read.
#[derive(Debug)]
pub(super) enum EntryFault {
    Io(io::Error),
    /// The file ends within it.
    Torn,
    /// It is not what was written.
    Changed,
}

pub(super) fn begin(first: u64, previous: ChainHash) -> Result<EncodedEntry, BadRecord> {
    Ok(written(BEGIN, &encode(&FileStart { first })?, previous))
}

pub(super) fn row(row: &AuditRow, previous: ChainHash) -> Result<EncodedEntry, BadRecord> {
    Ok(written(ROW, &encode(row)?, previous))
}

/// The anchor, unless there is no key to make it with.
pub(super) fn anchor(
    anchor: &Anchor,
    previous: ChainHash,
    keys: &AnchorKeys,
) -> Result<Option<EncodedEntry>, BadRecord> {
    let statement = encode(anchor)?;
    let mac = keys.sign(previous, &statement);
    Ok(mac.map(|mac| written(ANCHOR, &[&statement[..], &mac].concat(), previous)))
}

/// Whether a key that is held has made this anchor; `None` when its key is not held.
pub(super) fn is_genuine(
    anchor: &Anchor,
    mac: &[u8],
    previous: ChainHash,
    keys: &AnchorKeys,
) -> Option<bool> {
    let statement = encode(anchor).ok()?;
    keys.is_signed(&anchor.key_id, previous, &statement, mac)
}

/// Whether this row is within what a row may have in a file.
pub(in crate::audit) fn fits(row: &AuditRow) -> bool {
    encode(row).is_ok_and(|record| record.len() + AROUND <= MAX_ROW_BYTES)
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

    /// What it says, unless nothing that this program knows.
    pub(super) fn entry(&self) -> Result<Entry, BadRecord> {
        match self.kind {
            BEGIN => decode(&self.payload).map(Entry::Begin),
            ROW => decode(&self.payload).map(Entry::Row),
            ANCHOR => {
                let (statement, mac) =
                    self.payload.split_last_chunk::<MAC_BYTES>().ok_or(BadRecord::Empty)?;
                decode(statement).map(|anchor| Entry::Anchor(anchor, *mac))
            }
            kind => Err(BadRecord::Layout(format!("an entry of kind {kind}"))),
        }
    }
}

/// Entries of a file, one after the other.
pub(super) struct EntryReader<R> {
    source: R,
    at: u64,
}

impl<R: Read> EntryReader<R> {
    /// Reads from a source that stands at this place of its file.
    pub(super) fn at(source: R, at: u64) -> Self {
        Self { source, at }
    }

    /// Reads the first line of a file.
    pub(super) fn open(mut source: R) -> Result<Self, EntryFault> {
        let mut line = [0; MAGIC.len()];
        let read = fill(&mut source, &mut line)?;
        match (read == MAGIC.len(), line[..read] == MAGIC[..read]) {
            (true, true) => Ok(Self::at(source, MAGIC.len() as u64)),
            (false, true) => Err(EntryFault::Torn),
            (_, false) => Err(EntryFault::Changed),
        }
    }

    /// Where the next entry begins.
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
        let mut rest = vec![0; length + HASH_BYTES + CHECKSUM_BYTES];
        if fill(&mut self.source, &mut rest)? < rest.len() {
            return Err(EntryFault::Torn);
        }
        let checksum = rest.split_off(length + HASH_BYTES);
        let hash = ChainHash::of(&[&head[..], &rest].concat());
        if checksum != hash.as_bytes()[..CHECKSUM_BYTES] {
            return Err(EntryFault::Changed);
        }
        self.at += (AROUND + length) as u64;
        let mut previous = [0; HASH_BYTES];
        previous.copy_from_slice(&rest[length..]);
        rest.truncate(length);
        Ok(Some(RawEntry { kind, payload: rest, previous: ChainHash::from_bytes(previous), hash }))
    }

    /// The file's beginning, which has to be next.
    pub(super) fn beginning(&mut self) -> Result<(FileStart, RawEntry), EntryFault> {
        let frame = self.next()?.ok_or(EntryFault::Torn)?;
        match frame.entry() {
            Ok(Entry::Begin(begin)) => Ok((begin, frame)),
            Ok(Entry::Row(_) | Entry::Anchor(..)) | Err(_) => Err(EntryFault::Changed),
        }
    }
}

/// Reads as much as there is, and says how much that was.
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
