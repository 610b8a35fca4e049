//! The shapes that turbosms.ua documents (<https://turbosms.ua/en/api.html>, module `message`).

use serde_json::{Value, json};

use super::receipts::When;

/// A message is taken, and is called by this id from now on.
pub(super) fn taken(id: &str, phone: &str) -> Value {
    let message =
        json!({"phone": phone, "response_code": 0, "message_id": id, "response_status": "OK"});
    whole(800, "SUCCESS_MESSAGE_ACCEPTED", &json!([message]))
}

/// The request was understood, and its only message was not taken.
pub(super) fn message(code: u16, word: &str) -> Value {
    let message =
        json!({"phone": "", "response_code": code, "message_id": null, "response_status": word});
    whole(802, "SUCCESS_MESSAGE_PARTIAL_ACCEPTED", &json!([message]))
}

/// The request was not taken as a whole.
pub(super) fn request(code: u16, word: &str) -> Value {
    whole(code, word, &Value::Null)
}

/// What became of these messages; `None` is one that it does not know.
pub(super) fn statuses(asked: &[(String, Option<When>)]) -> Value {
    let each = asked.iter().map(|(id, known)| match known {
        Some(when) => json!({
            "message_id": id,
            "response_code": 0,
            "response_status": "OK",
            "status": when.word(),
        }),
        None => json!({
            "message_id": id,
            "response_code": 406,
            "response_status": "NOT_ALLOWED_MESSAGE_ID",
        }),
    });
    whole(0, "OK", &each.collect())
}

fn whole(code: u16, word: &str, result: &Value) -> Value {
    json!({"response_code": code, "response_status": word, "response_result": result})
}
