//! Opening a store: founding it, surviving what a crash left, refusing what cannot be trusted.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Once;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use sled::Db;

use super::archive::{self, Archive};
use super::commits::{self, Commits};
use super::core::Core;
use super::format::{self, FORMAT, lift};
use super::seen::Seen;
use super::stories::Stories;
use super::timelines::Shared;
use super::trees::{Tree, Trees, broken};
use crate::store::{OpenError, StoreError, is_full};

/// sled's cache, of which it takes several times as much. What is read often is in memory anyway, so the cache only has to
/// hold what is being written. It is full within minutes, so that a process takes after months what it took on its first
/// day. With 10,000 feeds a larger one makes looks no cheaper.
const CACHE_BYTES: u64 = 1 << 20;

/// How long sled may take to let go of its file: two seconds.
const LOOKS: u32 = 100;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// A state that was opened.
pub(super) struct Opened {
    pub(super) db: Db,
    pub(super) trees: Trees,
}

/// The parts of a store, checked against one another.
pub(super) struct Parts {
    pub(super) db: Db,
    pub(super) trees: Trees,
    /// sled's own file, for the sync that sled leaves out.
    pub(super) file: File,
    pub(super) seen: Seen,
    pub(super) stories: Stories,
    pub(super) archive: Archive,
    pub(super) commits: Commits,
}

/// Why the parts make no store.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Damage(Damage),
    #[error("it has format {0}, which this vigie does not know")]
    Newer(u32),
    /// The disk takes no writes now.
    #[error("{0}")]
    Full(String),
    #[error(transparent)]
    Io(io::Error),
}

/// What is damaged.
#[derive(Debug, thiserror::Error)]
pub(super) enum Damage {
    #[error("its state knows of {known} commits, but {made} were made: the end of it is lost")]
    End { known: u64, made: u64 },
    #[error("archive/{name} has only {there} of the {length} bytes that were committed")]
    Archive { name: String, length: u64, there: u64 },
    #[error("{0}")]
    State(String),
}

/// Opens the store in `dir`, which is locked, or founds it.
///
/// Its timelines are read into `timelines`.
pub(super) fn open(dir: &Path, timelines: &Shared, now: Timestamp) -> Result<Core, Trouble> {
    guarded(|| Core::new(assemble(dir, now)?, timelines, dir, now))
}

/// Opens or founds the parts of the store in `dir`, and holds them against one another.
pub(super) fn assemble(dir: &Path, now: Timestamp) -> Result<Parts, Trouble> {
    guarded(|| {
        let Opened { db, trees } = state(dir)?;
        let known = trees.commits();
        if let Some(made) = commits::read(dir)?.filter(|made| *made > known) {
            return Err(Trouble::Damage(Damage::End { known, made }));
        }
        let file = File::open(dir.join("state/db"))?;
        let (seen, stories) = (Seen::load(&trees)?, Stories::load(&trees, now)?);
        let archive = Archive::open(&dir.join("archive"), &trees)?;
        let commits = Commits::open(dir)?;
        Ok(Parts { db, trees, file, seen, stories, archive, commits })
    })
}

/// Opens the state, or founds it where there was none; lifts an older one. One that was used before is never founded
/// again.
pub(super) fn state(dir: &Path) -> Result<Opened, Trouble> {
    let lost = |what: &str| Trouble::Damage(Damage::State(what.into()));
    let used = was_used(dir)?;
    if used && !dir.join("state/db").exists() {
        return Err(lost("its state is gone"));
    }
    let db = open_sled(&dir.join("state"))?;
    let trees = Trees::of(&db)?;
    match trees.get::<u32>(Tree::Meta, b"format")? {
        Some(FORMAT) => {}
        Some(older @ 1..FORMAT) => lift(older, &db, &trees)?,
        Some(newer) => return Err(Trouble::Newer(newer)),
        None if used => return Err(lost("its state is empty although it was used before")),
        None => format::set(&trees, FORMAT)?,
    }
    format::sweep(&db)?;
    Ok(Opened { db, trees })
}

/// Founds a state where there is none.
pub(super) fn found(dir: &Path) -> Result<Opened, Trouble> {
    let db = open_sled(&dir.join("state"))?;
    let trees = Trees::of(&db)?;
    format::set(&trees, FORMAT)?;
    db.flush().map_err(broken)?;
    Ok(Opened { db, trees })
}

/// Whether anything shows that there was a state before.
fn was_used(dir: &Path) -> io::Result<bool> {
    let marked = ["FORMAT", "commits"].iter().any(|name| dir.join(name).exists());
    Ok(marked || !archive::days(&dir.join("archive"))?.is_empty())
}

/// Opens sled. A damaged snapshot is set aside, because the log holds everything.
fn open_sled(state: &Path) -> Result<Db, Trouble> {
    let open = || patiently(|| sled::Config::new().path(state).cache_capacity(CACHE_BYTES).open());
    match open() {
        Err(sled::Error::Corruption { .. }) => {
            set_snapshots_aside(state)?;
            Ok(open()?)
        }
        other => Ok(other?),
    }
}

/// Opens sled while its threads of an earlier opening, in this very process, still let go of its file: nobody else can
/// have it, since the store is locked.
fn patiently(open: impl Fn() -> Result<Db, sled::Error>) -> Result<Db, sled::Error> {
    for _ in 0..LOOKS {
        match open() {
            Err(sled::Error::Io(cause)) if cause.to_string().contains("could not acquire lock") => {
                thread::sleep(BETWEEN_LOOKS);
            }
            other => return other,
        }
    }
    open()
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
pub(super) fn mark(dir: &Path) -> io::Result<()> {
    let path = dir.join("FORMAT");
    if fs::read_to_string(&path).is_ok_and(|text| text.trim() == FORMAT.to_string()) {
        return Ok(());
    }
    let mut file = File::create(path)?;
    writeln!(file, "{FORMAT}")?;
    file.sync_all()?;
    File::open(dir)?.sync_all()
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Does `work`, in which sled may panic where its files are damaged: that is an error here, and not written about on
/// standard error.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, Trouble>) -> Result<T, Trouble> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let aloud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                aloud(panic);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(outer);
    done.unwrap_or_else(|_| Err(Trouble::Damage(Damage::State("its log cannot be read".into()))))
}

impl Trouble {
    /// The trouble of the store in `dir`, in the words of the trait.
    pub(super) fn at(self, dir: &Path) -> OpenError {
        let path = dir.to_owned();
        match self {
            Self::Damage(damage) => OpenError::Damaged { path, what: damage.to_string() },
            Self::Newer(found) => OpenError::Newer { path, found, known: FORMAT },
            Self::Full(cause) => OpenError::Full { path, cause },
            Self::Io(cause) => OpenError::Io { path, cause },
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(cause: io::Error) -> Self {
        if is_full(&cause) { Self::Full(cause.to_string()) } else { Self::Io(cause) }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full(cause) => Self::Full(cause),
            StoreError::Broken(what) | StoreError::Elsewhere(what) => Self::Damage(Damage::State(what)),
        }
    }
}

impl From<sled::Error> for Trouble {
    fn from(error: sled::Error) -> Self {
        match error {
            sled::Error::Io(cause) if is_full(&cause) => Self::Full(cause.kind().to_string()),
            sled::Error::Io(cause) => Self::Io(cause),
            other => Self::Damage(Damage::State(other.to_string())),
        }
    }
}

impl From<Trouble> for StoreError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Full(cause) => Self::Full(cause),
            other => Self::Broken(other.to_string()),
        }
    }
}
