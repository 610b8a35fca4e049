/// A gateway's settings that no driver can be made of. Says nothing of a secret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// It is no address of a gateway.
    #[error(
        "`{0}` is no address of a gateway: write https://HOST/PATH, with no user and no password in it"
    )]
    Url(String),
    /// Codes would go over the network in clear.
    #[error(
        "codes would go to `{0}` in clear: use https, or set allow_http = true if nobody can listen"
    )]
    PlainHttp(String),
    /// It is an address that is not called.
    #[error(
        "`{0}` is on this machine or link: name the gateway's own host, or set allow_local = true"
    )]
    Local(String),
    /// The body is no JSON.
    #[error(
        "the body is no JSON ({0}): write one that is, with {{phone}} and {{text}} in its texts"
    )]
    Body(String),
    /// A header can't be sent.
    #[error("the header `{0}` cannot be sent: write `Name: value`")]
    Header(String),
    /// A header or a body wants a secret, and there is none.
    #[error("{0} wants {{secret}}: set secret_file to the file that it is in")]
    NoSecret(String),
    /// The secret is not of a kind that headers can hold.
    #[error(
        "the secret in it cannot stand in a header: write one line of printable ASCII, and nothing else"
    )]
    Secret,
    /// It points nowhere.
    #[error("`{0}` is no JSON pointer: write /a/0/b, or nothing (RFC 6901)")]
    Pointer(String),
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
