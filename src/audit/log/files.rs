//! The files of the log in the folder `audit`: listing, creating, opening and scanning them.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::io::{self, BufReader, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use super::chain::ChainHash;
use super::error::{AuditError, at};
use super::file_name::FileName;
use super::format::{BEGINNING_BYTES, EntryFault, EntryReader, FileStart};

/// The entries of the folder `audit`.
#[derive(Default)]
pub(super) struct FolderListing {
    /// Files of the log, oldest first.
    pub(super) names: Vec<FileName>,
    /// Every other name, for example of a folder or a link.
    pub(super) strays: Vec<OsString>,
}

/// Lists the folder; empty if it doesn't exist.
pub(super) fn list(folder: &Path) -> Result<FolderListing, AuditError> {
    let mut listing = FolderListing::default();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(listing),
        entries => entries.map_err(at(folder))?,
    };
    for entry in entries {
        let entry = entry.map_err(at(folder))?;
        let is_file = entry.file_type().map_err(at(folder))?.is_file();
        match entry.file_name().to_str().and_then(FileName::parse).filter(|_| is_file) {
            Some(name) => listing.names.push(name),
            None => listing.strays.push(entry.file_name()),
        }
    }
    listing.names.sort();
    listing.strays.sort();
    Ok(listing)
}

/// Creates the folder with mode `0700` if it doesn't exist, and makes its name durable.
pub(super) fn make_folder(folder: &Path) -> Result<(), AuditError> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        made => made.map_err(at(folder))?,
    }
    sync_folder(folder.parent().unwrap_or(folder))
}

/// Calls `fsync` on the folder: new and removed names are durable afterwards.
pub(super) fn sync_folder(folder: &Path) -> Result<(), AuditError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}

/// Creates a file with mode `0600` and this beginning, durable when this returns. `None` if the name exists.
pub(super) fn create(
    folder: &Path,
    name: &FileName,
    beginning: &[u8],
) -> Result<Option<File>, AuditError> {
    let path = folder.join(name.leaf());
    let made = File::options().append(true).create_new(true).mode(0o600).open(&path);
    let mut file = match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        made => made.map_err(at(&path))?,
    };
    file.write_all(beginning).and_then(|()| file.sync_all()).map_err(at(&path))?;
    sync_folder(folder)?;
    Ok(Some(file))
}

/// Whether the file is at most as long as a beginning: a killed node may have left it so.
pub(super) fn is_unbegun(path: &Path) -> io::Result<bool> {
    Ok(fs::symlink_metadata(path)?.len() <= BEGINNING_BYTES)
}

/// Opens a file to append after `length` bytes. Bytes after that are cut off.
pub(super) fn reopen(folder: &Path, name: &FileName, length: u64) -> Result<File, AuditError> {
    let path = folder.join(name.leaf());
    let open = || {
        let no_link = OFlags::NOFOLLOW.bits().cast_signed();
        let file = File::options().append(true).custom_flags(no_link).open(&path)?;
        if file.metadata()?.len() != length {
            file.set_len(length)?;
            file.sync_all()?;
        }
        Ok(file)
    };
    open().map_err(at(&path))
}

/// A reader for the entries after the line [`MAGIC`](super::format::MAGIC).
pub(super) fn read(path: &Path) -> Result<EntryReader<BufReader<File>>, EntryFault> {
    EntryReader::open(open(path).map_err(EntryFault::Io)?)
}

/// A reader for the entries from this offset on.
pub(super) fn read_from(
    path: &Path,
    place: u64,
) -> Result<EntryReader<BufReader<File>>, EntryFault> {
    let mut file = open(path).map_err(EntryFault::Io)?;
    file.seek(SeekFrom::Start(place)).map_err(EntryFault::Io)?;
    Ok(EntryReader::at(file, place))
}

fn open(path: &Path) -> io::Result<BufReader<File>> {
    let no_link = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = File::options().read(true).custom_flags(no_link).open(path)?;
    Ok(BufReader::with_capacity(64 * 1024, file))
}

/// Position of one whole entry of a file.
pub(super) struct WholeEntry {
    /// Offset of the next entry.
    pub(super) end: u64,
    /// Number of the last row up to here.
    pub(super) number: u64,
    pub(super) hash: ChainHash,
}

/// The whole entries of a file, up to its end or to the first damaged one.
pub(super) struct FileScan {
    /// The first entry; `None` if it is damaged.
    pub(super) begin: Option<FileStart>,
    /// Length of the file in bytes.
    pub(super) length: u64,
    pub(super) entries: Vec<WholeEntry>,
    /// Whether every byte of the file belongs to a whole entry.
    pub(super) is_whole: bool,
}

impl FileScan {
    pub(super) fn of(path: &Path) -> Result<Self, AuditError> {
        let length = fs::symlink_metadata(path).map_err(at(path))?.len();
        let mut scan = Self { begin: None, length, entries: Vec::new(), is_whole: false };
        match scan.fill(path) {
            Err(EntryFault::Io(error)) => Err(at(path)(error)),
            Ok(()) => Ok(Self { is_whole: true, ..scan }),
            Err(EntryFault::Torn | EntryFault::Changed) => Ok(scan),
        }
    }

    fn fill(&mut self, path: &Path) -> Result<(), EntryFault> {
        let mut frames = read(path)?;
        let (begin, frame) = frames.beginning()?;
        self.begin = Some(begin);
        let mut number = begin.first.saturating_sub(1);
        let mut hash = frame.hash;
        self.entries.push(WholeEntry { end: frames.place(), number, hash });
        while let Some(frame) = frames.next()? {
            if frame.previous != hash {
                return Err(EntryFault::Changed);
            }
            hash = frame.hash;
            number += u64::from(frame.is_row());
            self.entries.push(WholeEntry { end: frames.place(), number, hash });
        }
        Ok(())
    }
}
