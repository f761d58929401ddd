//! Why a store did not do something, or could not be opened.

use std::path::PathBuf;

/// Why the store did not do it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// No space, or not writable: whether what was asked happened shows once there is room and the store is opened anew.
    /// Until then nothing is changed.
    #[error("the store cannot be written: {0}")]
    Full(String),
    /// Something beside the store failed, such as the disk that a backup goes to.
    #[error("{0}")]
    Elsewhere(String),
    /// The store cannot be trusted; the process must stop.
    #[error("the store is broken: {0}")]
    Broken(String),
}

impl From<std::io::Error> for StoreError {
    fn from(cause: std::io::Error) -> Self {
        if is_full(&cause) { Self::Full(cause.to_string()) } else { Self::Broken(cause.to_string()) }
    }
}

/// Whether the disk takes no writes for a reason that may pass.
pub(crate) fn is_full(cause: &std::io::Error) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(cause.kind(), StorageFull | ReadOnlyFilesystem | QuotaExceeded)
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("the store {} is in use: {holder}. Stop that process, or give this one another `store`", path.display())]
    InUse {
        /// The store.
        path: PathBuf,
        /// Who has it, as far as known.
        holder: String,
    },
    /// The files are damaged.
    #[error(
        "the store {} is damaged: {what}. `vigie repair` makes it open again and says what is lost; `vigie restore` puts \
         a backup in its place",
        path.display()
    )]
    Damaged {
        /// The store.
        path: PathBuf,
        /// What was found and what to do.
        what: String,
    },
    /// Nothing there was ever saved to its end.
    #[error("there is no whole backup in {}", path.display())]
    NoBackup {
        /// Where one was to be.
        path: PathBuf,
    },
    /// A backup that cannot be used.
    #[error("the backup {} cannot be restored: {what}", path.display())]
    Backup {
        /// The backup.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// There is something already where a store is to be restored.
    #[error("{} is not empty. Stop vigie if it runs, and move the folder away or name another", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// A later version wrote it.
    #[error(
        "the store {} has format {found}, and this vigie knows formats up to {known}. Use the vigie that wrote it, or a \
         later one",
        path.display()
    )]
    Newer {
        /// The store.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest that is known.
        known: u32,
    },
    /// The disk takes no writes.
    #[error("the store {} cannot be opened: {cause}. Make room on its disk, or make it writable", path.display())]
    Full {
        /// The store.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// The files cannot be read or written.
    #[error("the store {} cannot be opened: {cause}", path.display())]
    Io {
        /// The store.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
}
