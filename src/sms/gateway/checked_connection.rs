//! Connections are kept, and a gateway may close one at any time. A request that is written after that is lost, and
//! leaves open whether it was read, because a socket takes what is written to a peer that has gone. So before the first
//! byte of a request is written the system is asked whether the peer is still there. If it has gone, nothing has left, for
//! sure, and the request can go over another connection.
//!
//! This stands above TLS, which reads and writes things of its own at any time: here only requests are written, and only
//! answers read.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustix::event::{PollFd, PollFlags, Timespec};
use tokio::net::TcpStream;
use tower_service::Service;

use super::url_policy::{BoxError, Resolver};

/// Makes connections.
#[derive(Clone)]
pub(super) struct CheckedConnector(pub(super) HttpsConnector<HttpConnector<Resolver>>);

type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// A connection that sends nothing to a peer that has gone.
pub(super) struct CheckedConnection {
    stream: Stream,
    /// Whether anything was written since something was read: then the peer has a part of a request.
    is_begun: bool,
}

/// The connection had ended before anything of the request was written.
#[derive(Debug, thiserror::Error)]
#[error("the connection had ended before the request began")]
pub(super) struct ClosedBefore;

impl Service<Uri> for CheckedConnector {
    type Response = CheckedConnection;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<CheckedConnection, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let connecting = self.0.call(url);
        Box::pin(
            async move { Ok(CheckedConnection { stream: connecting.await?, is_begun: false }) },
        )
    }
}

impl CheckedConnection {
    /// Writes, if the peer is there or has something already.
    fn write(
        &mut self,
        write: impl FnOnce(Pin<&mut Stream>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if !self.is_begun && has_gone(socket_of(&self.stream)) {
            return Poll::Ready(Err(closed_before()));
        }
        let written = write(Pin::new(&mut self.stream));
        match written {
            // Without what can't be written it is no whole request.
            Poll::Ready(Err(_)) if !self.is_begun => return Poll::Ready(Err(closed_before())),
            Poll::Ready(Ok(_)) => self.is_begun = true,
            Poll::Ready(Err(_)) | Poll::Pending => {}
        }
        written
    }
}

fn closed_before() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, ClosedBefore)
}

fn socket_of(stream: &Stream) -> &TcpStream {
    match stream {
        MaybeHttpsStream::Http(tcp) => tcp.inner(),
        MaybeHttpsStream::Https(tls) => tls.inner().get_ref().0.inner().inner(),
    }
}

/// Whether the peer has closed its side. Bytes may still be left to read.
fn has_gone(socket: &TcpStream) -> bool {
    let mut asked = [PollFd::new(socket, PollFlags::RDHUP)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    let is_told = rustix::event::poll(&mut asked, Some(&at_once)).is_ok_and(|told| told > 0);
    is_told && asked[0].revents().intersects(PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR)
}

impl Read for CheckedConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if matches!(read, Poll::Ready(Ok(()))) {
            self.is_begun = false;
        }
        read
    }
}

impl Write for CheckedConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(|stream| stream.poll_write(context, bytes))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(|stream| stream.poll_write_vectored(context, slices))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Connection for CheckedConnection {
    fn connected(&self) -> Connected {
        self.stream.connected()
    }
}
