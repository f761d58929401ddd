//! Opening a store: founding it, surviving what a crash left, refusing what cannot be trusted.

use std::fs::{self, File};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use jiff::Timestamp;
use sled::Db;

use super::archive::Archive;
use super::core::Core;
use super::lock;
use super::seen::Seen;
use super::trees::{Tree, Trees};
use crate::store::{OpenError, StoreError};

/// The version of the layout on disk.
const FORMAT: u32 = 1;

/// sled's cache; it takes several times as much.
const CACHE_BYTES: u64 = 64 << 20;

/// Opens the store in `dir`, or founds it.
pub(super) fn open(dir: &Path, holder: &str, now: Timestamp) -> Result<Core, OpenError> {
    let failed = |cause| OpenError::Io { path: dir.to_owned(), cause };
    let damaged = |what: String| OpenError::Damaged { path: dir.to_owned(), what };
    let unusable = |error: StoreError| match error {
        StoreError::Full(cause) => failed(io::Error::other(cause)),
        StoreError::Broken(what) => damaged(what),
    };
    fs::create_dir_all(dir.join("archive")).map_err(failed)?;
    let lock = lock::take(dir, holder, now)?;
    let state = dir.join("state");
    let founded = dir.join("FORMAT");
    let used = founded.exists();
    if used && !state.join("db").exists() {
        return Err(damaged(
            "its state/ is gone. Restore it from a backup, or start anew in another folder".into(),
        ));
    }
    let db = open_state(&state, dir)?;
    let trees = Trees::of(&db).map_err(|error| damaged(error.to_string()))?;
    match trees.get::<u32>(Tree::Meta, b"format").map_err(unusable)? {
        Some(FORMAT) => {}
        Some(other) => {
            let what =
                format!("it has format {other}, this vigie knows {FORMAT}; use the vigie that wrote it");
            return Err(damaged(what));
        }
        None if used => {
            let what = "its state is empty although it was used before. Restore state/ from a backup, or start anew \
                        in another folder";
            return Err(damaged(what.into()));
        }
        None => {
            let mut draft = trees.draft();
            draft.put(Tree::Meta, b"format", &FORMAT).map_err(unusable)?;
            draft.apply().map_err(unusable)?;
        }
    }
    let file = File::open(state.join("db")).map_err(failed)?;
    let seen = Seen::load(&trees).map_err(unusable)?;
    let archive = Archive::open(&dir.join("archive"), &trees)?;
    let mut core = Core::new(db, trees, file, seen, archive, lock);
    core.restart(now).map_err(unusable)?;
    core.sync_now().map_err(unusable)?;
    if !used {
        mark(&founded).map_err(failed)?;
    }
    Ok(core)
}

/// Opens sled. A damaged snapshot is set aside, because the log holds everything; damage beyond that may panic inside
/// sled, which is caught here and nowhere else.
fn open_state(state: &Path, dir: &Path) -> Result<Db, OpenError> {
    let attempt = || {
        let config = sled::Config::new().path(state).cache_capacity(CACHE_BYTES);
        catch_unwind(AssertUnwindSafe(|| config.open()))
    };
    let damaged = |what: String| OpenError::Damaged {
        path: dir.to_owned(),
        what: format!("{what}. Restore state/ from a backup, or start anew in another folder"),
    };
    match attempt() {
        Ok(Ok(db)) => Ok(db),
        Ok(Err(sled::Error::Corruption { .. })) => {
            set_snapshots_aside(state).map_err(|cause| OpenError::Io { path: state.to_owned(), cause })?;
            match attempt() {
                Ok(Ok(db)) => Ok(db),
                Ok(Err(error)) => Err(damaged(error.to_string())),
                Err(_) => Err(damaged("its log cannot be read".into())),
            }
        }
        Ok(Err(sled::Error::Io(cause))) => Err(OpenError::Io { path: dir.to_owned(), cause }),
        Ok(Err(error)) => Err(damaged(error.to_string())),
        Err(_) => Err(damaged("its log cannot be read".into())),
    }
}

fn set_snapshots_aside(state: &Path) -> io::Result<()> {
    for entry in fs::read_dir(state)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_string_lossy().starts_with("snap.") {
            let mut aside = std::ffi::OsString::from("damaged-");
            aside.push(&name);
            fs::rename(entry.path(), state.join(aside))?;
        }
    }
    Ok(())
}

/// Writes the mark that the store was used, so that an empty state is never taken for a new one.
fn mark(path: &Path) -> io::Result<()> {
    let mut file = File::create(path)?;
    writeln!(file, "{FORMAT}")?;
    file.sync_all()?;
    path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
}
