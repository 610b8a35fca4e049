use std::ops::Range;
use std::pin::Pin;
use std::time::Duration;
use std::{fmt, io};

use serde_json::Value;
use zeroize::Zeroizing;

use crate::domain::audit::RequestId;
use crate::domain::{DeliveryError, DeliveryReport, Phone, Receipt, VerificationId};

/// Sends messages. `Ok` says that the message was accepted, not that it was delivered.
pub trait SmsDriver: Send + Sync + 'static {
    /// The name in `sms.drivers` and in logs.
    fn name(&self) -> &str;

    /// Hands one message over. The worker drops this future at the time-out: that counts as
    /// [`SendError::Ambiguous`].
    fn send<'a>(&'a self, message: &'a SmsMessage) -> SendFuture<'a>;

    /// Whether [`SmsDriver::ask`] is implemented.
    fn is_asked(&self) -> bool {
        false
    }

    /// Asks the gateway for the state of the message with this id.
    fn ask<'a>(&'a self, _gateway_id: &'a str) -> StatusFuture<'a> {
        Box::pin(std::future::ready(Ok(DeliveryReport::Underway)))
    }

    /// Whether this is the secret of `gateway.NAME.receipts`; compared in constant time.
    fn is_called_with(&self, _secret: &str) -> bool {
        false
    }

    /// Reads the body of a gateway's call with receipts.
    fn receipts(&self, _body: &Value) -> ReceiptBatch {
        ReceiptBatch::default()
    }

    /// Whether this id of an unknown message may be logged: a gateway may repeat a phone or a code in it.
    fn may_show(&self, _gateway_id: &str) -> bool {
        true
    }

    /// Opens the driver's file again, for example after `logrotate` has renamed it. `None` for a driver without a file. May
    /// block on the disk. After an error the driver goes on with the file that it has.
    fn reopen(&self) -> Option<io::Result<()>> {
        None
    }

    /// The host of the gateway's URL, for the log.
    fn host(&self) -> Option<String> {
        None
    }
}

/// The content of a gateway's call with receipts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiptBatch {
    /// The receipts that could be read.
    pub receipts: Vec<Receipt>,
    /// The number of entries that could not be read.
    pub unreadable: usize,
    /// The number of receipts with a verdict that no list of the settings has.
    pub unlisted: usize,
}

/// The future of [`SmsDriver::send`].
pub type SendFuture<'a> = Pin<Box<dyn Future<Output = Result<Accepted, SendError>> + Send + 'a>>;

/// The future of [`SmsDriver::ask`].
pub type StatusFuture<'a> =
    Pin<Box<dyn Future<Output = Result<DeliveryReport, DeliveryError>> + Send + 'a>>;

/// A text with a code, for a phone. It is wiped when dropped, and only a driver prints it.
#[derive(Clone)]
pub struct SmsMessage {
    /// The verification of its code.
    pub verification_id: VerificationId,
    /// The phone that it is sent to.
    pub phone: Phone,
    /// The id of the HTTP request behind it, for the log.
    pub request_id: Option<RequestId>,
    text: Zeroizing<String>,
    /// The bytes of the code in the text, if they are known.
    code: Option<Range<usize>>,
}

/// A driver accepted a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// The gateway's id of the message, if it gave one: receipts and questions name the message by it.
    pub gateway_id: Option<String>,
}

/// A driver did not accept a message, or that is not certain. Its text has no part of the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No driver will ever accept it, for example because the number does not exist.
    #[error("{0}")]
    Refused(DeliveryError),
    /// Not accepted now, and it has certainly not left. A later try may succeed.
    #[error("{error}")]
    NotAccepted {
        /// The reason.
        error: DeliveryError,
        /// The gateway's `Retry-After`: it limits our rate.
        rest: Option<Duration>,
    },
    /// The gateway may have accepted it.
    #[error("{0}")]
    Ambiguous(DeliveryError),
    /// The gateway has accepted the same message before.
    #[error("{error}")]
    AlreadyAccepted {
        /// The gateway's answer.
        error: DeliveryError,
        /// The gateway's id of the message, if it gave one.
        gateway_id: Option<String>,
    },
}

impl SendError {
    /// [`SendError::NotAccepted`] without `Retry-After`.
    pub fn not_accepted(error: DeliveryError) -> Self {
        Self::NotAccepted { error, rest: None }
    }
}

impl SmsMessage {
    /// A message without a known code and without a request.
    pub fn new(verification_id: VerificationId, phone: Phone, text: Zeroizing<String>) -> Self {
        Self { verification_id, phone, request_id: None, text, code: None }
    }

    /// Marks the code between two parts of the template, if the text fits the template.
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

    /// Adds the id of the HTTP request.
    pub(super) fn of_request(self, request_id: Option<RequestId>) -> Self {
        Self { request_id, ..self }
    }

    /// The code in the text, if its place is known.
    pub fn code(&self) -> Option<&str> {
        self.text.get(self.code.clone()?)
    }

    /// The whole text with its code: for drivers only.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The phone is masked: more people read logs than may know the patients.
impl fmt::Debug for SmsMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} to {})", self.verification_id, self.phone)
    }
}
