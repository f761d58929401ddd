//! Opening a store: founding it, surviving what a crash left, refusing what cannot be trusted.

use std::fs::{self, File};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use jiff::Timestamp;
use sled::Db;

use super::archive::Archive;
use super::core::Core;
use super::format::{self, FORMAT, lift};
use super::lock;
use super::seen::Seen;
use super::stories::Stories;
use super::trees::{Tree, Trees};
use crate::store::{OpenError, StoreError};

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
        Some(older @ 1..FORMAT) => lift(older, &db, &trees).map_err(unusable)?,
        Some(newer) => return Err(OpenError::Newer { path: dir.to_owned(), found: newer, known: FORMAT }),
        None if used => {
            let what = "its state is empty although it was used before. Restore state/ from a backup, or start anew \
                        in another folder";
            return Err(damaged(what.into()));
        }
        None => {
            format::set(&trees, FORMAT).map_err(unusable)?;
        }
    }
    format::sweep(&db).map_err(unusable)?;
    let file = File::open(state.join("db")).map_err(failed)?;
    let memory = (Seen::load(&trees).map_err(unusable)?, Stories::load(&trees, now).map_err(unusable)?);
    let archive = Archive::open(&dir.join("archive"), &trees)?;
    let mut core = Core::new(db, trees, file, memory, archive, lock);
    core.restart(now).map_err(unusable)?;
    core.sync_now().map_err(unusable)?;
    mark(&founded).map_err(failed)?;
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

/// Writes the mark that the store was used, and in which version, so that an empty state is never taken for a new one.
fn mark(path: &Path) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|text| text.trim() == FORMAT.to_string()) {
        return Ok(());
    }
    let mut file = File::create(path)?;
    writeln!(file, "{FORMAT}")?;
    file.sync_all()?;
    path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
}
