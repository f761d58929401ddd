//! The embedded store: state in sled, posts in an archive of plain files, one thread that owns both.
//!
//! ```text
//! STORE/lock                          held by the process that has the store; says who it is
//! STORE/FORMAT                        the layout's version, written once the state exists: it must never be empty again
//! STORE/commits                       how many transactions there were: a state that knows of fewer lost its end
//! STORE/state/                        sled: small, hot, every value at most 4 KB
//! STORE/archive/PLATFORM/DAY.jsonl    posts as seen, append only
//! ```
//!
//! What a commit changes is archived and synced first; then one transaction makes it count; then sled is flushed and
//! its file synced, because sled's flush alone does not survive a power cut (spacejam/sled issues 1351 and 1452).

mod archive;
mod asking;
mod backup;
mod commits;
mod core;
mod deliveries;
mod disk;
mod format;
mod lock;
mod open;
mod outbox;
mod owner;
mod people;
mod prune;
mod repair;
mod seal;
mod seen;
mod stories;
mod timelines;
mod trees;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::mpsc;

use self::core::Core;
use self::owner::{Job, Owner, WAITING};
use self::timelines::{Shared, lock};
use super::{OpenError, Outcome, Saved, Sealed, Sighting, Store, StoreError};
use crate::model::coverage::Gap;
use crate::model::decision::Decision;
use crate::model::delivery::{Delivery, DeliveryId, Settlement};
use crate::model::post::{Content, Platform, PostKey};
use crate::model::retention::Retention;
use crate::model::silence::Silence;
use crate::model::sink::{Gate, SinkId};
use crate::model::spend::{Charge, Spending};
use crate::model::timeline::{TimelineId, TimelineState, Turn};
use crate::route::{Meters, Routes};

/// Records of timelines written by one job of the owning thread, so that others come to their turn.
const KEPT_AT_ONCE: usize = 64;

/// A store in a folder.
#[derive(Debug)]
pub struct SledStore {
    dir: PathBuf,
    jobs: mpsc::Sender<Job>,
    timelines: Shared,
}

impl SledStore {
    /// Opens the store in `dir`, or founds it. Whatever was held by an earlier process is free again.
    ///
    /// `holder` says in a few words who opens it, for the message that a second process gets.
    pub fn open(dir: &Path, holder: &str, now: Timestamp) -> Result<Self, OpenError> {
        Self::run_by(Owner::open(dir, holder, now)?, dir)
    }

    /// The same, but where the disk takes no writes now, the store answers [`StoreError::Full`] until it is opened anew.
    pub fn attend(dir: &Path, holder: &str, now: Timestamp) -> Result<Self, OpenError> {
        Self::run_by(Owner::attend(dir, holder, now)?, dir)
    }

    fn run_by(owner: Owner, dir: &Path) -> Result<Self, OpenError> {
        let ((jobs, waiting), timelines) = (mpsc::channel::<Job>(WAITING), owner.timelines());
        let thread = thread::Builder::new().name("store".into()).spawn(move || owner.run(waiting));
        thread.map_err(|cause| OpenError::Io { path: dir.to_owned(), cause })?;
        Ok(Self { dir: dir.to_owned(), jobs, timelines })
    }

    /// Whether there is a store in `dir`, or what is left of one.
    pub fn is_at(dir: &Path) -> bool {
        ["FORMAT", "commits", "lock", "state", "archive"].iter().any(|part| dir.join(part).exists())
    }

    /// Makes a damaged store in `dir` open again. Gives what was found and done, a line each; nothing if it is whole.
    pub fn repair(dir: &Path, holder: &str, now: Timestamp) -> Result<Vec<String>, OpenError> {
        repair::repair(dir, holder, now)
    }

    /// Makes a store in `dir`, which is empty or not there, of the backup in `from`.
    pub fn restore(from: &Path, dir: &Path) -> Result<(), OpenError> {
        backup::restore(from, dir)
    }
}

#[async_trait]
impl Store for SledStore {
    async fn claim(&self, wanted: &[TimelineId], now: Timestamp) -> Result<Vec<Turn>, StoreError> {
        lock(&self.timelines).claim(wanted, now)
    }

    async fn release(&self) -> Result<(), StoreError> {
        lock(&self.timelines).release();
        Ok(())
    }

    async fn hasten(&self, timeline: &TimelineId, now: Timestamp) -> Result<(), StoreError> {
        lock(&self.timelines).hasten(timeline, now)
    }

    async fn reopen(&self, now: Timestamp) -> Result<(), StoreError> {
        self.ask(move |owner| {
            let result = owner.reopen(now);
            |_: &Result<(), StoreError>| result
        })
        .await
    }

    async fn room(&self) -> Result<u64, StoreError> {
        let dir = self.dir.clone();
        let room = tokio::task::spawn_blocking(move || disk::room(&dir)).await;
        Ok(room.map_err(|cause| StoreError::Broken(cause.to_string()))??)
    }

    async fn resolved(&self, platform: &Platform, account: &str) -> Result<Option<TimelineId>, StoreError> {
        let (platform, account) = (platform.clone(), account.to_owned());
        self.read(move |core| core.resolved(&platform, &account)).await
    }

    async fn resolve(&self, platform: &Platform, account: &str, id: &TimelineId) -> Result<(), StoreError> {
        let (platform, account, id) = (platform.clone(), account.to_owned(), id.clone());
        self.change(move |core| core.resolve(&platform, &account, &id)).await
    }

