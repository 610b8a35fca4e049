//! Parameters, body and security of a row.

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::{components, views};
use crate::api::dialect::Dialect;
use crate::api::media_type::MediaType;
use crate::api::request::body::{Body, StreamBody};
use crate::api::request::query::Parameters;
use crate::api::route::Row;
use crate::contract::{Field, NodeForms, Presence, schema};

/// Writes operations, and collects the schemas and examples to which they refer.
pub(super) struct Writer<'n> {
    pub(super) dialect: &'static Dialect,
    forms: NodeForms<'n>,
    pub(super) generator: SchemaGenerator,
    pub(super) examples: Map<String, Value>,
}

impl<'n> Writer<'n> {
    pub(super) fn new(dialect: &'static Dialect, forms: NodeForms<'n>) -> Self {
        Self { dialect, forms, generator: views::generator(), examples: Map::new() }
    }

    /// The schemas of the views, and the examples of refusals.
    pub(super) fn finish(mut self) -> (Map<String, Value>, Map<String, Value>) {
        let mut schemas = self.generator.take_definitions(true);
        schemas.values_mut().for_each(views::plain);
        (schemas, self.examples)
    }

    pub(super) fn operation(&mut self, row: &Row) -> Value {
        let mut operation = json!({
            "operationId": operation_id(row),
            "tags": [tag(row)],
            "summary": row.about,
            "parameters": self.parameters(row),
            "security": security(row),
            "responses": self.responses(row),
        });
        if let Some(body) = self.body(row.body) {
            operation["requestBody"] = body;
        }
        if matches!(row.parameters, Parameters::Only(_)) {
            operation["x-additional-query-parameters"] = false.into();
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
        let mut schema = schema(field.shape, self.forms);
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
        let (about, schema) = match body {
            Body::None => return None,
            Body::Stream(StreamBody { line, bounds }) => {
                let about = format!(
                    "A JSON object a line. Empty lines are left out. At most {} bytes in {} s, and {} bytes a line.",
                    bounds.most_bytes,
                    bounds.deadline.as_secs(),
                    bounds.longest_line,
                );
                return Some(json!({
                    "description": about,
                    "required": false,
                    "content": {
                        MediaType::NdJson.name(): {
                            "schema": components::lines(&schema(line, self.forms)),
                        },
                    },
                }));
            }
            Body::Json([shape]) => ("JSON.", schema(shape, self.forms)),
            Body::Json([]) | Body::JsonWithEveryDigit => ("Any JSON.", json!({})),
            Body::AnyJson => ("Any JSON; its content is ignored.", json!({})),
            Body::Json(shapes) => {
                let shapes = shapes.iter().map(|shape| schema(shape, self.forms));
                ("JSON of one of these forms.", json!({"anyOf": shapes.collect::<Vec<_>>()}))
            }
        };
        Some(json!({
            "description": about,
            "required": matches!(body, Body::Json([_])),
            "content": {"application/json": {"schema": schema}},
        }))
    }
}

/// The operation `HEAD` of a row with this operation `GET`: the same without contents.
pub(super) fn head_of(get: &Value) -> Value {
    let mut head = get.clone();
    head["operationId"] = format!("Head{}", get["operationId"].as_str().unwrap_or_default()).into();
    let summary = get["summary"].as_str().unwrap_or_default();
    head["summary"] = format!("{summary}: status and headers alone").into();
    for response in head["responses"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        if let Value::Object(response) = response {
            response.remove("content");
        }
    }
    head
}

/// The operation, and the version of the path if it has one.
pub(super) fn operation_id(row: &Row) -> String {
    let version = row.path.split('/').find(|part| matches!(*part, "v2" | "v3"));
    format!("{:?}{}", row.operation, version.unwrap_or_default().to_ascii_uppercase())
}

/// The resource: the first segment of the path behind `api` and the version.
fn tag(row: &Row) -> &str {
    let mut segments =
        row.path.split('/').filter(|part| !matches!(*part, "" | "api" | "v2" | "v3"));
    match segments.next() {
        None => "demo",
        Some("openapi.json") => "openapi",
        Some(segment) => segment,
    }
}

/// A token with the row's scope, with an `api-key` for clients of the access type BROKER.
fn security(row: &Row) -> Value {
    match row.access.scope() {
        Some(scope) => json!([{"token": [scope]}, {"token": [scope], "api_key": []}]),
        None => json!([]),
    }
}
