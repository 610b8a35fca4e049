use std::convert::Infallible;
use std::io::Write;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};
use std::time::Duration;

use zeroize::Zeroizing;

use super::driver::{Message, SendError, Sending, SmsDriver};

/// Lines that may wait for a console that nobody reads.
const WAITING: usize = 1024;

/// How long the last lines may take.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Prints every message as one line, `SMS +380… text`, on a thread of its own: a console that has stopped taking
/// lines keeps no answer waiting. When it is dropped, what waits is still printed, unless nobody reads.
pub struct Console {
    lines: Option<SyncSender<Zeroizing<String>>>,
    /// Closed by the thread's end.
    ended: Mutex<Receiver<Infallible>>,
}

impl Console {
    /// Prints to `out`.
    pub fn to(mut out: impl Write + Send + 'static) -> std::io::Result<Self> {
        let (lines, waiting) = sync_channel::<Zeroizing<String>>(WAITING);
        let (ending, ended) = channel();
        std::thread::Builder::new().name("sms-console".into()).spawn(move || {
            for line in waiting {
                // A console that is gone is no reason to stop serving; the next line may find it back.
                drop(out.write_all(line.as_bytes()).and_then(|()| out.flush()));
            }
            drop(ending);
        })?;
        Ok(Self { lines: Some(lines), ended: Mutex::new(ended) })
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.lines = None;
        if let Ok(ended) = self.ended.get_mut() {
            // It is the end of the thread that is waited for; nothing is ever received.
            let _ = ended.recv_timeout(LAST_LINES);
        }
    }
}

impl SmsDriver for Console {
    fn name(&self) -> &'static str {
        "console"
    }

    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        let line = format!("SMS {} {}\n", message.phone.full(), message.text());
        let gone = SendError::Passing("the console's thread has ended");
        let sent = match &self.lines {
            Some(lines) => lines.try_send(Zeroizing::new(line)).map_err(|error| match error {
                TrySendError::Full(_) => SendError::Passing("the console takes no more lines"),
                TrySendError::Disconnected(_) => gone,
            }),
            None => Err(gone),
        };
        Box::pin(std::future::ready(sent))
    }
}
