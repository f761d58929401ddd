//! What is kept of each timeline, and who holds which: in memory, for whoever asks.
//!
//! Handing out turns needs no disk, nor does a look that brought nothing, which a restart repeats harmlessly. Both happen
//! right where they are asked for, because a change of threads and a write for each would cost several times what the
//! look itself does. What such looks leave here is written by [`Timelines::unkept`] from time to time, many at once and in
//! records of many.

mod packed;
mod times;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::packed::{Mark, Packed, pack, unpack};
use self::times::{Known, MEMBERS, Record, Times};
use super::trees::{Tree, Trees};
use crate::model::timeline::{TimelineId, TimelineState, Turn};
use crate::store::{Outcome, StoreError};

/// The timelines, for the owning thread and for all who ask.
pub(super) type Shared = Arc<Mutex<Timelines>>;

/// All timelines.
#[derive(Debug, Default)]
pub(super) struct Timelines {
    /// There may be many, so they are kept packed.
    known: HashMap<TimelineId, Packed>,
    held: HashMap<TimelineId, u64>,
    fence: u64,
    /// Counts what is written, across all runs.
    version: u64,
    /// How many timelines each group has.
    groups: BTreeMap<u32, u32>,
    /// What a state is packed in.
    buffer: Vec<u8>,
    /// Whether the store was opened; before, nothing is known.
    opened: bool,
    /// Why no turns are handed out until it is opened anew.
    shut: Option<StoreError>,
}

