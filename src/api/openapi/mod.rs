//! The methods of a node as an `OpenAPI` 3.1 document, made of the rows of the route table. A test holds it against the
//! answers that the test suite gets.

mod components;
mod samples;

use std::collections::BTreeMap;

use components::reference;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::answer::{Data, ViewSchema};
use super::dialect::Dialect;
use super::media_type::MediaType;
use super::refusal::ErrorKind;
use super::request::body::Body;
use super::request::query::Parameters;
use super::response::envelope::ErrorBody;
use super::route::Row;
use crate::contract::{Field, Presence, schema};
use crate::domain::{CodeFormat, Timestamp};

/// The time of the examples: 2026-11-24T12:21:35Z.
const NOW: Timestamp = Timestamp::from_micros(1_795_522_895_000_000);

/// The document of these rows, with the refusals of this dialect.
pub(super) fn document<'r>(
    rows: impl Iterator<Item = &'r Row>,
    dialect: &'static Dialect,
    codes: CodeFormat,
) -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let settings = settings.with(|settings| {
        settings.definitions_path = "/components/schemas".into();
    });
    let mut writer =
        Writer { dialect, codes, generator: settings.into_generator(), examples: Map::new() };
    let mut paths: Map<String, Value> = Map::new();
    for row in rows {
        let path = paths.entry(row.path).or_insert_with(|| json!({}));
        path[row.method.to_ascii_lowercase()] = writer.operation(row);
    }
    let views = writer.generator.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "esoz-otp",
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!(
                "The methods of this node, in the dialect `{}`. A path with `GET` answers `HEAD` too. Another method of \
                 a path is refused with 405 and the header `Allow`; a path that is not here, with 404.",
                dialect.name,
            ),
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": components::components(views, &writer.examples),
    })
}

struct Writer {
    dialect: &'static Dialect,
    codes: CodeFormat,
    generator: SchemaGenerator,
    examples: Map<String, Value>,
}

impl Writer {
    fn operation(&mut self, row: &Row) -> Value {
        let mut operation = json!({
            "operationId": operation_id(row),
            "summary": row.about,
            "parameters": self.parameters(row),
            "security": security(row),
            "responses": self.responses(row),
        });
        if let Some(body) = self.body(row.body) {
            operation["requestBody"] = body;
        }
        operation
    }

    fn parameters(&self, row: &Row) -> Vec<Value> {
        let of_query = match row.parameters {
            Parameters::Any => &[],
            Parameters::Known(shape) | Parameters::Only(shape) => shape.fields(),
        };
        let of_path = row.params.iter().map(|field| self.parameter("path", field));
        of_path.chain(of_query.iter().map(|field| self.parameter("query", field))).collect()
    }

    fn parameter(&self, part: &str, field: &Field) -> Value {
        let mut schema = schema(field.shape, self.codes);
        if let Presence::Default(text) = field.presence {
            schema["default"] = serde_json::from_str(text).unwrap_or_default();
        }
        json!({
            "name": field.name,
            "in": part,
            "required": field.presence == Presence::Required,
            "description": field.about.trim(),
            "schema": schema,
        })
    }

    fn body(&self, body: Body) -> Option<Value> {
        let schema = match body {
            Body::None => return None,
            Body::Json([shape]) => schema(shape, self.codes),
            Body::Json([]) | Body::JsonWithEveryDigit | Body::AnyJson => json!({}),
            Body::Json(shapes) => {
                let shapes = shapes.iter().map(|shape| schema(shape, self.codes));
                json!({"anyOf": shapes.collect::<Vec<_>>()})
            }
        };
        let is_required = matches!(body, Body::Json([_]));
        Some(json!({"required": is_required, "content": {"application/json": {"schema": schema}}}))
    }

    fn responses(&mut self, row: &Row) -> Value {
        let mut responses = Map::new();
        responses.insert(row.answer.status.to_string(), self.success(row));
        for (status, refusals) in self.refusals(row) {
            responses.insert(status.to_string(), self.refusal(row, status, &refusals));
        }
        responses.into()
    }

    fn success(&mut self, row: &Row) -> Value {
        let mut content = Map::new();
        for media_type in row.answers {
            let schema = match media_type {
                MediaType::Json => self.envelope(row),
                MediaType::NdJson => json!({"type": "string", "description": "An entry a line."}),
                MediaType::Html => json!({"type": "string"}),
            };
            content.insert(media_type.name().to_owned(), json!({"schema": schema}));
        }
        let headers = components::headers_of_every_answer();
        json!({"description": "Success.", "headers": headers, "content": content})
    }

    fn envelope(&mut self, row: &Row) -> Value {
        let data = match row.answer.data {
            Data::Factor => self.dialect.factor_data,
            data => data,
        };
        let (data, paging) = match data {
            Data::Document | Data::Factor => return json!({"type": "object"}),
            Data::Object(view) => (self.view(view), None),
            Data::List(view) => (list(&self.view(view)), Some("WholeList")),
            Data::Page(view) => (list(&self.view(view)), Some("Page")),
        };
        let mut properties = json!({"meta": reference("schemas", "Meta"), "data": data});
        if let Some(paging) = paging {
            properties["paging"] = reference("schemas", paging);
        }
        if let Some(urgent) = row.answer.urgent {
            properties["urgent"] = self.view(urgent);
        }
        let names: Vec<_> =
            properties.as_object().into_iter().flat_map(Map::keys).cloned().collect();
        json!({
            "type": "object",
            "properties": properties,
            "required": names,
            "additionalProperties": false,
        })
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

    fn refusal(&mut self, row: &Row, status: u16, refusals: &[(String, ErrorBody)]) -> Value {
        let mut headers = components::headers_of_every_answer();
        if status == 401 {
            headers["WWW-Authenticate"] = json!({"schema": {"const": "Bearer"}});
        }
        if refusals.iter().any(|(_, error)| error.retry_after.is_some()) {
            headers["Retry-After"] = json!({"schema": {"type": "integer", "minimum": 1}});
        }
        let names: Vec<_> = refusals.iter().map(|(name, _)| format!("`{name}`")).collect();
        let examples = refusals.iter().map(|(name, error)| {
            let key = self.example(row, name, error);
            (name.clone(), reference("examples", &key))
        });
        let examples: Map<_, _> = examples.collect();
        json!({
            "description": names.join(", "),
            "headers": headers,
            "content": {"application/json": {
                "schema": reference("schemas", "Refusal"),
                "examples": examples,
            }},
        })
    }

    /// The key of an example among the components. Rows with the same answer share it.
    fn example(&mut self, row: &Row, name: &str, error: &ErrorBody) -> String {
        let example = components::example(error);
        let own = format!("{name}.{}", operation_id(row));
        let key = match self.examples.get(name) {
            Some(other) if *other != example => own,
            Some(_) | None => name.to_owned(),
        };
        self.examples.insert(key.clone(), example);
        key
    }
}

/// The operation, and the version of the path if it has one.
fn operation_id(row: &Row) -> String {
    let version = row.path.split('/').find(|part| matches!(*part, "v2" | "v3"));
    format!("{:?}{}", row.operation, version.unwrap_or_default())
}

/// A token with the row's scope, with an `api-key` for clients of the access type BROKER.
fn security(row: &Row) -> Value {
    match row.access.scope() {
        Some(scope) => json!([{"token": [scope]}, {"token": [scope], "api_key": []}]),
        None => json!([]),
    }
}

fn list(view: &Value) -> Value {
    json!({"type": "array", "items": view})
}
