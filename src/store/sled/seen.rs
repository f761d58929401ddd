//! Which posts were seen, in which revision, and when their timelines last answered with them.
//!
//! In sled a record holds the posts of a page, not one: that costs a quarter of the time and an eighth of the space.
//! In memory a table holds all of them, 17 bytes a post, built from the records when the store opens. A post that keeps
//! being answered is written again now and then into a newer record, so that whole old records can be forgotten.

mod table;

use self::table::{Entry, Table};
use super::trees::{Draft, Tree, Trees};
use crate::model::post::{Content, PostKey};
use crate::store::StoreError;

/// Days after which a post that is still answered is written again.
pub(super) const REFRESH_DAYS: i32 = 7;

/// Posts in a record, so that it stays well below 4 KB.
const RECORD_POSTS: usize = 100;

const ENTRY_BYTES: usize = 24;

/// All posts seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    posts: Table,
    next_record: u64,
}

impl Seen {
    /// Reads all records.
    pub(super) fn load(trees: &Trees) -> Result<Self, StoreError> {
        let mut seen = Self::default();
        for entry in trees.entries(Tree::Seen, b"") {
            let (key, record) = entry?;
            let number = <[u8; 8]>::try_from(&*key).map(u64::from_be_bytes);
            let number =
                number.map_err(|_| StoreError::Broken("a record of seen posts has no number".into()))?;
            seen.next_record = seen.next_record.max(number + 1);
            let (day, posts) = decode(&record)?;
            for (key, content) in posts {
                seen.posts.put(&key, Entry::new(content, day, false));
            }
        }
        for entry in trees.entries(Tree::Met, b"") {
            let key = <[u8; 16]>::try_from(&*entry?.0);
            let key =
                PostKey(key.map_err(|_| StoreError::Broken("a post that met a rule has no key".into()))?);
            if let Some(entry) = seen.posts.get(&key) {
                seen.posts.put(&key, Entry { met: true, ..entry });
            }
        }
        Ok(seen)
    }

    pub(super) fn get(&self, key: &PostKey) -> Option<Entry> {
        self.posts.get(key)
    }

    /// Notes that these revisions were answered on `day`, and which of their posts met a rule; what must be remembered goes
    /// into the draft.
    pub(super) fn note(
        &mut self,
        answered: impl IntoIterator<Item = (PostKey, Content, bool)>,
        day: i32,
        draft: &mut Draft<'_>,
    ) -> Result<(), StoreError> {
        let mut fresh = Vec::new();
        for (key, content, met) in answered {
            match self.posts.get(&key) {
                Some(entry) if entry.shows(content) && day - entry.kept < REFRESH_DAYS => {
                    self.posts.put(&key, Entry { day: entry.day.max(day), met, ..entry });
                }
                _ => {
                    self.posts.put(&key, Entry::new(content, day, met));
                    fresh.push((key, content));
                }
            }
        }
        for posts in fresh.chunks(RECORD_POSTS) {
            draft.put_raw(Tree::Seen, &self.next_record.to_be_bytes(), encode(day, posts))?;
            self.next_record += 1;
        }
        Ok(())
    }

    /// The newest day on which a post was answered.
    pub(super) fn newest(&self) -> Option<i32> {
        self.posts.entries().map(|entry| entry.day).max()
    }

    /// Forgets the oldest records from before the day `before`, at most `most`. Tells whether any were there.
    pub(super) fn forget(
        &mut self,
        before: i32,
        most: usize,
        trees: &Trees,
        draft: &mut Draft<'_>,
    ) -> Result<bool, StoreError> {
        let mut any = false;
        for entry in trees.entries(Tree::Seen, b"").take(most) {
            let (number, record) = entry?;
            let (day, posts) = decode(&record)?;
            if day >= before {
                break;
            }
            any = true;
            draft.remove(Tree::Seen, &number);
            for (key, _) in posts {
                if self.posts.get(&key).is_some_and(|entry| entry.kept <= day) {
                    self.posts.remove(&key);
                    draft.remove(Tree::Met, &key.0);
                }
            }
        }
        Ok(any)
    }
}

