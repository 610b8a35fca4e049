//! Holds each answer of a node against the node's own description, `GET /openapi.json`.

use serde_json::{Map, Value};

use super::Reply;
use super::json_schema::{Schemas, ok_if};
use super::refusals_seen;

/// The description of a node.
pub struct Described {
    document: Value,
}

/// Statuses of refusals that come before the path is looked up.
const BEFORE_THE_PATH: [u16; 5] = [400, 403, 404, 414, 431];
/// Headers of HTTP itself, and of the content.
const OF_HTTP: [&str; 5] =
    ["connection", "content-length", "content-type", "date", "transfer-encoding"];

impl Described {
    pub fn of(document: &[u8]) -> Self {
        Self { document: serde_json::from_slice(document).unwrap() }
    }

    /// Panics with a sentence if the answer is none that the description has.
    pub fn assert_has(&self, method: &str, path: &str, reply: &Reply) {
        if let Err(fault) = self.fault(method, path, reply) {
            panic!("{method} {path}: {fault}\n{}", reply.text);
        }
        for name in self.refusals(method, path, reply) {
            refusals_seen::note(&name);
        }
    }

    /// The difference between an answer and the description, as a sentence.
    pub fn fault(&self, method: &str, path: &str, reply: &Reply) -> Result<(), String> {
        let status = reply.status;
        let Some((template, methods)) = self.find(path) else {
            let is_refused = BEFORE_THE_PATH.contains(&status) || path == "*";
            return ok_if(is_refused, || format!("{status}, but the description has no such path"));
        };
        let Some(operation) = methods.get(&method.to_ascii_lowercase()) else {
            return self.not_allowed(template, methods, reply);
        };
        let response = self.schemas().resolve(&operation["responses"][status.to_string()]);
        ok_if(!response.is_null(), || {
            format!("the description has no {status} for {method} {template}")
        })?;
        self.headers(response, reply)?;
        match response.get("content") {
            None => ok_if(reply.text.is_empty() || method != "HEAD", || "a content".into()),
            Some(_) if status < 400 => self.success(response, reply),
            Some(_) => self.refusal(response, reply),
        }
    }

    /// The names of the examples that this refusal may be, behind the operation's id.
    pub fn refusals(&self, method: &str, path: &str, reply: &Reply) -> Vec<String> {
        let Some((_, methods)) = self.find(path) else { return Vec::new() };
        let Some(operation) = methods.get(&method.to_ascii_lowercase()) else { return Vec::new() };
        let status = reply.status.to_string();
        let response = self.schemas().resolve(&operation["responses"][status]);
        let examples = response["content"]["application/json"]["examples"].as_object();
        let same = examples.into_iter().flatten().filter(|(_, example)| self.is_of(example, reply));
        let id = operation["operationId"].as_str().unwrap();
        same.map(|(name, _)| format!("{id} {name}")).collect()
    }

