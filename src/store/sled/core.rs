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
use super::timelines::{self, Shared, lock};
use super::trees::{Draft, Tree, Trees, broken};
use crate::model::coverage::{Gap, keep};
use crate::model::delivery::{Delivery, DeliveryId};
use crate::model::post::{Content, Platform, PostKey};
use crate::model::sink::{Gate, SinkId};
use crate::model::spend::{Charge, Spending};
use crate::model::timeline::{TimelineId, TimelineState};
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
    timelines: Shared,
    pub(super) waiting: HashMap<SinkId, BTreeMap<DeliveryId, Waiting>>,
    pub(super) unsynced: bool,
}

impl Core {
    /// The core of the store in `dir`. What an earlier process held is free again.
    pub(super) fn new(parts: Parts, timelines: &Shared, dir: &Path, now: Timestamp) -> Result<Self, Trouble> {
        let Parts { db, trees, file, seen, stories, archive, commits } = parts;
        let (timelines, waiting, unsynced) = (timelines.clone(), HashMap::new(), true);
        let mut core =
            Self { db, trees, file, seen, stories, archive, commits, timelines, waiting, unsynced };
        core.restart(now)?;
        core.sync()?;
        open::mark(dir)?;
        lock(&core.timelines).load(&core.trees)?;
        Ok(core)
    }

    /// Reads what is kept in memory, and frees what an earlier process held.
    fn restart(&mut self, now: Timestamp) -> Result<(), StoreError> {
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
                    news: if entry.shows(*content) { News::Known } else { News::Revised },
                    day: Some(entry.day),
                    met: if entry.met {
                        self.trees.get(Tree::Met, &key.0)?.unwrap_or_default()
                    } else {
                        Vec::new()
                    },
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

    pub(super) fn commit(&mut self, mut outcomes: Vec<Outcome>, now: Timestamp) -> Result<(), StoreError> {
        let (mut draft, mut archived, mut ended) = (self.trees.draft(), Vec::new(), Vec::new());
        for outcome in &mut outcomes {
            lock(&self.timelines).holds(&outcome.turn)?;
            for post in outcome.posts.iter_mut().filter(|post| post.archive.is_some()) {
                if !post.met.is_empty() {
                    draft.put(Tree::Met, &post.key.0, &post.met)?;
                }
                archived.extend(post.archive.take());
            }
        }
        let grown = self.archive.append(&archived, now, &mut draft)?;
        let mut changed = Vec::new();
        for outcome in outcomes {
            let version = lock(&self.timelines).next_version();
            let kept = (&mut self.seen, &mut self.stories);
            ended.push(put(outcome, (now, version), kept, &mut changed, &mut draft)?);
        }
        self.unsynced |= draft.apply()?;
        self.archive.grown(grown);
        let mut timelines = lock(&self.timelines);
        for Ended { timeline, state, unkept } in ended {
            timelines.put(timeline, &state, unkept)?;
        }
        drop(timelines);
        for delivery in &changed {
            self.wait(delivery);
        }
        Ok(())
    }

    /// Writes up to `most` records of what looks without news changed; they are safe after the next sync. Tells whether
    /// there may be more.
    pub(super) fn keep(&mut self, most: usize) -> Result<bool, StoreError> {
        let unkept = lock(&self.timelines).unkept(most)?;
        for (group, record) in &unkept {
            self.trees.note(Tree::Times, &group.to_be_bytes(), record)?;
        }
        self.unsynced |= !unkept.is_empty();
        Ok(unkept.len() == most)
    }

    /// Makes all that there is survive a power cut.
    pub(super) fn keep_all(&mut self) -> Result<(), StoreError> {
        self.keep(usize::MAX)?;
        self.sync()
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

/// A timeline whose look ended.
struct Ended {
    timeline: TimelineId,
    state: TimelineState,
    /// Whether its state need not be written yet.
    unkept: bool,
}

/// Puts what an outcome changes into the draft, but for its archive; the deliveries among it into `changed`.
fn put(
    outcome: Outcome,
    (now, version): (Timestamp, u64),
    (seen, stories): (&mut Seen, &mut Stories),
    changed: &mut Vec<Delivery>,
    draft: &mut Draft<'_>,
) -> Result<Ended, StoreError> {
    let Outcome { turn, state, gaps, posts, filings, notices, charge, day } = outcome;
    let before = draft.made();
    let answered = posts.iter().map(|post| (post.key, post.content, !post.met.is_empty()));
    seen.note(answered, day, draft)?;
    for filing in filings {
        changed.extend(stories.file(filing, now, draft)?);
    }
    for notice in notices {
        changed.extend(put_new(draft, notice)?);
    }
    if let Some(charge) = charge {
        charge_into(draft, &charge)?;
    }
    for gap in gaps {
        let key = dated_key(turn.timeline.as_str(), gap.day());
        let mut kept = draft.get(Tree::Gap, &key)?.unwrap_or_default();
        keep(&mut kept, gap);
        draft.put(Tree::Gap, &key, &kept)?;
    }
    let (key, packed) = (turn.timeline.as_str().as_bytes(), timelines::encode(&state, version)?);
    let before = turn.state.as_ref().filter(|_| draft.made() == before);
    let unkept = before.is_some_and(|before| state.is_later(before));
    // One more failure of many: it is written, but need not be safe at once.
    let fails_on = before.is_some_and(|before| {
        (&before.cursor, &before.trouble, &before.open) == (&state.cursor, &state.trouble, &state.open)
    });
    if !fails_on {
        draft.put_raw(Tree::Timeline, key, packed)?;
    } else if !unkept {
        draft.trees().note(Tree::Timeline, key, &packed)?;
    }
    Ok(Ended { timeline: turn.timeline, state, unkept })
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
