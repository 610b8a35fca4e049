//! The yardstick of the benchmarks: hyper answering every request with the same bytes, its connections set up as the
//! node sets up its own. Ends with its standard input.

use std::convert::Infallible;
use std::io::Read;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};

const BODY: &str = r#"{"meta":{"code":200,"url":"http://127.0.0.1:4000/api/cabinet/authentication_factor","type":"object","request_id":"6617aeec-15e2-4d6f-b9bd-53559c358f97#17810"},"data":{"id":"d290f1ee-6c54-4b01-90e6-d701748f0851","type":"sms","factor":"+380881234567","is_active":true,"user_id":"d290f1ee-6c54-4b01-90e6-d701748f0851"}}"#;

const HEADERS: [(&str, &str); 4] = [
    ("content-type", "application/json; charset=utf-8"),
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("x-request-id", "6617aeec-15e2-4d6f-b9bd-53559c358f97#17810"),
];

fn response() -> hyper::Response<Full<Bytes>> {
    let mut response = hyper::Response::new(Full::new(Bytes::from_static(BODY.as_bytes())));
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:4999".into());
    let listener = tokio::net::TcpListener::bind(address).await?;
    std::thread::spawn(|| {
        let mut rest = Vec::new();
        let ended = std::io::stdin().read_to_end(&mut rest);
        std::process::exit(i32::from(ended.is_err()));
    });
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let answer = service_fn(|_| async { Ok::<_, Infallible>(response()) });
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new());
            drop(http.serve_connection(TokioIo::new(stream), answer).await);
        });
    }
}
