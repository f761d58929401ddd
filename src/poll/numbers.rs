//! The numbers of what is watched, by its timeline, which is known where the number leads: there may be thousands.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use super::{Number, Watch};
use crate::model::timeline::TimelineId;

/// What is watched, by its number.
type Watched = [Option<(TimelineId, Watch)>];

/// The numbers.
#[derive(Default)]
pub(super) struct Numbers {
    table: HashTable<u32>,
    hasher: RandomState,
}

impl Numbers {
    /// The number of a timeline.
    pub(super) fn get(&self, timeline: &TimelineId, watched: &Watched) -> Option<Number> {
        let number = self.table.find(self.hasher.hash_one(timeline), is(timeline, watched));
        number.map(|number| *number as Number)
    }

    /// Takes the number of a timeline that has none yet.
    pub(super) fn insert(&mut self, number: Number, watched: &Watched) {
        let timeline = |number: Number| watched[number].as_ref().map(|(timeline, _)| timeline);
        let hash = |number| timeline(number).map_or(0, |timeline| self.hasher.hash_one(timeline));
        self.table.insert_unique(hash(number), number as u32, |number| hash(*number as Number));
    }

    /// Forgets the number of a timeline, before it is watched no more.
    pub(super) fn remove(&mut self, timeline: &TimelineId, watched: &Watched) {
        let entry = self.table.find_entry(self.hasher.hash_one(timeline), is(timeline, watched));
        if let Ok(entry) = entry {
            entry.remove();
        }
    }
}

fn is<'a>(timeline: &'a TimelineId, watched: &'a Watched) -> impl Fn(&u32) -> bool + 'a {
    move |number| watched[*number as Number].as_ref().is_some_and(|(known, _)| known == timeline)
}
