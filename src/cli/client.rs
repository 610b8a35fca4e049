//! HTTP to a running node: over its Unix socket, or over TCP with a token.
//!
//! Only [`Client::connect`] knows how a node is reached.

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use clap::Args;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::rt::{Read, Write};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::CliError;
use super::private_file::{self, SecretKind};
use crate::config::SOCKET_NAME;

/// The longest time for a connection to the node.
const CONNECT: Duration = Duration::from_secs(5);

/// The longest time for a whole answer. A node answers earlier, with a refusal if it has to.
const ANSWER: Duration = Duration::from_mins(1);

/// The longest whole answer, in bytes.
const ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// The pieces of a body that wait for the node. A producer that is faster waits.
const PIECES: usize = 4;

/// The socket of a service, as the unit in `systemd/` names its directory.
const RUNTIME_DIRECTORY: &str = "/run/esoz-otp";

/// The internal listener of a node with default settings.
const DEFAULT_AUTHORITY: &str = "127.0.0.1:4000";

/// The flags that say how a running node is reached.
#[derive(Args)]
#[expect(clippy::doc_markdown, reason = "the text of --help")]
pub(super) struct NodeArgs {
    /// Unix socket of the node. Root and the user of the node need no token there. Default: admin.sock in
    /// $RUNTIME_DIRECTORY, or /run/esoz-otp/admin.sock.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["url", "token_file"])]
    socket: Option<PathBuf>,
    /// Address of the node's internal listener, in place of the socket. Default with a token: http://127.0.0.1:4000.
    #[arg(long, value_name = "URL")]
    url: Option<Uri>,
    /// File with a token that has the scope `admin:read`, and `admin:write` for changes. Only its owner may read it.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// A running node, and the token with which it is called.
pub(super) struct Client {
    address: NodeAddress,
    token: Option<HeaderValue>,
}

/// Where a node listens.
enum NodeAddress {
    /// The path of its Unix socket.
    Socket(PathBuf),
    /// Host and port.
    Tcp(String),
}

/// The body of a request, sent piece by piece.
pub(super) struct PipedBody(mpsc::Receiver<Bytes>);

impl NodeArgs {
    /// The node that the flags name. Over TCP it is called with the token of `--token-file`.
    pub(super) fn client(&self) -> Result<Client, CliError> {
        let Self { socket, url, token_file } = self;
        let address = match (socket, url, token_file) {
            (None, None, None) => NodeAddress::Socket(default_socket()),
            (Some(path), _, _) => NodeAddress::Socket(path.clone()),
            (None, Some(_), None) => {
                return Err(CliError::usage("--url needs --token-file, a file with a token"));
            }
            (None, url, Some(_)) => NodeAddress::of_url(url.as_ref())?,
        };
        let token = token_file.as_deref().map(read_token).transpose()?;
        Ok(Client { address, token })
    }

    /// A demo, which some methods need no token for. The default is the demo's own address.
    pub(super) fn client_of_demo(&self) -> Result<Client, CliError> {
        Ok(Client { address: NodeAddress::of_url(self.url.as_ref())?, token: None })
    }
}

impl NodeAddress {
    /// The address in a URL such as `http://127.0.0.1:4000`; the default one without.
    fn of_url(url: Option<&Uri>) -> Result<Self, CliError> {
        let Some(url) = url else { return Ok(Self::Tcp(DEFAULT_AUTHORITY.to_owned())) };
        let host = url.host().filter(|_| url.scheme_str() == Some("http"));
        let is_bare = matches!(url.path(), "" | "/") && url.query().is_none();
        let Some(host) = host.filter(|_| is_bare) else {
            return Err(CliError::usage(
                "--url has the form http://HOST:PORT, with the address of the node's internal listener",
            ));
        };
        Ok(Self::Tcp(format!("{host}:{}", url.port_u16().unwrap_or(80))))
    }

