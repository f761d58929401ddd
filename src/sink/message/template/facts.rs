//! What a template may speak of.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::Value;

use super::super::{Message, Segment, alert, sample};
use crate::model::delivery::{Alert, DeliveryId, Excerpt};
use crate::model::matched::Severity;
use crate::model::sink::SinkId;

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
    let rich = sample::alert(Timestamp::UNIX_EPOCH);
    let bare = Alert { severity: Severity::Low, again: None, posts: 0, excerpts: Vec::new(), ..rich.clone() };
    let id = DeliveryId::of_notice("sample", &SinkId::new("sample", "sample"));
    let sent = Some(Timestamp::UNIX_EPOCH);
    [rich, bare].map(|alert| of(&alert, &alert::message(&alert, &id, sent, &TimeZone::UTC)))
}

fn marked(segments: &[Segment]) -> String {
    let piece = |segment: &Segment| {
        let text = segment.text.replace([MARK, UNMARK], "");
        if segment.hit { format!("{MARK}{text}{UNMARK}") } else { text }
    };
    segments.iter().map(piece).collect()
}
