//! The success and the refusals of a row.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::components::{self, object, reference};
use super::operations::{Writer, operation_id};
use super::samples;
use crate::api::answer::{Data, ViewSchema};
use crate::api::media_type::MediaType;
use crate::api::refusal::{ErrorKind, Rejection};
use crate::api::response::PAGE_HEADERS;
use crate::api::response::envelope::ErrorBody;
use crate::api::route::Row;
use crate::domain::Timestamp;

/// The time of the examples: 2026-11-24T12:21:35Z.
const NOW: Timestamp = Timestamp::from_micros(1_795_522_895_000_000);

impl Writer<'_> {
    pub(super) fn responses(&mut self, row: &Row) -> Value {
        let mut responses = Map::new();
        let location = row.answer.location.filter(|_| !row.answer.is_created_too);
        responses.insert(row.answer.status.to_string(), self.success(row, location));
        if row.answer.is_created_too {
            responses.insert("201".to_owned(), self.success(row, row.answer.location));
        }
        for (status, refusals) in self.refusals(row) {
            let names: Vec<_> = refusals.iter().map(|(name, _)| format!("`{name}`")).collect();
            let examples = refusals
                .iter()
                .map(|(name, error)| (name.clone(), self.example(name, &operation_id(row), error)));
            let examples = examples.collect();
            let errors: Vec<_> = refusals.iter().map(|(_, error)| error).collect();
            responses.insert(status.to_string(), refused(&names.join(", "), &errors, &examples));
        }
        responses.into()
    }

    /// The answer to a method that a path does not have. It has these.
    pub(super) fn other_methods(&mut self, methods: Vec<&'static str>) -> Value {
        let allow = methods.join(", ");
        let error = self.dialect.word(&Rejection::MethodNotAllowed(methods), None, NOW);
        let example = self.example("MethodNotAllowed", "", &error);
        let examples = Map::from_iter([("MethodNotAllowed".to_owned(), example)]);
        let mut response = refused("`MethodNotAllowed`", &[&error], &examples);
        response["headers"]["Allow"] = json!({
            "description": "The methods of the path.",
            "required": true,
            "schema": {"type": "string", "const": allow},
        });
        response
    }

    fn success(&mut self, row: &Row, location: Option<&str>) -> Value {
        let mut content = Map::new();
        let mut headers = components::headers_of_every_answer();
        for media_type in row.answers {
            let schema = match media_type {
                MediaType::Json => self.envelope(row),
                MediaType::NdJson => {
                    let line = match row.answer.data {
                        Data::Page(view)
                        | Data::NumberedPage(view)
                        | Data::List(view)
                        | Data::Object(view)
                        | Data::Lines(view) => self.view(view),
                        Data::Factor | Data::Document | Data::Empty => json!({"type": "object"}),
                    };
                    components::lines(&line)
                }
                MediaType::Html => {
                    for (name, value) in PAGE_HEADERS {
                        headers[name.as_str()] = json!({
                            "description": "With `text/html` only.",
                            "schema": {"type": "string", "const": value},
                        });
                    }
                    json!({"type": "string", "description": "A page."})
                }
            };
            content.insert(media_type.name().to_owned(), json!({"schema": schema}));
        }
        if let Some(about) = location {
            headers["Location"] = json!({
                "description": about,
                "required": true,
                "schema": {"type": "string", "format": "uri-reference"},
            });
        }
        if matches!(row.answer.data, Data::Empty) {
            return json!({"description": "Success, without a content.", "headers": headers});
        }
        json!({"description": "Success.", "headers": headers, "content": content})
    }

    fn envelope(&mut self, row: &Row) -> Value {
        let data = match row.answer.data {
            Data::Factor => self.dialect.factor_data,
            data => data,
        };
        let (data, paging) = match data {
            Data::Document | Data::Factor | Data::Lines(_) | Data::Empty => {
                return json!({"type": "object", "description": "JSON without an envelope."});
            }
            Data::Object(view) => (self.view(view), None),
            Data::List(view) => (list(&self.view(view)), Some("WholeList")),
            Data::Page(view) => (list(&self.view(view)), Some("Page")),
            Data::NumberedPage(view) => (list(&self.view(view)), Some("NumberedPage")),
        };
        let mut properties = json!({"meta": reference("schemas", "Meta"), "data": data});
        if let Some(paging) = paging {
            properties["paging"] = reference("schemas", paging);
        }
        if let Some(urgent) = row.answer.urgent {
            properties["urgent"] = self.view(urgent);
        }
        let fields = properties.as_object().into_iter().flat_map(Map::keys).cloned();
        let names: Vec<_> = fields.collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        object("The envelope of the answer.", &properties, &names)
    }

    fn view(&mut self, view: ViewSchema) -> Value {
        view(&mut self.generator).to_value()
    }

    /// The refusals of the row by status, each with its name.
    fn refusals(&self, row: &Row) -> BTreeMap<u16, Vec<(String, ErrorBody)>> {
        let mut refusals: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let is_used = |kind: &ErrorKind| !self.dialect.unused.contains(kind);
        for kind in row.kinds().into_iter().filter(is_used) {
            for (name, rejection) in samples::samples(kind, row, NOW) {
                let error = self.dialect.word(&rejection, Some(row.operation), NOW);
                refusals.entry(error.status).or_default().push((name, error));
            }
        }
        refusals
    }

    /// A reference to an example among the components. Rows with the same answer share it; another answer of the same name
    /// has `owner` in its key.
    fn example(&mut self, name: &str, owner: &str, error: &ErrorBody) -> Value {
        let example = components::example(error);
        let key = match self.examples.get(name) {
            Some(other) if *other != example => format!("{name}.{owner}"),
            Some(_) | None => name.to_owned(),
        };
        self.examples.insert(key.clone(), example);
        reference("examples", &key)
    }
}

