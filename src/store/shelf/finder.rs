//! Which stories a key finds: six bytes in memory for each key of a story.
//!
//! A key's first 16 bits choose a bucket, the next 16 stand in it beside the story's place; no more is kept. A wrong
//! story found now and then costs a comparison and nothing else.

use crate::model::story::StoryKey;

/// So many stories are found by one key, the newest: a phrase that everybody uses finds nothing.
const MOST: usize = 16;

const BUCKETS: usize = 1 << 16;

/// The places of stories by their keys.
#[derive(Clone)]
pub(super) struct Finder {
    buckets: Vec<Vec<Entry>>,
}

/// Two bytes of a key and the four of a place.
type Entry = [u8; 6];

impl Default for Finder {
    fn default() -> Self {
        Self { buckets: vec![Vec::new(); BUCKETS] }
    }
}

impl Finder {
    /// The places that a key finds, the newest first.
    pub(super) fn find(&self, key: StoryKey) -> impl Iterator<Item = u32> {
        let (bucket, tag) = split(key);
        let entries = self.buckets.get(bucket).into_iter().flatten().rev();
        entries
            .filter(move |entry| entry[..2] == tag)
            .map(|[.., a, b, c, d]| u32::from_le_bytes([*a, *b, *c, *d]))
    }

    /// Lets a key find the story at `place`, as its newest.
    pub(super) fn add(&mut self, key: StoryKey, place: u32) {
        if self.find(key).any(|known| known == place) {
            return;
        }
        let (bucket, tag) = split(key);
        let oldest = self.find(key).nth(MOST - 1);
        if let Some(oldest) = oldest {
            self.remove(key, oldest);
        }
        let Some(entries) = self.buckets.get_mut(bucket) else { return };
        if entries.len() == entries.capacity() {
            // Less ahead than a vector would take by itself: there are many of them.
            entries.reserve_exact(entries.len() / 8 + 2);
        }
        let place = place.to_le_bytes();
        entries.push([tag[0], tag[1], place[0], place[1], place[2], place[3]]);
    }

    /// Lets a key no longer find the story at `place`.
    pub(super) fn remove(&mut self, key: StoryKey, place: u32) {
        let (bucket, tag) = split(key);
        let Some(entries) = self.buckets.get_mut(bucket) else { return };
        entries.retain(|entry| entry[..2] != tag || entry[2..] != place.to_le_bytes());
        if entries.len() < entries.capacity() / 2 {
            entries.shrink_to_fit();
        }
    }
}

fn split(StoryKey([a, b, c, d, ..]): StoryKey) -> (usize, [u8; 2]) {
    (usize::from(u16::from_be_bytes([a, b])), [c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u64) -> StoryKey {
        StoryKey((n << 32).to_be_bytes())
    }

    #[test]
    fn a_key_finds_its_newest_stories_and_each_once() {
        let mut finder = Finder::default();
        (0..40).for_each(|place| finder.add(key(7), place));
        finder.add(key(7), 39);
        finder.add(key(8), 1);
        assert_eq!(finder.find(key(7)).collect::<Vec<_>>(), (24..40).rev().collect::<Vec<_>>());
        assert_eq!(finder.find(key(8)).collect::<Vec<_>>(), [1]);
        assert_eq!(finder.find(key(9)).count(), 0);
    }

    #[test]
    fn what_is_removed_is_found_no_more_and_gives_its_space_back() {
        let mut finder = Finder::default();
        (0..1000).for_each(|place| finder.add(key(u64::from(place)), place));
        (0..1000)
            .filter(|place| place % 10 > 0)
            .for_each(|place| finder.remove(key(u64::from(place)), place));
        let found = |place: u32| finder.find(key(u64::from(place))).next();
        assert!((0..1000).all(|place| found(place) == (place % 10 == 0).then_some(place)));
        let capacity: usize = finder.buckets.iter().map(Vec::capacity).sum();
        assert!(capacity < 400, "{capacity} places are kept for 100");
    }
}
