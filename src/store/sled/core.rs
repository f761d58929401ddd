//! What the owning thread does with the state and the archive.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::ops::RangeInclusive;
use std::path::Path;

use jiff::Timestamp;
use sled::Db;

use super::archive::Archive;
use super::backup;
use super::commits::Commits;
use super::open::{self, Parts, Trouble};
use super::outbox::{forget, get_delivery, parts, put_header, put_new};
use super::seen::Seen;
use super::stories::Stories;
use super::trees::{Draft, Tree, Trees, broken};
use crate::model::coverage::{Gap, keep};
use crate::model::delivery::{Delivery, DeliveryId, Settlement};
use crate::model::post::{Content, Platform, Post, PostKey};
use crate::model::retention::Retention;
use crate::model::sink::{Gate, SinkId};
use crate::model::spend::{Charge, Spending};
use crate::model::timeline::{TimelineId, TimelineState, Turn};
use crate::store::{News, Outcome, Sighting, StoreError};

/// The state, the archive, and what is kept of them in memory.
pub(super) struct Core {
    pub(super) db: Db,
    pub(super) trees: Trees,
    /// sled's own file, for the sync that sled leaves out.
    file: File,
    seen: Seen,
    pub(super) stories: Stories,
    archive: Archive,
    commits: Commits,
    timelines: HashMap<TimelineId, TimelineState>,
    held: HashMap<TimelineId, u64>,
    fence: u64,
    pub(super) waiting: HashMap<SinkId, BTreeMap<DeliveryId, Waiting>>,
    pub(super) unsynced: bool,
}

/// Deliveries that change hands in one transaction.
const HANDED_OVER_AT_ONCE: usize = 100;

/// What finding the next delivery needs to know of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    due: Option<Timestamp>,
    set_at: Timestamp,
    pub(super) order: (Timestamp, Option<Timestamp>),
}

impl Waiting {
    /// When it may be sent; `None` if it never will.
    pub(super) fn due(&self, now: Timestamp) -> Option<Timestamp> {
        self.due.map(|due| if now < self.set_at { now } else { due })
    }
}

impl Core {
    /// The core of the store in `dir`. What an earlier process held is free again.
    pub(super) fn new(parts: Parts, dir: &Path, now: Timestamp) -> Result<Self, Trouble> {
        let Parts { db, trees, file, seen, stories, archive, commits } = parts;
        let (timelines, held, waiting) = (HashMap::new(), HashMap::new(), HashMap::new());
        let (fence, unsynced) = (0, true);
        let mut core = Self {
            db,
            trees,
            file,
            seen,
            stories,
            archive,
            commits,
            timelines,
            held,
            fence,
            waiting,
            unsynced,
        };
        core.restart(now)?;
        core.sync()?;
        open::mark(dir)?;
        Ok(core)
    }

    /// Reads what is kept in memory, and frees what an earlier process held.
    fn restart(&mut self, now: Timestamp) -> Result<(), StoreError> {
        for entry in self.trees.entries(Tree::Timeline, b"") {
            let (key, _) = entry?;
            if let Some(state) = self.trees.get(Tree::Timeline, &key)? {
                self.timelines.insert(String::from_utf8_lossy(&key).into_owned().into(), state);
            }
        }
        for entry in self.trees.entries(Tree::Gate, b"") {
            let (key, _) = entry?;
            if let Some(gate) = self.trees.get::<Gate>(Tree::Gate, &key)? {
                let mut draft = self.trees.draft();
                draft.put(Tree::Gate, &key, &gate.restarted())?;
                draft.apply()?;
            }
        }
        for delivery in self.outbox()? {
            let mut draft = self.trees.draft();
            let delivery = delivery.restarted(now);
            put_header(&mut draft, &delivery)?;
            draft.apply()?;
            self.wait(&delivery);
        }
        Ok(())
    }

