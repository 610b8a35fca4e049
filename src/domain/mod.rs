//! Values and rules: phones, codes, verifications, person requests, deliveries and limits, and the transitions that
//! each allows.
//!
//! Nothing here reads a clock, a disk or a socket. Time is an argument (`now`), a transition consumes its state, and a
//! refusal is a value: [`Refusal`].

pub mod audit;
mod bytes;
mod client;
mod code;
mod connection;
mod delivery;
mod factor;
mod http_date;
mod id;
pub mod limits;
mod network;
mod number_mask;
mod peer;
mod person;
mod person_request;
mod phone;
mod refusal;
mod scopes;
mod secret;
mod segments;
mod similar;
mod time;
mod token;
mod verification;

pub use bytes::{from_hex, to_hex};
pub use client::{AccessType, Client, ClientId, MAX_REASON_BYTES, RequestOrigin, Requester};
pub use code::{Code, CodeFormat, MalformedCode};
pub use connection::{Connection, ConnectionId, PreviousSecret};
pub use delivery::{
    Attempt, AttemptOutcome, Delivery, DeliveryError, DeliveryReport, DeliveryState,
    DeliveryStatus, Receipt, VendorStatus,
};
pub use factor::{AuthenticationFactor, FactorId, FactorType};
pub use id::{Id, VerificationId};
pub use network::{Network, NotANetwork, written_address};
pub use number_mask::mask_numbers;
pub use peer::Peer;
pub use person::{MethodType, Person, PersonId, PersonStatus, User, UserId};
pub use person_request::{
    AuthenticationMethod, PersonRequest, PersonRequestId, PersonRequestStatus,
};
pub use phone::{MaskedPhone, NotAPhone, Phone};
pub use refusal::{Conflict, Refusal, RefusalKind, SpentReason};
pub use scopes::{Scope, Scopes};
pub use secret::{LastFour, Secret, SecretDigest};
pub use segments::Segments;
pub use similar::is_similar;
pub use time::{NotATime, Timestamp};
pub use token::{Token, TokenExpiry, TokenId};
pub use verification::{
    HashedCode, Purpose, Verification, VerificationRules, VerificationState, VerificationStatus,
};
