use crate::domain::TokenExpiry;

/// In which order things are checked. The sources disagree, so it is data: a dialect brings one.
#[derive(Clone, Copy, Debug)]
pub struct CheckOrder {
    /// Of a caller, once the token is found.
    pub admission: &'static [AdmissionStep],
    /// When a token ends.
    pub token_expiry: TokenExpiry,
    /// Of a person request that a code is asked for.
    pub resend_otp: &'static [RequestCheck],
    /// Of a person request that is to be approved.
    pub approve: &'static [RequestCheck],
}

/// One step of admitting a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdmissionStep {
    /// The token has not ended.
    TokenExpiry,
    /// The token's client is not blocked.
    Client,
    /// A BROKER client's caller has a vendor's api-key.
    ApiKey,
    /// Token and vendor allow it.
    Scope,
    /// The token's user is there and not blocked.
    User,
}

/// One check of a person request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestCheck {
    /// It is confirmed by a code.
    Method,
    /// It is NEW.
    Status,
}
