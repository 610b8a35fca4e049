//! The parts of the document that methods share.

use serde_json::{Map, Value, json};

use crate::api::response::envelope::{ErrorBody, error_json};

/// Schemas, examples, headers and security schemes. `views` are the schemas of views.
pub(super) fn components(views: Map<String, Value>, examples: &Map<String, Value>) -> Value {
    let mut schemas = views;
    schemas.insert("Meta".to_owned(), meta());
    schemas.insert("Refusal".to_owned(), refusal());
    schemas.insert("WholeList".to_owned(), whole_list());
    schemas.insert("Page".to_owned(), page());
    json!({
        "schemas": schemas,
        "examples": examples,
        "headers": {"RequestId": {
            "description": "The caller's `x-request-id`, or an id of the node's.",
            "required": true,
            "schema": {"type": "string"},
        }},
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer"},
            "api_key": {
                "type": "apiKey",
                "in": "header",
                "name": "api-key",
                "description": "Beside the token of a client with the access type BROKER.",
            },
        },
    })
}

/// A reference to a shared part.
pub(super) fn reference(part: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/{part}/{name}")})
}

/// The headers of every answer.
pub(super) fn headers_of_every_answer() -> Value {
    json!({"x-request-id": reference("headers", "RequestId")})
}

/// The answer with this error, as an example.
pub(super) fn example(error: &ErrorBody) -> Value {
    let meta = json!({
        "code": error.status,
        "url": "http://localhost/",
        "type": "object",
        "request_id": "6617aeec-15e2-4d6f-b9bd-53559c358f97#17810",
    });
    json!({"value": {"meta": meta, "error": error_json(error)}})
}

fn meta() -> Value {
    object(
        &json!({
            "code": {"type": "integer"},
            "url": {"type": "string"},
            "type": {"enum": ["object", "list"]},
            "request_id": {"type": "string"},
            "idempotency_key": {"type": "string"},
        }),
        &["code", "url", "type", "request_id"],
    )
}

fn refusal() -> Value {
    let rule = object(
        &json!({
            "rule": {"type": "string"},
            "params": {},
            "description": {"type": "string"},
        }),
        &["rule"],
    );
    let invalid = object(
        &json!({
            "entry_type": {"type": "string"},
            "entry": {"type": "string"},
            "rules": {"type": "array", "items": rule},
        }),
        &["entry_type"],
    );
    let error = object(
        &json!({
            "type": {"type": "string"},
            "message": {"type": "string"},
            "invalid": {"type": "array", "items": invalid},
            "reason": {"type": "string"},
            "next_attempt_at": {"type": "string", "format": "date-time"},
        }),
        &["type"],
    );
    object(&json!({"meta": reference("schemas", "Meta"), "error": error}), &["meta", "error"])
}

fn whole_list() -> Value {
    let number = json!({"type": "integer", "minimum": 0});
    object(
        &json!({
            "page_number": number,
            "page_size": number,
            "total_entries": number,
            "total_pages": number,
        }),
        &["page_number", "page_size", "total_entries", "total_pages"],
    )
}

fn page() -> Value {
    object(
        &json!({
            "page_size": {"type": "integer", "minimum": 1},
            "next_after": {
                "description": "The parameter `after` of the next page; `null` on the last one.",
                "type": ["integer", "string", "null"],
            },
        }),
        &["page_size", "next_after"],
    )
}

fn object(properties: &Value, required: &[&str]) -> Value {
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}
