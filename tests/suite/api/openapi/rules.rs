//! The rules of a description: those of `OpenAPI` 3.1 that a change of the rows could break, and some of the house.

use std::collections::BTreeSet;

use esoz_otp::config::DialectName;
use serde_json::{Map, Value};

use super::document;
use crate::support::{Schemas, TestNode};

/// Calls `look` with the description in each dialect.
fn in_each_dialect(look: impl Fn(&Value)) {
    for dialect in [DialectName::Documented, DialectName::Deployed] {
        look(&document(&TestNode::speaking(dialect)));
    }
}

/// Calls `look` with every object of the document and its place, a JSON pointer.
fn walk<'d>(value: &'d Value, place: &str, look: &mut impl FnMut(&'d Map<String, Value>, &str)) {
    match value {
        Value::Object(fields) => {
            look(fields, place);
            for (name, value) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                walk(value, &format!("{place}/{name}"), look);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                walk(item, &format!("{place}/{number}"), look);
            }
        }
        _ => {}
    }
}

/// The operations, each with its path.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().values();
        let operations = methods.filter(|operation| operation.get("responses").is_some());
        operations.map(move |operation| (path.as_str(), operation))
    })
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    in_each_dialect(|document| {
        let mut used = BTreeSet::new();
        walk(document, "", &mut |fields, place| {
            if let Some(reference) = fields.get("$ref") {
                let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{place}: {pointer}");
                used.insert(pointer.to_owned());
            }
        });
        let components = document["components"].as_object().unwrap();
        for (part, all) in components.iter().filter(|(part, _)| *part != "securitySchemes") {
            for name in all.as_object().unwrap().keys() {
                assert!(used.contains(&format!("/components/{part}/{name}")), "{part} {name}");
                let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
                assert!(name.chars().all(is_plain), "{name}");
            }
        }
    });
}

#[test]
fn no_two_types_share_a_name() {
    in_each_dialect(|document| {
        for name in document["components"]["schemas"].as_object().unwrap().keys() {
            // The generator of schemas numbers a second type of the same name.
            assert!(!name.ends_with(|c: char| c.is_ascii_digit()), "{name}");
        }
    });
}

#[test]
fn security_is_that_of_a_scheme() {
    in_each_dialect(|document| {
        let schemes = document["components"]["securitySchemes"].as_object().unwrap();
        for (path, operation) in operations(document) {
            for alternative in operation["security"].as_array().unwrap() {
                let names = alternative.as_object().unwrap().keys();
                assert!(names.clone().all(|name| schemes.contains_key(name)), "{path}");
            }
            let has_refusal = operation["responses"].get("401").is_some();
            let has_security = !operation["security"].as_array().unwrap().is_empty();
            assert_eq!(has_refusal, has_security, "{path}");
        }
    });
}

#[test]
fn every_parameter_property_header_and_answer_is_described() {
    in_each_dialect(|document| {
        let is_described = |value: &Value| {
            let value = Schemas(document).resolve(value);
            let about = value["description"].as_str().unwrap_or_default();
            !about.is_empty() && !about.contains("[`") && !about.contains("::")
        };
        for (path, operation) in operations(document) {
            let parts = ["parameters"].map(|part| operation[part].as_array().into_iter().flatten());
            for parameter in parts.into_iter().flatten() {
                assert!(is_described(parameter), "{path}: {parameter}");
            }
            if let Some(body) = operation.get("requestBody") {
                assert!(is_described(body), "{path}: {body}");
            }
        }
        walk(document, "", &mut |fields, place| {
            let properties = fields.get("properties").and_then(Value::as_object);
            for (name, property) in properties.into_iter().flatten() {
                let is_error = name == "error" || name == "meta" || name == "data";
                assert!(is_described(property) || is_error, "{place} {name}");
            }
            for part in ["headers", "responses"] {
                let named = fields.get(part).and_then(Value::as_object).into_iter().flatten();
                for (name, value) in named {
                    assert!(is_described(value), "{place} {part} {name}");
                }
            }
        });
    });
}

#[test]
fn examples_have_the_form_of_their_schemas() {
    in_each_dialect(|document| {
        let schemas = Schemas(document);
        let mut count = 0;
        walk(document, "", &mut |fields, place| {
            let fits = |schema: &Value, value: &Value| {
                schemas.fits(schema, value, place).unwrap_or_else(|fault| panic!("{fault}"));
            };
            // Those of a schema itself.
            if let Some(Value::Array(examples)) = fields.get("examples") {
                let schema = document.pointer(place).unwrap();
                for example in examples {
                    fits(schema, example);
                }
                count += examples.len();
            }
            let Some(schema) = fields.get("schema") else { return };
            if let Some(example) = fields.get("example") {
                fits(schema, example);
                count += 1;
            }
            let named = fields.get("examples").and_then(Value::as_object).into_iter().flatten();
            for (_, example) in named {
                fits(schema, &schemas.resolve(example)["value"]);
                count += 1;
            }
        });
        assert!(count > 200, "{count}");
    });
}

#[test]
fn a_refusal_has_the_status_of_its_examples_and_names_them() {
    in_each_dialect(|document| {
        for (path, operation) in operations(document) {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let response = Schemas(document).resolve(response);
                let content = &response["content"]["application/json"];
                let Some(examples) = content["examples"].as_object() else {
                    let is_head = operation["operationId"].as_str().unwrap().starts_with("Head");
                    assert!(status.as_str() < "400" || is_head, "{path} {status}");
                    continue;
                };
                assert!(!examples.is_empty(), "{path} {status}");
                for (name, example) in examples {
                    let code = &Schemas(document).resolve(example)["value"]["meta"]["code"];
                    assert_eq!(code.to_string(), *status, "{path} {name}");
                    assert!(response["description"].as_str().unwrap().contains(name.as_str()));
                }
            }
        }
    });
}

#[test]
fn head_has_what_get_has_but_the_contents() {
    in_each_dialect(|document| {
        for (path, methods) in document["paths"].as_object().unwrap() {
            let (get, head) = (&methods["get"], &methods["head"]);
            assert_eq!(get.is_null(), head.is_null(), "{path}");
            for (status, of_get) in get["responses"].as_object().into_iter().flatten() {
                let of_get = Schemas(document).resolve(of_get);
                let of_head = Schemas(document).resolve(&head["responses"][status]);
                assert_eq!(of_head["headers"], of_get["headers"], "{path} {status}");
                assert!(of_head.get("content").is_none(), "{path} {status}");
            }
            assert_eq!(head["security"], get["security"], "{path}");
        }
    });
}
