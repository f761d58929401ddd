//! One process at a time: a lock on a file that says who holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use jiff::Timestamp;

use crate::store::{OpenError, is_full};

/// The right to use a store, until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Takes the lock of the store in `dir`.
pub(super) fn take(dir: &Path, holder: &str, now: Timestamp) -> Result<Lock, OpenError> {
    let failed = |cause| OpenError::Io { path: dir.to_owned(), cause };
    let path = dir.join("lock");
    let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
    let (mut file, tells) = match file {
        Ok(file) => (file, true),
        // A file that cannot be written can be locked all the same.
        Err(cause) if is_full(&cause) => (File::open(&path).map_err(|_| failed(cause))?, false),
        Err(cause) => return Err(failed(cause)),
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.take(300).read_to_string(&mut holder);
            let holder = match holder.trim() {
                "" => "another process has it, which could not write who it is".to_owned(),
                holder => holder.to_owned(),
            };
            return Err(OpenError::InUse { path: dir.to_owned(), holder });
        }
        Err(TryLockError::Error(cause)) => return Err(failed(cause)),
    }
    match if tells { introduce(&mut file, holder, now) } else { Ok(()) } {
        Err(cause) if !is_full(&cause) => Err(failed(cause)),
        _ => Ok(Lock { _file: file }),
    }
}

/// Writes who holds the lock.
fn introduce(file: &mut File, holder: &str, now: Timestamp) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "`{holder}` (process {}) has had it since {now:.0}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_was_first() {
        let dir = tempfile::tempdir().unwrap();
        let now = "2025-04-30T20:00:00Z".parse().unwrap();
        let first = take(dir.path(), "vigie run", now).unwrap();
        let error = take(dir.path(), "vigie outbox", now).unwrap_err();
        let OpenError::InUse { holder, .. } = error else { panic!("{error}") };
        assert!(holder.contains("`vigie run`") && holder.contains("since 2025-04-30T20:00:00Z"), "{holder}");
        drop(first);
        assert!(take(dir.path(), "vigie outbox", now).is_ok());
    }
}
