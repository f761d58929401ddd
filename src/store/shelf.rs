//! Stories in memory: all that are not over, packed, and found by their keys. Every store has them here, and so has
//! `vigie stories`; a store that lasts writes the [`Change`]s down and builds the shelf from them when it opens.

mod change;
mod finder;

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use jiff::{SignedDuration, Timestamp};

pub(crate) use self::change::Change;
use self::change::{changes, pack, unpack};
use self::finder::Finder;
use super::filing::{Filed, file};
use super::{Filing, StoreError};
use crate::model::delivery::{Delivery, DeliveryId};
use crate::model::sink::SinkId;
use crate::model::story::{IDLE, Story, StoryId, Told};
use crate::story::Kept;

/// A story that changes is written as a whole again after this long, so that what is older than [`LASTING`] is needed
/// by no story that is not over.
const REWRITTEN_AFTER: SignedDuration = SignedDuration::from_hours(12);

/// So old a change may be and still belong to a story that is not over.
pub(crate) const LASTING: SignedDuration =
    SignedDuration::from_hours(IDLE.as_hours() + REWRITTEN_AFTER.as_hours());

/// Stories, and the keys they are found by.
#[derive(Clone, Default)]
pub(crate) struct Shelf {
    places: Vec<Option<Place>>,
    ids: HashMap<StoryId, u32>,
    free: Vec<u32>,
    finder: Finder,
    /// When the last post was filed, in seconds, by the clock of that time.
    newest: i64,
    /// The place at which pruning goes on.
    pruned: usize,
}

/// A story on the shelf.
#[derive(Clone)]
struct Place {
    packed: Box<[u8]>,
    /// When its last post was seen, in seconds.
    last: i64,
    /// When it was last written as a whole, in seconds.
    whole: i64,
}

/// A story found for a post, and how much of it there was.
struct Before {
    place: u32,
    copies: usize,
    size: (usize, usize),
}

impl Shelf {
    /// Files a post; tells what changed in its story and the deliveries that changed.
    pub(crate) fn file(
        &mut self,
        filing: Filing,
        open: impl FnMut(&DeliveryId) -> Option<Delivery>,
        now: Timestamp,
    ) -> Result<(Vec<Change>, Vec<Delivery>), StoreError> {
        let found: BTreeSet<u32> =
            filing.sketch.keys().into_iter().flat_map(|key| self.finder.find(key)).collect();
        let (mut candidates, mut known) = (Vec::new(), HashMap::new());
        for place in found {
            let Some(there) = self.place(place) else { continue };
            let (story, kept) = unpack::<(Story, Kept)>(&there.packed)?;
            if story.is_live(now) {
                known.insert(story.id, Before { place, copies: story.copies.len(), size: kept.size() });
                candidates.push((story, kept));
            }
        }
        let Filed { story, kept, keys, deliveries } = file(filing, candidates, open, now);
        self.newest = now.as_second();
        let before = known.remove(&story.id);
        if before.is_none() {
            self.forget(story.id)?;
        }
        let whole = before.as_ref().and_then(|before| self.place(before.place)?.still_whole(now));
        let since = before.filter(|_| whole.is_some()).map(|before| (before.copies, before.size));
        let changes = changes(&story, &kept, since);
        let place = self.place_of(story.id);
        for key in keys {
            self.finder.add(key, place);
        }
        self.put(place, &story, &kept, whole.unwrap_or(now.as_second()))?;
        Ok((changes, deliveries))
    }

    /// A story that is not forgotten.
    pub(crate) fn story(&self, id: StoryId) -> Result<Option<Story>, StoreError> {
        let place = self.ids.get(&id).and_then(|place| self.place(*place));
        Ok(place.map(|place| unpack::<(Story, Kept)>(&place.packed)).transpose()?.map(|(story, _)| story))
    }

    /// Notes that a sink took a message of a story, and what it calls it; tells what changed.
    pub(crate) fn heard(
        &mut self,
        id: StoryId,
        sink: &SinkId,
        receipt: Option<&str>,
    ) -> Result<Vec<Change>, StoreError> {
        self.alter(id, |story| story.heard(sink, receipt))
    }

    /// Notes that a silence kept a story's first message from a sink; tells what changed.
    pub(crate) fn silenced(&mut self, id: StoryId, sink: &SinkId) -> Result<Vec<Change>, StoreError> {
        self.alter(id, |story| story.silenced(sink))
    }

