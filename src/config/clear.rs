//! Tokens and passwords that somebody has written into a gateway's settings: files of settings are read by more people than
//! may have them, so they have files of their own.

use hyper::Uri;
use serde_json::Value;

use super::forms::SECRET;
use super::gateway::GatewayConfig;

/// How names of headers, parameters and members end that secrets are given under.
const NAMES: [&str; 9] =
    ["auth", "authorization", "cookie", "passwd", "password", "psw", "pwd", "secret", "token"];
/// And one that an account may be called by, beside its secret.
const KEY: &str = "key";

/// The keys of a gateway's settings that tell one.
pub(super) fn told(gateway: &GatewayConfig) -> Vec<String> {
    let names = Names { has_key: !gateway.has_secret() };
    let GatewayConfig { name, url, headers, body, receipts, .. } = gateway;
    let places = [
        ("url", names.tell_in_url(url)),
        ("headers", headers.iter().any(|header| names.tell_in_header(header))),
        ("body", names.tell_in_body(body)),
        ("receipts.url", names.tell_in_url(&receipts.url)),
        ("receipts.body", names.tell_in_body(&receipts.body)),
    ];
    let told = places.into_iter().filter(|(_, is_told)| *is_told);
    told.map(|(key, _)| format!("sms.{name}.{key}")).collect()
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
        self.have(name) && !value.contains(SECRET)
    }

    fn tell_in_url(&self, url: &str) -> bool {
        let Ok(url) = url.parse::<Uri>() else { return false };
        let has_user = url.authority().is_some_and(|authority| authority.as_str().contains('@'));
        let mut parameters = url.query().unwrap_or_default().split('&');
        let is_told = |parameter: &str| {
            parameter
                .split_once('=')
                .is_some_and(|(name, value)| self.have(name) && !value.is_empty())
        };
        has_user || parameters.any(is_told)
    }

    fn tell_in_body(&self, body: &str) -> bool {
        serde_json::from_str(body).is_ok_and(|body| self.tell_in(&body))
    }

    fn tell_in(&self, value: &Value) -> bool {
        match value {
            Value::Object(members) => members.iter().any(|(name, member)| match member {
                // What stands for something else is none.
                Value::String(text) => self.have(name) && !text.is_empty() && !text.contains('{'),
                Value::Number(_) => self.have(name),
                other => self.tell_in(other),
            }),
            Value::Array(items) => items.iter().any(|item| self.tell_in(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
    }
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
                ["sms.a.headers"],
                "{header}"
            );
        }
        for url in [
            "https://user:abc@a.example/",
            "https://user@a.example/",
            "https://a.example/?to=b&token=abc",
            "https://a.example/?apiKey=abc",
        ] {
            assert_eq!(told_by(|it| it.url = url.into()), ["sms.a.url"], "{url}");
            assert_eq!(told_by(|it| it.receipts.url = url.into()), ["sms.a.receipts.url"], "{url}");
        }
        for body in [
            r#"{"api_key": "abc", "to": "{phone}"}"#,
            r#"[{"login": {"Password": "abc"}}]"#,
            r#"{"pwd": 1234}"#,
        ] {
            assert_eq!(told_by(|it| it.body = body.into()), ["sms.a.body"], "{body}");
            assert_eq!(
                told_by(|it| it.receipts.body = body.into()),
                ["sms.a.receipts.body"],
                "{body}"
            );
        }
    }

    #[test]
    fn what_is_in_a_file_of_its_own_or_is_no_secret_is_none() {
        for header in ["Authorization: Bearer {secret}", "X-Api-Key:{secret}", "X-Sort: abc"] {
            assert!(told_by(|it| it.headers = vec![header.into()]).is_empty(), "{header}");
        }
        for url in ["https://a.example/token/send?format=json", "https://a.example/?token="] {
            assert!(told_by(|it| it.url = url.into()).is_empty(), "{url}");
        }
        for body in [
            r#"{"token": "{secret}", "idempotency_key": "{id}", "kind": "token", "auth": {}}"#,
            r#"{"secret": "", "is_key": true}"#,
            "no JSON",
        ] {
            assert!(told_by(|it| it.body = body.into()).is_empty(), "{body}");
        }
    }

    #[test]
    fn an_account_may_be_called_by_a_key_beside_its_secret() {
        let body = r#"{"api_key": "abc", "api_secret": "{secret}"}"#;
        assert!(told_by(|it| it.body = body.into()).is_empty());
        let in_clear = body.replace("{secret}", "abc");
        assert_eq!(told_by(|it| it.body = in_clear), ["sms.a.body"]);
    }
}
