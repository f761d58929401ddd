//! How many commits there were, beside the state. A state that lost the end of its log, to a damaged file or because it
//! was copied while it was written, knows of fewer and must not be opened as if nothing had happened.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The file's name below the store.
const FILE: &str = "commits";

/// The number is synced so often. In between it may fall behind in a power cut, never run ahead: it is written only
/// once the state is synced.
const SYNCED_EVERY: u64 = 64;

/// The count, open for writing.
#[derive(Debug)]
pub(super) struct Commits {
    file: File,
    writes: u64,
}

/// How many commits the store in `dir` made; `None` if nobody wrote it down legibly.
pub(super) fn read(dir: &Path) -> io::Result<Option<u64>> {
    match std::fs::read(dir.join(FILE)) {
        Ok(bytes) => Ok(std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok())),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause),
    }
}

impl Commits {
    /// Opens the count of the store in `dir`.
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(dir.join(FILE))?;
        Ok(Self { file, writes: 0 })
    }

    /// Writes down that the state is synced up to its commit number `commits`.
    pub(super) fn write(&mut self, commits: u64) -> io::Result<()> {
        // As long as any number, so that it is overwritten as a whole.
        self.file.write_all_at(format!("{commits:020}\n").as_bytes(), 0)?;
        if self.writes.is_multiple_of(SYNCED_EVERY) {
            self.file.sync_data()?;
        }
        self.writes += 1;
        Ok(())
    }
}
