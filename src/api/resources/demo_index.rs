//! The first page of a demo: where things are, as JSON or as a page for people.

use std::fmt::{self, Display, Formatter, Write as _};

use schemars::JsonSchema;
use serde::Serialize;

use super::demo::demo_of;
use crate::api::answer;
use crate::api::handler::Call;
use crate::api::media_type::MediaType;
use crate::api::operation::Operation;
use crate::api::refusal::Rejection;
use crate::api::response::Success;
use crate::api::route::{Row, Surface, read};
use crate::api::state::ApiState;
use crate::http::ResponseBody;

/// The row of the index.
pub(in crate::api) const ROUTES: &[Row] = &[Row {
    operation: Operation::DemoIndex,
    about: "Where things are",
    path: "/",
    answers: &[MediaType::Json, MediaType::Html],
    surface: Surface::Demo,
    answer: answer::object::<IndexView<'static>>(),
    ..read(get)
}];

/// The documents of the repository.
const DOCUMENTS: [IndexDocumentView; 4] = [
    IndexDocumentView {
        path: "README.md",
        about: "a first try, and testing a program against the demo",
    },
    IndexDocumentView {
        path: "src/api/README.md",
        about: "methods, headers, refusals and dialects",
    },
    IndexDocumentView {
        path: "fixtures/README.md",
        about: "the demo's world, and worlds of one's own",
    },
    IndexDocumentView { path: "systemd/README.md", about: "a node in production" },
];

/// A phone that no other example uses.
const PHONE: &str = "+380958697085";

/// A person request of the built-in world, its phone, and a user that the world has not.
const REQUEST: &str = "e0000000-0000-4000-8000-00000000000c";
const REQUEST_PHONE: &str = "+380671000012";
const USER: &str = "b0000000-0000-4000-8000-0000000000ff";

/// `data` of the index.
#[derive(JsonSchema, Serialize)]
struct IndexView<'a> {
    /// The methods of the node.
    methods: Vec<IndexMethodView>,
    /// The documents of the repository.
    documents: &'a [IndexDocumentView],
    /// The names of the tokens and api-keys. The demo's console shows the secrets.
    secrets: Vec<String>,
    /// Lines to paste into a shell.
    examples: Vec<IndexExampleView>,
}

/// A method of the node.
#[derive(JsonSchema, Serialize)]
struct IndexMethodView {
    /// The HTTP method.
    method: &'static str,
    /// The path, with `{name}` for a parameter.
    path: &'static str,
    /// The scope that a token needs; `null` where no token is required.
    scope: Option<&'static str>,
}

/// A document of the repository.
#[derive(JsonSchema, Serialize)]
struct IndexDocumentView {
    /// The path in the repository.
    path: &'static str,
    /// The document's subject.
    about: &'static str,
}

/// A line for a shell.
#[derive(JsonSchema, Serialize)]
struct IndexExampleView {
    /// The line's purpose.
    about: &'static str,
    /// The line. `$TOKEN` in it stands for a token.
    line: String,
}

/// `GET /`: methods, documents, the names of tokens and api-keys, and lines to try.
pub(in crate::api) fn get(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let demo = demo_of(state)?;
    let host = call.host.as_ref().and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let view = IndexView {
        methods: state
            .methods
            .iter()
            .map(|(method, path, scope)| IndexMethodView { method, path, scope: *scope })
            .collect(),
        documents: &DOCUMENTS,
        secrets: demo.names_of_secrets(),
        examples: examples(host),
    };
    Ok(match call.answer {
        MediaType::Html => Success::document(MediaType::Html, ResponseBody::whole(page(&view))),
        MediaType::Json | MediaType::NdJson => Success::ok(&view),
    })
}

