//! A post as people are shown it: bounded and harmless.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::matched::{Field, Hit, Match};
use crate::model::post::{Platform, Post};

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

/// Longest stored text of an excerpt, in bytes.
const TEXT_BYTES: usize = 1200;

/// Longest text of a brief excerpt, in bytes.
const BRIEF_BYTES: usize = 320;

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

    /// What a list shows of it: a line or two around the first words that matched, and why it matters most.
    pub fn brief(&self) -> Self {
        let hits = self.matches.iter().flat_map(|found| &found.hits).filter(|hit| hit.field == Field::Text);
        let first = hits.map(|hit| hit.start.saturating_sub(self.skipped)).min().unwrap_or(0);
        let from = if self.text.len() <= BRIEF_BYTES { 0 } else { first.saturating_sub(BRIEF_BYTES / 4) };
        let from = self.text.floor_char_boundary(from.min(self.text.len()));
        let text = clip(&self.text, from, BRIEF_BYTES);
        let gravest = self.matches.iter().rev().max_by_key(|found| found.severity);
        let few =
            |found: &Match| Match { hits: found.hits.iter().take(3).cloned().collect(), ..found.clone() };
        Self {
            cut: self.cut || text.len() < self.text.len(),
            skipped: self.skipped + from,
            text: text.to_owned(),
            title: self.title.as_deref().map(|title| clip(title, 0, BRIEF_BYTES).to_owned()),
            matches: gravest.map(few).into_iter().collect(),
            ..self.clone()
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
            rule: short(&found.rule, 10).into(),
            severity: found.severity,
            hits: found
                .hits
                .iter()
                .take(8)
                .map(|hit| Hit {
                    concept: hit.concept.as_deref().map(|name| short(name, 30).into()),
                    term: short(&hit.term, 24).into(),
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
    use crate::model::matched::Severity;
    use crate::model::post::Reference;

    #[test]
    fn an_excerpt_of_anything_fits_the_store() {
        let long = |c: &str| c.repeat(20_000);
        for c in ["a", "é", "字", "💣", "\"", "\u{1}"] {
            let hit = |start| Hit {
                concept: Some(long(c).into()),
                term: long(c).into(),
                form: long(c),
                field: Field::Text,
                start,
                end: start + c.len(),
            };
            let found = Match {
                rule: long("r").into(),
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
            let excerpt = Excerpt::of(&post, &vec![found; 9], true, Timestamp::UNIX_EPOCH);
            assert!(excerpt.cut && excerpt.skipped > 0);
            assert!(post.text[excerpt.skipped..].starts_with(&excerpt.text) || c == "\u{1}");
            let bytes = serde_json::to_vec(&excerpt).unwrap().len();
            assert!(bytes <= EXCERPT_BYTES, "{c:?}: {bytes}");
            let brief = serde_json::to_vec(&excerpt.brief()).unwrap().len();
            assert!(brief <= EXCERPT_BYTES - 200, "{c:?}: {brief}: an item of a digest needs room");
        }
    }

    #[test]
    fn a_brief_excerpt_shows_the_words_that_matched_where_they_stand() {
        let text = format!("{} weapons for {}", "é".repeat(400), "字".repeat(400));
        let start = text.find("weapons").unwrap();
        let hit = Hit {
            concept: None,
            term: "weapon".into(),
            form: "weapons".into(),
            field: Field::Text,
            start,
            end: start + 7,
        };
        let found = |rule: &str, severity| Match { rule: rule.into(), severity, hits: vec![hit.clone(); 9] };
        let matches =
            [found("w/a", Severity::Low), found("w/b", Severity::High), found("w/c", Severity::High)];
        let whole =
            Excerpt::of(&Post::new(Platform::X, "1", text.as_str()), &matches, false, Timestamp::UNIX_EPOCH);
        let brief = whole.brief();
        assert!(brief.cut && brief.text.len() <= BRIEF_BYTES);
        assert_eq!(brief.text.find("weapons"), Some(start - brief.skipped));
        assert_eq!(
            brief.matches.iter().map(|found| (&*found.rule, found.hits.len())).collect::<Vec<_>>(),
            [("w/b", 3)]
        );
        let short = Excerpt::of(&Post::new(Platform::X, "1", "weapons"), &[], false, Timestamp::UNIX_EPOCH);
        assert_eq!(short.brief(), short);
    }

    #[test]
    fn controls_and_turns_of_direction_give_way_to_blanks_of_the_same_length() {
        let hostile = "a\u{7}b\u{202e}c\u{85}d\ne";
        assert_eq!(harmless(hostile), "a b\u{200b}c\u{a0}d\ne");
        assert_eq!(harmless(hostile).len(), hostile.len());
    }
}
