use std::io::Write;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};

use zeroize::Zeroizing;

use super::driver::{Message, SendError, Sending, SmsDriver};

/// Lines that may wait for a console that nobody reads.
const WAITING: usize = 1024;

/// Prints every message as one line, `SMS +380… text`, on a thread of its own: a console that has stopped taking
/// lines keeps no answer waiting.
pub struct Console {
    lines: SyncSender<Zeroizing<String>>,
}

impl Console {
    /// Prints to `out`.
    pub fn to(mut out: impl Write + Send + 'static) -> std::io::Result<Self> {
        let (lines, waiting) = sync_channel::<Zeroizing<String>>(WAITING);
        std::thread::Builder::new().name("sms-console".into()).spawn(move || {
            for line in waiting {
                // A console that is gone is no reason to stop serving; the next line may find it back.
                drop(out.write_all(line.as_bytes()).and_then(|()| out.flush()));
            }
        })?;
        Ok(Self { lines })
    }
}

impl SmsDriver for Console {
    fn name(&self) -> &'static str {
        "console"
    }

    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        let line = format!("SMS {} {}\n", message.phone.full(), message.text());
        let sent = self.lines.try_send(Zeroizing::new(line)).map_err(|error| match error {
            TrySendError::Full(_) => SendError::Passing("the console takes no more lines"),
            TrySendError::Disconnected(_) => SendError::Passing("the console's thread has ended"),
        });
        Box::pin(std::future::ready(sent))
    }
}