/// Moves the refusals of all operations to the components, equal ones once, and leaves references.
pub(super) fn share(paths: &mut Map<String, Value>) -> Map<String, Value> {
    let mut shared: Map<String, Value> = Map::new();
    let operations = paths.values_mut().filter_map(Value::as_object_mut).flatten();
    for (method, operation) in operations.filter(|(_, it)| it.get("responses").is_some()) {
        let owner = operation["operationId"].as_str().unwrap_or_default().to_owned();
        let responses = operation["responses"].as_object_mut().into_iter().flatten();
        for (status, response) in responses.filter(|(status, _)| status.as_str() >= "400") {
            let name = format!("{}{status}", if method == "head" { "Head" } else { "Refused" });
            let key = match shared.get(&name) {
                Some(other) if *other != *response => format!("{name}.{owner}"),
                Some(_) | None => name,
            };
            let reference = reference("responses", &key);
            shared.insert(key, std::mem::replace(response, reference));
        }
    }
    shared
}

/// An answer that is one of these refusals.
fn refused(about: &str, errors: &[&ErrorBody], examples: &Map<String, Value>) -> Value {
    let mut headers = components::headers_of_every_answer();
    if errors.iter().any(|error| error.status == 401) {
        headers["WWW-Authenticate"] = reference("headers", "WwwAuthenticate");
    }
    if errors.iter().any(|error| error.retry_after.is_some()) {
        headers["Retry-After"] = json!({
            "description": "The seconds after which the same call can succeed.",
            "required": errors.iter().all(|error| error.retry_after.is_some()),
            "schema": {"type": "integer", "minimum": 1},
        });
    }
    json!({
        "description": about,
        "headers": headers,
        "content": {"application/json": {
            "schema": reference("schemas", "Refusal"),
            "examples": examples,
        }},
    })
}

fn list(view: &Value) -> Value {
    json!({"type": "array", "description": "The entries.", "items": view})
}
