//! Times as people read them, in their own time zone.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

use super::{Detail, detail};
use crate::model::delivery::Excerpt;

/// What took longer than this is marked as late.
const LATE: SignedDuration = SignedDuration::from_mins(30);

/// When the post was posted, seen and sent, and how late that is.
pub fn lines(excerpt: &Excerpt, sent: Option<Timestamp>, timezone: &TimeZone) -> Vec<Detail> {
    let instants = [("posted", excerpt.posted_at), ("seen", Some(excerpt.seen_at)), ("sent", sent)];
    let known: Vec<(&str, Zoned)> =
        instants.into_iter().filter_map(|(what, at)| Some((what, at?.to_zoned(timezone.clone())))).collect();
    let mut lines = vec![detail("Time", chain(&known))];
    let since_posted =
        excerpt.posted_at.map(|posted| (excerpt.seen_at.duration_since(posted), "seen", "posted"));
    let since_seen = sent.map(|sent| (sent.duration_since(excerpt.seen_at), "sent", "seen"));
    let late: Vec<String> = [since_posted, since_seen]
        .into_iter()
        .flatten()
        .filter(|(delay, ..)| *delay > LATE)
        .map(|(delay, what, before)| format!("{what} {} after it was {before}", roughly(delay)))
        .collect();
    lines.extend((!late.is_empty()).then(|| detail("Late", late.join(", "))));
    lines
}

/// An instant with its date and offset.
pub fn full(at: Timestamp, timezone: &TimeZone) -> String {
    let at = at.to_zoned(timezone.clone());
    format!("{} ({})", at.strftime("%Y-%m-%d %H:%M:%S"), offset(&at))
}

/// Instants in a row, with a date only where it changes, and the offset at the end and before it changes.
fn chain(instants: &[(&str, Zoned)]) -> String {
    let mut parts = Vec::new();
    for (n, (what, at)) in instants.iter().enumerate() {
        let before = n.checked_sub(1).and_then(|before| instants.get(before));
        let same_day = before.is_some_and(|(_, before)| before.date() == at.date());
        let clock = at.strftime(if same_day { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" });
        let same_offset = instants.get(n + 1).is_some_and(|(_, next)| next.offset() == at.offset());
        let offset = if same_offset { String::new() } else { format!(" ({})", offset(at)) };
        parts.push(format!("{what} {clock}{offset}"));
    }
    parts.join(" → ")
}

fn offset(at: &Zoned) -> String {
    if at.offset().is_zero() { "UTC".to_owned() } else { at.strftime("UTC%:z").to_string() }
}

/// A span of time in its two largest units.
fn roughly(span: SignedDuration) -> String {
    let minutes = span.as_secs() / 60;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}