fn encode(day: i32, posts: &[(PostKey, Content)]) -> Vec<u8> {
    let mut record = Vec::with_capacity(4 + posts.len() * ENTRY_BYTES);
    record.extend(day.to_be_bytes());
    for (key, content) in posts {
        record.extend(key.0);
        record.extend(content.0);
    }
    record
}

fn decode(record: &[u8]) -> Result<(i32, Vec<(PostKey, Content)>), StoreError> {
    let torn = || StoreError::Broken("a record of seen posts is torn".into());
    let (day, posts) = record.split_first_chunk::<4>().ok_or_else(torn)?;
    if posts.len() % ENTRY_BYTES != 0 {
        return Err(torn());
    }
    let entry = |bytes: &[u8]| {
        let (key, content) = bytes.split_first_chunk::<16>()?;
        Some((PostKey(*key), Content(*content.first_chunk::<8>()?)))
    };
    let posts = posts.chunks(ENTRY_BYTES).map(entry).collect::<Option<_>>().ok_or_else(torn)?;
    Ok((i32::from_be_bytes(*day), posts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::post::Platform;

    fn trees() -> Trees {
        Trees::of(&sled::Config::new().temporary(true).open().unwrap()).unwrap()
    }

    fn post(n: usize) -> (PostKey, Content) {
        (PostKey::of(&Platform::X, &n.to_string()), Content([1; 8]))
    }

    fn note(seen: &mut Seen, trees: &Trees, posts: std::ops::Range<usize>, day: i32) {
        let mut draft = trees.draft();
        let answered = posts.map(|n| (post(n).0, post(n).1, n % 2 == 0));
        seen.note(answered, day, &mut draft).unwrap();
        draft.apply().unwrap();
    }

    #[test]
    fn what_was_seen_is_known_after_reopening() {
        let trees = trees();
        let mut seen = Seen::default();
        note(&mut seen, &trees, 0..250, 100);
        assert_eq!(trees.entries(Tree::Seen, b"").count(), 3);
        let again = Seen::load(&trees).unwrap();
        assert!((0..250).all(|n| again.get(&post(n).0).is_some_and(|entry| entry.day == 100)));
        assert!(again.get(&post(250).0).is_none());
    }

    #[test]
    fn which_posts_met_a_rule_is_known_after_reopening() {
        let trees = trees();
        note(&mut Seen::default(), &trees, 0..4, 100);
        let mut draft = trees.draft();
        draft.put(Tree::Met, &post(2).0.0, &["w/r"]).unwrap();
        draft.apply().unwrap();
        let again = Seen::load(&trees).unwrap();
        let met = |n: usize| again.get(&post(n).0).is_some_and(|entry| entry.met);
        assert_eq!([met(0), met(1), met(2), met(3)], [false, false, true, false]);
    }

    #[test]
    fn the_same_answer_is_not_written_again_until_it_has_to_be() {
        let trees = trees();
        let mut seen = Seen::default();
        for day in 100..100 + REFRESH_DAYS {
            note(&mut seen, &trees, 0..20, day);
        }
        assert_eq!(trees.entries(Tree::Seen, b"").count(), 1);
        assert_eq!(seen.get(&post(0).0).map(|entry| entry.day), Some(100 + REFRESH_DAYS - 1));
        note(&mut seen, &trees, 0..20, 100 + REFRESH_DAYS);
        assert_eq!(trees.entries(Tree::Seen, b"").count(), 2);
    }

    #[test]
    fn only_posts_that_are_no_longer_answered_are_forgotten() {
        let trees = trees();
        let mut seen = Seen::default();
        note(&mut seen, &trees, 0..20, 100);
        note(&mut seen, &trees, 10..30, 100 + REFRESH_DAYS);
        let mut draft = trees.draft();
        assert!(seen.forget(101, 50, &trees, &mut draft).unwrap());
        draft.apply().unwrap();
        for seen in [seen, Seen::load(&trees).unwrap()] {
            assert!((0..10).all(|n| seen.get(&post(n).0).is_none()));
            assert!((10..30).all(|n| seen.get(&post(n).0).is_some()));
        }
    }
}
