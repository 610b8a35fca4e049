//! The methods of a node as an `OpenAPI` 3.1 document, made of the rows of the route table. A test holds it against the
//! answers that the test suite gets.
//!
//! - `operations`: parameters, body and security of a row;
//! - `responses`: the success and the refusals of a row;
//! - `components`: the parts that rows share;
//! - `views`: the schemas of views;
//! - `samples`: a rejection of each kind, for examples.

mod components;
mod operations;
mod responses;
mod samples;
mod views;

use operations::{Writer, head_of};
use serde_json::{Map, Value, json};

use super::dialect::Dialect;
use super::route::Row;
use crate::config::OtpConfig;
use crate::contract::NodeForms;

/// The document of these rows, with the refusals of this dialect, and the forms of codes and phones of these settings.
pub(super) fn document<'r>(
    rows: impl Iterator<Item = &'r Row>,
    dialect: &'static Dialect,
    otp: &OtpConfig,
) -> Value {
    let forms = NodeForms {
        codes: otp.format,
        allowed_prefixes: &otp.allowed_prefixes,
        refused_prefixes: &otp.refused_prefixes,
    };
    let mut writer = Writer::new(dialect, forms);
    let mut paths: Map<String, Value> = Map::new();
    let mut methods: Vec<(&str, Vec<&'static str>)> = Vec::new();
    for row in rows {
        let path = paths.entry(row.path).or_insert_with(|| json!({}));
        let operation = writer.operation(row);
        if row.method == "GET" {
            path["head"] = head_of(&operation);
        }
        path[row.method.to_ascii_lowercase()] = operation;
        match methods.iter_mut().find(|(path, _)| *path == row.path) {
            Some((_, methods)) => methods.push(row.method),
            None => methods.push((row.path, vec![row.method])),
        }
    }
    for (path, mut methods) in methods {
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        paths[path]["parameters"] = components::parameters_of_every_request();
        paths[path]["x-other-methods"] = json!({"405": writer.other_methods(methods)});
    }
    let responses = responses::share(&mut paths);
    let (schemas, examples) = writer.finish();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "esoz-otp",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "One-time codes of the Ukrainian eHealth system",
            "description": about(dialect),
        },
        "servers": [{"url": "/", "description": "The node that this document comes from."}],
        "paths": paths,
        "components": components::components(schemas, &examples, &responses),
    })
}

fn about(dialect: &Dialect) -> String {
    format!(
        "The methods of this node, in the dialect `{}`.\n\n\
         - **Methods.** A path with `GET` answers `HEAD` with the same status and headers and no content. Another method of \
         a path is refused with 405 and the header `Allow`: `x-other-methods` of the path has that answer.\n\
         - **Paths.** A path that is not here is refused with 404.\n\
         - **Parameters of queries.** Unknown ones are ignored. Where `x-additional-query-parameters` is `false`, they are \
         refused with 422, and so is a known one that stands twice or has no value.\n\
         - **Numbers.** A whole number stands without a fraction or an exponent: `7.0` is refused with 422.\n\
         - **`Accept`.** It chooses among the types of an answer; without it the answer is JSON. If it excludes all of \
         them, the answer is 406. A refusal is always JSON.\n\
         - **`Content-Type`.** `application/json`, or a type that ends in `+json`. Another one is refused with 415, unless \
         the body is empty.\n\
         - **`Authorization` and `api-key`.** They stand under `security`, and at most once in a request.\n\
         - **`Origin` and `Sec-Fetch-Site`.** On the internal listener, a request from a page of another site is refused \
         with 403.\n\
         - **Bare answers.** A request that is no HTTP, or whose head is larger than 32 KiB, gets 400 or 431 without content.",
        dialect.name,
    )
}
