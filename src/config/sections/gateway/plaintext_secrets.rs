//! Tokens and passwords in a gateway's settings. More people read a configuration file than may know them, so they belong
//! into files of their own.

use serde_json::Value;

use super::GatewayConfig;
use super::values::{BodyTemplate, GatewayUrl, HeaderTemplate, IN_MESSAGE, IN_QUESTION, SECRET};
use crate::config::drivers::key_of;

/// Endings of the names of headers, parameters and members that hold a secret.
const NAMES: [&str; 13] = [
    "auth",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "psw",
    "pwd",
    "secret",
    "token",
];
/// An ending of names that hold a secret, or the account's name if a secret stands elsewhere.
const KEY: &str = "key";
/// Values that are no secret under any name: nothing, or a switch.
const SWITCHES: [&str; 5] = ["", "0", "1", "false", "true"];

/// The keys of the gateway's settings that have a secret in clear.
pub(in crate::config) fn keys(gateway: &GatewayConfig) -> Vec<String> {
    keys_of(gateway, &Names { has_key: !gateway.has_secret() })
}

/// The same for a gateway that has `{secret}` in some setting: a name that ends in `key` is an account's then.
pub(super) fn keys_beside_secret(gateway: &GatewayConfig) -> Vec<String> {
    keys_of(gateway, &Names { has_key: false })
}

fn keys_of(gateway: &GatewayConfig, names: &Names) -> Vec<String> {
    let GatewayConfig { name, url, headers, body, receipts, .. } = gateway;
    let in_url = |url: &Option<GatewayUrl>| url.as_ref().is_some_and(|url| names.are_in_url(url));
    let in_body = |body: &Option<BodyTemplate>, placeholders: &[&str]| {
        body.as_ref().is_some_and(|body| names.are_in(body.json(), false, placeholders))
    };
    let settings = [
        ("url", in_url(url)),
        ("headers", headers.iter().any(|header| names.are_in_header(header))),
        ("body", in_body(body, &IN_MESSAGE)),
        ("receipts.url", in_url(&receipts.url)),
        ("receipts.body", in_body(&receipts.body, &IN_QUESTION)),
    ];
    let in_clear = settings.into_iter().filter(|(_, is_in_clear)| *is_in_clear);
    in_clear.map(|(key, _)| key_of(name, key)).collect()
}

/// Whether a setting of this name would hold a secret.
pub(in crate::config) fn is_name(name: &str) -> bool {
    Names { has_key: true }.have(name)
}

/// The names that hold a secret.
struct Names {
    has_key: bool,
}

impl Names {
    fn have(&self, name: &str) -> bool {
        let name = name.trim().to_ascii_lowercase();
        let is_secret = NAMES.iter().any(|end| name.ends_with(end));
        is_secret || (self.has_key && name.ends_with(KEY))
    }

    fn are_in_header(&self, header: &HeaderTemplate) -> bool {
        self.have(header.name().as_str()) && is_secret(header.value(), &[SECRET])
    }

    fn are_in_url(&self, url: &GatewayUrl) -> bool {
        let has_user = url.uri().authority().is_some_and(|it| it.as_str().contains('@'));
        let mut parameters = url.uri().query().unwrap_or_default().split('&');
        let has_secret = |parameter: &str| {
            let parts = parameter.split_once('=');
            parts.is_some_and(|(name, value)| self.have(name) && is_secret(value, &[]))
        };
        has_user || parameters.any(has_secret)
    }

    /// A text with one of the `placeholders` in it is no secret: another text is sent in its place.
    fn are_in(&self, value: &Value, is_named: bool, placeholders: &[&str]) -> bool {
        match value {
            Value::Object(members) => members
                .iter()
                .any(|(name, member)| self.are_in(member, self.have(name), placeholders)),
            Value::Array(items) => items.iter().any(|it| self.are_in(it, is_named, placeholders)),
            Value::String(text) => is_named && is_secret(text, placeholders),
            Value::Number(number) => is_named && is_secret(&number.to_string(), placeholders),
            Value::Null | Value::Bool(_) => false,
        }
    }
}