    fn alter(
        &mut self,
        id: StoryId,
        change: impl FnOnce(&mut Story) -> bool,
    ) -> Result<Vec<Change>, StoreError> {
        let Some(place) = self.ids.get(&id).copied() else { return Ok(Vec::new()) };
        let Some(there) = self.place(place) else { return Ok(Vec::new()) };
        let (mut story, kept) = unpack::<(Story, Kept)>(&there.packed)?;
        if !change(&mut story) {
            return Ok(Vec::new());
        }
        let since = (story.copies.len(), kept.size());
        self.put(place, &story, &kept, there.whole)?;
        Ok(changes(&story, &kept, Some(since)))
    }

    /// What a sink was told of every story.
    pub(crate) fn told(&self, sink: &SinkId) -> impl Iterator<Item = (StoryId, Told)> {
        let stories =
            self.places.iter().flatten().filter_map(|place| unpack::<(Story, Kept)>(&place.packed).ok());
        stories.filter_map(move |(mut story, _)| Some((story.id, story.told.remove(sink)?)))
    }

    /// Forgets stories that are over, from where the last call stopped, at most `most`. Tells whether there may be more.
    ///
    /// The clock may be wrong: what was not over when the last post was filed is kept.
    pub(crate) fn prune(&mut self, most: usize, now: Timestamp) -> Result<bool, StoreError> {
        let times = [now.as_second(), self.newest];
        let is_over = |place: &Option<Place>| {
            place
                .as_ref()
                .is_some_and(|place| times.iter().all(|at| (at - place.last).abs() > IDLE.as_secs()))
        };
        for _ in 0..most {
            let over = self.places.iter().skip(self.pruned).position(is_over);
            let Some(at) = over.map(|ahead| self.pruned + ahead) else {
                self.pruned = 0;
                return Ok(false);
            };
            self.pruned = at + 1;
            self.clear(at as u32)?;
        }
        Ok(true)
    }

    /// Puts back what was written down at `at`.
    pub(crate) fn apply(&mut self, change: Change, at: Timestamp) -> Result<(), StoreError> {
        let Change { id, whole, story, added } = change;
        self.newest = at.as_second();
        if whole {
            self.forget(id)?;
        }
        let there = self.ids.get(&id).and_then(|place| self.place(*place));
        let before = there
            .map(|there| Ok::<_, StoreError>((unpack::<(Story, Kept)>(&there.packed)?, there.whole)))
            .transpose()?;
        let ((story, mut kept), since) = match (story, before) {
            (Some(mut story), Some(((before, kept), since))) => {
                story.copies.splice(..0, before.copies);
                ((story, kept), since)
            }
            (Some(story), None) => ((story, Kept::default()), at.as_second()),
            (None, Some(before)) => before,
            // Its beginning is forgotten, so it is over.
            (None, None) => return Ok(()),
        };
        let keys = added.keys();
        kept.extend(added);
        let place = self.place_of(id);
        for key in keys {
            self.finder.add(key, place);
        }
        self.put(place, &story, &kept, since)
    }

    fn place(&self, place: u32) -> Option<&Place> {
        self.places.get(place as usize)?.as_ref()
    }

    /// The place of a story, a new one if it has none.
    fn place_of(&mut self, id: StoryId) -> u32 {
        if let Some(place) = self.ids.get(&id) {
            return *place;
        }
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            (self.places.len() - 1) as u32
        });
        self.ids.insert(id, place);
        place
    }

    fn forget(&mut self, id: StoryId) -> Result<(), StoreError> {
        self.ids.get(&id).copied().map_or(Ok(()), |place| self.clear(place))
    }

    fn clear(&mut self, place: u32) -> Result<(), StoreError> {
        let Some(there) = self.places.get_mut(place as usize).and_then(Option::take) else { return Ok(()) };
        let (story, kept) = unpack::<(Story, Kept)>(&there.packed)?;
        kept.keys().into_iter().for_each(|key| self.finder.remove(key, place));
        self.ids.remove(&story.id);
        self.free.push(place);
        Ok(())
    }

    fn put(&mut self, place: u32, story: &Story, kept: &Kept, whole: i64) -> Result<(), StoreError> {
        let packed = pack(&(story, kept))?.into_boxed_slice();
        if let Some(there) = self.places.get_mut(place as usize) {
            *there = Some(Place { packed, last: story.last_at.as_second(), whole });
        }
        Ok(())
    }
}

impl Place {
    /// When it was written as a whole, if that is recent enough.
    fn still_whole(&self, now: Timestamp) -> Option<i64> {
        let age = (now.as_second() - self.whole).abs();
        (age < REWRITTEN_AFTER.as_secs()).then_some(self.whole)
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} stories", self.places.len() - self.free.len())
    }
}
