//! What is known of many posts, in few bytes each: tens of thousands of feeds show hundreds of thousands of posts.
//!
//! A post is found by 68 bits of its key, sorted into parts by 12 of them. That any two of ten million posts have the same is
//! as likely as one in six million; whoever can choose ids could as well write the same id twice.

use crate::model::post::{Content, PostKey, first_bytes};

/// Parts of the table, so that putting a post in its place moves few others.
const PARTS: usize = 1 << 12;

const KEY: usize = 7;
const CONTENT: usize = KEY + 6;
const DAY: usize = CONTENT + 2;

/// A post as it is kept: a part of its key, its content, the day, and in one byte how many days before that it was written
/// down, and whether it met a rule.
type Packed = [u8; DAY + 1];

/// Set if a revision of the post met a rule.
const MET: u8 = 1 << 7;

/// All posts.
#[derive(Debug)]
pub(super) struct Table {
    parts: Box<[Vec<Packed>]>,
}

/// As much of a revision's fingerprint as tells it from the others of its post.
type Digest = [u8; CONTENT - KEY];

/// What is known of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store::sled) struct Entry {
    pub(super) content: Digest,
    /// The day its timeline last answered with it; days beyond 2149 are as good as that.
    pub(in crate::store::sled) day: i32,
    /// The day of the record that will be remembered: at most 127 days before.
    pub(super) kept: i32,
    /// Whether a revision of it met a rule.
    pub(in crate::store::sled) met: bool,
}

impl Entry {
    /// A revision that was answered, and written down, on `day`.
    pub(super) fn new(content: Content, day: i32, met: bool) -> Self {
        Self { content: first_bytes(&content.0), day, kept: day, met }
    }

    /// Whether it is this revision.
    pub(in crate::store::sled) fn shows(&self, content: Content) -> bool {
        self.content == first_bytes(&content.0)
    }
}

impl Default for Table {
    fn default() -> Self {
        Self { parts: vec![Vec::new(); PARTS].into() }
    }
}

impl Table {
    pub(super) fn get(&self, key: &PostKey) -> Option<Entry> {
        let part = &self.parts[part_of(key)];
        find(part, key).ok().map(|at| unpacked(&part[at]))
    }

    pub(super) fn put(&mut self, key: &PostKey, entry: Entry) {
        let part = &mut self.parts[part_of(key)];
        match find(part, key) {
            Ok(at) => part[at] = packed(key, entry),
            Err(at) => {
                if part.len() == part.capacity() {
                    // Doubled, half of the table would be empty on the average of its life.
                    part.reserve_exact(part.len() / 32 + 2);
                }
                part.insert(at, packed(key, entry));
            }
        }
    }

    pub(super) fn remove(&mut self, key: &PostKey) {
        let part = &mut self.parts[part_of(key)];
        if let Ok(at) = find(part, key) {
            part.remove(at);
            if part.len() < part.capacity() / 2 {
                part.shrink_to_fit();
            }
        }
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> {
        self.parts.iter().flatten().map(unpacked)
    }
}

fn part_of(key: &PostKey) -> usize {
    usize::from(u16::from_be_bytes([key.0[0], key.0[1]])) % PARTS
}

/// The bytes of a key that are kept: those behind the ones that tell its part.
fn kept(key: &PostKey) -> [u8; KEY] {
    first_bytes(&key.0[2..])
}

fn find(part: &[Packed], key: &PostKey) -> Result<usize, usize> {
    let kept = kept(key);
    part.binary_search_by(|packed| packed[..KEY].cmp(&kept))
}

fn packed(key: &PostKey, Entry { content, day, kept: written, met }: Entry) -> Packed {
    let mut packed = [0; DAY + 1];
    packed[..KEY].copy_from_slice(&kept(key));
    packed[KEY..CONTENT].copy_from_slice(&content);
    let [day, written] = [day, written].map(|day| day.clamp(0, u16::MAX.into()));
    packed[CONTENT..DAY].copy_from_slice(&(day as u16).to_be_bytes());
    packed[DAY] = (day - written).clamp(0, i32::from(MET) - 1) as u8 | if met { MET } else { 0 };
    packed
}

fn unpacked(packed: &Packed) -> Entry {
    let day = i32::from(u16::from_be_bytes([packed[CONTENT], packed[CONTENT + 1]]));
    let (met, ago) = (packed[DAY] & MET != 0, packed[DAY] & !MET);
    Entry { content: first_bytes(&packed[KEY..]), day, kept: day - i32::from(ago), met }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::model::post::Platform;

    #[test]
    fn it_knows_what_a_map_knows() {
        let (mut table, mut map, mut rng) = (Table::default(), HashMap::new(), fastrand::Rng::with_seed(7));
        for _ in 0..200_000 {
            let key = PostKey::of(&Platform::X, &rng.u32(..20_000).to_string());
            let day = rng.i32(127..=65_535);
            let kept = day - rng.i32(0..=127);
            let entry = Entry { kept, ..Entry::new(Content(rng.u64(..).to_be_bytes()), day, rng.bool()) };
            if rng.u8(..4) == 0 {
                table.remove(&key);
                map.remove(&key);
            } else {
                table.put(&key, entry);
                map.insert(key, entry);
            }
            assert_eq!(table.get(&key), map.get(&key).copied());
        }
        assert!(map.iter().all(|(key, entry)| table.get(key) == Some(*entry)));
        assert_eq!(table.entries().count(), map.len());
    }

    #[test]
    fn a_day_of_a_clock_that_is_wrong_breaks_nothing() {
        let (mut table, key) = (Table::default(), PostKey::of(&Platform::X, "1"));
        for (day, expected) in [(-5, 0), (i32::MIN, 0), (i32::MAX, 65_535)] {
            table.put(&key, Entry::new(Content([1; 8]), day, false));
            assert_eq!(table.get(&key).map(|entry| (entry.day, entry.kept)), Some((expected, expected)));
        }
    }
}