/// Whether a value under the name of a secret can be one.
fn is_secret(value: &str, placeholders: &[&str]) -> bool {
    !SWITCHES.contains(&value.trim()) && !placeholders.iter().any(|it| value.contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(change: impl FnOnce(&mut GatewayConfig)) -> Vec<String> {
        let mut gateway = GatewayConfig::named("a");
        change(&mut gateway);
        keys(&gateway)
    }

    #[test]
    fn a_secret_is_found_by_the_name_that_it_is_given_under() {
        for header in [
            "Authorization: Bearer abc",
            "X-Auth: abc",
            "x-api-key: abc",
            "X-Access-Token: abc",
            "Cookie: session=abc",
        ] {
            assert_eq!(
                found(|it| it.headers = vec![header.parse().unwrap()]),
                ["gateway.a.headers"],
                "{header}"
            );
        }
        for url in [
            "https://user:abc@a.example/",
            "https://user@a.example/",
            "https://a.example/?to=b&token=abc",
            "https://a.example/?apiKey=abc",
            "https://a.example/?pass=abc",
        ] {
            assert_eq!(found(|it| it.url = Some(url.parse().unwrap())), ["gateway.a.url"], "{url}");
            assert_eq!(
                found(|it| it.receipts.url = Some(url.parse().unwrap())),
                ["gateway.a.receipts.url"],
                "{url}"
            );
        }
        for body in [
            r#"{"api_key": "abc", "to": "{phone}"}"#,
            r#"[{"login": {"Password": "abc"}}]"#,
            r#"{"pwd": 1234}"#,
            r#"{"pass": "abc"}"#,
            r#"{"passphrase": "abc"}"#,
            r#"{"api_pass": "abc"}"#,
            r#"{"userpass": "abc"}"#,
            r#"{"credentials": "abc"}"#,
            r#"{"token": ["abc"]}"#,
            r#"{"auth": [["user"], {"name": "user"}]}"#,
            r#"{"password": "a{b"}"#,
            r#"{"password": "{abc}"}"#,
        ] {
            assert_eq!(
                found(|it| it.body = Some(body.parse().unwrap())),
                ["gateway.a.body"],
                "{body}"
            );
            assert_eq!(
                found(|it| it.receipts.body = Some(body.parse().unwrap())),
                ["gateway.a.receipts.body"],
                "{body}"
            );
        }
    }

    #[test]
    fn what_is_in_a_file_of_its_own_or_is_no_secret_is_none() {
        for header in [
            "Authorization: Bearer {secret}",
            "X-Api-Key:{secret}",
            "X-Sort: abc",
            "X-Two-Factor-Auth: 0",
        ] {
            assert!(found(|it| it.headers = vec![header.parse().unwrap()]).is_empty(), "{header}");
        }
        for url in [
            "https://a.example/token/send?format=json",
            "https://a.example/?token=",
            "https://a.example/?auth=1",
        ] {
            assert!(found(|it| it.url = Some(url.parse().unwrap())).is_empty(), "{url}");
        }
        for body in [
            r#"{"token": "{secret}", "idempotency_key": "{id}", "kind": "token", "auth": {}}"#,
            r#"{"secret": "", "is_key": true}"#,
            r#"{"two_factor_auth": 1, "is_password": 1, "with_token": "0", "auth": [false, null]}"#,
            r#"{"login_and_password": "user:{secret}", "credentials": {"name": "user"}}"#,
        ] {
            assert!(found(|it| it.body = Some(body.parse().unwrap())).is_empty(), "{body}");
        }
    }

    #[test]
    fn what_stands_for_something_in_a_message_stands_for_nothing_in_a_question() {
        let body = r#"{"message_key": "{id}"}"#;
        assert!(found(|it| it.body = Some(body.parse().unwrap())).is_empty());
        assert_eq!(
            found(|it| it.receipts.body = Some(body.parse().unwrap())),
            ["gateway.a.receipts.body"]
        );
        let question = body.replace("{id}", "{gateway_id}");
        assert!(found(|it| it.receipts.body = Some(question.parse().unwrap())).is_empty());
    }

    #[test]
    fn an_account_may_be_called_by_a_key_beside_its_secret() {
        let body = r#"{"api_key": "abc", "api_secret": "{secret}"}"#;
        assert!(found(|it| it.body = Some(body.parse().unwrap())).is_empty());
        let in_clear = body.replace("{secret}", "abc");
        assert_eq!(found(|it| it.body = Some(in_clear.parse().unwrap())), ["gateway.a.body"]);
    }
}
