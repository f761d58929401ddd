//! What a template may speak of.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::Value;

use super::super::{Message, Segment, alert};
use crate::model::delivery::{Alert, DeliveryId, Excerpt};
use crate::model::matched::{Field, Hit, Match, Severity};
use crate::model::post::{Content, Platform, Post, PostKey};
use crate::model::sink::SinkId;
use crate::model::story::StoryId;

/// Stand around the words that matched, on their way through a template. No post holds them.
pub const MARK: char = '\u{e000}';
/// Ends what [`MARK`] began.
pub const UNMARK: char = '\u{e001}';

/// What a template may speak of, by name. What an alert does not have is empty, which counts as false.
pub type Facts = Vec<(&'static str, Value)>;

/// What there is to say of `alert`, in the words of `message`. `docs/alerts.md` tells what each name means.
pub fn of(alert: &Alert, message: &Message) -> Facts {
    let said = |label: &str| {
        let found = message.details.iter().find(|detail| detail.label == label);
        Value::from(found.map(|detail| detail.text.clone()).unwrap_or_default())
    };
    let first = alert.excerpts.first();
    let of_first =
        |part: fn(&Excerpt) -> &str| Value::from(first.map(part).map(alert::line).unwrap_or_default());
    let rule = first.and_then(|first| alert::loudest(alert, first)).map_or("", |found| &found.rule);
    vec![
        ("severity", alert.severity.as_str().into()),
        ("heading", message.heading.clone().into()),
        ("who", message.who.clone().unwrap_or_default().into()),
        ("author", of_first(|first| &first.author)),
        ("platform", of_first(|first| first.platform.as_str())),
        ("title", of_first(|first| first.title.as_deref().unwrap_or(""))),
        ("quote", marked(&message.quote).into()),
        ("url", message.link.as_ref().map(|link| link.url.clone()).unwrap_or_default().into()),
        ("rule", alert::line(rule).into()),
        ("news", said("News")),
        ("why", said("Why")),
        ("also_met", said("Also met")),
        ("time", said("Time")),
        ("late", said("Late")),
        ("language", said("Language")),
        ("posts", alert.posts.into()),
        ("further", said("Further posts")),
        ("alert", said("Alert")),
    ]
}

/// An alert with everything there may be, and one with nothing.
pub fn samples() -> [Facts; 2] {
    let story = StoryId::opened_by(PostKey::of(&Platform::X, "sample"), Content([0; 8]));
    let id = DeliveryId::of_story(&story, &SinkId::new("sample", "sample"), 1);
    let rich = Alert {
        story: story.clone(),
        severity: Severity::High,
        again: None,
        posts: 12,
        excerpts: vec![excerpt(); 3],
    };
    let bare = Alert { story, severity: Severity::Low, again: None, posts: 0, excerpts: Vec::new() };
    [rich, bare]
        .map(|alert| of(&alert, &alert::message(&alert, &id, Some(Timestamp::UNIX_EPOCH), &TimeZone::UTC)))
}

fn excerpt() -> Excerpt {
    let form = "weapons";
    let text = "Our partners brought weapons and gear this morning.";
    let start = text.find(form).unwrap_or(0);
    let hit = Hit {
        concept: Some("arms".into()),
        term: form.into(),
        form: form.into(),
        field: Field::Text,
        start,
        end: start + form.len(),
    };
    let found = |rule: &str| Match { rule: rule.into(), severity: Severity::High, hits: vec![hit.clone()] };
    let post = Post {
        author: "LookoutDaily".into(),
        title: Some("Morning news".into()),
        url: Some("https://example.org/1".into()),
        lang: Some("en".into()),
        posted_at: Some(Timestamp::UNIX_EPOCH),
        ..Post::new(Platform::X, "sample", text)
    };
    let seen_at = Timestamp::UNIX_EPOCH.saturating_add(jiff::SignedDuration::from_hours(3));
    Excerpt::of(&post, &[found("list/arms"), found("list/gear")], false, seen_at.unwrap_or_default())
}

fn marked(segments: &[Segment]) -> String {
    let piece = |segment: &Segment| {
        let text = segment.text.replace([MARK, UNMARK], "");
        if segment.hit { format!("{MARK}{text}{UNMARK}") } else { text }
    };
    segments.iter().map(piece).collect()
}