    fn schemas(&self) -> Schemas<'_> {
        Schemas(&self.document)
    }

    /// The template that the path fits, and its methods.
    fn find(&self, path: &str) -> Option<(&String, &Map<String, Value>)> {
        let path = path.split(['?', '#']).next()?;
        let given = segments(path);
        let fits = |template: &str| {
            let parts = segments(template);
            let fit = |(part, text): (&&str, &&str)| part.starts_with('{') || part == text;
            parts.len() == given.len() && parts.iter().zip(&given).all(fit)
        };
        let paths = self.document["paths"].as_object()?;
        let (template, methods) = paths.iter().find(|(template, _)| fits(template))?;
        Some((template, methods.as_object()?))
    }

    /// Required headers are there, and no others than those of the description. An answer of the HTTP layer has none.
    fn headers(&self, response: &Value, reply: &Reply) -> Result<(), String> {
        if matches!(reply.status, 400 | 431) && reply.header("x-request-id").is_none() {
            return ok_if(reply.text.is_empty(), || "no header x-request-id".into());
        }
        let known = response["headers"].as_object().ok_or("no headers")?;
        for (name, header) in known {
            let header = self.schemas().resolve(header);
            let Some(text) = reply.header(name) else {
                ok_if(header["required"] != true, || format!("no header {name}"))?;
                continue;
            };
            let value = match header["schema"]["type"].as_str() {
                Some("integer") => text.parse::<u64>().map_or(Value::Null, Value::from),
                _ => Value::from(text),
            };
            self.schemas().fits(&header["schema"], &value, name)?;
        }
        for name in reply.headers.keys().map(ureq::http::HeaderName::as_str) {
            let is_known = known.keys().any(|known| known.eq_ignore_ascii_case(name));
            ok_if(is_known || OF_HTTP.contains(&name), || format!("the unknown header {name}"))?;
        }
        Ok(())
    }

    fn success(&self, response: &Value, reply: &Reply) -> Result<(), String> {
        let media_type = reply.header("content-type").unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default();
        let content = &response["content"][media_type];
        ok_if(!content.is_null(), || format!("the description has no content {media_type}"))?;
        if media_type == "application/x-ndjson" {
            let line = &content["schema"]["x-line"];
            // The last line of a cut stream may be half of one.
            let whole = reply.text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            let mut values = whole.map(|text| serde_json::from_str(text).unwrap_or_default());
            return values.try_for_each(|value: Value| self.schemas().fits(line, &value, "$"));
        }
        if reply.body.is_null() || media_type != "application/json" {
            return Ok(());
        }
        self.schemas().fits(&content["schema"], &reply.body, "$")
    }

    fn refusal(&self, response: &Value, reply: &Reply) -> Result<(), String> {
        // An answer of the HTTP layer.
        if reply.body.is_null() {
            return Ok(());
        }
        let content = &response["content"]["application/json"];
        self.schemas().fits(&content["schema"], &reply.body, "$")?;
        let examples = content["examples"].as_object().ok_or("no examples")?;
        ok_if(examples.values().any(|example| self.is_of(example, reply)), || {
            format!(
                "no example has the type {}, the reason {} and the message {}",
                reply.error()["type"],
                reply.error()["reason"],
                reply.error()["message"],
            )
        })
    }

    /// Whether an example is that of this refusal: type and reason are the same, and so are the message's fixed words.
    fn is_of(&self, example: &Value, reply: &Reply) -> bool {
        let error = &self.schemas().resolve(example)["value"]["error"];
        let message = |error: &Value| error["message"].as_str().unwrap_or_default().to_owned();
        ["type", "reason"].iter().all(|name| error[name] == reply.error()[name])
            && are_alike(&message(error), &message(reply.error()))
    }

    /// The answer to a method that the description does not have for the path.
    fn not_allowed(
        &self,
        template: &str,
        methods: &Map<String, Value>,
        reply: &Reply,
    ) -> Result<(), String> {
        if reply.status != 405 {
            let is_early = BEFORE_THE_PATH.contains(&reply.status);
            return ok_if(is_early, || {
                format!("{} for a method without a description", reply.status)
            });
        }
        let response = &methods["x-other-methods"]["405"];
        let expected = response["headers"]["Allow"]["schema"]["const"].as_str().unwrap();
        let allow = reply.header("allow").unwrap_or_default();
        ok_if(allow == expected, || format!("Allow of {template} is {allow}, and not {expected}"))?;
        self.headers(response, reply)?;
        self.refusal(response, reply)
    }
}

/// Whether two messages differ in one place only, such as a time, a host or the name of a header.
fn are_alike(example: &str, message: &str) -> bool {
    let same = example.bytes().zip(message.bytes()).take_while(|(a, b)| a == b).count();
    let rest = (&example[same..], &message[same..]);
    let ends = rest.0.bytes().rev().zip(rest.1.bytes().rev()).take_while(|(a, b)| a == b).count();
    // More than half of the words are fixed.
    (same + ends) * 2 > example.len() || example == message
}

/// The segments of a path without the empty ones.
fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}
