//! What is kept of a story so that further posts find it: a few of its wordings and the identities of its posts.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::alike::Verdict;
use super::word::Word;
use super::wording::Wording;
use super::{Sketch, judge};
use crate::model::story::StoryKey;

/// So many wordings of a story are kept, the first ones.
const WORDINGS: usize = 6;

/// So many posts of a story are known by their identity, the first ones.
const POSTS: usize = 48;

/// What a story's posts are found by: at most 3 KB of bytes, in JSON as Base64.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    wordings: Vec<Sketch>,
    posts: Vec<u64>,
}

/// How surely a post belongs to a story; the surest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bond {
    /// It quotes or links to what the story tells.
    Attached,
    /// It has the words of the story.
    Worded,
    /// It has the very words of one of its posts.
    Copied,
    /// It is a post of the story, or repeats one.
    Repeated,
}

impl Kept {
    /// How a post belongs to the story, if it does: to one of its wordings, and contrary to none. A copy of one belongs to
    /// it whatever the others are.
    pub fn bond(&self, sketch: &Sketch) -> Option<Bond> {
        if self.posts.contains(&sketch.post) {
            return Some(Bond::Repeated);
        }
        let quoted = sketch.quotes.iter().any(|post| self.posts.contains(post));
        let verdict = |wording: &Sketch| match judge(wording, sketch, quoted) {
            // It goes on with words of its own: what they tell counts.
            (verdict, Bond::Copied) if !wording.says_all(sketch) => (verdict, Bond::Worded),
            verdict => verdict,
        };
        let verdicts: Vec<_> = self.wordings.iter().map(verdict).collect();
        let copied = verdicts.iter().any(|(_, bond)| *bond == Bond::Copied);
        if !copied && verdicts.iter().any(|(verdict, _)| *verdict == Verdict::Differs) {
            return None;
        }
        verdicts.into_iter().filter(|(verdict, _)| *verdict == Verdict::Same).map(|(_, bond)| bond).max()
    }

    /// Adds a post. Gives the keys under which the story is found because of it.
    pub fn add(&mut self, sketch: Sketch) -> Vec<StoryKey> {
        let mut keys = Vec::new();
        if self.posts.len() < POSTS && !self.posts.contains(&sketch.post) {
            self.posts.push(sketch.post);
            keys.push(StoryKey(sketch.post.to_be_bytes()));
        }
        let known = |kept: &Sketch| {
            kept.wording == sketch.wording && sketch.pages.iter().all(|page| kept.pages.contains(page))
        };
        if self.wordings.len() < WORDINGS && !self.wordings.iter().any(known) {
            keys.extend(sketch.keys());
            self.wordings.push(sketch);
        }
        keys
    }

    /// How many posts and wordings are kept.
    pub fn size(&self) -> (usize, usize) {
        (self.posts.len(), self.wordings.len())
    }

    /// What was added since it had the size `since`, a wording in each part; nothing if nothing was.
    pub fn parts(&self, since: (usize, usize)) -> Vec<Self> {
        let posts = self.posts.get(since.0..).unwrap_or_default();
        let wordings = self.wordings.get(since.1..).unwrap_or_default();
        let part = |wording: &Sketch| Self { wordings: vec![wording.clone()], posts: Vec::new() };
        let mut parts: Vec<Self> = wordings.iter().map(part).collect();
        if !posts.is_empty() && parts.is_empty() {
            parts.push(Self::default());
        }
        if let Some(first) = parts.first_mut() {
            first.posts = posts.to_vec();
        }
        parts
    }

    /// Takes in a part of what was added.
    pub fn extend(&mut self, part: Self) {
        self.posts.extend(part.posts);
        self.wordings.extend(part.wordings);
    }

    /// All keys under which the story is found.
    pub fn keys(&self) -> Vec<StoryKey> {
        let posts = self.posts.iter().map(|post| StoryKey(post.to_be_bytes()));
        let mut keys: Vec<_> = self.wordings.iter().flat_map(Sketch::keys).chain(posts).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        put_numbers(&mut bytes, &self.posts);
        for sketch in &self.wordings {
            bytes.extend(sketch.post.to_le_bytes());
            put_numbers(&mut bytes, &sketch.quotes);
            put_numbers(&mut bytes, &sketch.pages);
            bytes.extend([u8::from(sketch.wording.cut), sketch.wording.words.len() as u8]);
            bytes.extend(sketch.wording.words.iter().flat_map(|word| word.0.to_le_bytes()));
        }
        if serializer.is_human_readable() {
            serializer.serialize_str(&STANDARD_NO_PAD.encode(bytes))
        } else {
            serializer.serialize_bytes(&bytes)
        }
    }
}

fn put_numbers(bytes: &mut Vec<u8>, numbers: &[u64]) {
    bytes.push(numbers.len() as u8);
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = if deserializer.is_human_readable() {
            STANDARD_NO_PAD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)?
        } else {
            deserializer.deserialize_byte_buf(Bytes)?
        };
        Reader(&bytes).kept().ok_or_else(|| D::Error::custom("a story's wordings are cut short"))
    }
}

