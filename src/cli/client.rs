//! HTTP to a running node.
//!
//! Only [`Client::connect`] knows how a node is reached.

use std::convert::Infallible;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::CliError;
use super::private_file::{self, SecretKind};

/// The longest time for a connection to the node.
const CONNECT: Duration = Duration::from_secs(5);

/// The pieces of a body that wait for the node. A producer that is faster waits.
const PIECES: usize = 4;

/// A running node, and the token with which it is called.
pub(super) struct Client {
    /// Host and port.
    authority: String,
    token: Option<HeaderValue>,
}

/// The body of a request, sent piece by piece.
pub(super) struct PipedBody(mpsc::Receiver<Bytes>);

impl Client {
    /// The node at a URL such as `http://127.0.0.1:4000`, called with the token in this file.
    pub(super) fn new(url: &Uri, token_file: Option<&Path>) -> Result<Self, CliError> {
        let host = url.host().filter(|_| url.scheme_str() == Some("http"));
        let is_bare = matches!(url.path(), "" | "/") && url.query().is_none();
        let Some(host) = host.filter(|_| is_bare) else {
            return Err(CliError::usage(
                "--url has the form http://HOST:PORT, with the address of the node's internal listener",
            ));
        };
        let authority = format!("{host}:{}", url.port_u16().unwrap_or(80));
        let token = token_file.map(read_token).transpose()?;
        Ok(Self { authority, token })
    }

    /// Sends a `POST` whose body and answer are lines. Returns when the answer begins; the body may still be sent then.
    pub(super) async fn post_lines(
        &self,
        path: &str,
        body: PipedBody,
    ) -> Result<Response<Incoming>, CliError> {
        const LINES: HeaderValue = HeaderValue::from_static("application/x-ndjson");
        let broken = |error| CliError::unavailable(format_args!("{}: {error}", self.authority));
        let stream = self.connect().await?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        // Ends with the answer.
        tokio::spawn(connection);
        let mut request = Request::post(path).body(body).map_err(CliError::usage)?;
        let host = HeaderValue::from_str(&self.authority).map_err(CliError::usage)?;
        let headers = request.headers_mut();
        headers.insert(HOST, host);
        headers.insert(CONTENT_TYPE, LINES);
        headers.insert(ACCEPT, LINES);
        if let Some(token) = &self.token {
            headers.insert(AUTHORIZATION, token.clone());
        }
        sender.send_request(request).await.map_err(broken)
    }

    async fn connect(&self) -> Result<TcpStream, CliError> {
        let connecting = tokio::time::timeout(CONNECT, TcpStream::connect(&self.authority)).await;
        let connected = connecting.map_err(std::io::Error::from).flatten();
        connected.map_err(|error| {
            let node = &self.authority;
            CliError::unavailable(format_args!("no node can be reached at {node}: {error}"))
        })
    }
}

fn read_token(path: &Path) -> Result<HeaderValue, CliError> {
    const TOKEN: SecretKind = SecretKind {
        label: "the token file",
        risk: "they can administer the node",
        rotation: "have another token made",
    };
    let name = path.display();
    let cannot = |error| CliError::usage(format_args!("cannot read {name}: {error}"));
    let text = private_file::read(path, &TOKEN, 4, cannot)?;
    let header = Zeroizing::new(format!("Bearer {}", text.trim()));
    let mut header = HeaderValue::from_str(&header).map_err(|_| {
        CliError::configuration(format_args!("{name} has to hold a token, and nothing else"))
    })?;
    header.set_sensitive(true);
    Ok(header)
}

impl PipedBody {
    /// A body, and the end that its producer sends with.
    pub(super) fn new() -> (mpsc::Sender<Bytes>, Self) {
        let (sender, pieces) = mpsc::channel(PIECES);
        (sender, Self(pieces))
    }
}

impl Body for PipedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}
