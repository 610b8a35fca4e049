//! The text that a demo prints at its start.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::args::{host_of, is_remote};
use crate::api::Access;
use crate::api::routes::ROUTES;
use crate::config::{DialectName, Keyword as _};
use crate::service::import::RevealedSecret;
use crate::sms::GatewayMode;

/// The content of the text.
pub(super) struct Banner {
    pub(super) dialect: DialectName,
    pub(super) sms: GatewayMode,
    pub(super) known: Vec<RevealedSecret>,
    pub(super) is_built_in: bool,
}

impl Banner {
    /// The text: base address, methods, secrets, and commands to paste.
    pub(super) fn text(&self, addresses: &[SocketAddr]) -> String {
        let Self { dialect, sms, known, is_built_in } = self;
        let base = base_url(addresses);
        let mut lines = vec![
            format!("esoz-otp demo on {base}  (Ctrl-C ends it)"),
            format!("dialect: {dialect}"),
        ];
        if *sms != GatewayMode::Ok {
            lines.push(format!("gateway: {}", sms.word()));
        }
        if let Some(address) = addresses.iter().find(|it| is_remote(it)) {
            lines.push(format!(
                "WARNING: {address} can be reached from other machines, and the tokens and keys below are public. \
                 Every machine that reaches it can use all methods."
            ));
        }
        lines.push(String::new());
        lines.extend(ROUTES.iter().map(|row| {
            let scope = match row.access {
                Access::Scope(scope) => scope,
                Access::Anyone => "-",
            };
            format!("  {:<6} {:<50} {scope}", row.method, row.path)
        }));
        lines.push("\nSecrets of this world:".into());
        lines.extend(known.iter().map(secret));
        if *is_built_in {
            lines.push(format!("\nTo paste into another terminal:\n{}", examples(&base)));
        }
        lines.push("Every SMS appears below as it is sent.".into());
        lines.join("\n")
    }
}

/// The line of a secret.
pub(super) fn secret(RevealedSecret { owner, secret, .. }: &RevealedSecret) -> String {
    format!("  {owner}: {}", secret.reveal())
}

/// The address in the examples: `localhost`, or the host of the only listener.
fn base_url(addresses: &[SocketAddr]) -> String {
    let port = addresses.first().map_or(0, SocketAddr::port);
    let host = match addresses {
        [only] => host_of(called(only.ip())),
        _ => "localhost".into(),
    };
    format!("http://{host}:{port}")
}

/// The address to call: loopback in place of the unspecified address.
fn called(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        IpAddr::V4(_) | IpAddr::V6(_) => address,
    }
}

fn examples(base: &str) -> String {
    format!(
        r#"  curl -X POST {base}/api/person_requests/eeebb86d-5cba-43c9-885b-6482ecaf826b/actions/resend_otp \
    -H 'authorization: Bearer demo-mis-token' -H 'api-key: demo-api-key' -H 'content-type: application/json'

  CODE=$(curl -s '{base}/demo/messages?phone=+380958697084' | sed -n 's/.*"code":"\([0-9]*\).*/\1/p')
  curl -X PATCH {base}/api/person_requests/eeebb86d-5cba-43c9-885b-6482ecaf826b/actions/approve \
    -H 'authorization: Bearer demo-mis-token' -H 'api-key: demo-api-key' -H 'content-type: application/json' \
    -d "{{\"verification_code\": \"$CODE\"}}"

  curl {base}/api/cabinet/authentication_factor -H 'authorization: Bearer demo-patient-token'
"#
    )
}