struct Bytes;

impl Visitor<'_> for Bytes {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a story's wordings")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }
}

struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    fn number(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn numbers(&mut self) -> Option<Vec<u64>> {
        let [count] = self.take()?;
        (0..count).map(|_| self.number()).collect()
    }

    fn kept(&mut self) -> Option<Kept> {
        let mut kept = Kept { posts: self.numbers()?, wordings: Vec::new() };
        while !self.0.is_empty() {
            let (post, quotes, pages) = (self.number()?, self.numbers()?, self.numbers()?);
            let [cut, count] = self.take()?;
            let words = (0..count).map(|_| self.take().map(|word| Word(u32::from_le_bytes(word))));
            let wording = Wording { words: words.collect::<Option<_>>()?, cut: cut != 0 };
            kept.wordings.push(Sketch { post, quotes, pages, wording });
        }
        Some(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::post::{Platform, Post, Reference};

    fn sketch(id: u32, text: &str) -> Sketch {
        let post = Post {
            quote_of: Some(Reference { id: format!("q{id}"), ..Reference::default() }),
            links: (0..9).map(|n| format!("https://e.example/{id}/{n}")).collect(),
            ..Post::new(Platform::X, id.to_string(), text)
        };
        Sketch::of(&post, &[])
    }

    #[test]
    fn what_is_kept_of_the_longest_story_fits_a_value_and_reads_back() {
        let mut kept = Kept::default();
        let mut found = Vec::new();
        for id in 0..200 {
            let words: Vec<String> = (0..200).map(|word| format!("Ж{id}x{word}")).collect();
            found.extend(kept.add(sketch(id, &words.join(" "))));
        }
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, kept.keys(), "each key is told when it comes");
        let json = serde_json::to_string(&kept).unwrap();
        assert!(json.len() <= 4096, "{}", json.len());
        assert_eq!(serde_json::from_str::<Kept>(&json).unwrap(), kept);
        let bytes = rmp_serde::to_vec(&kept).unwrap();
        assert_eq!(rmp_serde::from_slice::<Kept>(&bytes).unwrap(), kept);
    }

    #[test]
    fn what_was_added_comes_in_small_parts_that_make_the_whole() {
        let mut kept = Kept::default();
        let mut again = Kept::default();
        for id in 0..60 {
            let before = kept.size();
            let words: Vec<String> = (0..200).map(|word| format!("Ж{id}x{word}")).collect();
            kept.add(sketch(id, &words.join(" ")));
            kept.parts(before).into_iter().for_each(|part| again.extend(part));
            assert_eq!(again, kept);
        }
        assert_eq!(kept.parts(kept.size()), []);
        let parts = kept.parts((0, 0));
        assert!(parts.iter().all(|part| rmp_serde::to_vec(part).unwrap().len() < 1000));
        let mut whole = Kept::default();
        for part in parts {
            whole.extend(part);
        }
        assert_eq!(whole, kept);
    }

    #[test]
    fn a_copy_of_one_wording_belongs_to_the_story_whatever_the_others_are() {
        let plain = |id: &str, text: &str| Sketch::of(&Post::new(Platform::X, id, text), &[]);
        let text = "Addis Ababa light rail to run until 23:00 during the fasting season, operator says; cards replace paper \
                    tickets from 1 March";
        let edited = "Addis light rail will run until 23:00 through the fasting season and cards will replace paper tickets \
                      from 1 March, the operator says";
        let cut = "RT @addis_commute: Addis Ababa light rail to run until 23:00 during the fasting season, operator says; cards…";
        let mut kept = Kept::default();
        for (id, text) in [("1", text), ("2", edited)] {
            kept.add(plain(id, text));
        }
        assert_eq!(kept.bond(&plain("3", cut)), Some(Bond::Copied));
        let other = cut.replace("23:00", "22:00");
        assert_eq!(kept.bond(&plain("4", &other)), None);
    }

    #[test]
    fn damaged_bytes_are_refused() {
        for text in ["\"AQ\"", "\"!\"", "7", "\"AAAA\""] {
            assert!(serde_json::from_str::<Kept>(text).is_err(), "{text}");
        }
        assert_eq!(serde_json::from_str::<Kept>("\"AA\"").unwrap(), Kept::default());
    }

    #[test]
    fn a_copy_adds_only_its_identity() {
        let text = "Customs officers at the harbour seized forty crates of spare engines";
        let plain = |id: &str| Sketch::of(&Post::new(Platform::X, id, text), &[]);
        let mut kept = Kept::default();
        assert!(kept.add(plain("1")).len() > 8);
        assert_eq!(kept.add(plain("2")).len(), 1);
        assert_eq!(kept.bond(&plain("2")), Some(Bond::Repeated));
        assert_eq!(kept.bond(&plain("3")), Some(Bond::Copied));
    }
}
