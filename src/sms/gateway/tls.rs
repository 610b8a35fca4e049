use std::sync::Arc;

use hyper_rustls::ConfigBuilderExt;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ClientConfig, RootCertStore};

use super::error::GatewayError;
use crate::domain::DeliveryError;

/// How the gateway is known: by these certificates and no others, else by the system's. Without TLS there is no
/// certificate to check.
pub(super) fn config(ca: Option<&[u8]>, is_secure: bool) -> Result<ClientConfig, GatewayError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| GatewayError::Tls(error.to_string()))?;
    let builder = match ca {
        Some(pem) => builder.with_root_certificates(roots(pem)?),
        None if is_secure => builder.with_native_roots().map_err(|_| GatewayError::NoRoots)?,
        None => builder.with_root_certificates(RootCertStore::empty()),
    };
    Ok(builder.with_no_client_auth())
}

/// The certificates in a file.
pub(super) fn roots(pem: &[u8]) -> Result<RootCertStore, GatewayError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let added = certificate.map(|certificate| roots.add(certificate));
        added.map_err(|_| GatewayError::Ca)?.map_err(|_| GatewayError::Ca)?;
    }
    if roots.is_empty() { Err(GatewayError::Ca) } else { Ok(roots) }
}

/// Why TLS did not come about.
pub(super) fn delivery_error(why: &rustls::Error) -> DeliveryError {
    match why {
        rustls::Error::InvalidCertificate(why) => certificate_error(why),
        rustls::Error::InvalidMessage(_) => DeliveryError::NoTls,
        _ => DeliveryError::NotSecure,
    }
}

fn certificate_error(why: &CertificateError) -> DeliveryError {
    match why {
        // An authority may have made itself a new key under its old name.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            DeliveryError::UnknownIssuer
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            DeliveryError::WrongHost
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            DeliveryError::CertificateExpired
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            DeliveryError::CertificateNotYetValid
        }
        // webpki's name for it: rustls has no variant of its own.
        CertificateError::Other(other) if other.to_string() == "CaUsedAsEndEntity" => {
            DeliveryError::AuthorityAsServer
        }
        _ => DeliveryError::NotSecure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_refused() {
        let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for pem in ["", "no PEM", damaged, "-----BEGIN CERTIFICATE-----\nAAAA"] {
            assert_eq!(config(Some(pem.as_bytes()), true).err(), Some(GatewayError::Ca), "{pem}");
        }
        assert!(config(None, false).is_ok());
    }
}
