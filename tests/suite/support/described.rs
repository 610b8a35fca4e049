//! Holds each answer of a node against the node's own description, `GET /openapi.json`.

use serde_json::{Map, Value};

use super::Reply;

/// The description of a node.
pub struct Described {
    document: Value,
}

/// Statuses of refusals that come before the path is looked up.
const BEFORE_THE_PATH: [u16; 5] = [400, 403, 404, 414, 431];

impl Described {
    pub fn of(document: &[u8]) -> Self {
        Self { document: serde_json::from_slice(document).unwrap() }
    }

    /// Panics with a sentence if the answer is none that the description has.
    pub fn assert_has(&self, method: &str, path: &str, reply: &Reply) {
        if let Err(fault) = self.fault(method, path, reply) {
            panic!("{method} {path}: {fault}\n{}", reply.text);
        }
    }

    /// The difference between an answer and the description, as a sentence.
    pub fn fault(&self, method: &str, path: &str, reply: &Reply) -> Result<(), String> {
        let status = reply.status;
        let Some((template, methods)) = self.find(path) else {
            let is_refused = BEFORE_THE_PATH.contains(&status) || path == "*";
            return ok_if(is_refused, || format!("{status}, but the description has no such path"));
        };
        let key = if method == "HEAD" { "get".to_owned() } else { method.to_ascii_lowercase() };
        let Some(operation) = methods.get(&key) else {
            return not_allowed(template, methods, reply);
        };
        let response = &operation["responses"][status.to_string()];
        ok_if(!response.is_null(), || {
            format!("the description has no {status} for {method} {template}")
        })?;
        let names = response["headers"].as_object().into_iter().flat_map(Map::keys);
        for name in names.filter(|name| *name != "Retry-After") {
            ok_if(reply.header(name).is_some() || reply.body.is_null(), || {
                format!("no header {name}")
            })?;
        }
        if status < 400 { self.success(response, reply) } else { self.refusal(response, reply) }
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

    fn success(&self, response: &Value, reply: &Reply) -> Result<(), String> {
        let media_type = reply.header("content-type").unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default();
        let content = &response["content"][media_type];
        ok_if(!content.is_null(), || format!("the description has no content {media_type}"))?;
        // A stream of one line is JSON, too.
        if reply.body.is_null() || media_type != "application/json" {
            return Ok(());
        }
        self.fits(&content["schema"], &reply.body, "$")
    }

    fn refusal(&self, response: &Value, reply: &Reply) -> Result<(), String> {
        // A head without a body, or an answer of the HTTP layer.
        if reply.body.is_null() {
            return Ok(());
        }
        let content = &response["content"]["application/json"];
        self.fits(&content["schema"], &reply.body, "$")?;
        let examples = content["examples"].as_object().ok_or("no examples")?;
        let same = |example: &Value| {
            let error = &self.resolve(example)["value"]["error"];
            ["type", "reason"].iter().all(|name| error[name] == reply.error()[name])
        };
        ok_if(examples.values().any(same), || {
            format!(
                "no example has the type {} and the reason {}",
                reply.error()["type"],
                reply.error()["reason"]
            )
        })
    }

    fn resolve<'d>(&'d self, value: &'d Value) -> &'d Value {
        let Some(reference) = value["$ref"].as_str() else { return value };
        let found = self.document.pointer(reference.trim_start_matches('#'));
        found.unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }

    /// Whether a value has the form of a schema: type, words, fields and items.
    fn fits(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let schema = self.resolve(schema);
        if let Some(any) = schema["anyOf"].as_array() {
            let fits = any.iter().any(|schema| self.fits(schema, value, at).is_ok());
            return ok_if(fits, || format!("{at} has none of its forms"));
        }
        if let Some(words) = schema["enum"].as_array() {
            ok_if(words.contains(value), || format!("{at} is none of its words"))?;
        }
        let types = match &schema["type"] {
            Value::Array(types) => types.clone(),
            Value::Null => Vec::new(),
            one => vec![one.clone()],
        };
        let has_type = types.is_empty() || types.iter().any(|of| is_of(value, of));
        ok_if(has_type, || format!("{at} is no {types:?}"))?;
        for item in value.as_array().into_iter().flatten() {
            self.fits(&schema["items"], item, &format!("{at}[]"))?;
        }
        let (Some(fields), Some(known)) = (value.as_object(), schema["properties"].as_object())
        else {
            return Ok(());
        };
        for (name, value) in fields {
            let known = known.get(name).ok_or(format!("{at}.{name} is unknown"))?;
            self.fits(known, value, &format!("{at}.{name}"))?;
        }
        let required = schema["required"].as_array().into_iter().flatten();
        let mut missing = required.filter_map(Value::as_str);
        match missing.find(|name| !fields.contains_key(*name)) {
            Some(name) => Err(format!("{at}.{name} is missing")),
            None => Ok(()),
        }
    }
}

/// The segments of a path without the empty ones.
fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

/// The answer to a method that the description does not have for the path.
fn not_allowed(template: &str, methods: &Map<String, Value>, reply: &Reply) -> Result<(), String> {
    if reply.status != 405 {
        let is_early = BEFORE_THE_PATH.contains(&reply.status);
        return ok_if(is_early, || format!("{} for a method without a description", reply.status));
    }
    let mut expected: Vec<_> = methods.keys().map(|name| name.to_ascii_uppercase()).collect();
    if methods.contains_key("get") {
        expected.push("HEAD".to_owned());
    }
    expected.sort();
    let allow = reply.header("allow").unwrap_or_default();
    let mut allowed: Vec<_> = allow.split(", ").map(str::to_owned).collect();
    allowed.sort();
    ok_if(allowed == expected, || format!("Allow of {template} is {allow}, and not {expected:?}"))
}

fn is_of(value: &Value, name: &Value) -> bool {
    match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64() || value.is_i64(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => false,
    }
}

fn ok_if(holds: bool, fault: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(fault()) }
}
