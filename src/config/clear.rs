//! Tokens and passwords that somebody has written into a gateway's settings: files of settings are read by more people than
//! may have them, so they have files of their own.

use hyper::Uri;
use serde_json::Value;

use super::forms::{IN_MESSAGE, IN_QUESTION, SECRET};
use super::gateway::GatewayConfig;
use super::gateway_keys::key_of;

/// How names of headers, parameters and members end that secrets are given under.
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
/// And one that an account may be called by, beside its secret.
const KEY: &str = "key";
/// What is none, whatever it is called: nothing at all, or a switch.
const SWITCHES: [&str; 5] = ["", "0", "1", "false", "true"];

/// The keys of a gateway's settings that tell one.
pub(super) fn told(gateway: &GatewayConfig) -> Vec<String> {
    let names = Names { has_key: !gateway.has_secret() };
    let GatewayConfig { name, url, headers, body, receipts, .. } = gateway;
    let places = [
        ("url", names.tell_in_url(url)),
        ("headers", headers.iter().any(|header| names.tell_in_header(header))),
        ("body", names.tell_in_body(body, &IN_MESSAGE)),
        ("receipts.url", names.tell_in_url(&receipts.url)),
        ("receipts.body", names.tell_in_body(&receipts.body, &IN_QUESTION)),
    ];
    let told = places.into_iter().filter(|(_, is_told)| *is_told);
    told.map(|(key, _)| key_of(name, key)).collect()
}

/// Whether somebody who calls a setting this means to give a secret.
pub(super) fn is_name(name: &str) -> bool {
    Names { has_key: true }.have(name)
}

/// The names that are looked for.
struct Names {
    has_key: bool,
}

impl Names {
    fn have(&self, name: &str) -> bool {
        let name = name.trim().to_ascii_lowercase();
        let is_secret = NAMES.iter().any(|end| name.ends_with(end));
        is_secret || (self.has_key && name.ends_with(KEY))
    }

    fn tell_in_header(&self, header: &str) -> bool {
        let (name, value) = header.split_once(':').unwrap_or((header, ""));
        self.have(name) && is_one(value, &[SECRET])
    }

    fn tell_in_url(&self, url: &str) -> bool {
        let Ok(url) = url.parse::<Uri>() else { return false };
        let has_user = url.authority().is_some_and(|authority| authority.as_str().contains('@'));
        let mut parameters = url.query().unwrap_or_default().split('&');
        let is_told = |parameter: &str| {
            parameter
                .split_once('=')
                .is_some_and(|(name, value)| self.have(name) && is_one(value, &[]))
        };
        has_user || parameters.any(is_told)
    }

    /// What holds any of `stand_ins` is none: something else is sent in its place.
    fn tell_in_body(&self, body: &str, stand_ins: &[&str]) -> bool {
        serde_json::from_str(body).is_ok_and(|body| self.tell_in(&body, false, stand_ins))
    }

    fn tell_in(&self, value: &Value, is_named: bool, stand_ins: &[&str]) -> bool {
        match value {
            Value::Object(members) => members
                .iter()
                .any(|(name, member)| self.tell_in(member, self.have(name), stand_ins)),
            Value::Array(items) => items.iter().any(|it| self.tell_in(it, is_named, stand_ins)),
            Value::String(text) => is_named && is_one(text, stand_ins),
            Value::Number(number) => is_named && is_one(&number.to_string(), stand_ins),
            Value::Null | Value::Bool(_) => false,
        }
    }
}

/// Whether what is given under such a name can be a secret.
fn is_one(value: &str, stand_ins: &[&str]) -> bool {
    !SWITCHES.contains(&value.trim()) && !stand_ins.iter().any(|it| value.contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told_by(change: impl FnOnce(&mut GatewayConfig)) -> Vec<String> {
        let mut gateway = GatewayConfig::named("a");
        change(&mut gateway);
        told(&gateway)
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
                told_by(|it| it.headers = vec![header.into()]),
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
            assert_eq!(told_by(|it| it.url = url.into()), ["gateway.a.url"], "{url}");
            assert_eq!(
                told_by(|it| it.receipts.url = url.into()),
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
            assert_eq!(told_by(|it| it.body = body.into()), ["gateway.a.body"], "{body}");
            assert_eq!(
                told_by(|it| it.receipts.body = body.into()),
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
            assert!(told_by(|it| it.headers = vec![header.into()]).is_empty(), "{header}");
        }
        for url in [
            "https://a.example/token/send?format=json",
            "https://a.example/?token=",
            "https://a.example/?auth=1",
        ] {
            assert!(told_by(|it| it.url = url.into()).is_empty(), "{url}");
        }
        for body in [
            r#"{"token": "{secret}", "idempotency_key": "{id}", "kind": "token", "auth": {}}"#,
            r#"{"secret": "", "is_key": true}"#,
            r#"{"two_factor_auth": 1, "is_password": 1, "with_token": "0", "auth": [false, null]}"#,
            r#"{"login_and_password": "user:{secret}", "credentials": {"name": "user"}}"#,
            "no JSON",
        ] {
            assert!(told_by(|it| it.body = body.into()).is_empty(), "{body}");
        }
    }

    #[test]
    fn what_stands_for_something_in_a_message_stands_for_nothing_in_a_question() {
        let body = r#"{"message_key": "{id}"}"#;
        assert!(told_by(|it| it.body = body.into()).is_empty());
        assert_eq!(told_by(|it| it.receipts.body = body.into()), ["gateway.a.receipts.body"]);
        let question = body.replace("{id}", "{gateway_id}");
        assert!(told_by(|it| it.receipts.body = question).is_empty());
    }

    #[test]
    fn an_account_may_be_called_by_a_key_beside_its_secret() {
        let body = r#"{"api_key": "abc", "api_secret": "{secret}"}"#;
        assert!(told_by(|it| it.body = body.into()).is_empty());
        let in_clear = body.replace("{secret}", "abc");
        assert_eq!(told_by(|it| it.body = in_clear), ["gateway.a.body"]);
    }
}
