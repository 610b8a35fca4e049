use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a message was not sent, or not delivered, in words for operators. An error contains nothing of the message.
///
/// Stored records refer to a variant by its position: add new ones at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum DeliveryError {
    /// No connection, for a reason without a variant of its own. Nothing was sent.
    #[error("the gateway could not be reached")]
    Unreachable,
    /// The gateway's address is local, and `allow_local` is not set for it.
    #[error("the gateway's address is on this machine or link, which is not allowed (allow_local)")]
    TargetRefused,
    /// The TLS handshake failed, for a reason without a variant of its own.
    #[error(
        "no secure connection: the gateway's certificate was not accepted, or it speaks no TLS that is spoken here"
    )]
    NotSecure,
    /// The request was sent, and no answer came before the timeout.
    #[error("the gateway did not answer in time; it may have taken the message")]
    TimedOut,
    /// The request was sent, and the connection ended before the answer.
    #[error("the connection broke before an answer; the gateway may have taken the message")]
    CutOff,
    /// An HTTP status that refuses the message.
    #[error("the gateway answered with status {0}")]
    Status(u16),
    /// HTTP status 429: the gateway limits our rate.
    #[error("the gateway takes no more for now (status 429)")]
    TooMany,
    /// An HTTP redirection, which the client does not follow.
    #[error("the gateway redirects (status {0}), which is not followed: set its final address")]
    Redirected(u16),
    /// An answer without a known verdict.
    #[error("the gateway's answer has no verdict that is known; it may have taken the message")]
    Unintelligible,
    /// An answer with a verdict that refuses the message for good.
    #[error("the gateway refused the message: {0}")]
    Verdict(VendorStatus),
    /// A receipt says that the message did not arrive.
    #[error("the gateway could not deliver the message: {0}")]
    Undelivered(VendorStatus),
    /// The `file` or `console` driver wrote nothing.
    #[error("it could not be written")]
    NotWritten,
    /// The `file` or `console` driver may have written a part.
    #[error("whether it was written is not known")]
    WrittenOrNot,
    /// All drivers are paused after failures or by their rate limits.
    #[error("every driver is down or resting")]
    AllDown,
    /// The process ended while the state was `submitting`.
    #[error("the node was stopped while the message was being sent")]
    Interrupted,
    /// The key that sealed the message is not in the keyring any more.
    #[error("the message cannot be opened: its key is not in the keyring")]
    Unopenable,
    /// The certificate is signed by an authority that is not in `ca_file`, or not trusted by the system.
    #[error(
        "no secure connection: no authority that is trusted here has signed the gateway's certificate (ca_file)"
    )]
    UnknownIssuer,
    /// The certificate does not have the host of `url` among its names (`subjectAltName`).
    #[error(
        "no secure connection: the gateway's certificate is for another host than the one in url (subjectAltName)"
    )]
    WrongHost,
    /// The certificate's `notAfter` has passed.
    #[error("no secure connection: the gateway's certificate has expired")]
    CertificateExpired,
    /// The certificate's `notBefore` has not come yet.
    #[error(
        "no secure connection: the gateway's certificate is not valid yet, or this machine's clock is behind"
    )]
    CertificateNotYetValid,
    /// The certificate is one of an authority (`CA:TRUE`), not of a server.
    #[error(
        "no secure connection: the gateway's certificate is an authority's, not a server's (CA:TRUE)"
    )]
    AuthorityAsServer,
    /// The peer does not speak TLS, or closes the connection during the handshake.
    #[error(
        "no secure connection: what answers at the gateway's address does not speak TLS, or hangs up on it"
    )]
    NoTls,
    /// An answer with a verdict that refuses the message for now.
    #[error("the gateway did not take the message for now: {0}")]
    NotNow(VendorStatus),
    /// An answer says that the message was accepted before, though no try of it was unclear.
    #[error("the gateway says that it has taken the same message before: {0}")]
    AlreadyAccepted(VendorStatus),
    /// No connection: `ECONNREFUSED`, no process listens on the port.
    #[error("the gateway could not be reached: the connection was refused")]
    ConnectionRefused,
    /// No connection: the name server says that the host of `url` does not exist.
    #[error("the gateway could not be reached: there is no such name as the host in url")]
    NoSuchName,
    /// No connection: the name server did not answer.
    #[error("the gateway could not be reached: the name server did not answer")]
    NoNameServer,
    /// No connection: TCP and TLS together took longer than the timeout.
    #[error("the gateway could not be reached: connecting timed out")]
    ConnectingTimedOut,
    /// No connection: the network has no route to the address.
    #[error("the gateway could not be reached: there is no route to its address")]
    NoRoute,
}

impl DeliveryError {
    /// Whether a gateway that refuses with this error may still have accepted the message. A status of 500 and above
    /// says that its server failed, perhaps after it had accepted. 503 says that it did nothing; so do the redirections
    /// 307 and 308, which keep the method.
    pub fn is_doubtful(&self) -> bool {
        match self {
            Self::Status(status) => *status >= 500 && *status != 503,
            Self::Redirected(status) => matches!(status, 300..=302),
            Self::Unreachable
            | Self::TargetRefused
            | Self::NotSecure
            | Self::TimedOut
            | Self::CutOff
            | Self::TooMany
            | Self::Unintelligible
            | Self::Verdict(_)
            | Self::Undelivered(_)
            | Self::NotWritten
            | Self::WrittenOrNot
            | Self::AllDown
            | Self::Interrupted
            | Self::Unopenable
            | Self::UnknownIssuer
            | Self::WrongHost
            | Self::CertificateExpired
            | Self::CertificateNotYetValid
            | Self::AuthorityAsServer
            | Self::NoTls
            | Self::NotNow(_)
            | Self::AlreadyAccepted(_)
            | Self::ConnectionRefused
            | Self::NoSuchName
            | Self::NoNameServer
            | Self::ConnectingTimedOut
            | Self::NoRoute => false,
        }
    }
}

/// A word of a gateway's answer, cleaned for logs and operators: ASCII letters, digits, `_.-` and spaces, at most 40
/// characters and three digits in a row. A gateway may repeat the phone or the code that it received.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorStatus(String);

const LONGEST_WORD: usize = 40;
const MOST_DIGITS: usize = 3;

impl VendorStatus {
    /// The text if it is short and plain enough, otherwise a placeholder.
    pub fn of(text: &str) -> Self {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ');
        let runs = text.split(|c: char| !c.is_numeric()).map(|run| run.chars().count());
        let has_number = runs.max().unwrap_or(0) > MOST_DIGITS;
        let is_shown = !text.trim().is_empty()
            && text.len() <= LONGEST_WORD
            && text.chars().all(is_plain)
            && !has_number;
        Self(if is_shown { text.to_owned() } else { "(a word that is not shown)".into() })
    }
}

impl fmt::Display for VendorStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for VendorStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