    /// Makes everything done so far survive a power cut.
    pub(super) fn sync(&mut self) -> Result<(), StoreError> {
        if self.unsynced {
            self.db.flush().map_err(broken)?;
            self.file.sync_data()?;
            self.commits.write(self.trees.commits())?;
            self.unsynced = false;
        }
        Ok(())
    }

    pub(super) fn claim(&mut self, wanted: Vec<TimelineId>, now: Timestamp) -> Vec<Turn> {
        let mut turns = Vec::new();
        for timeline in wanted {
            let state = self.timelines.get(&timeline);
            let due = state.is_none_or(|state| state.due(now) <= now);
            if due && !self.held.contains_key(&timeline) {
                self.fence += 1;
                self.held.insert(timeline.clone(), self.fence);
                turns.push(Turn { fence: self.fence, state: state.cloned(), timeline });
            }
        }
        turns
    }

    pub(super) fn release(&mut self) {
        self.held.clear();
    }

    pub(super) fn resolved(
        &self,
        platform: &Platform,
        account: &str,
    ) -> Result<Option<TimelineId>, StoreError> {
        self.trees.get(Tree::Resolved, format!("{platform}:{account}").as_bytes())
    }

    pub(super) fn resolve(
        &mut self,
        platform: &Platform,
        account: &str,
        id: &TimelineId,
    ) -> Result<(), StoreError> {
        let mut draft = self.trees.draft();
        draft.put(Tree::Resolved, format!("{platform}:{account}").as_bytes(), id)?;
        self.unsynced |= draft.apply()?;
        Ok(())
    }

    pub(super) fn sightings(&self, revisions: &[(PostKey, Content)]) -> Result<Vec<Sighting>, StoreError> {
        let sighting = |(key, content): &(PostKey, Content)| {
            Ok(match self.seen.get(key) {
                None => Sighting { news: News::New, day: None, met: Vec::new() },
                Some(entry) => Sighting {
                    news: if entry.content == *content { News::Known } else { News::Revised },
                    day: Some(entry.day),
                    met: self.trees.get(Tree::Met, &key.0)?.unwrap_or_default(),
                },
            })
        };
        revisions.iter().map(sighting).collect()
    }

    pub(super) fn spent(&self, source: &str, mut days: RangeInclusive<i32>) -> Result<Spending, StoreError> {
        days.try_fold(Spending::default(), |sum, day| {
            let of_day = self.trees.get(Tree::Spending, &dated_key(source, day))?;
            Ok(sum.plus(of_day.unwrap_or_default()))
        })
    }

    pub(super) fn charge(&mut self, charge: &Charge) -> Result<(), StoreError> {
        let mut draft = self.trees.draft();
        charge_into(&mut draft, charge)?;
        self.unsynced |= draft.apply()?;
        Ok(())
    }

    pub(super) fn commit(&mut self, outcome: Outcome, now: Timestamp) -> Result<(), StoreError> {
        let Outcome { turn, state, gaps, mut posts, filings, notices, charge, day } = outcome;
        if self.held.get(&turn.timeline) != Some(&turn.fence) {
            return Err(StoreError::Broken(format!("{} was committed by somebody else", turn.timeline)));
        }
        let mut draft = self.trees.draft();
        for post in posts.iter().filter(|post| post.archive.is_some() && !post.met.is_empty()) {
            draft.put(Tree::Met, &post.key.0, &post.met)?;
        }
        let archived: Vec<Post> = posts.iter_mut().filter_map(|post| post.archive.take()).collect();
        let grown = self.archive.append(&archived, now, &mut draft)?;
        self.seen.note(posts.iter().map(|post| (post.key, post.content)), day, &mut draft)?;
        let mut changed = Vec::new();
        for filing in filings {
            changed.extend(self.stories.file(filing, now, &mut draft)?);
        }
        for notice in notices {
            changed.extend(put_new(&mut draft, notice)?);
        }
        if let Some(charge) = charge {
            charge_into(&mut draft, &charge)?;
        }
        for gap in gaps {
            let key = dated_key(turn.timeline.as_str(), gap.day());
            let mut kept = draft.get(Tree::Gap, &key)?.unwrap_or_default();
            keep(&mut kept, gap);
            draft.put(Tree::Gap, &key, &kept)?;
        }
        let before = self.timelines.get(&turn.timeline);
        let moved = before.is_none_or(|before| {
            before.cursor != state.cursor || before.trouble != state.trouble || before.open != state.open
        });
        draft.put(Tree::Timeline, turn.timeline.as_str().as_bytes(), &state)?;
        let lasting = draft.len() > 1 || moved;
        self.unsynced |= draft.apply()? && lasting;
        self.archive.grown(grown);
        self.held.remove(&turn.timeline);
        self.timelines.insert(turn.timeline, state);
        for delivery in &changed {
            self.wait(delivery);
        }
        Ok(())
    }

