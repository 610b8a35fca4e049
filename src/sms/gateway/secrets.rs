use super::error::GatewayError;
use super::headers::Headers;
use super::tls;
use crate::config::GatewayConfig;
use crate::domain::Secret;

/// What is in the files that a gateway's settings name.
#[derive(Debug, Default)]
pub struct GatewaySecrets {
    /// The token or password that stands in headers or bodies.
    pub secret: Option<Secret>,
    /// What stands in the path that the gateway calls.
    pub receipt_secret: Option<Secret>,
    /// Certificates in PEM that vouch for the gateway; the system's when there are none.
    pub ca: Option<Vec<u8>>,
}

impl GatewaySecrets {
    /// What in them can't be used as these settings have it, each by itself.
    pub fn unfit(&self, config: &GatewayConfig) -> impl Iterator<Item = GatewayError> + use<> {
        let headers = Headers::of(&config.headers, self.secret.as_ref()).err();
        let ca = self.ca.as_deref().and_then(|pem| tls::roots(pem).err());
        headers.into_iter().chain(ca)
    }
}
