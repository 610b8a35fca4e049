use crate::domain::TokenExpiry;

/// The order of checks. The sources disagree on it, so each dialect has its own.
#[derive(Clone, Copy, Debug)]
pub struct CheckOrder {
    /// The checks of a caller, once the token is found.
    pub admission: &'static [AdmissionStep],
    /// The rule for the moment at which a token ends.
    pub token_expiry: TokenExpiry,
    /// The checks of a person request before a code is sent again.
    pub resend_otp: &'static [RequestCheck],
    /// The checks of a person request before it is approved.
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
    /// Token and vendor allow the scope.
    Scope,
    /// The token's user exists and is not blocked.
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
