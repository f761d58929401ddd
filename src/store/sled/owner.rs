//! The thread that owns the store: one job after the other, one sync for all that wait, and opening anew once a disk that
//! was full or read-only takes writes again.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::core::Core;
use super::disk;
use super::lock::{self, Lock};
use super::open::{self, Trouble};
use super::timelines::{Shared, lock};
use crate::store::{OpenError, StoreError};

/// Something for the owning thread to do; what it returns is called once everything is synced.
pub(super) type Job = Box<dyn FnOnce(&mut Owner) -> Answer + Send>;
/// Tells whoever asked, given how the sync went.
pub(super) type Answer = Box<dyn FnOnce(&Result<(), StoreError>) + Send>;

/// Jobs that may wait for the thread, and that one sync may cover.
pub(super) const WAITING: usize = 64;

/// What the thread has.
pub(super) struct Owner {
    dir: PathBuf,
    _lock: Lock,
    /// The store, unless it cannot be opened now.
    core: Option<Core>,
    /// Why nothing can be changed until it is opened anew. sled refuses every write after one that failed, and what is in
    /// memory may be ahead of the disk; it can still be read.
    full: Option<String>,
    /// What can be asked and told without this thread.
    timelines: Shared,
}

impl Owner {
    /// Locks and opens the store in `dir`, or founds it.
    pub(super) fn open(dir: &Path, holder: &str, now: Timestamp) -> Result<Self, OpenError> {
        let mut owner = Self::closed(dir, holder, now)?;
        owner.try_open(now).map_err(|trouble| trouble.at(dir))?;
        Ok(owner)
    }

    /// The same, but where the disk takes no writes now, the store waits to be opened anew.
    pub(super) fn attend(dir: &Path, holder: &str, now: Timestamp) -> Result<Self, OpenError> {
        let mut owner = Self::closed(dir, holder, now)?;
        match owner.try_open(now) {
            Ok(()) | Err(Trouble::Full(_)) => Ok(owner),
            Err(trouble) => Err(trouble.at(dir)),
        }
    }

    fn closed(dir: &Path, holder: &str, now: Timestamp) -> Result<Self, OpenError> {
        let io = |cause| OpenError::Io { path: dir.to_owned(), cause };
        fs::create_dir_all(dir.join("archive")).map_err(io)?;
        let lock = lock::take(dir, holder, now)?;
        Ok(Self { dir: dir.to_owned(), _lock: lock, core: None, full: None, timelines: Shared::default() })
    }

    /// What can be asked and told without this thread.
    pub(super) fn timelines(&self) -> Shared {
        self.timelines.clone()
    }

    /// Does jobs until nobody can ask any more.
    pub(super) fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(job) = jobs.blocking_recv() {
            let mut answers = vec![job(&mut self)];
            while answers.len() < WAITING
                && let Ok(job) = jobs.try_recv()
            {
                answers.push(job(&mut self));
            }
            let synced = self.change(Core::sync);
            for answer in answers {
                answer(&synced);
            }
        }
        // Nobody is left to hear of it; without it the next process repeats some looks.
        let _ = self.change(Core::keep_all);
    }

    /// Changes something; after a change that did not fit, none is made before the store is opened anew.
    pub(super) fn change<T>(
        &mut self,
        change: impl FnOnce(&mut Core) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if let Some(why) = &self.full {
            return Err(StoreError::Full(why.clone()));
        }
        let result = self.core.as_mut().ok_or_else(never_opened).and_then(change);
        if let Err(StoreError::Full(why)) = &result {
            self.shut(why.clone());
        }
        result
    }

    /// Reads something, also while nothing can be changed.
    pub(super) fn read<T>(
        &mut self,
        read: impl FnOnce(&mut Core) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match (&mut self.core, &self.full) {
            (Some(core), _) => read(core),
            (None, Some(why)) => Err(StoreError::Full(why.clone())),
            (None, None) => Err(never_opened()),
        }
    }

    /// Opens the store anew, as a process that starts does; it stays as it is while the disk takes no writes.
    pub(super) fn reopen(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.try_open(now).map_err(StoreError::from)
    }

    fn try_open(&mut self, now: Timestamp) -> Result<(), Trouble> {
        let opened = disk::probe(&self.dir).map_err(Trouble::from).and_then(|()| {
            // sled has its file for itself.
            self.core = None;
            open::open(&self.dir, &self.timelines, now)
        });
        match opened {
            Ok(core) => {
                (self.core, self.full) = (Some(core), None);
                Ok(())
            }
            Err(trouble) => {
                self.shut(trouble.to_string());
                Err(trouble)
            }
        }
    }

    fn shut(&mut self, why: String) {
        lock(&self.timelines).shut(StoreError::Full(why.clone()));
        self.full = Some(why);
    }
}

fn never_opened() -> StoreError {
    StoreError::Broken("it was never opened".into())
}