    fn host(&self) -> &str {
        match self {
            Self::Socket(_) => "localhost",
            Self::Tcp(authority) => authority,
        }
    }
}

impl fmt::Display for NodeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => path.display().fmt(f),
            Self::Tcp(authority) => f.write_str(authority),
        }
    }
}

impl Client {
    /// Sends a `POST` whose body and answer are lines. Returns when the answer begins; the body may still be sent then.
    pub(super) async fn post_lines(
        &self,
        path: &str,
        body: PipedBody,
    ) -> Result<Response<Incoming>, CliError> {
        const LINES: HeaderValue = HeaderValue::from_static("application/x-ndjson");
        self.send(Method::POST, path, LINES, body).await
    }

    /// Sends a request with this JSON text as its body, which may be empty, and returns the whole answer.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<(StatusCode, Bytes), CliError> {
        const JSON: HeaderValue = HeaderValue::from_static("application/json");
        let answering = async {
            let response = self.send(method, path, JSON, Full::<Bytes>::from(body)).await?;
            let status = response.status();
            let body = Limited::new(response.into_body(), ANSWER_BYTES).collect().await;
            let body = body.map_err(|error| self.broken(error))?;
            Ok((status, body.to_bytes()))
        };
        let answered = tokio::time::timeout(ANSWER, answering).await;
        answered.unwrap_or_else(|_| Err(self.broken("it does not answer")))
    }

    async fn send<B>(
        &self,
        method: Method,
        path: &str,
        media_type: HeaderValue,
        body: B,
    ) -> Result<Response<Incoming>, CliError>
    where
        B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
    {
        let mut sender = self.connect().await?;
        let request = Request::builder().method(method).uri(path).body(body);
        let mut request = request.map_err(CliError::usage)?;
        let host = HeaderValue::from_str(self.address.host()).map_err(CliError::usage)?;
        let headers = request.headers_mut();
        headers.insert(HOST, host);
        headers.insert(CONTENT_TYPE, media_type.clone());
        headers.insert(ACCEPT, media_type);
        if let Some(token) = &self.token {
            headers.insert(AUTHORIZATION, token.clone());
        }
        sender.send_request(request).await.map_err(|error| self.broken(error))
    }

    async fn connect<B>(&self) -> Result<SendRequest<B>, CliError>
    where
        B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
    {
        match &self.address {
            NodeAddress::Socket(path) => self.begin(UnixStream::connect(path)).await,
            NodeAddress::Tcp(authority) => self.begin(TcpStream::connect(authority)).await,
        }
    }

    /// A connection for one request, once it is open.
    async fn begin<S, B>(
        &self,
        connecting: impl Future<Output = std::io::Result<S>>,
    ) -> Result<SendRequest<B>, CliError>
    where
        TokioIo<S>: Read + Write + Unpin + Send + 'static,
        B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
    {
        let connected = tokio::time::timeout(CONNECT, connecting).await;
        let stream = connected.map_err(std::io::Error::from).flatten().map_err(|error| {
            let node = &self.address;
            CliError::unavailable(format_args!("no node can be reached at {node}: {error}"))
        })?;
        let opened = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = opened.map_err(|error| self.broken(error))?;
        // Ends with the answer.
        tokio::spawn(connection);
        Ok(sender)
    }

    fn broken(&self, error: impl fmt::Display) -> CliError {
        CliError::unavailable(format_args!("{}: {error}", self.address))
    }
}

/// `admin.sock` in `$RUNTIME_DIRECTORY`, or else where the unit of `systemd/` has it.
fn default_socket() -> PathBuf {
    // A unit may have several directories; the first is the node's.
    let all = std::env::var("RUNTIME_DIRECTORY").ok();
    let first = all.as_deref().and_then(|all| all.split(':').next());
    let folder = first.filter(|folder| !folder.is_empty()).unwrap_or(RUNTIME_DIRECTORY);
    Path::new(folder).join(SOCKET_NAME)
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
