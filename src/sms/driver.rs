use std::ops::Range;
use std::pin::Pin;
use std::time::Duration;
use std::{fmt, io};

use serde_json::Value;
use zeroize::Zeroizing;

use crate::domain::audit::RequestId;
use crate::domain::{DeliveryError, DeliveryReport, Phone, Receipt, VerificationId};

/// Sends messages. The answer says whether the message was accepted, not whether it was delivered.
pub trait SmsDriver: Send + Sync + 'static {
    /// What configuration and logs call it.
    fn name(&self) -> &str;

    /// Hands one message over. The worker drops this future when its time is over: that counts as
    /// [`SendError::Ambiguous`].
    fn send<'a>(&'a self, message: &'a SmsMessage) -> SendFuture<'a>;

    /// Whether it can be asked what became of a message.
    fn is_asked(&self) -> bool {
        false
    }

    /// What became of the message that the gateway calls by this id.
    fn ask<'a>(&'a self, _gateway_id: &'a str) -> StatusFuture<'a> {
        Box::pin(std::future::ready(Ok(DeliveryReport::Underway)))
    }

    /// Whether this is the secret that its gateway sends receipts with; compared in constant time.
    fn is_called_with(&self, _secret: &str) -> bool {
        false
    }

    /// What its gateway says with this body.
    fn receipts(&self, _body: &Value) -> ReceiptBatch {
        ReceiptBatch::default()
    }

    /// Whether this id of an unknown message may stand in the log: a gateway may repeat in it what it was sent.
    fn may_show(&self, _gateway_id: &str) -> bool {
        true
    }

    /// Opens the file that it writes to anew, if it writes to one, such as after the file was renamed. It may wait for the
    /// disk. One that can't be opened leaves the driver with the file that it has.
    fn reopen(&self) -> Option<io::Result<()>> {
        None
    }

    /// The host that it takes messages to, for the log.
    fn host(&self) -> Option<String> {
        None
    }
}

/// What a gateway's call says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiptBatch {
    /// Receipts.
    pub receipts: Vec<Receipt>,
    /// How much of it is none that can be read.
    pub unreadable: usize,
    /// How many of the receipts have a verdict that is in no list.
    pub unlisted: usize,
}

/// A message being handed over.
pub type SendFuture<'a> = Pin<Box<dyn Future<Output = Result<Accepted, SendError>> + Send + 'a>>;

/// A gateway being asked.
pub type StatusFuture<'a> =
    Pin<Box<dyn Future<Output = Result<DeliveryReport, DeliveryError>> + Send + 'a>>;

/// A text for a phone, with a code in it: wiped when dropped, and never printed but by a driver.
#[derive(Clone)]
pub struct SmsMessage {
    /// The verification that it carries the code of.
    pub verification_id: VerificationId,
    /// The phone that it is for.
    pub phone: Phone,
    /// The id of the request that had it sent, for the log.
    pub request_id: Option<RequestId>,
    text: Zeroizing<String>,
    /// Where in the text the code is, if that is known.
    code: Option<Range<usize>>,
}

/// A driver took a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// What the gateway calls it, if it says so: what receipts name, and what it is asked by.
    pub gateway_id: Option<String>,
}

/// A driver did not take a message, or not for sure. Says nothing of what was in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It will never be accepted, by any driver: such as a number that does not exist.
    #[error("{0}")]
    Refused(DeliveryError),
    /// Not taken, but it may be later. For sure: nothing of it has left.
    #[error("{error}")]
    NotAccepted {
        /// Why not.
        error: DeliveryError,
        /// For how long the driver wants to be left alone, if it says so.
        rest: Option<Duration>,
    },
    /// It may have been taken.
    #[error("{0}")]
    Ambiguous(DeliveryError),
    /// Not taken this time, for the same message was taken before.
    #[error("{error}")]
    AlreadyAccepted {
        /// What says so.
        error: DeliveryError,
        /// What the gateway calls it, if it says so.
        gateway_id: Option<String>,
    },
}

impl SendError {
    /// Not taken, and nothing is said of when it may be.
    pub fn not_accepted(error: DeliveryError) -> Self {
        Self::NotAccepted { error, rest: None }
    }
}

impl SmsMessage {
    /// A message for `phone` with this text.
    pub fn new(verification_id: VerificationId, phone: Phone, text: Zeroizing<String>) -> Self {
        Self { verification_id, phone, request_id: None, text, code: None }
    }

    /// The same with a code between two of these parts, as it was written, unless the text is another.
    pub(super) fn with_code<'a>(
        verification_id: VerificationId,
        phone: Phone,
        text: Zeroizing<String>,
        around: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let code = around.into_iter().find_map(|(before, after)| {
            let code = text.strip_prefix(before)?.strip_suffix(after)?;
            let is_code = code.bytes().all(|byte| byte.is_ascii_digit());
            is_code.then(|| before.len()..before.len() + code.len())
        });
        Self { code, ..Self::new(verification_id, phone, text) }
    }

    /// The same of the request with this id.
    pub(super) fn of_request(self, request_id: Option<RequestId>) -> Self {
        Self { request_id, ..self }
    }

    /// The code in the text, if it is known which part of it that is.
    pub fn code(&self) -> Option<&str> {
        self.text.get(self.code.clone()?)
    }

    /// The text, code and all: for drivers.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The number is masked: logs are read by more people than may know who is a patient.
impl fmt::Debug for SmsMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} to {})", self.verification_id, self.phone)
    }
}
