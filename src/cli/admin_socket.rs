//! The Unix socket for administration: made when the node starts, removed when it ends.

use std::fs::{self, File};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, fchmod, flock};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with,
};
use tokio::net::UnixListener;

use super::CliError;

/// The connections that wait to be accepted.
const BACKLOG: i32 = 128;

/// The file of the socket. Dropping it removes the file, unless another process has put its own there.
#[derive(Debug)]
pub(super) struct AdminSocket {
    path: PathBuf,
    /// Device and inode.
    file: (u64, u64),
}

impl AdminSocket {
    /// Listens on this path. Only the user of this process and root can connect (mode 0600).
    ///
    /// A socket that no process listens on any more is replaced. Error, with exit code 69: a process listens there, the
    /// file is no socket, or the directory is missing.
    pub(super) fn listen(path: &Path) -> Result<(UnixListener, Self), CliError> {
        let cannot = |error: Error| {
            CliError::unavailable(format_args!(
                "admin.socket: cannot listen on {}: {error}. Choose another path, or an empty text for none.",
                path.display()
            ))
        };
        let socket = listen_on(path).map_err(cannot)?;
        let metadata = fs::symlink_metadata(path).map_err(cannot)?;
        let file = (metadata.dev(), metadata.ino());
        Ok((socket, Self { path: path.to_owned(), file }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        let is_own = fs::symlink_metadata(&self.path)
            .is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == self.file);
        if is_own && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "the socket cannot be removed");
        }
    }
}

fn listen_on(path: &Path) -> Result<UnixListener, Error> {
    let address = SocketAddrUnix::new(path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    // Held until the new socket is there: two processes could find the same stale one.
    let folder = File::open(folder.unwrap_or(Path::new(".")))?;
    flock(&folder, FlockOperation::LockExclusive)?;
    remove_stale(path, &address)?;
    let socket = new_socket()?;
    // Before it has a path, so that it never has another mode there.
    fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    bind(&socket, &address)?;
    listen(&socket, BACKLOG)?;
    UnixListener::from_std(socket.into())
}

/// Removes a socket that no process listens on.
fn remove_stale(path: &Path, address: &SocketAddrUnix) -> Result<(), Error> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(metadata) if metadata.file_type().is_socket() => {}
        Ok(_) => return Err(Error::other("there is a file that is no socket")),
    }
    match connect(&new_socket()?, address) {
        Err(Errno::CONNREFUSED) => fs::remove_file(path),
        // A process whose queue is full answers `AGAIN`.
        Ok(()) | Err(Errno::AGAIN) => Err(Error::other("another process listens there")),
        Err(error) => Err(error.into()),
    }
}

fn new_socket() -> Result<std::os::fd::OwnedFd, Error> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?)
}