/// Lines for a shell. Those with `$TOKEN` need a token. The others work as they are, the last ones in the built-in world.
fn examples(host: &str) -> Vec<IndexExampleView> {
    let example = |about, line| IndexExampleView { about, line };
    let admin = "-H 'authorization: Bearer demo-admin-token'";
    let cabinet = "-H 'authorization: Bearer demo-direct-token'";
    let request = format!("http://{host}/api/person_requests/{REQUEST}/actions");
    vec![
        example(
            "send a code",
            format!(
                "curl -X POST 'http://{host}/verifications' -H 'content-type: application/json' -d '{{\"phone_number\": \"{PHONE}\"}}'"
            ),
        ),
        example(
            "read the code",
            format!(
                "CODE=$(curl -s 'http://{host}/demo/messages?phone={PHONE}' | sed -n 's/.*\"code\":\"\\([0-9]*\\).*/\\1/p')"
            ),
        ),
        example(
            "verify the phone",
            format!(
                "curl -X PATCH 'http://{host}/verifications/{PHONE}/actions/complete' -H 'content-type: application/json' -d \"{{\\\"code\\\": \\\"$CODE\\\"}}\""
            ),
        ),
        example("read the messages of the demo", format!("curl 'http://{host}/demo/messages'")),
        example("begin again", format!("curl -X POST 'http://{host}/demo/reset'")),
        example(
            "read the factor of a patient; TOKEN is a token with the scope person:read",
            format!(
                "curl 'http://{host}/api/cabinet/authentication_factor' -H \"authorization: Bearer $TOKEN\""
            ),
        ),
        example(
            "read all rows of audit; TOKEN is a token with the scope admin:read",
            format!(
                "curl -N 'http://{host}/admin/audit' -H 'accept: application/x-ndjson' -H \"authorization: Bearer $TOKEN\""
            ),
        ),
        example(
            "send the code of a person request of the built-in world",
            format!("curl -X POST '{request}/resend_otp' {cabinet}"),
        ),
        example(
            "approve it with its code",
            format!(
                "CODE=$(curl -s 'http://{host}/demo/messages?phone={REQUEST_PHONE}' | sed -n 's/.*\"code\":\"\\([0-9]*\\).*/\\1/p'); \
                 curl -X PATCH '{request}/approve' {cabinet} -H 'content-type: application/json' -d \"{{\\\"verification_code\\\": \\\"$CODE\\\"}}\""
            ),
        ),
        example(
            "list the messages with codes",
            format!("curl 'http://{host}/admin/deliveries' {admin}"),
        ),
        example(
            "look at a phone",
            format!("curl 'http://{host}/admin/phones/{REQUEST_PHONE}' {admin}"),
        ),
        example(
            "add or change a record",
            format!(
                "curl 'http://{host}/admin/apply' {admin} -H 'content-type: application/x-ndjson' -d '{{\"user\": {{\"id\": \"{USER}\"}}}}'"
            ),
        ),
    ]
}

/// The page, without style and script: its headers allow none.
fn page(view: &IndexView<'_>) -> String {
    let mut page = String::from(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>esoz-otp demo</title>\n</head>\n<body>\n<h1>esoz-otp demo</h1>\n\
         <p>The same as JSON: ask for this page with <code>Accept: application/json</code>.</p>\n",
    );
    write_sections(&mut page, view).expect("a text takes what is written to it");
    page + "</body>\n</html>\n"
}

fn write_sections(page: &mut String, view: &IndexView<'_>) -> fmt::Result {
    writeln!(page, "<h2>To paste into a terminal</h2>")?;
    for IndexExampleView { about, line } in &view.examples {
        writeln!(page, "<p>{}:</p>\n<pre><code>{}</code></pre>", Text(about), Text(line))?;
    }
    writeln!(
        page,
        "<h2>Tokens and api-keys</h2>\n<p>The console of the demo shows the secrets.</p>\n<ul>"
    )?;
    for name in &view.secrets {
        writeln!(page, "<li>{}</li>", Text(name))?;
    }
    writeln!(
        page,
        "</ul>\n<h2>Methods</h2>\n<table>\n<tr><th>method</th><th>path</th><th>scope</th></tr>"
    )?;
    for IndexMethodView { method, path, scope } in &view.methods {
        let scope = scope.unwrap_or("none");
        writeln!(
            page,
            "<tr><td>{method}</td><td>{}</td><td>{scope}</td></tr>",
            Link { method, path, scope }
        )?;
    }
    writeln!(page, "</table>\n<h2>Documents of the repository</h2>\n<ul>")?;
    for IndexDocumentView { path, about } in view.documents {
        writeln!(page, "<li><code>{}</code>: {}</li>", Text(path), Text(about))?;
    }
    writeln!(page, "</ul>")
}

/// A path: a link if a browser can follow it, which has no token to show.
struct Link<'a> {
    method: &'a str,
    path: &'a str,
    scope: &'a str,
}

impl Display for Link<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let path = Text(self.path);
        if self.method == "GET" && self.scope == "none" && !self.path.contains('{') {
            return write!(f, "<a href=\"{path}\">{path}</a>");
        }
        write!(f, "<code>{path}</code>")
    }
}

/// A text in a page, with its marks of HTML escaped.
struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            c => f.write_char(c),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_read_as_html() {
        let names = vec!["token <script>alert('&\"')</script>".to_owned()];
        let view = IndexView {
            methods: Vec::new(),
            documents: &DOCUMENTS,
            secrets: names,
            examples: examples("[::1]:4000"),
        };
        let page = page(&view);
        assert!(
            page.contains(
                "<li>token &lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;</li>"
            )
        );
        assert!(!page.contains("<script"));
    }
}