/// The timelines, for a moment.
pub(super) fn lock(shared: &Mutex<Timelines>) -> MutexGuard<'_, Timelines> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Timelines {
    /// Reads all of them anew; nobody holds any.
    pub(super) fn load(&mut self, trees: &Trees) -> Result<(), StoreError> {
        self.held.clear();
        self.known.clear();
        self.groups.clear();
        let mut times = Known::new();
        for entry in trees.entries(Tree::Times, b"") {
            let (key, value) = entry?;
            let group = key.as_ref().try_into().map(u32::from_be_bytes);
            let group = group.map_err(|_| StoreError::Broken("the name of a record of times".into()))?;
            times::know(&mut times, group, &value)?;
            self.groups.insert(group, 0);
        }
        for entry in trees.entries(Tree::Timeline, b"") {
            let (key, value) = entry?;
            let id = TimelineId::from(String::from_utf8_lossy(&key).into_owned());
            let (mut state, written) = decode(&value)?;
            let mut mark = Mark::default();
            self.version = self.version.max(written);
            if let Some((group, version, times)) = times.remove(&times::hash(&id)) {
                self.version = self.version.max(version);
                *self.groups.entry(group).or_default() += 1;
                mark.group = Some(group);
                if version > written {
                    state = times.into(state);
                }
            }
            self.known.insert(id, pack(&state, mark, &mut self.buffer)?);
        }
        (self.opened, self.shut) = (true, None);
        Ok(())
    }

    /// The version of a state that is written next.
    pub(super) fn next_version(&mut self) -> u64 {
        self.version += 1;
        self.version
    }

    /// Hands out nothing, for this reason, before they are loaded anew.
    pub(super) fn shut(&mut self, why: StoreError) {
        self.shut = Some(why);
    }

    /// What is known of one.
    pub(super) fn state(&self, id: &TimelineId) -> Result<Option<TimelineState>, StoreError> {
        if let (false, Some(why)) = (self.opened, &self.shut) {
            return Err(why.clone());
        }
        self.known.get(id).map(unpack).transpose()
    }

    /// Hands out turns at those among `wanted` that are due and that nobody holds.
    pub(super) fn claim(&mut self, wanted: &[TimelineId], now: Timestamp) -> Result<Vec<Turn>, StoreError> {
        self.check_open()?;
        let mut turns = Vec::new();
        for timeline in wanted {
            let state = self.state(timeline)?;
            let due = state.as_ref().is_none_or(|state| state.due(now) <= now);
            if due && !self.held.contains_key(timeline) {
                self.fence += 1;
                self.held.insert(timeline.clone(), self.fence);
                turns.push(Turn { fence: self.fence, state, timeline: timeline.clone() });
            }
        }
        Ok(turns)
    }

    /// Makes one due, if it is known.
    pub(super) fn hasten(&mut self, id: &TimelineId, now: Timestamp) -> Result<(), StoreError> {
        self.check_open()?;
        if let Some(known) = self.known.get_mut(id) {
            let state = TimelineState { due: now, ..unpack(known)? };
            *known = pack(&state, Mark { unkept: true, ..known.mark() }, &mut self.buffer)?;
        }
        Ok(())
    }

    /// Frees all.
    pub(super) fn release(&mut self) {
        self.held.clear();
    }

    /// Whether this turn is the one at its timeline.
    pub(super) fn holds(&self, turn: &Turn) -> Result<(), StoreError> {
        if self.held.get(&turn.timeline) == Some(&turn.fence) {
            return Ok(());
        }
        Err(StoreError::Broken(format!("{} was committed by somebody else", turn.timeline)))
    }

    /// Makes those of the outcomes count that may be lost in a crash; gives back the others.
    pub(super) fn note(&mut self, outcomes: Vec<Outcome>) -> Result<Vec<Outcome>, StoreError> {
        self.check_open()?;
        outcomes.iter().try_for_each(|outcome| self.holds(&outcome.turn))?;
        let (bare, others): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Outcome::is_bare);
        for outcome in bare {
            self.put(outcome.turn.timeline, &outcome.state, true)?;
        }
        Ok(others)
    }

    /// Ends the turn at a timeline whose state is durable, or will be.
    pub(super) fn put(
        &mut self,
        id: TimelineId,
        state: &TimelineState,
        unkept: bool,
    ) -> Result<(), StoreError> {
        self.held.remove(&id);
        // With the id that whoever looks has in memory anyway, rather than with the one that was read from disk.
        let before = self.known.remove(&id);
        let group = before.and_then(|known| known.mark().group);
        self.known.insert(id, pack(state, Mark { unkept, group }, &mut self.buffer)?);
        Ok(())
    }

    /// Up to `most` records of groups with timelines whose times the disk does not have yet, in the order in which they lie
    /// there; from now on it counts as having them.
    pub(super) fn unkept(&mut self, most: usize) -> Result<Vec<(u32, Vec<u8>)>, StoreError> {
        let mut unkept = BTreeSet::new();
        for known in self.known.values_mut().filter(|known| known.mark().unkept) {
            let group = known.mark().group.unwrap_or_else(|| join(&mut self.groups));
            known.set(Mark { unkept: true, group: Some(group) });
            unkept.insert(group);
        }
        let mut kept: BTreeMap<_, _> = unkept
            .into_iter()
            .take(most)
            .map(|group| (group, Vec::with_capacity(MEMBERS as usize)))
            .collect();
        if kept.is_empty() {
            return Ok(Vec::new());
        }
        for (id, known) in &mut self.known {
            let Mark { group, .. } = known.mark();
            if let Some(times) = group.and_then(|group| kept.get_mut(&group)) {
                times.push(Times::of(id, &unpack(known)?));
                known.set(Mark { unkept: false, group });
            }
        }
        let version = self.next_version();
        kept.into_iter().map(|(group, times)| Ok((group, Record { version, times }.encode()?))).collect()
    }

    fn check_open(&self) -> Result<(), StoreError> {
        self.shut.clone().map_or(Ok(()), Err)
    }
}

/// The group that the next timeline joins.
fn join(groups: &mut BTreeMap<u32, u32>) -> u32 {
    let group = match groups.last_key_value() {
        Some((group, members)) if *members < MEMBERS => *group,
        Some((group, _)) => group.saturating_add(1),
        None => 0,
    };
    *groups.entry(group).or_default() += 1;
    group
}

/// A state as it is kept.
#[derive(Serialize)]
struct Kept<'a> {
    #[serde(flatten)]
    state: &'a TimelineState,
    version: u64,
}

/// When a state was written; before there were versions, before all that has one.
#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    version: u64,
}

/// A state as it is kept: names and values, so that later versions may know more of a timeline.
pub(super) fn encode(state: &TimelineState, version: u64) -> Result<Vec<u8>, StoreError> {
    let mut named = Vec::with_capacity(320);
    let written = rmp_serde::encode::write_named(&mut named, &Kept { state, version });
    written.map(|()| named).map_err(|error| StoreError::Broken(error.to_string()))
}

fn decode(bytes: &[u8]) -> Result<(TimelineState, u64), StoreError> {
    let broken = |error| StoreError::Broken(format!("a timeline's state: {error}"));
    let Written { version } = rmp_serde::from_slice(bytes).map_err(broken)?;
    Ok((rmp_serde::from_slice(bytes).map_err(broken)?, version))
}

#[cfg(test)]
mod tests;
