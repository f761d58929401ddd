//! Posts that tell the same thing, and whether one more of them speaks.

use std::collections::BTreeMap;
use std::fmt;

use jiff::fmt::serde::timestamp::millisecond;
use jiff::{SignedDuration, Timestamp};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::delivery::Again;
use super::matched::Severity;
use super::post::{Content, Platform, Post, PostKey, first_bytes};
use super::sink::SinkId;

/// A story without news for this long is over; the same words later are another story.
pub const IDLE: SignedDuration = SignedDuration::from_hours(24);

/// A story's identity, derived from the revision that opened it. People and JSON see 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoryId(u64);

impl StoryId {
    /// The story that this revision opens.
    pub fn opened_by(post: PostKey, content: Content) -> Self {
        let (post, content) = (first_bytes::<6>(&post.0), first_bytes::<2>(&content.0));
        let mut bytes = [0; 8];
        bytes[..6].copy_from_slice(&post);
        bytes[6..].copy_from_slice(&content);
        Self(u64::from_be_bytes(bytes))
    }
}

impl fmt::Display for StoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for StoryId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for StoryId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return u64::deserialize(deserializer).map(Self);
        }
        let text = String::deserialize(deserializer)?;
        let digits = (text.len() == 16).then(|| u64::from_str_radix(&text, 16).ok()).flatten();
        digits.map(Self).ok_or_else(|| D::Error::custom("a story's id is 16 hexadecimal digits"))
    }
}

/// Something two posts of one story may have in common: an identity, a page they link to, or some of their words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoryKey(pub [u8; 8]);

/// So many posts of a story are remembered with author and time; the rest is a count.
pub const COPIES: usize = 8;

/// A longer receipt is not remembered, in bytes; Matrix and Slack stay well below.
const RECEIPT_BYTES: usize = 128;

/// Longer names of authors are cut, in bytes.
const AUTHOR_BYTES: usize = 40;

/// A post of a story: who told it when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// Where.
    pub platform: Platform,
    /// Who.
    pub author: String,
    /// When it was posted.
    #[serde(with = "millisecond::optional")]
    pub posted_at: Option<Timestamp>,
    /// When it was seen.
    #[serde(with = "millisecond::required")]
    pub seen_at: Timestamp,
    /// Whether it tells the story in words of its own.
    pub own_words: bool,
}

impl Copy {
    /// How `post`, seen now, stands in its story.
    pub fn of(post: &Post, now: Timestamp) -> Self {
        let author: String = post.author.chars().filter(|c| !c.is_control()).collect();
        Self {
            platform: post.platform.clone(),
            author: author[..author.floor_char_boundary(AUTHOR_BYTES)].to_owned(),
            posted_at: post.posted_at,
            seen_at: now,
            own_words: true,
        }
    }
}

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

/// What a sink was told of a story. Kept as an array, as [`Story`] is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// How many deliveries it got.
    pub deliveries: u32,
    /// The highest severity in them.
    pub severity: Severity,
    /// What the sink calls the first of them that it took; further ones answer there.
    #[serde(default)]
    pub receipt: Option<String>,
    /// Posts since the last of them, which the next one counts.
    #[serde(default)]
    pub counted: u32,
    /// Whether it heard of a second source.
    #[serde(default)]
    pub second: bool,
    /// Whether a silence kept the first message from it: then the next one is a first.
    #[serde(default)]
    pub silenced: bool,
}

/// What one more matched post brings to a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News {
    /// The highest severity among the matches meant for the sink.
    pub severity: Severity,
    /// Whether an edit met a rule that no earlier revision of the post met.
    pub insists: bool,
    /// Whether it is another author's, in words of their own.
    pub second: bool,
}

