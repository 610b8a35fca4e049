/// A gateway's settings that no driver can be made of. Says nothing of a secret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// A setting that every gateway needs is missing.
    #[error("{0} is not set")]
    NotSet(&'static str),
    /// Codes would go over the network in clear.
    #[error(
        "codes would go to `{0}` in clear: use https, or set allow_http = true if the network is safe"
    )]
    PlainHttp(String),
    /// It is an address that is not called.
    #[error(
        "`{0}` is on this machine or link: name the gateway's own host, or set allow_local = true"
    )]
    Local(String),
    /// A header or a body wants a secret, and there is none.
    #[error("{0} wants {{secret}}: set secret_file to the file that it is in")]
    NoSecret(String),
    /// The secret is not of a kind that headers can hold.
    #[error(
        "the secret in it cannot stand in a header: write one line of printable ASCII, and nothing else"
    )]
    Secret,
    /// There is no certificate to believe.
    #[error("no certificate is in it, or one is damaged: write certificates in PEM")]
    Ca,
    /// The system has no certificates.
    #[error(
        "this system has no certificates to know the gateway by: install ca-certificates or set ca_file"
    )]
    NoRoots,
    /// TLS can't be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
    /// Receipts would be believed from every caller.
    #[error(
        "receipts come by callback, and no secret stands in its path: set receipts.secret_file"
    )]
    NoReceiptSecret,
}
