//! The lines of a load: those of a file or of standard input, or the entries of a world.

use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::body::Bytes;
use serde_json::{Map, Value};
use tokio::sync::mpsc::Sender;

use crate::cli::{CliError, import};
use crate::contract::entities::{FormatVersion, WORLD};
use crate::contract::{Context, FaultLimits, FileText, Place, Reader, Reported};
use crate::domain::Timestamp;
use crate::files;
use crate::service::import::ImportFault;

/// The lists of a world, so that a reference leads to an earlier one, and the key of a line with an entry of each.
const LISTS: [(&str, &str); 6] = [
    ("clients", "client"),
    ("persons", "person"),
    ("users", "user"),
    ("tokens", "token"),
    ("factors", "factor"),
    ("person_requests", "person_request"),
];

/// The bytes of a piece that is sent, about.
const PIECE_BYTES: usize = 16 * 1024;

/// The byte order mark that programs on Windows put before a text. It is not sent.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The lines of a load.
pub(super) struct Lines {
    source: LineSource,
    /// The number of bytes, if it is known.
    pub(super) size: Option<u64>,
    /// The line of the file that each line was on; `None` if they are the same.
    pub(super) origins: Option<Arc<[u32]>>,
}

enum LineSource {
    /// Lines as they are: the first one, which was looked at, and the others.
    Read { first: Vec<u8>, others: Box<dyn BufRead + Send>, name: String },
    /// The entries of a world.
    World(Vec<u8>),
}

/// The number of bytes that were sent so far.
#[derive(Default)]
pub(super) struct Sent(AtomicU64);

