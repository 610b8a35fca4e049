use std::io::Write;

use zeroize::Zeroizing;

use super::line_writer::BackgroundLineWriter;
use crate::sms::driver::{SendFuture, SmsDriver, SmsMessage};

/// Prints every message as one line, `SMS +380… text`. A console that does not read delays no caller.
pub struct Console(BackgroundLineWriter);

impl Console {
    /// Prints to `out`.
    pub fn to(out: impl Write + Send + 'static) -> std::io::Result<Self> {
        BackgroundLineWriter::to("sms-console", out).map(Self)
    }
}

impl SmsDriver for Console {
    fn name(&self) -> &'static str {
        "console"
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> SendFuture<'a> {
        let line = format!("SMS {} {}\n", message.phone.full(), message.text());
        self.0.write(Zeroizing::new(line))
    }
}
