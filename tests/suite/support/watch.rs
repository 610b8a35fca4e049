//! What no node of the whole suite may say in its log, at its most talkative, or in an `error` of an answer.

use std::io::{self, Write};
use std::sync::{Mutex, Once};

use tracing_subscriber::fmt::MakeWriter;

/// What was found, by whichever test was running.
static FOUND: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Codes of ten digits that were sent. Shorter ones turn up in times and ids by chance.
static CODES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Tokens and api-keys of the demo's world, the key of every node under test, and the secret of receipts.
const SECRETS: [&str; 7] = [
    "demo-mis",
    "demo-patient",
    "demo-api",
    "demo-noscope",
    "demo-admin",
    "s3cret-of-receipts",
    "0123456789abcdef01234567",
];

const LENGTH_OF_A_LONG_CODE: usize = 10;

/// Reads every line that is logged in this process from now on.
pub(super) fn watch_the_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let watching = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(Reader)
            .finish();
        tracing::subscriber::set_global_default(watching).expect("nobody else sets one");
    });
}

pub(super) fn remember_code(code: &str) {
    if code.len() >= LENGTH_OF_A_LONG_CODE {
        CODES.lock().unwrap().push(code.to_owned());
    }
}

/// Fails if the log has told something since the suite began.
pub(super) fn nothing_was_told() {
    let found = FOUND.lock().unwrap();
    assert!(
        found.is_empty(),
        "the log of this test or another holds what nobody may see: {found:?}"
    );
}

/// The secret in this text, if there is one.
pub fn telling(text: &str) -> Option<String> {
    let secret = SECRETS.iter().find(|secret| text.contains(**secret)).map(|it| (*it).to_owned());
    secret.or_else(|| full_phone(text)).or_else(|| {
        let codes = CODES.lock().unwrap();
        codes.iter().find(|code| text.contains(code.as_str())).cloned()
    })
}

/// A time in this text that has another form than RFC 3339 in UTC with microseconds.
pub fn other_form_of_time(text: &str) -> Option<String> {
    let shape = |pattern: &str, at: usize| {
        let bytes = text.as_bytes().get(at..at + pattern.len());
        bytes.is_some_and(|bytes| {
            bytes.iter().zip(pattern.bytes()).all(|(byte, p)| match p {
                b'0' => byte.is_ascii_digit(),
                b'T' => matches!(byte, b'T' | b't' | b' '),
                other => *byte == other,
            })
        })
    };
    let mut starts = (0..text.len()).filter(|at| shape("0000-00-00T00:00", *at));
    let other = starts.find(|at| {
        let has_form = shape("0000-00-00T00:00:00.000000Z", *at);
        !has_form || text.as_bytes()[at + 10] != b'T'
    })?;
    Some(text.get(other..).unwrap_or_default().chars().take(40).collect())
}

/// `380` and nine digits, that are no part of a longer number or name, nor the end of a UUID, which may have them by chance.
fn full_phone(text: &str) -> Option<String> {
    let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    let mut starts = text.match_indices("380").map(|(start, _)| start);
    let start = starts.find(|start| {
        let number = bytes.get(*start..start + 12);
        let before = start.checked_sub(1).and_then(|before| bytes.get(before));
        number.is_some_and(|number| number.iter().all(u8::is_ascii_digit))
            && !is_word(before)
            && !is_word(bytes.get(start + 12))
            && !is_end_of_uuid(&bytes[..*start])
    })?;
    Some(text[start..start + 12].to_owned())
}

/// Whether these end with `xxxxxxxx-xxxx-xxxx-xxxx-`.
fn is_end_of_uuid(before: &[u8]) -> bool {
    let Some(head) = before.last_chunk::<24>() else { return false };
    let is_hyphen = |place: usize| matches!(place, 8 | 13 | 18 | 23);
    head.iter().enumerate().all(|(place, byte)| match byte {
        b'-' => is_hyphen(place),
        byte => byte.is_ascii_hexdigit() && !is_hyphen(place),
    })
}

struct Reader;

impl MakeWriter<'_> for Reader {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}

impl Write for Reader {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        if telling(&text).is_some() {
            FOUND.lock().unwrap().push(text.into_owned());
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
