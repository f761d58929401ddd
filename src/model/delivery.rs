//! An alert on its way to one sink, from open to settled.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::matched::{Field, Hit, Match, Severity};
use super::post::{Platform, Post, hex};
use super::sink::SinkId;
use super::story::StoryId;

/// A delivery's identity and its idempotency key: 24 hexadecimal digits, derived, never drawn.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DeliveryId(String);

impl DeliveryId {
    /// The `n`-th delivery of a story to a sink.
    pub fn of_story(story: &StoryId, sink: &SinkId, n: u32) -> Self {
        Self::derived(&["story", &story.0, sink.as_str(), &n.to_string()])
    }

    /// The delivery of a notice, told apart by `key`.
    pub fn of_notice(key: &str, sink: &SinkId) -> Self {
        Self::derived(&["notice", key, sink.as_str()])
    }

    fn derived(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part);
            hash.update([0]);
        }
        Self(hex(&hash.finalize()[..12]))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for DeliveryId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

/// One message to one sink. It holds its inputs; what the channel shows is a pure function of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// The idempotency key.
    pub id: DeliveryId,
    /// Where to.
    pub sink: SinkId,
    /// What it says.
    pub body: Body,
    /// How far it is.
    pub state: State,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Not to be sent before.
    pub due: Timestamp,
    /// When `due` was set: if the clock is behind it, it jumped, and the delivery is due now.
    pub set_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// Whether an earlier attempt may have arrived.
    pub uncertain: bool,
    /// How the last attempt failed; never holds a secret.
    pub last_error: Option<String>,
}

/// What a delivery says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// A story.
    Alert(Alert),
    /// Something about vigie itself.
    Notice(Notice),
}

/// What people are told of a story: its posts, the first that matched first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// The story.
    pub story: StoryId,
    /// The highest severity among its matches.
    pub severity: Severity,
    /// All posts gathered, also those without an excerpt here.
    pub posts: u32,
    /// At most [`EXCERPTS`] of the posts.
    pub excerpts: Vec<Excerpt>,
}

/// How many posts an alert shows; the rest is a count.
pub const EXCERPTS: usize = 10;

/// A post as an alert shows it. Bounded, so that its JSON fits a store's 4 KB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// The post's id on its platform.
    pub id: String,
    /// Where.
    pub platform: Platform,
    /// Who.
    pub author: String,
    /// Where to read it.
    pub url: Option<String>,
    /// The declared language.
    pub lang: Option<String>,
    /// The headline.
    pub title: Option<String>,
    /// The text, or the part of it around the first words that matched.
    pub text: String,
    /// Bytes of the text cut away before the excerpt.
    pub skipped: usize,
    /// Whether anything was cut away.
    pub cut: bool,
    /// The original's author, if it is a repost.
    pub repost_of: Option<String>,
    /// Whether it is an edit of a post seen before.
    pub edited: bool,
    /// When it was posted.
    pub posted_at: Option<Timestamp>,
    /// When vigie saw it.
    pub seen_at: Timestamp,
    /// Why it matters; the hits keep their offsets into the full fields.
    pub matches: Vec<Match>,
}

/// Something that vigie has to say about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// One line.
    pub title: String,
    /// What happened, where, what to do.
    pub text: String,
    /// When it happened.
    pub at: Timestamp,
}

/// How far a delivery is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It gathers; further matches of its story join it.
    Open,
    /// It is closed and waits for its turn, or for another attempt.
    Sealed,
    /// It is being sent.
    Sending,
    /// The sink refused it for good, or a person gave it up. It stays until somebody decides.
    Dead {
        /// When.
        at: Timestamp,
        /// Why.
        why: String,
    },
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The sink has it.
    Delivered {
        /// What the sink calls it.
        receipt: Option<String>,
    },
    /// Try again.
    Retry {
        /// Not before.
        at: Timestamp,
        /// Whether the sink may have it all the same.
        uncertain: bool,
        /// Whether this counts as an attempt: a sink that asked to wait, or is broken as a whole, made none.
        counts: bool,
        /// What happened.
        why: String,
    },
    /// It will never be accepted.
    Dead {
        /// Why.
        why: String,
    },
}

impl Delivery {
    /// A delivery that opens now and may go at `due`.
    pub fn open(id: DeliveryId, sink: SinkId, body: Body, due: Timestamp, now: Timestamp) -> Self {
        let state = State::Open;
        let (attempts, uncertain, last_error) = (0, false, None);
        Self { id, sink, body, state, created_at: now, due, set_at: now, attempts, uncertain, last_error }
    }

    /// Takes one more post in. A notice or a closed delivery stays as it is.
    pub fn absorb(&mut self, excerpt: Excerpt, severity: Severity) {
        let (Body::Alert(alert), State::Open) = (&mut self.body, &self.state) else { return };
        alert.severity = alert.severity.max(severity);
        alert.posts = alert.posts.saturating_add(1);
        if alert.excerpts.len() < EXCERPTS {
            alert.excerpts.push(excerpt);
        }
    }