    async fn sightings(&self, revisions: &[(PostKey, Content)]) -> Result<Vec<Sighting>, StoreError> {
        let revisions = revisions.to_vec();
        self.read(move |core| core.sightings(&revisions)).await
    }

    async fn spent(&self, source: &str, days: RangeInclusive<i32>) -> Result<Spending, StoreError> {
        let source = source.to_owned();
        self.read(move |core| core.spent(&source, days)).await
    }

    async fn charge(&self, charge: Charge) -> Result<(), StoreError> {
        self.change(move |core| core.charge(&charge)).await
    }

    async fn commit_all(&self, outcomes: Vec<Outcome>, now: Timestamp) -> Result<(), StoreError> {
        let outcomes = lock(&self.timelines).note(outcomes)?;
        if outcomes.is_empty() {
            return Ok(());
        }
        self.change(move |core| core.commit(outcomes, now)).await
    }

    async fn keep(&self) -> Result<(), StoreError> {
        while self.change(|core| core.keep(KEPT_AT_ONCE)).await? {}
        Ok(())
    }

    async fn seal(
        &self,
        sink: &SinkId,
        most: usize,
        routes: &Arc<Routes>,
        now: Timestamp,
    ) -> Result<Sealed, StoreError> {
        let (sink, routes) = (sink.clone(), routes.clone());
        self.change(move |core| core.seal(&sink, most, &routes, now)).await
    }

    async fn close(&self, now: Timestamp) -> Result<(), StoreError> {
        while self.change(move |core| core.close(now)).await? {}
        Ok(())
    }

    async fn settle(
        &self,
        id: &DeliveryId,
        settlement: Settlement,
        gate: Gate,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let id = id.clone();
        self.change(move |core| core.settle(&id, settlement, &gate, now)).await
    }

    async fn tell(&self, notices: Vec<Delivery>) -> Result<(), StoreError> {
        self.change(move |core| core.tell(notices)).await
    }

    async fn hand_over(&self, gone: &SinkId, heir: &SinkId) -> Result<(), StoreError> {
        let (gone, heir) = (gone.clone(), heir.clone());
        self.change(move |core| core.hand_over(&gone, &heir)).await
    }

    async fn size(&self) -> Result<u64, StoreError> {
        let dir = self.dir.clone();
        let size = tokio::task::spawn_blocking(move || disk::size_below(&dir)).await;
        size.map_err(|cause| StoreError::Broken(cause.to_string()))
    }

    async fn pass_on(
        &self,
        from: &SinkId,
        to: &SinkId,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let (from, to) = (from.clone(), to.clone());
        self.change(move |core| core.pass_on(&from, &to, since, now)).await
    }

    async fn decide(&self, decision: Decision, now: Timestamp) -> Result<Result<(), String>, StoreError> {
        self.change(move |core| core.decide(decision, now)).await
    }

    async fn silences(&self) -> Result<Vec<Silence>, StoreError> {
        self.read(|core| core.silences()).await
    }

    async fn meters(&self) -> Result<Meters, StoreError> {
        self.read(|core| core.meters()).await
    }

    async fn check(&self, now: Timestamp) -> Result<(), StoreError> {
        self.change(move |core| core.check(now)).await
    }

    async fn gate(&self, sink: &SinkId) -> Result<Gate, StoreError> {
        let sink = sink.clone();
        self.read(move |core| core.gate(&sink)).await
    }

    async fn outbox(&self) -> Result<Vec<Delivery>, StoreError> {
        self.read(|core| core.outbox()).await
    }

    async fn timeline(&self, id: &TimelineId) -> Result<Option<TimelineState>, StoreError> {
        lock(&self.timelines).state(id)
    }

    async fn gaps(&self, id: &TimelineId) -> Result<Vec<Gap>, StoreError> {
        let id = id.clone();
        self.read(move |core| core.gaps(&id)).await
    }

    async fn retire(&self, kept: &Retention, now: Timestamp) -> Result<usize, StoreError> {
        let mut days = 0;
        loop {
            let kept = kept.clone();
            match self.change(move |core| core.retire(&kept, now)).await? {
                0 => return Ok(days),
                some => days += some,
            }
        }
    }

    async fn backup(&self, to: &Path) -> Result<Saved, StoreError> {
        let (from, to, folder) = (self.dir.clone(), to.to_owned(), to.to_owned());
        let lengths = self.ask(move |owner| {
            let synced = owner.change(Core::keep_all);
            // It only reads the store: a full disk over there is no matter here.
            let lengths = synced.and_then(|()| owner.read(|core| core.export(&folder)));
            |_: &Result<(), StoreError>| lengths
        });
        let lengths = lengths.await?;
        // The archive only grows, so copying it holds nobody up.
        let copied = tokio::task::spawn_blocking(move || backup::copy(&from, &lengths, &to)).await;
        let copied = copied.map_err(|_| StoreError::Elsewhere("copying was cut off".into()))?;
        copied.map_err(|cause| StoreError::Elsewhere(cause.to_string()))
    }

    async fn newest(&self) -> Result<Option<i32>, StoreError> {
        self.read(|core| Ok(core.seen.newest())).await
    }

    async fn prune(&self, before: i32, now: Timestamp) -> Result<(), StoreError> {
        while self.change(move |core| core.prune(before, now)).await? {}
        Ok(())
    }
}