impl Sent {
    pub(super) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Lines {
    /// The lines of a file.
    pub(super) fn of_file(path: &Path) -> Result<Self, CliError> {
        let name = path.display().to_string();
        let opened = files::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (size, file) = opened.map_err(|error| cannot_read(&name, &error))?;
        Self::of(Box::new(BufReader::new(file)), name, Some(size))
    }

    /// The lines of standard input.
    pub(super) fn of_stdin() -> Result<Self, CliError> {
        Self::of(Box::new(BufReader::new(io::stdin())), "standard input".to_owned(), None)
    }

    fn of(
        mut others: Box<dyn BufRead + Send>,
        name: String,
        size: Option<u64>,
    ) -> Result<Self, CliError> {
        let mut first = Vec::new();
        // A world may stand on one line. The longest line of NDJSON is shorter.
        let most = import::MOST_BYTES + 1;
        while first.trim_ascii().is_empty() {
            let read = others.by_ref().take(most).read_until(b'\n', &mut first);
            if read.map_err(|error| cannot_read(&name, &error))? == 0 {
                break;
            }
        }
        if first.starts_with(BYTE_ORDER_MARK) {
            first.drain(..BYTE_ORDER_MARK.len());
        }
        if !is_world(&first) {
            return Ok(Self {
                source: LineSource::Read { first, others, name },
                size,
                origins: None,
            });
        }
        let left = most.saturating_sub(first.len() as u64);
        let read = others.take(left).read_to_end(&mut first);
        read.map_err(|error| cannot_read(&name, &error))?;
        if first.len() as u64 > import::MOST_BYTES {
            return Err(CliError::data(format_args!(
                "{name} is a world of more than 64 MiB. Write an entity a line instead."
            )));
        }
        Self::of_world(first, &name)
    }

    fn of_world(text: Vec<u8>, name: &str) -> Result<Self, CliError> {
        let wrong = |what: &dyn std::fmt::Display| {
            CliError::data(format_args!("{name} was not sent, nothing has changed:\n{what}"))
        };
        let text = String::from_utf8(text).map_err(|_| wrong(&"it is no UTF-8 text"))?;
        let (lines, origins) = entries(&text).map_err(|what| wrong(&what))?;
        let size = Some(lines.len() as u64);
        Ok(Self { source: LineSource::World(lines), size, origins: Some(origins.into()) })
    }

    /// Sends all lines, and waits while the node is slower. Returns early if the node takes no more.
    pub(super) fn send(self, pieces: &Sender<Bytes>, sent: &Sent) -> Result<(), CliError> {
        let is_taken = |piece: Bytes| {
            sent.0.fetch_add(piece.len() as u64, Ordering::Relaxed);
            pieces.blocking_send(piece).is_ok()
        };
        match self.source {
            LineSource::World(lines) => {
                let mut left = Bytes::from(lines);
                while !left.is_empty() && is_taken(left.split_to(left.len().min(PIECE_BYTES))) {}
                Ok(())
            }
            LineSource::Read { first, mut others, name } => {
                let mut goes_on = first.is_empty() || is_taken(first.into());
                while goes_on {
                    let read = others.fill_buf().map_err(|error| cannot_read(&name, &error))?;
                    let piece = Bytes::copy_from_slice(read);
                    others.consume(piece.len());
                    goes_on = !piece.is_empty() && is_taken(piece);
                }
                Ok(())
            }
        }
    }
}

fn cannot_read(name: &str, error: &io::Error) -> CliError {
    CliError::usage(format_args!("cannot read {name}: {error}"))
}

/// Whether a text that begins with this line is a world, and no entity a line: an object that goes on, or has `format`.
fn is_world(first: &[u8]) -> bool {
    match serde_json::from_slice::<Map<String, Value>>(first) {
        Ok(object) => object.contains_key("format"),
        Err(error) => error.is_eof() && first.trim_ascii_start().starts_with(b"{"),
    }
}

/// The entries of a world as lines, and the line that each begins on. An error in words: the file is no JSON, or not a
/// world.
fn entries(text: &str) -> Result<(Vec<u8>, Vec<u32>), String> {
    let text = FileText::new(text);
    let world = text.value().map_err(|error| error.to_string())?;
    let now = Timestamp::from_micros(0);
    let context = Context { now, codes: None, clear_secrets: false };
    let mut reader = Reader::new(context, FaultLimits::list(100), Place::root(Some(1)));
    let read = (|| {
        let world = reader.object(WORLD, world)?;
        let _: FormatVersion = reader.field(&world, "format")?;
        let (mut lines, mut origins) = (Vec::new(), Vec::new());
        for (list, kind) in LISTS {
            let Some((place, value)) = world.get(list) else { continue };
            let field = WORLD.fields().iter().find(|field| field.name == list);
            let shape = field.map_or(WORLD, |field| field.shape);
            for (place, item) in reader.items_at(place, shape, value)? {
                // A line break of JSON stands between its tokens, never in a text.
                let json = item.json().replace(['\n', '\r'], " ");
                lines.extend_from_slice(format!("{{\"{kind}\": {json}}}\n").as_bytes());
                origins.push(place.line().and_then(|line| u32::try_from(line).ok()).unwrap_or(1));
            }
        }
        Ok::<_, Reported>((lines, origins))
    })();
    reader.finish(read).map_err(|faults| {
        let faults: Vec<_> =
            faults.into_iter().map(|fault| ImportFault::from(fault).to_string()).collect();
        faults.join("\n")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_is_told_from_lines() {
        for (first, expected) in [
            ("{\"client\": {}}\n", false),
            ("{\n", true),
            ("  {\n", true),
            ("{\"format\": 1, \"clients\": [\n", true),
            ("{\"format\": 1}", true),
            ("{\"client\": {}", true),
            ("nothing\n", false),
            ("[\n", false),
            ("", false),
        ] {
            assert_eq!(is_world(first.as_bytes()), expected, "{first}");
        }
    }

    #[test]
    fn the_entries_of_a_world_are_lines_in_the_order_of_their_references() {
        let world = "{\n\"format\": 1,\n\"users\": [{\"id\":\n \"a\"}],\n\"clients\": [{}, {\"name\": \"b\\n\"}]}";
        let (lines, origins) = entries(world).unwrap();
        let expected =
            "{\"client\": {}}\n{\"client\": {\"name\": \"b\\n\"}}\n{\"user\": {\"id\":  \"a\"}}\n";
        assert_eq!(String::from_utf8(lines).unwrap(), expected);
        assert_eq!(origins, [5, 5, 3]);
        for wrong in ["{", "[]", "{}", "{\"format\": 2}", "{\"format\": 1, \"client\": []}"] {
            assert!(entries(wrong).is_err(), "{wrong}");
        }
        let fault = entries("{\"format\": 1,\n\"clients\": 1}").unwrap_err();
        assert!(fault.starts_with("line "), "{fault}");
    }
}
