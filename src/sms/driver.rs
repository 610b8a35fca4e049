use std::fmt;
use std::pin::Pin;

use zeroize::Zeroizing;

use crate::domain::{Phone, VerificationId};

/// Sends messages. What comes back says whether somebody took the message over, not whether it was delivered.
pub trait SmsDriver: Send + Sync + 'static {
    /// What configuration and logs call it.
    fn name(&self) -> &'static str;

    /// Hands one message over.
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a>;
}

/// A message being handed over.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + 'a>>;

/// A text for a phone, with a code in it: wiped when dropped, and never printed but by a driver.
#[derive(Clone)]
pub struct Message {
    /// The verification that it carries the code of.
    pub verification_id: VerificationId,
    /// Whom it is for.
    pub phone: Phone,
    text: Zeroizing<String>,
}

/// A driver did not take a message. Says nothing of what was in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It may take it later.
    #[error("{0}")]
    Passing(&'static str),
}

impl Message {
    /// A message for `phone` with this text.
    pub fn new(verification_id: VerificationId, phone: Phone, text: Zeroizing<String>) -> Self {
        Self { verification_id, phone, text }
    }

    /// The text, code and all: for drivers.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The number is masked: logs are read by more people than may know who is a patient.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} to {})", self.verification_id, self.phone)
    }
}