/// What one more matched post of a story does at one sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filed {
    /// It opens a delivery.
    Opens {
        /// The sink's n-th of the story.
        n: u32,
        /// Why the story speaks again, if it does.
        again: Option<Again>,
        /// Earlier posts that no delivery told.
        counted: u32,
    },
    /// It joins the delivery that is still open.
    Joins(Again),
    /// It is counted; the next delivery tells of it.
    Counted,
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

    /// What the post does at `sink`; the story remembers it as told. `open` tells whether the sink's last delivery still
    /// gathers.
    ///
    /// A story speaks again if it got graver, if an edit of a post met a rule that none of its revisions had met, or at
    /// its first second source. Further copies are answers where the sink knows threads; elsewhere the next message
    /// counts them.
    pub fn file(&mut self, sink: &SinkId, news: News, open: bool) -> Filed {
        let News { severity, insists, second } = news;
        let Some(told) = self.told.get_mut(sink) else {
            let told = Told { deliveries: 1, severity, receipt: None, counted: 0, second, silenced: false };
            self.told.insert(sink.clone(), told);
            return Filed::Opens { n: 1, again: None, counted: 0 };
        };
        if told.silenced {
            told.deliveries += 1;
            let counted = std::mem::take(&mut told.counted);
            (told.severity, told.second, told.silenced) = (severity, second, false);
            return Filed::Opens { n: told.deliveries, again: None, counted };
        }
        let again = if severity > told.severity {
            Again::Raised { from: told.severity }
        } else if insists {
            Again::Edit
        } else if second && !told.second {
            Again::Wording
        } else {
            Again::Copies
        };
        told.severity = told.severity.max(severity);
        told.second |= second;
        if open {
            Filed::Joins(again)
        } else if again > Again::Copies || told.receipt.is_some() {
            told.deliveries += 1;
            let counted = std::mem::take(&mut told.counted);
            Filed::Opens { n: told.deliveries, again: Some(again), counted }
        } else {
            told.counted = told.counted.saturating_add(1);
            Filed::Counted
        }
    }
}

/// How long the n-th message of a story at a sink gathers copies before it answers in the thread: ever longer.
pub fn answers_after(n: u32) -> SignedDuration {
    SignedDuration::from_mins(5 << n.saturating_sub(2).min(4)).min(SignedDuration::from_hours(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story() -> Story {
        let id = StoryId::opened_by(PostKey::of(&Platform::X, "1"), Content([0; 8]));
        Story::begin(id, Timestamp::UNIX_EPOCH)
    }

    fn opens(n: u32, again: Again, counted: u32) -> Filed {
        Filed::Opens { n, again: Some(again), counted }
    }

    #[test]
    fn one_story_speaks_once_unless_it_gets_graver_an_edit_insists_or_a_second_source_tells_it() {
        use Severity::{High, Low, Medium};
        let mut story = story();
        let sink = SinkId::new("slack", "desk");
        let raised = |from| Again::Raised { from };
        let steps = [
            (Medium, false, false, false, Filed::Opens { n: 1, again: None, counted: 0 }),
            (Low, false, false, true, Filed::Joins(Again::Copies)),
            (Medium, false, false, false, Filed::Counted),
            (High, false, false, false, opens(2, raised(Medium), 1)),
            (High, false, false, true, Filed::Joins(Again::Copies)),
            (High, false, false, false, Filed::Counted),
            (Low, false, false, false, Filed::Counted),
            (Low, true, false, false, opens(3, Again::Edit, 2)),
            (Low, false, true, false, opens(4, Again::Wording, 0)),
            (Low, false, true, false, Filed::Counted),
        ];
        for (step, (severity, insists, second, open, filed)) in steps.into_iter().enumerate() {
            let news = News { severity, insists, second };
            assert_eq!(story.file(&sink, news, open), filed, "step {step}");
        }
        let first = News { severity: Low, insists: false, second: false };
        let elsewhere = story.file(&SinkId::new("matrix", "room"), first, false);
        assert_eq!(elsewhere, Filed::Opens { n: 1, again: None, counted: 0 });
    }

    #[test]
    fn copies_answer_in_the_thread_once_there_is_one() {
        let mut story = story();
        let sink = SinkId::new("matrix", "room");
        let copy = News { severity: Severity::Low, insists: false, second: false };
        story.file(&sink, copy, false);
        assert_eq!(story.file(&sink, copy, false), Filed::Counted, "the first message is under way");
        story.heard(&sink, Some("$a"));
        assert_eq!(story.file(&sink, copy, false), opens(2, Again::Copies, 1));
        assert_eq!(story.file(&sink, copy, true), Filed::Joins(Again::Copies));
        let minutes = [2, 3, 4, 5, 6, 99].map(|n| answers_after(n).as_mins());
        assert_eq!(minutes, [5, 10, 20, 40, 60, 60]);
    }

    #[test]
    fn what_a_silence_kept_from_a_sink_was_never_told() {
        let mut story = story();
        let sink = SinkId::new("slack", "desk");
        let news = |severity| News { severity, insists: false, second: false };
        story.file(&sink, news(Severity::High), false);
        assert!(story.silenced(&sink) && !story.silenced(&SinkId::new("matrix", "room")));
        let first = Filed::Opens { n: 2, again: None, counted: 0 };
        assert_eq!(story.file(&sink, news(Severity::Low), false), first);
        assert_eq!(story.file(&sink, news(Severity::Low), false), Filed::Counted);
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