    pub(super) fn settle(
        &mut self,
        id: &DeliveryId,
        settlement: Settlement,
        gate: &Gate,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut draft = self.trees.draft();
        let Some(delivery) = get_delivery(&draft, id)? else {
            return Err(StoreError::Broken(format!("delivery {id} was settled by somebody else")));
        };
        let sink = delivery.sink.clone();
        draft.put(Tree::Gate, sink.as_str().as_bytes(), gate)?;
        if let (Settlement::Delivered { receipt }, Some(story)) = (&settlement, delivery.story()) {
            self.stories.heard(*story, &sink, receipt.as_deref(), now, &mut draft)?;
        }
        let parts = parts(&delivery).len();
        let left = delivery.settle(settlement, now);
        if let Some(left) = &left {
            put_header(&mut draft, left)?;
        } else {
            forget(&mut draft, id, parts);
        }
        self.unsynced |= draft.apply()?;
        if let Some(mine) = self.waiting.get_mut(&sink) {
            mine.remove(id);
        }
        if let Some(left) = &left {
            self.wait(left);
        }
        Ok(())
    }

    pub(super) fn tell(&mut self, notices: Vec<Delivery>) -> Result<(), StoreError> {
        let mut draft = self.trees.draft();
        let mut new = Vec::new();
        for notice in notices {
            new.extend(put_new(&mut draft, notice)?);
        }
        self.unsynced |= draft.apply()?;
        for notice in &new {
            self.wait(notice);
        }
        Ok(())
    }

    pub(super) fn hand_over(&mut self, gone: &SinkId, heir: &SinkId) -> Result<(), StoreError> {
        let moving: Vec<_> = self.waiting.get(gone).into_iter().flat_map(BTreeMap::keys).cloned().collect();
        for some in moving.chunks(HANDED_OVER_AT_ONCE) {
            let (mut draft, mut moved) = (self.trees.draft(), Vec::new());
            for id in some {
                let Some(delivery) = get_delivery(&draft, id)? else { continue };
                moved.push(Delivery { sink: heir.clone(), ..delivery });
            }
            moved.iter().try_for_each(|delivery| put_header(&mut draft, delivery))?;
            self.unsynced |= draft.apply()?;
            for delivery in &moved {
                if let Some(waiting) = self.waiting.get_mut(gone) {
                    waiting.remove(&delivery.id);
                }
                self.wait(delivery);
            }
        }
        Ok(())
    }

    pub(super) fn check(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let mut draft = self.trees.draft();
        draft.put(Tree::Meta, b"checked", &now)?;
        self.unsynced |= draft.apply()?;
        Ok(())
    }

    pub(super) fn gate(&self, sink: &SinkId) -> Result<Gate, StoreError> {
        Ok(self.trees.get(Tree::Gate, sink.as_str().as_bytes())?.unwrap_or_default())
    }

    pub(super) fn outbox(&self) -> Result<Vec<Delivery>, StoreError> {
        let draft = self.trees.draft();
        let mut all = Vec::new();
        for entry in self.trees.entries(Tree::Outbox, b"") {
            let (id, _) = entry?;
            all.extend(get_delivery(&draft, &String::from_utf8_lossy(&id).into_owned().into())?);
        }
        all.sort_by_key(Delivery::order);
        Ok(all)
    }

