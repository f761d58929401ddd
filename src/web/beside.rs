//! Small files beside the store, by which commands find the running daemon and are let in.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Writes a line to the file `name` below `store`, in place of an earlier one: as a whole or not at all. Only its owner may
/// read it.
pub(super) fn place(store: &Path, name: &str, line: &str) -> io::Result<()> {
    let next = store.join(format!("{name}.next"));
    // Anew, so that nobody who may read an older file may read this one.
    match fs::remove_file(&next) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
        _ => {}
    }
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&next)?;
    let written = writeln!(file, "{line}").and_then(|()| file.sync_all());
    let placed = written.and_then(|()| fs::rename(&next, store.join(name)));
    if placed.is_err() {
        // It would be replaced the next time anyway.
        let _ = fs::remove_file(&next);
    }
    placed
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let read = || fs::read_to_string(dir.path().join("name")).unwrap();
        place(dir.path(), "name", "first").unwrap();
        // Something in the way of the next one, so that it cannot be written.
        fs::create_dir(dir.path().join("name.next")).unwrap();
        assert!(place(dir.path(), "name", "second").is_err());
        assert_eq!(read(), "first\n");
        fs::remove_dir(dir.path().join("name.next")).unwrap();
        fs::write(dir.path().join("name.next"), "a torn one").unwrap();
        fs::set_permissions(dir.path().join("name"), PermissionsExt::from_mode(0o644)).unwrap();
        place(dir.path(), "name", "third").unwrap();
        assert_eq!((read().as_str(), fs::read_dir(dir.path()).unwrap().count()), ("third\n", 1));
        let mode = fs::metadata(dir.path().join("name")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
