use std::fs;
use std::io::{Error, Result};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use zeroize::Zeroizing;

use super::line_writer::BackgroundLineWriter;
use crate::clock::Clock;
use crate::domain::VerificationId;
use crate::files;
use crate::sms::driver::{SendFuture, SmsDriver, SmsMessage};

/// Appends every message to a file as one JSON object a line, for test stands: a test reads the code there. Only the owner
/// can read the file (`0600`).
pub struct File {
    path: PathBuf,
    lines: BackgroundLineWriter,
    clock: Arc<dyn Clock>,
}

/// A line of the file.
#[derive(Serialize)]
struct Line<'a> {
    at: String,
    verification_id: VerificationId,
    phone_number: String,
    text: &'a str,
}

impl File {
    /// Appends to this file. Makes it if there is none.
    pub fn append_to(path: &Path, clock: Arc<dyn Clock>) -> Result<Self> {
        let lines = BackgroundLineWriter::to("sms-file", Self::open(path)?)?;
        Ok(Self { path: path.to_owned(), lines, clock })
    }

    /// Opens this file to append to it. Refuses a file that other users may read.
    pub fn open(path: &Path) -> Result<fs::File> {
        let file = files::open_to_append(path)?;
        let (found, user) = (file.metadata()?, files::user());
        if found.uid() != user {
            let owner = found.uid();
            return Err(Error::other(format!(
                "it belongs to user {owner}, and this is user {user}: who owns it reads the codes in it. \
                 Take it away, or give it to this user: chown {user}"
            )));
        }
        let mode = found.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(Error::other(format!(
                "it is open to other users (mode {mode:04o}), and codes go into it. Close it: chmod 600"
            )));
        }
        Ok(file)
    }
}

impl SmsDriver for File {
    fn name(&self) -> &'static str {
        "file"
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> SendFuture<'a> {
        let line = Line {
            at: self.clock.now().to_string(),
            verification_id: message.verification_id,
            phone_number: message.phone.full(),
            text: message.text(),
        };
        let line = serde_json::to_string(&line).expect("texts, a time and an id are JSON");
        self.lines.write(Zeroizing::new(line + "\n"))
    }

    fn reopen(&self) -> Option<Result<()>> {
        Some(Self::open(&self.path).and_then(|file| self.lines.replace(file)))
    }
}
