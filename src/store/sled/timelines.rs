//! What is kept of each timeline, and who holds which: in memory, for whoever asks.
//!
//! Handing out turns needs no disk, nor does a look that brought nothing, which a restart repeats harmlessly. Both happen
//! right where they are asked for, because a change of threads and a write for each would cost several times what the
//! look itself does. What such looks leave here is written by [`Timelines::unkept`] from time to time, many at once.

mod packed;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use self::packed::{Packed, pack, unpack};
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
        for entry in trees.entries(Tree::Timeline, b"") {
            let (key, value) = entry?;
            let id = TimelineId::from(String::from_utf8_lossy(&key).into_owned());
            self.known.insert(id, pack(&decode(&value)?, false, &mut self.buffer)?);
        }
        (self.opened, self.shut) = (true, None);
        Ok(())
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
        if let Some(state) = self.state(id)? {
            let state = pack(&TimelineState { due: now, ..state }, true, &mut self.buffer)?;
            self.known.insert(id.clone(), state);
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
        let known = pack(state, unkept, &mut self.buffer)?;
        // With the id that whoever looks has in memory anyway, rather than with the one that was read from disk.
        self.known.remove(&id);
        self.known.insert(id, known);
        Ok(())
    }

    /// Up to `most` states that the disk does not have yet, as it is to have them; from now on it counts as having them.
    pub(super) fn unkept(&mut self, most: usize) -> Result<Vec<(TimelineId, Vec<u8>)>, StoreError> {
        let unkept = self.known.iter_mut().filter(|(_, known)| known.is_unkept()).take(most);
        let kept = unkept.map(|(id, known)| {
            known.keep();
            Ok((id.clone(), encode(&unpack(known)?)?))
        });
        let mut kept: Vec<_> = kept.collect::<Result<_, StoreError>>()?;
        // In the order in which they lie on disk.
        kept.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Ok(kept)
    }

    fn check_open(&self) -> Result<(), StoreError> {
        self.shut.clone().map_or(Ok(()), Err)
    }
}

/// A state as it is kept: names and values, so that later versions may know more of a timeline.
pub(super) fn encode(state: &TimelineState) -> Result<Vec<u8>, StoreError> {
    let mut named = Vec::with_capacity(320);
    let written = rmp_serde::encode::write_named(&mut named, state);
    written.map(|()| named).map_err(|error| StoreError::Broken(error.to_string()))
}

fn decode(bytes: &[u8]) -> Result<TimelineState, StoreError> {
    rmp_serde::from_slice(bytes).map_err(|error| StoreError::Broken(format!("a timeline's state: {error}")))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::model::post::Platform;

    fn outcome(turn: Turn, state: TimelineState) -> Outcome {
        let (gaps, posts, filings, notices) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Outcome { turn, state, gaps, posts, filings, notices, charge: None, day: 0 }
    }

    #[test]
    fn only_looks_that_brought_nothing_are_noted_and_each_is_kept_once() {
        let (id, now) = (TimelineId::new(&Platform::X, "1"), Timestamp::UNIX_EPOCH);
        let mut timelines = Timelines { opened: true, ..Timelines::default() };
        let turn =
            |timelines: &mut Timelines| timelines.claim(std::slice::from_ref(&id), now).unwrap().remove(0);
        let look = |timelines: &mut Timelines, state: &TimelineState| {
            let outcome = outcome(turn(timelines), state.clone());
            timelines.note(vec![outcome]).unwrap()
        };
        let first = TimelineState { complete_at: Some(now), ..TimelineState::first(None, now) };
        assert!(!look(&mut timelines, &first).is_empty(), "a first look is news");
        timelines.put(id.clone(), &first, false).unwrap();
        assert_eq!(timelines.unkept(9).unwrap(), []);
        let seen = TimelineState { complete_at: Some(now + SignedDuration::from_secs(1)), ..first };
        assert!(look(&mut timelines, &seen).is_empty());
        assert_eq!(timelines.state(&id).unwrap(), Some(seen.clone()));
        assert_eq!(timelines.unkept(0).unwrap().len(), 0);
        assert_eq!(timelines.unkept(9).unwrap(), [(id.clone(), encode(&seen).unwrap())]);
        assert_eq!(timelines.unkept(9).unwrap(), []);
        let failed = TimelineState { failures: 1, ..seen };
        assert!(!look(&mut timelines, &failed).is_empty());
    }

    #[test]
    fn a_store_that_is_shut_hands_out_and_takes_nothing_but_tells_what_it_knows() {
        let (id, now) = (TimelineId::new(&Platform::X, "1"), Timestamp::UNIX_EPOCH);
        let mut timelines = Timelines { opened: true, ..Timelines::default() };
        let state = TimelineState::first(None, now);
        timelines.put(id.clone(), &state, false).unwrap();
        let turn = timelines.claim(std::slice::from_ref(&id), now).unwrap().remove(0);
        timelines.shut(StoreError::Full("no space".into()));
        assert!(timelines.claim(std::slice::from_ref(&id), now).is_err());
        assert!(timelines.note(vec![outcome(turn, state.clone())]).is_err());
        assert_eq!(timelines.state(&id).unwrap(), Some(state));
        let mut never = Timelines::default();
        never.shut(StoreError::Full("no space".into()));
        assert!(never.state(&id).is_err());
    }
}
