use std::net::SocketAddr;

use serde_json::Value;
use ureq::http::{HeaderMap, Request};

use super::{SEED_REQUEST, TestNode, other_form_of_time, telling};

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

/// Headers of the demo's clinic.
pub const MIS: [(&str, &str); 2] =
    [("authorization", "Bearer demo-mis-token"), ("api-key", "demo-api-key")];

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub fn error(&self) -> &Value {
        &self.body["error"]
    }

    pub fn data(&self) -> &Value {
        &self.body["data"]
    }

    /// Status, type, message and reason.
    pub fn refusal(&self) -> (u16, &str, Option<&str>, Option<&str>) {
        let error_type = self.error()["type"].as_str().unwrap_or_default();
        (self.status, error_type, self.message(), self.reason())
    }

    pub fn reason(&self) -> Option<&str> {
        self.error()["reason"].as_str()
    }

    pub fn message(&self) -> Option<&str> {
        self.error()["message"].as_str()
    }
}

/// One request. A body of `""` is none.
pub fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Reply {
    try_call(address, method, path, headers, body).unwrap()
}

/// The same to a server that may be gone.
pub fn try_call(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Reply, ureq::Error> {
    let mut request = Request::builder().method(method).uri(format!("http://{address}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if !body.is_empty() && !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header("content-type", "application/json");
    }
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .build()
        .into();
    let request = request.body(body.to_owned()).unwrap();
    let mut response = agent.run(request)?;
    let text = response.body_mut().read_to_string()?;
    let reply = Reply {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: serde_json::from_str(&text).unwrap_or(Value::Null),
        text,
    };
    let told = telling(&reply.error().to_string());
    assert_eq!(told, None, "no error may say that: {method} {}", reply.error());
    assert_eq!(other_form_of_time(&reply.text), None, "{method} {path}");
    Ok(reply)
}

impl TestNode {
    /// One request. A body of `""` is none.
    pub fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let reply = call(self.address(), method, path, headers, body);
        self.described().assert_has(method, path, &reply);
        reply
    }

    /// Resends the code of the page's request.
    pub fn resend(&self) -> Reply {
        self.resend_for(SEED_REQUEST)
    }

    pub fn resend_for(&self, request: &str) -> Reply {
        let path = format!("/api/person_requests/{request}/actions/resend_otp");
        self.call("POST", &path, &MIS, "")
    }

    /// Approves the page's request.
    pub fn approve(&self, code: &str) -> Reply {
        let path = format!("/api/person_requests/{SEED_REQUEST}/actions/approve");
        let body = serde_json::json!({"verification_code": code}).to_string();
        self.call("PATCH", &path, &MIS, &body)
    }

    pub fn initialize(&self, phone: &str) -> Reply {
        let body = serde_json::json!({"phone_number": phone}).to_string();
        self.call("POST", "/verifications", &[], &body)
    }

    pub fn complete(&self, phone: &str, code: &str) -> Reply {
        let body = serde_json::json!({"code": code}).to_string();
        self.call("PATCH", &format!("/verifications/{phone}/actions/complete"), &[], &body)
    }
}

/// A code that is not this one.
pub fn other_than(code: &str) -> String {
    let number: u64 = code.parse().unwrap();
    let length = code.len();
    format!("{:0length$}", (number + 1) % 10_u64.pow(u32::try_from(length).unwrap()))
}
