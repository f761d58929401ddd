//! Many stories in one message, so that a room stays readable.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::body::{Again, Alert};
use super::excerpt::Excerpt;
use crate::model::matched::Severity;
use crate::model::story::StoryId;

/// So many stories a digest shows; the rest is a count.
pub const ITEMS: usize = 10;

/// Stories that were not told one by one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Why not.
    pub occasion: Occasion,
    /// The highest severity among them.
    pub severity: Severity,
    /// When the first of them was filed.
    pub from: Timestamp,
    /// When the last of them was filed.
    pub until: Timestamp,
    /// All stories gathered, also those without an item here.
    pub stories: u32,
    /// All their posts.
    pub posts: u32,
    /// At most [`ITEMS`] of the stories, those that matter most first.
    pub items: Vec<Item>,
}

/// What makes stories wait, and come together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// People wanted quiet.
    Quiet,
    /// A route had said as much in an hour as it may.
    Limit,
    /// Too many at once.
    Burst,
    /// The sink did not take anything for a while.
    Outage,
}

/// A story in a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The story.
    pub story: StoryId,
    /// The highest severity among its matches.
    pub severity: Severity,
    /// Why it speaks again, if it does.
    pub again: Option<Again>,
    /// How many posts of it were gathered.
    pub posts: u32,
    /// Its first post, in brief.
    pub excerpt: Excerpt,
}

impl Digest {
    /// A digest without any story yet.
    pub fn empty(occasion: Occasion, now: Timestamp) -> Self {
        let severity = Severity::Low;
        Self { occasion, severity, from: now, until: now, stories: 0, posts: 0, items: Vec::new() }
    }

    /// Takes in an alert that was filed at `filed_at`.
    pub fn absorb(&mut self, alert: Alert, filed_at: Timestamp) {
        (self.from, self.until) = match self.stories {
            0 => (filed_at, filed_at),
            _ => (self.from.min(filed_at), self.until.max(filed_at)),
        };
        self.severity = self.severity.max(alert.severity);
        self.stories = self.stories.saturating_add(1);
        self.posts = self.posts.saturating_add(alert.posts);
        let Alert { story, severity, again, posts, excerpts } = alert;
        let Some(first) = excerpts.first() else { return };
        let weight = |item: &Item| (item.severity, item.posts);
        // Of equal weight, those that came first stay first.
        let place = self.items.partition_point(|item| weight(item) >= (severity, posts));
        self.items.insert(place, Item { story, severity, again, posts, excerpt: first.brief() });
        self.items.truncate(ITEMS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::post::{Content, Platform, Post, PostKey};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn alert(name: &str, severity: Severity, posts: u32) -> Alert {
        let post = Post::new(Platform::X, name, "text");
        let story = StoryId::opened_by(PostKey::of(&Platform::X, name), Content([0; 8]));
        let excerpts = vec![Excerpt::of(&post, &[], false, at(0))];
        Alert { story, severity, again: None, posts, excerpts }
    }

    fn shown(digest: &Digest) -> Vec<&str> {
        digest.items.iter().map(|item| item.excerpt.id.as_str()).collect()
    }

    #[test]
    fn the_gravest_and_most_told_come_first_and_then_the_oldest() {
        let mut digest = Digest::empty(Occasion::Quiet, at(99));
        digest.absorb(alert("a", Severity::Low, 9), at(20));
        digest.absorb(alert("b", Severity::High, 1), at(10));
        digest.absorb(alert("c", Severity::High, 3), at(30));
        digest.absorb(alert("d", Severity::High, 1), at(40));
        assert_eq!(shown(&digest), ["c", "b", "d", "a"]);
        assert_eq!((digest.stories, digest.posts, digest.severity), (4, 14, Severity::High));
        assert_eq!((digest.from, digest.until), (at(10), at(40)));
    }

    #[test]
    fn what_a_digest_does_not_show_it_counts() {
        let mut digest = Digest::empty(Occasion::Burst, at(0));
        for n in 0..300 {
            let severity = if n == 250 { Severity::Critical } else { Severity::Medium };
            digest.absorb(alert(&n.to_string(), severity, 2), at(n));
        }
        assert_eq!((digest.stories, digest.posts, digest.items.len()), (300, 600, ITEMS));
        assert_eq!(shown(&digest)[..3], ["250", "0", "1"]);
    }
}
