//! The files of the log: their names, and how they are made and opened.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, DirBuilder, File};
use std::io::{self, BufReader, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rustix::fs::OFlags;

use super::chain::ChainHash;
use super::error::{AuditError, at};
use super::format::{BEGINNING_BYTES, Begin, Fault, Frames};
use crate::domain::Timestamp;

/// The name of a file: a day, and which of that day's files it is. Usually a day has one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileName {
    day: String,
    part: u32,
}

impl FileName {
    /// The name of the next file, on this day or, if the newest one's day is later, on that.
    pub(super) fn next(newest: Option<&Self>, day: &str) -> Self {
        match newest {
            Some(newest) if newest.day.as_str() >= day => {
                Self { day: newest.day.clone(), part: newest.part.saturating_add(1) }
            }
            _ => Self { day: day.to_owned(), part: 1 },
        }
    }

    /// Whether rows of this day belong in a later file.
    pub(super) fn is_before(&self, day: &str) -> bool {
        self.day.as_str() < day
    }

    /// When its day ends.
    pub(super) fn end_of_day(&self) -> Timestamp {
        let start = Timestamp::parse(&format!("{}T00:00:00Z", self.day));
        start.map_or(Timestamp::from_micros(i64::MAX), |start| start + Duration::from_hours(24))
    }

    fn parse(text: &str) -> Option<Self> {
        let stem = text.strip_suffix(".log")?;
        let (day, part) = match stem.split_once('.') {
            None => (stem, 1),
            Some((day, part)) => (day, part.parse().ok()?),
        };
        let start = Timestamp::parse(&format!("{day}T00:00:00Z")).ok()?;
        let name = Self { day: start.day(), part };
        (name.leaf() == text && part > 0).then_some(name)
    }

    /// Its name within the folder.
    pub(super) fn leaf(&self) -> String {
        match self.part {
            1 => format!("{}.log", self.day),
            part => format!("{}.{part}.log", self.day),
        }
    }
}

/// As an operator sees it from the data directory.
impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "audit/{}", self.leaf())
    }
}

/// What is in the folder.
#[derive(Default)]
pub(super) struct Listing {
    /// The files of the log, oldest first.
    pub(super) names: Vec<FileName>,
    /// What else there is.
    pub(super) strays: Vec<OsString>,
}

/// What is in the folder; nothing if there is none.
pub(super) fn list(folder: &Path) -> Result<Listing, AuditError> {
    let mut listing = Listing::default();
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

/// Makes the folder if there is none, so that it is on the device.
pub(super) fn make_folder(folder: &Path) -> Result<(), AuditError> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        made => made.map_err(at(folder))?,
    }
    sync_folder(folder.parent().unwrap_or(folder))
}

/// Makes durable which files there are.
pub(super) fn sync_folder(folder: &Path) -> Result<(), AuditError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}

/// A new file with this beginning, on the device when this returns. `None` when there is something of that name.
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

/// Whether a file is so short that it may be one whose beginning was not written when the node was killed.
pub(super) fn is_unbegun(path: &Path) -> io::Result<bool> {
    Ok(fs::symlink_metadata(path)?.len() <= BEGINNING_BYTES)
}

/// A file that is written on behind `length` bytes; what is behind them goes.
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

/// The entries of a file behind its first line.
pub(super) fn read(path: &Path) -> Result<Frames<BufReader<File>>, Fault> {
    Frames::open(open(path).map_err(Fault::Io)?)
}

/// The entries of a file from this place on.
pub(super) fn read_from(path: &Path, place: u64) -> Result<Frames<BufReader<File>>, Fault> {
    let mut file = open(path).map_err(Fault::Io)?;
    file.seek(SeekFrom::Start(place)).map_err(Fault::Io)?;
    Ok(Frames::at(file, place))
}

fn open(path: &Path) -> io::Result<BufReader<File>> {
    let no_link = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = File::options().read(true).custom_flags(no_link).open(path)?;
    Ok(BufReader::with_capacity(64 * 1024, file))
}

/// A whole entry of a file.
pub(super) struct Seen {
    /// Where the next one begins.
    pub(super) end: u64,
    /// Number of the last row so far.
    pub(super) number: u64,
    pub(super) hash: ChainHash,
}

/// The whole entries of a file in order, up to its end or to the first that is not.
pub(super) struct Scan {
    /// `None` if not even that is whole.
    pub(super) begin: Option<Begin>,
    /// Bytes of the file.
    pub(super) length: u64,
    pub(super) entries: Vec<Seen>,
    /// Nothing in it is no entry.
    pub(super) is_whole: bool,
}

impl Scan {
    pub(super) fn of(path: &Path) -> Result<Self, AuditError> {
        let length = fs::symlink_metadata(path).map_err(at(path))?.len();
        let mut scan = Self { begin: None, length, entries: Vec::new(), is_whole: false };
        match scan.fill(path) {
            Err(Fault::Io(error)) => Err(at(path)(error)),
            Ok(()) => Ok(Self { is_whole: true, ..scan }),
            Err(Fault::Torn | Fault::Changed) => Ok(scan),
        }
    }

    fn fill(&mut self, path: &Path) -> Result<(), Fault> {
        let mut frames = read(path)?;
        let (begin, frame) = frames.beginning()?;
        self.begin = Some(begin);
        let mut number = begin.first.saturating_sub(1);
        let mut hash = frame.hash;
        self.entries.push(Seen { end: frames.place(), number, hash });
        while let Some(frame) = frames.next()? {
            if frame.previous != hash {
                return Err(Fault::Changed);
            }
            hash = frame.hash;
            number += u64::from(frame.is_row());
            self.entries.push(Seen { end: frames.place(), number, hash });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_day_and_a_part_and_sorts_as_they_do() {
        let name = |text| FileName::parse(text).unwrap();
        let names = ["2026-11-30.log", "2026-12-01.log", "2026-12-01.2.log", "2026-12-01.10.log"];
        assert!(names.is_sorted_by_key(|text| name(text)));
        for text in names {
            assert_eq!(name(text).leaf(), text);
        }
        for text in [
            "2026-12-01",
            "2026-12-32.log",
            "2026-12-01.1.log",
            "2026-12-01.0.log",
            "x.log",
            "2026-12-01.02.log",
            "2026-12-01.log.1",
            "+2026-12-01.log",
            "2026-12-1.log",
        ] {
            assert_eq!(FileName::parse(text), None, "{text}");
        }
        assert_eq!(name("2026-12-01.2.log").end_of_day().day(), "2026-12-02");
    }

    #[test]
    fn no_file_is_of_an_earlier_day_than_the_one_before_it() {
        let first = FileName::next(None, "2026-12-01");
        let same = FileName::next(Some(&first), "2026-12-01");
        let earlier = FileName::next(Some(&same), "2020-01-01");
        let later = FileName::next(Some(&earlier), "2026-12-02");
        let names = [first, same, earlier, later].map(|name| name.leaf());
        assert_eq!(
            names,
            ["2026-12-01.log", "2026-12-01.2.log", "2026-12-01.3.log", "2026-12-02.log"]
        );
    }
}
