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
use super::deliveries::Waiting;
use super::open::{self, Parts, Trouble};
use super::outbox::{put_header, put_new};
use super::seen::Seen;
use super::stories::Stories;
use super::trees::{Draft, Tree, Trees, broken};
use crate::model::coverage::{Gap, keep};
use crate::model::delivery::DeliveryId;
use crate::model::post::{Content, Platform, Post, PostKey};
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
    pub(super) seen: Seen,
    pub(super) stories: Stories,
    pub(super) archive: Archive,
    commits: Commits,
    timelines: HashMap<TimelineId, TimelineState>,
    held: HashMap<TimelineId, u64>,
    fence: u64,
    pub(super) waiting: HashMap<SinkId, BTreeMap<DeliveryId, Waiting>>,
    pub(super) unsynced: bool,
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
        let key = turn.timeline.as_str().as_bytes();
        if moved || !draft.is_empty() {
            draft.put(Tree::Timeline, key, &state)?;
            self.unsynced |= draft.apply()?;
        } else {
            self.trees.note(Tree::Timeline, key, &state)?;
        }
        self.archive.grown(grown);
        self.held.remove(&turn.timeline);
        self.timelines.insert(turn.timeline, state);
        for delivery in &changed {
            self.wait(delivery);
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

    /// Writes what the state holds to `to`; gives the archive's files and how much of each counts.
    pub(super) fn export(&self, to: &Path) -> Result<Vec<(String, u64)>, StoreError> {
        backup::export(&self.trees, to)?;
        Ok(self.archive.lengths().iter().map(|(name, length)| (name.clone(), *length)).collect())
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