    /// When it may be sent; `None` if it never will.
    pub fn due(&self, now: Timestamp) -> Option<Timestamp> {
        match self.state {
            State::Dead { .. } | State::Sending => None,
            State::Open | State::Sealed => Some(if now < self.set_at { now } else { self.due }),
        }
    }

    /// Its place in the order of sending: as opened, and of those opened together as posted.
    pub fn order(&self) -> (Timestamp, Option<Timestamp>, DeliveryId) {
        let first = match &self.body {
            Body::Alert(alert) => alert.excerpts.first(),
            Body::Notice(_) => None,
        };
        (self.created_at, first.and_then(|first| first.posted_at), self.id.clone())
    }

    /// Whether it still gathers.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Closes it for an attempt.
    pub fn seal(&mut self) {
        self.state = State::Sending;
        self.attempts = self.attempts.saturating_add(1);
    }

    /// What is left of it after an attempt; `None` once it is delivered.
    pub fn settle(mut self, settlement: Settlement, now: Timestamp) -> Option<Self> {
        match settlement {
            Settlement::Delivered { .. } => return None,
            Settlement::Retry { at, uncertain, counts, why } => {
                self.state = State::Sealed;
                self.due = at;
                self.set_at = now;
                self.uncertain |= uncertain;
                self.attempts = self.attempts.saturating_sub(u32::from(!counts));
                self.last_error = Some(why);
            }
            Settlement::Dead { why } => {
                self.last_error = Some(why.clone());
                self.state = State::Dead { at: now, why };
            }
        }
        Some(self)
    }

    /// What a restart makes of it: an attempt that was under way may have arrived.
    pub fn restarted(mut self, now: Timestamp) -> Self {
        if self.state == State::Sending {
            self.state = State::Sealed;
            self.uncertain = true;
            (self.due, self.set_at) = (now, now);
        }
        self
    }
}

/// Longest stored text of an excerpt, in bytes.
const TEXT_BYTES: usize = 1200;

/// Largest stored excerpt, in bytes of JSON.
const EXCERPT_BYTES: usize = 4000;

impl Excerpt {
    /// What an alert shows of `post`.
    pub fn of(post: &Post, matches: &[Match], edited: bool, seen_at: Timestamp) -> Self {
        let mut bytes = TEXT_BYTES;
        loop {
            let excerpt = Self::within(bytes, post, matches, edited, seen_at);
            // Escapes make JSON up to six times as long as the text.
            let fits = serde_json::to_vec(&excerpt).is_ok_and(|json| json.len() <= EXCERPT_BYTES);
            if fits || bytes < 100 {
                return excerpt;
            }
            bytes = bytes * 3 / 4;
        }
    }

    /// An excerpt whose text has at most `bytes` bytes and whose other parts shrink along.
    fn within(bytes: usize, post: &Post, matches: &[Match], edited: bool, seen_at: Timestamp) -> Self {
        let short = |text: &str, part: usize| harmless(clip(text, 0, bytes / part));
        let hits = matches.iter().flat_map(|found| &found.hits).filter(|hit| hit.field == Field::Text);
        let first = hits.map(|hit| hit.start).min().unwrap_or(0);
        // Keep what led up to the first words that matched, where the text is too long to keep whole.
        let from = if post.text.len() <= bytes { 0 } else { first.saturating_sub(bytes / 4) };
        let skipped =
            (0..=from.min(post.text.len())).rev().find(|at| post.text.is_char_boundary(*at)).unwrap_or(0);
        let text = clip(&post.text, skipped, bytes);
        let bounded = |found: &Match| Match {
            rule: short(&found.rule, 10),
            severity: found.severity,
            hits: found
                .hits
                .iter()
                .take(8)
                .map(|hit| Hit {
                    concept: hit.concept.as_deref().map(|name| short(name, 30)),
                    term: short(&hit.term, 24),
                    form: short(&hit.form, 24),
                    ..hit.clone()
                })
                .collect(),
        };
        Self {
            id: short(&post.id, 6),
            platform: post.platform.clone(),
            author: short(&post.author, 12),
            // A link cut short leads nowhere; better none.
            url: post.url.clone().filter(|url| url.len() <= bytes / 3),
            lang: post.lang.as_deref().map(|lang| short(lang, 60)),
            title: post.title.as_deref().map(|title| short(title, 6)),
            cut: skipped > 0 || skipped + text.len() < post.text.len(),
            text: harmless(text),
            skipped,
            repost_of: post.repost_of.as_ref().map(|of| short(of.author.as_deref().unwrap_or("?"), 12)),
            edited,
            posted_at: post.posted_at,
            seen_at,
            matches: matches.iter().take(3).map(bounded).collect(),
        }
    }
}