    pub(super) fn timeline(&self, id: &TimelineId) -> Option<TimelineState> {
        self.timelines.get(id).cloned()
    }

    pub(super) fn gaps(&self, id: &TimelineId) -> Result<Vec<Gap>, StoreError> {
        let mut gaps = Vec::new();
        for entry in self.trees.entries(Tree::Gap, &undated_key(id.as_str())) {
            let (key, _) = entry?;
            gaps.extend(self.trees.get::<Vec<Gap>>(Tree::Gap, &key)?.unwrap_or_default());
        }
        Ok(gaps)
    }

    /// Forgets a little. Tells whether there may be more.
    pub(super) fn prune(&mut self, before: i32, now: Timestamp) -> Result<bool, StoreError> {
        let mut draft = self.trees.draft();
        let mut more = self.seen.forget(before, 1, &self.trees, &mut draft)?;
        more |= self.stories.forget(now, &mut draft, &self.trees)?;
        more |= self.prune_days(Tree::Spending, before, &mut draft)?;
        more |= self.prune_days(Tree::Gap, before, &mut draft)?;
        for silence in self.silences()?.iter().filter(|silence| !silence.is_remembered(now)) {
            draft.remove(Tree::Silence, &silence.id.to_be_bytes());
        }
        self.unsynced |= draft.apply()?;
        Ok(more)
    }

    /// Forgets some of what is kept by day. Tells whether there may be more.
    fn prune_days(&self, tree: Tree, before: i32, draft: &mut Draft<'_>) -> Result<bool, StoreError> {
        /// So many changes go in one transaction.
        const AT_ONCE: usize = 50;
        let mut forgotten = 0;
        for entry in self.trees.entries(tree, b"") {
            let (key, _) = entry?;
            let day = key.last_chunk::<4>().map_or(i32::MIN, |day| i32::from_be_bytes(*day));
            if day < before {
                draft.remove(tree, &key);
                forgotten += 1;
            }
            if forgotten == AT_ONCE {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Deletes a few days of the archive that are kept no longer; tells how many.
    pub(super) fn retire(&mut self, kept: &Retention, now: Timestamp) -> Result<usize, StoreError> {
        let mut draft = self.trees.draft();
        let gone = self.archive.retire(kept, now, &mut draft)?;
        self.unsynced |= draft.apply()?;
        Ok(gone)
    }

    /// Writes what the state holds to `to`; gives the archive's files and how much of each counts.
    pub(super) fn export(&self, to: &Path) -> Result<Vec<(String, u64)>, StoreError> {
        backup::export(&self.trees, to)?;
        Ok(self.archive.lengths().iter().map(|(name, length)| (name.clone(), *length)).collect())
    }

    /// Keeps in mind when a delivery is due.
    pub(super) fn wait(&mut self, delivery: &Delivery) {
        let due = delivery.due(delivery.set_at).map(|_| delivery.due);
        let (created_at, posted_at, id) = delivery.order();
        let mine = self.waiting.entry(delivery.sink.clone()).or_default();
        mine.insert(id, Waiting { due, set_at: delivery.set_at, order: (created_at, posted_at) });
    }
}

fn charge_into(draft: &mut Draft<'_>, charge: &Charge) -> Result<(), StoreError> {
    let key = dated_key(&charge.source, charge.day);
    let spent: Spending = draft.get(Tree::Spending, &key)?.unwrap_or_default();
    draft.put(Tree::Spending, &key, &spent.charged(charge))
}

/// The key of what is kept of `name` by day; those of a name stand together.
fn dated_key(name: &str, day: i32) -> Vec<u8> {
    let mut key = undated_key(name);
    key.extend(day.to_be_bytes());
    key
}

fn undated_key(name: &str) -> Vec<u8> {
    [name.as_bytes(), &[0]].concat()
}
