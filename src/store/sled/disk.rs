//! The disk that the store lies on: what it takes there, what is left, whether it takes writes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// What must fit on the disk before sled is let near it: it writes while it opens, and fails for good if it cannot.
const PROBE_BYTES: usize = 4 << 20;

/// Whether the disk takes what sled may write while it opens.
pub(super) fn probe(dir: &Path) -> io::Result<()> {
    let path = dir.join("probe");
    let written = File::create(&path).and_then(|mut file| {
        file.write_all(&vec![0x5a; PROBE_BYTES])?;
        file.sync_all()
    });
    match fs::remove_file(&path) {
        Err(cause) if written.is_ok() => Err(cause),
        _ => written,
    }
}

/// How many bytes are left there for whoever is not root.
pub(super) fn room(dir: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(dir)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// What the files below `dir` take, in bytes; those that go meanwhile take nothing.
pub(super) fn size_below(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size_below(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.sum()
}
