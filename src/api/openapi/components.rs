//! The parts of the document that methods share.

use serde_json::{Map, Value, json};

use crate::api::response::envelope::{ErrorBody, error_json};
use crate::service::admin::MOST_PAGES;

/// Schemas, examples, responses, parameters, headers and security schemes. `views` are the schemas of views.
pub(super) fn components(
    views: Map<String, Value>,
    examples: &Map<String, Value>,
    responses: &Map<String, Value>,
) -> Value {
    let mut schemas = views;
    schemas.insert("Meta".to_owned(), meta());
    schemas.insert("Refusal".to_owned(), refusal());
    schemas.insert("WholeList".to_owned(), whole_list());
    schemas.insert("Page".to_owned(), page());
    schemas.insert("NumberedPage".to_owned(), numbered_page());
    json!({
        "schemas": schemas,
        "examples": examples,
        "responses": responses,
        "parameters": parameters(),
        "headers": headers(),
        "securitySchemes": {
            "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "The header `Authorization: Bearer …` with a token that the operator has made. An operation \
                                lists the scope that the token needs.",
            },
            "api_key": {
                "type": "apiKey",
                "in": "header",
                "name": "api-key",
                "description": "The vendor's key, beside the token of a client with the access type BROKER. The vendor's \
                                scopes must include the operation's, too.",
            },
        },
    })
}

/// A reference to a shared part.
pub(super) fn reference(part: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/{part}/{name}")})
}

/// The parameters of every request.
pub(super) fn parameters_of_every_request() -> Value {
    json!([reference("parameters", "RequestId"), reference("parameters", "IdempotencyKey")])
}

