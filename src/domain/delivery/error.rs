use std::fmt;

use serde::{Deserialize, Serialize};

/// What went wrong with a message, in words that an operator understands. Says nothing of what was in it.
///
/// New variants go to the end: deliveries are kept with them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum DeliveryError {
    /// No connection: nothing was sent.
    #[error("the gateway could not be reached")]
    Unreachable,
    /// The target is one that is not called.
    #[error("the gateway's address is on this machine or link, which is not allowed (allow_local)")]
    TargetRefused,
    /// TLS did not come about, for another reason than those that have a variant of their own.
    #[error(
        "no secure connection: the gateway's certificate was not accepted, or it speaks no TLS that is spoken here"
    )]
    NotSecure,
    /// The request was begun, and no answer came in time.
    #[error("the gateway did not answer in time; it may have taken the message")]
    TimedOut,
    /// The request was begun, and the connection ended.
    #[error("the connection broke before an answer; the gateway may have taken the message")]
    CutOff,
    /// An answer that says no with its status.
    #[error("the gateway answered with status {0}")]
    Status(u16),
    /// Too much was asked of it.
    #[error("the gateway takes no more for now (status 429)")]
    TooMany,
    /// It points elsewhere, and that is not followed.
    #[error("the gateway redirects (status {0}), which is not followed: set its final address")]
    Redirected(u16),
    /// An answer in which nothing is found.
    #[error("the gateway's answer has no verdict that is known; it may have taken the message")]
    Unintelligible,
    /// An answer that says with a word of its own that nobody will take the message.
    #[error("the gateway refused the message: {0}")]
    Verdict(VendorStatus),
    /// A receipt says that it did not arrive.
    #[error("the gateway could not deliver the message: {0}")]
    Undelivered(VendorStatus),
    /// A file or console took nothing.
    #[error("it could not be written")]
    NotWritten,
    /// A file or console did not say whether it took it.
    #[error("whether it was written is not known")]
    WrittenOrNot,
    /// Every driver has failed too often, or wants a rest, and is left alone for a while.
    #[error("every driver is down or resting")]
    AllDown,
    /// The process ended while it was being sent.
    #[error("the node was stopped while the message was being sent")]
    Interrupted,
    /// The key that it was sealed with is not in the keyring any more.
    #[error("the message cannot be opened: its key is not in the keyring")]
    Unopenable,
    /// Nobody who is trusted has signed the gateway's certificate.
    #[error(
        "no secure connection: no authority that is trusted here has signed the gateway's certificate (ca_file)"
    )]
    UnknownIssuer,
    /// The gateway's certificate does not have the name that it is called by.
    #[error(
        "no secure connection: the gateway's certificate is for another host than the one in url (subjectAltName)"
    )]
    WrongHost,
    /// The gateway's certificate was good once.
    #[error("no secure connection: the gateway's certificate has expired")]
    CertificateExpired,
    /// The gateway's certificate will be good.
    #[error(
        "no secure connection: the gateway's certificate is not valid yet, or this machine's clock is behind"
    )]
    CertificateNotYetValid,
    /// The gateway shows a certificate that is for signing others.
    #[error(
        "no secure connection: the gateway's certificate is an authority's, not a server's (CA:TRUE)"
    )]
    AuthorityAsServer,
    /// What was called does not speak TLS.
    #[error(
        "no secure connection: what answers at the gateway's address does not speak TLS, or hangs up on it"
    )]
    NoTls,
    /// An answer that says with a word of its own that the message was not taken, but may be later.
    #[error("the gateway did not take the message for now: {0}")]
    NotNow(VendorStatus),
    /// An answer that says that the same message was taken before, of one that was not.
    #[error("the gateway says that it has taken the same message before: {0}")]
    AlreadyAccepted(VendorStatus),
    /// No connection: nothing listens there.
    #[error("the gateway could not be reached: the connection was refused")]
    ConnectionRefused,
    /// No connection: the host of its address is called by a name that has no address.
    #[error("the gateway could not be reached: there is no such name as the host in url")]
    NoSuchName,
    /// No connection: whether its name has an address could not be learnt.
    #[error("the gateway could not be reached: the name server did not answer")]
    NoNameServer,
    /// No connection, TLS and all, in the time for it.
    #[error("the gateway could not be reached: connecting timed out")]
    ConnectingTimedOut,
    /// No connection: the network has no way to its address.
    #[error("the gateway could not be reached: there is no route to its address")]
    NoRoute,
}

impl DeliveryError {
    /// Whether a gateway that says with this that it did not take a message may have taken it all the same: something went
    /// wrong there, and what it did before that, nobody knows. 503 says that it did nothing, and so does a redirection
    /// that keeps the method.
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

/// A gateway's own word for an error, as far as it can be shown: letters, digits and `_.-` and spaces, short, and no
/// more than three digits in a row, for a gateway may repeat what it was sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorStatus(String);

const LONGEST_WORD: usize = 40;
const MOST_DIGITS: usize = 3;

impl VendorStatus {
    /// What of this text can be shown.
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
