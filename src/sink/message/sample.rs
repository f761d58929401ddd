//! Invented alerts, on which templates are tried and by which people see how a channel looks.

use jiff::{SignedDuration, Timestamp};

use crate::model::delivery::{Again, Alert, Body, Digest, Excerpt, Notice, Occasion};
use crate::model::matched::{Field, Hit, Match, Severity};
use crate::model::post::{Content, Platform, Post, PostKey};
use crate::model::story::StoryId;

/// A notice that is marked as a test.
pub fn notice(now: Timestamp) -> Body {
    let title = "TEST: vigie can reach this channel".to_owned();
    let text = "Somebody ran `vigie sink test`. Nothing happened, nothing needs to be done.".to_owned();
    Body::Notice(Notice { title, text, at: now })
}

/// An alert that is marked as a test, with everything an alert may have.
pub fn alert(now: Timestamp) -> Alert {
    let words = "TEST: our partners brought weapons and gear to Burkina Faso this morning.";
    let [mut first, second] = ["LookoutDaily", "MorningWire"].map(|author| excerpt(author, words, now));
    first.repost_of = Some("Ministry".into());
    let severity = Severity::High;
    Alert { again: Some(Again::Raised { from: Severity::Low }), ..told(severity, 12, vec![first, second]) }
}

/// A digest that is marked as a test.
pub fn digest(now: Timestamp) -> Digest {
    let stories = [
        (
            "LookoutDaily",
            "TEST: our partners brought weapons and gear to Burkina Faso this morning.",
            Severity::Critical,
            9,
        ),
        (
            "MorningWire",
            "TEST: forty lorries with weapons crossed the border at Kaya, the governor says.",
            Severity::High,
            4,
        ),
        (
            "desk_sahel",
            "TEST: des armes (weapons) livrées à Ouagadougou, selon le ministère.",
            Severity::Medium,
            1,
        ),
    ];
    let mut digest = Digest::empty(Occasion::Quiet, now);
    for (author, words, severity, posts) in stories {
        digest.absorb(told(severity, posts, vec![excerpt(author, words, now)]), now);
    }
    digest
}

fn told(severity: Severity, posts: u32, excerpts: Vec<Excerpt>) -> Alert {
    let story = StoryId::opened_by(PostKey::of(&Platform::X, "sample"), Content([0; 8]));
    Alert { story, severity, again: None, posts, excerpts }
}

fn excerpt(author: &str, words: &str, now: Timestamp) -> Excerpt {
    let hit = |concept: &str, form: &str| {
        let start = words.find(form)?;
        let (concept, term, end) = (Some(concept.into()), form.to_lowercase().into(), start + form.len());
        Some(Hit { concept, term, form: form.into(), field: Field::Text, start, end })
    };
    let hits = [hit("arms", "weapons"), hit("host", "Burkina Faso")].into_iter().flatten().collect();
    let found = |rule: &str| Match { rule: rule.into(), severity: Severity::High, hits };
    let posted_at = now.saturating_sub(SignedDuration::from_mins(45)).unwrap_or(now);
    let post = Post {
        author: author.into(),
        url: Some("https://example.org/1".into()),
        lang: Some("en".into()),
        posted_at: Some(posted_at),
        ..Post::new(Platform::X, "sample", words)
    };
    Excerpt::of(&post, &[found("sample/arms")], false, now)
}