/// The headers of every answer.
pub(super) fn headers_of_every_answer() -> Value {
    json!({
        "x-request-id": reference("headers", "RequestId"),
        "x-idempotency-key": reference("headers", "IdempotencyKey"),
        "Cache-Control": reference("headers", "CacheControl"),
        "X-Content-Type-Options": reference("headers", "ContentTypeOptions"),
    })
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

fn parameters() -> Value {
    json!({
        "RequestId": {
            "name": "x-request-id",
            "in": "header",
            "required": false,
            "description": "An id of the caller's for this request. The answer, the log, the audit and the delivery have it. \
                            With another length than 1 to 200, or with a character beyond visible ASCII, it is replaced by \
                            an id of the node's.",
            "schema": {"type": "string"},
            "example": "0b8e8e3c-order-17",
        },
        "IdempotencyKey": {
            "name": "x-idempotency-key",
            "in": "header",
            "required": false,
            "description": "The answer repeats it, if it has 1 to 200 characters of visible ASCII. It has no other effect.",
            "schema": {"type": "string"},
            "example": "order-17",
        },
    })
}

fn headers() -> Value {
    json!({
        "RequestId": {
            "description": "The caller's `x-request-id`, or an id of the node's.",
            "required": true,
            "schema": {"type": "string"},
        },
        "IdempotencyKey": {
            "description": "The caller's `x-idempotency-key`, if there was one.",
            "required": false,
            "schema": {"type": "string"},
        },
        "CacheControl": {
            "description": "No answer may be stored.",
            "required": true,
            "schema": {"type": "string", "const": "no-store"},
        },
        "ContentTypeOptions": {
            "description": "The type of the content is as `Content-Type` has it.",
            "required": true,
            "schema": {"type": "string", "const": "nosniff"},
        },
        "WwwAuthenticate": {
            "description": "The scheme that is required.",
            "required": true,
            "schema": {"type": "string", "const": "Bearer"},
        },
    })
}

fn meta() -> Value {
    let text = |about: &str| json!({"type": "string", "description": about});
    object(
        "The envelope's head.",
        &json!({
            "code": {
                "type": "integer", "minimum": 200, "maximum": 599,
                "description": "The HTTP status.",
            },
            "url": text("The URL that was called, without its query. A gateway's secret is masked."),
            "type": {
                "type": "string", "enum": ["object", "list"],
                "description": "`list` where the answer has `paging`.",
            },
            "request_id": text("The header `x-request-id` of this answer."),
            "idempotency_key": text("The caller's `x-idempotency-key`."),
        }),
        &["code", "url", "type", "request_id"],
    )
}

fn refusal() -> Value {
    let text = |about: &str| json!({"type": "string", "description": about});
    let rule = object(
        "A rule that is broken.",
        &json!({
            "rule": text("The name of the rule, such as `required`, `format` or `inclusion`."),
            "params": {"description": "The rule's own data: a pattern, the known words, the bounds or the known names."},
            "description": text("The rule in words."),
        }),
        &["rule"],
    );
    let invalid = object(
        "A part of the request that is wrong.",
        &json!({
            "entry_type": text(
                "`json_data_property`, `query_parameter`, `path_parameter`, `header`, `request`, or `file` for a demo's world.",
            ),
            "entry": text("The place, such as `$.phone_number`, or the name of a header."),
            "rules": {"type": "array", "items": rule, "description": "The broken rules."},
        }),
        &["entry_type"],
    );
    let error = object(
        "The refusal.",
        &json!({
            "type": text("The kind, such as `validation_failed`."),
            "message": text("A sentence for people; programs read `reason`."),
            "invalid": {"type": "array", "items": invalid, "description": "The parts that are wrong."},
            "reason": text("A word for programs, where several refusals have the same `type`."),
            "next_attempt_at": {
                "type": "string",
                "format": "date-time",
                "description": "The time from which the limit allows this call again, in whole seconds.",
            },
        }),
        &["type"],
    );
    object(
        "A refused request.",
        &json!({"meta": reference("schemas", "Meta"), "error": error}),
        &["meta", "error"],
    )
}

fn whole_list() -> Value {
    let number = |about: &str| json!({"type": "integer", "minimum": 0, "description": about});
    object(
        "`paging` of a whole list on one page.",
        &json!({
            "page_number": number("Always 1."),
            "page_size": number("The most entries that the list can have."),
            "total_entries": number("The number of entries."),
            "total_pages": number("Always 1."),
        }),
        &["page_number", "page_size", "total_entries", "total_pages"],
    )
}

fn page() -> Value {
    object(
        "`paging` of a page.",
        &json!({
            "page_size": {
                "type": "integer", "minimum": 1,
                "description": "The most entries of the page: the parameter `page_size`, or its default.",
            },
            "next_after": {
                "description": "The parameter `after` of the next page; `null` on the last one.",
                "type": ["integer", "string", "null"],
            },
        }),
        &["page_size", "next_after"],
    )
}

fn numbered_page() -> Value {
    let number =
        |about: &str| json!({"type": ["integer", "null"], "minimum": 0, "description": about});
    object(
        "`paging` of a page of an operator's list.",
        &json!({
            "page_number": {
                "type": "integer", "minimum": 1, "maximum": MOST_PAGES,
                "description": "The parameter `page`, or 1.",
            },
            "page_size": {
                "type": "integer", "minimum": 1, "maximum": 50,
                "description": "The most entries of the page: the parameter `page_size`, or 50.",
            },
            "total_entries": number(
                "The number of entries that match; `null` if the call did not count them: behind a cursor, or beyond 10 000 \
                 records with a filter.",
            ),
            "total_pages": number("The number of pages; `null` with `total_entries`."),
            "next_after": {
                "type": ["string", "null"],
                "description": "The parameter `after` of the next page; `null` on the last one.",
            },
        }),
        &["page_number", "page_size", "total_entries", "total_pages", "next_after"],
    )
}

/// The schema of an object that has no other fields.
pub(super) fn object(about: &str, properties: &Value, required: &[&str]) -> Value {
    json!({
        "type": "object",
        "description": about,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// Text of lines that are each of this schema.
pub(super) fn lines(line: &Value) -> Value {
    json!({
        "type": "string",
        "description": "Objects of the form `x-line`, each on a line of its own.",
        "x-line": line,
    })
}
