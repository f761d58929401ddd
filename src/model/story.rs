//! Posts that tell the same thing, and whether one more of them speaks.

mod copy;
mod id;
mod news;

use std::collections::BTreeMap;

use jiff::fmt::serde::timestamp::millisecond;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::copy::Copy;
pub use self::id::{StoryId, StoryKey};
pub use self::news::{Filed, News, Told, answers_after};
use super::sink::SinkId;

/// A story without news for this long is over; the same words later are another story.
pub const IDLE: SignedDuration = SignedDuration::from_hours(24);

/// So many posts of a story are remembered with author and time; the rest is a count.
pub const COPIES: usize = 8;

/// A longer receipt is not remembered, in bytes; Matrix and Slack stay well below.
const RECEIPT_BYTES: usize = 128;

/// What is kept of a story. Stores keep it as an array of its fields: new ones go last and have a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Story {
    /// Its identity.
    pub id: StoryId,
    /// When its last post was seen.
    #[serde(with = "millisecond::required")]
    pub last_at: Timestamp,
    /// How many matched posts it has.
    pub posts: u32,
    /// How many of its posts tell it in words of their own.
    pub wordings: u32,
    /// Its first posts as they were seen, at most [`COPIES`]; who was first stands first.
    pub copies: Vec<Copy>,
    /// What each sink was told, or is about to be.
    pub told: BTreeMap<SinkId, Told>,
}

impl Story {
    /// A story that begins now.
    pub fn begin(id: StoryId, now: Timestamp) -> Self {
        Self { id, last_at: now, posts: 0, wordings: 0, copies: Vec::new(), told: BTreeMap::new() }
    }

    /// Whether a post seen now still belongs to it. A story from far ahead was told by a clock that jumped: it is over,
    /// or it would swallow all that is told until then.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now.duration_since(self.last_at).abs() < IDLE
    }

    /// Notes one more post.
    pub fn add(&mut self, copy: Copy, now: Timestamp) {
        self.posts = self.posts.saturating_add(1);
        self.wordings = self.wordings.saturating_add(u32::from(copy.own_words));
        self.last_at = self.last_at.max(now);
        if self.copies.len() < COPIES {
            self.copies.push(copy);
        }
    }

    /// Notes that `sink` took a message of it, and what it calls it. Tells whether that is worth remembering.
    pub fn heard(&mut self, sink: &SinkId, receipt: Option<&str>) -> bool {
        let receipt = receipt.filter(|receipt| receipt.len() <= RECEIPT_BYTES);
        match (self.told.get_mut(sink), receipt) {
            (Some(told), Some(receipt)) if told.receipt.is_none() => {
                told.receipt = Some(receipt.to_owned());
                true
            }
            _ => false,
        }
    }

    /// Notes that a silence kept its first message from `sink`: the next one is a first.
    pub fn silenced(&mut self, sink: &SinkId) -> bool {
        self.told.get_mut(sink).is_some_and(|told| !std::mem::replace(&mut told.silenced, true))
    }

    /// What `sink` calls the first message of it that it took.
    pub fn thread(&self, sink: &SinkId) -> Option<&str> {
        self.told.get(sink)?.receipt.as_deref()
    }

    /// Whether this copy, not added yet, is the story in the words of somebody who is not among its authors.
    pub fn is_second(&self, copy: &Copy) -> bool {
        let own = |known: &Copy| known.author.eq_ignore_ascii_case(&copy.author);
        copy.own_words && !self.copies.is_empty() && !self.copies.iter().any(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::matched::Severity;
    use crate::model::post::{Content, Platform, Post, PostKey};

    pub(super) fn story() -> Story {
        let id = StoryId::opened_by(PostKey::of(&Platform::X, "1"), Content([0; 8]));
        Story::begin(id, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_second_source_is_another_author_in_other_words() {
        let mut story = story();
        let copy = |author: &str, own_words| {
            let post = Post { author: author.into(), ..Post::new(Platform::X, "1", "text") };
            Copy { own_words, ..Copy::of(&post, Timestamp::UNIX_EPOCH) }
        };
        assert!(!story.is_second(&copy("hub", true)), "it is the first");
        story.add(copy("hub", true), Timestamp::UNIX_EPOCH);
        for (author, own_words, second) in
            [("Hub", true, false), ("fan", false, false), ("radio", true, true)]
        {
            assert_eq!(story.is_second(&copy(author, own_words)), second, "{author}");
        }
    }

    #[test]
    fn the_first_message_that_a_sink_took_is_where_further_ones_answer() {
        let mut story = story();
        let sink = SinkId::new("matrix", "room");
        assert!(!story.heard(&sink, Some("$a")), "nothing was told there");
        story.file(&sink, News { severity: Severity::Low, insists: false, second: false }, false);
        assert!(!story.heard(&sink, None) && !story.heard(&sink, Some(&"$".repeat(129))));
        assert!(story.heard(&sink, Some("$b")) && !story.heard(&sink, Some("$c")));
        assert_eq!(story.thread(&sink), Some("$b"));
    }

    #[test]
    fn a_story_remembers_its_first_posts_and_counts_all() {
        let mut story = story();
        for n in 0..50 {
            let author = format!("{n}\u{1}{}", "ж\"".repeat(90));
            let post = Post { author, ..Post::new(Platform::X, n.to_string(), "text") };
            let own_words = n % 2 == 0;
            story.add(Copy { own_words, ..Copy::of(&post, story.last_at) }, story.last_at);
        }
        assert_eq!((story.posts, story.wordings, story.copies.len()), (50, 25, COPIES));
        assert!(story.copies[0].author.starts_with("0ж"));
        assert!(serde_json::to_vec(&story).unwrap().len() < 3000, "room is left for what was told");
    }

    #[test]
    fn a_story_is_over_after_a_day_of_silence() {
        let mut story = story();
        let later = |hours| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        assert!(story.is_live(later(23)));
        story.add(Copy::of(&Post::new(Platform::X, "1", "text"), later(23)), later(23));
        for (hour, live) in [(46, true), (47, false), (0, true), (-1, false)] {
            assert_eq!(story.is_live(later(hour)), live, "seen at hour {hour}, last told at hour 23");
        }
    }
}