/// At most `most` bytes of `text` from `from` on, whole characters only.
fn clip(text: &str, from: usize, most: usize) -> &str {
    let end = (from + most).min(text.len());
    let end = (from..=end).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(from);
    text.get(from..end).unwrap_or("")
}

/// `text` without controls and without marks that turn the direction of what follows. Each gives way to a blank of as
/// many bytes, so that offsets stay true.
fn harmless(text: &str) -> String {
    let calm = |c: char| match c {
        '\n' | '\t' => c,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{200b}',
        c if c.is_control() => {
            if c.is_ascii() {
                ' '
            } else {
                '\u{a0}'
            }
        }
        c => c,
    };
    text.chars().map(calm).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::post::{Content, PostKey, Reference};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn delivery() -> Delivery {
        let sink = SinkId::new("slack", "desk");
        let story = StoryId::opened_by(PostKey::of(&Platform::X, "1"), Content([1; 8]));
        let id = DeliveryId::of_story(&story, &sink, 1);
        let alert = Alert { story, severity: Severity::Low, posts: 0, excerpts: Vec::new() };
        Delivery::open(id, sink, Body::Alert(alert), at(0), at(0))
    }

    fn excerpt() -> Excerpt {
        Excerpt::of(&Post::new(Platform::X, "1", "text"), &[], false, at(0))
    }

    #[test]
    fn an_open_delivery_gathers_and_counts_what_it_does_not_show() {
        let mut delivery = delivery();
        for _ in 0..12 {
            delivery.absorb(excerpt(), Severity::High);
        }
        let Body::Alert(alert) = &delivery.body else { panic!("an alert") };
        assert_eq!((alert.posts, alert.excerpts.len(), alert.severity), (12, EXCERPTS, Severity::High));
    }

    #[test]
    fn a_sealed_delivery_says_the_same_for_ever() {
        let mut delivery = delivery();
        delivery.absorb(excerpt(), Severity::Low);
        delivery.seal();
        let sealed = delivery.body.clone();
        delivery.absorb(excerpt(), Severity::Critical);
        assert_eq!(delivery.body, sealed);
    }

    #[test]
    fn an_attempt_cut_by_a_restart_may_have_arrived() {
        let mut delivery = delivery();
        delivery.seal();
        assert_eq!(delivery.due(at(5)), None);
        let delivery = delivery.restarted(at(5));
        assert_eq!((delivery.uncertain, delivery.due(at(5))), (true, Some(at(5))));
    }

    #[test]
    fn a_retry_waits_and_a_refusal_is_kept_for_people() {
        let mut first = delivery();
        first.seal();
        let retry = Settlement::Retry { at: at(60), uncertain: true, counts: false, why: "503".into() };
        let waiting = first.clone().settle(retry, at(1)).unwrap();
        assert_eq!((waiting.due(at(2)), waiting.uncertain, waiting.attempts), (Some(at(60)), true, 0));
        assert_eq!(waiting.due(at(0)), Some(at(0)), "a clock that jumped back");
        let dead = first.clone().settle(Settlement::Dead { why: "400".into() }, at(1)).unwrap();
        assert_eq!((dead.due(at(2)), dead.state), (None, State::Dead { at: at(1), why: "400".into() }));
        assert_eq!(first.settle(Settlement::Delivered { receipt: None }, at(1)), None);
    }

    #[test]
    fn an_excerpt_of_anything_fits_the_store() {
        let long = |c: &str| c.repeat(20_000);
        for c in ["a", "é", "字", "💣", "\"", "\u{1}"] {
            let hit = |start| Hit {
                concept: Some(long(c)),
                term: long(c),
                form: long(c),
                field: Field::Text,
                start,
                end: start + c.len(),
            };
            let found = Match {
                rule: long("r"),
                severity: Severity::High,
                hits: (0..50).map(|n| hit(12_000 * c.len() + n)).collect(),
            };
            let post = Post {
                author: long(c),
                url: Some(long(c)),
                title: Some(long(c)),
                lang: Some(long(c)),
                repost_of: Some(Reference { author: Some(long(c)), ..Reference::default() }),
                ..Post::new(Platform::X, long(c), long(c))
            };
            let excerpt = Excerpt::of(&post, &vec![found; 9], true, at(0));
            assert!(excerpt.cut && excerpt.skipped > 0);
            assert!(post.text[excerpt.skipped..].starts_with(&excerpt.text) || c == "\u{1}");
            let bytes = serde_json::to_vec(&excerpt).unwrap().len();
            assert!(bytes <= EXCERPT_BYTES, "{c:?}: {bytes}");
        }
    }

    #[test]
    fn controls_and_turns_of_direction_give_way_to_blanks_of_the_same_length() {
        let hostile = "a\u{7}b\u{202e}c\u{85}d\ne";
        assert_eq!(harmless(hostile), "a b\u{200b}c\u{a0}d\ne");
        assert_eq!(harmless(hostile).len(), hostile.len());
    }
}
