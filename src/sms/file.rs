use std::fs::OpenOptions;
use std::io::Error;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use zeroize::Zeroizing;

use super::driver::{Message, Sending, SmsDriver};
use super::lines::Lines;
use crate::clock::Clock;
use crate::domain::VerificationId;

/// Appends every message to a file as one JSON object a line, for test stands: whoever tests reads the code there. The
/// file is its owner's alone.
pub struct File {
    lines: Lines,
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
    /// Appends to the file of this name, which is made if there is none.
    pub fn append_to(path: &Path, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        let mode = file.metadata()?.mode();
        if file.metadata()?.is_file() && mode & 0o077 != 0 {
            let mode = mode & 0o777;
            return Err(Error::other(format!(
                "it is open to other users (mode {mode:04o}), and codes go into it. Close it: chmod 600"
            )));
        }
        Ok(Self { lines: Lines::to("sms-file", file)?, clock })
    }
}

impl SmsDriver for File {
    fn name(&self) -> &'static str {
        "file"
    }

    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        let line = Line {
            at: self.clock.now().to_string(),
            verification_id: message.verification_id,
            phone_number: message.phone.full(),
            text: message.text(),
        };
        let line = serde_json::to_string(&line).expect("texts, a time and an id are JSON");
        self.lines.write(Zeroizing::new(line + "\n"))
    }
}
