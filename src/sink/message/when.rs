//! Times as people read them, in their own time zone.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

use super::{Detail, detail};
use crate::model::delivery::Excerpt;

/// A post seen later than this after it was posted is marked as late.
const LATE: SignedDuration = SignedDuration::from_mins(30);

/// When the post was posted and seen, and how late that is.
pub fn lines(excerpt: &Excerpt, timezone: &TimeZone) -> Vec<Detail> {
    let seen = excerpt.seen_at.to_zoned(timezone.clone());
    let Some(posted_at) = excerpt.posted_at else {
        return vec![detail("Time", format!("seen {}", full(excerpt.seen_at, timezone)))];
    };
    let posted = posted_at.to_zoned(timezone.clone());
    let mut lines = vec![detail("Time", both(&posted, &seen))];
    let delay = excerpt.seen_at.duration_since(posted_at);
    if delay > LATE {
        lines.push(detail("Late", format!("seen {} after it was posted", roughly(delay))));
    }
    lines
}

/// An instant with its date and offset.
pub fn full(at: Timestamp, timezone: &TimeZone) -> String {
    let at = at.to_zoned(timezone.clone());
    format!("{} ({})", at.strftime("%Y-%m-%d %H:%M:%S"), offset(&at))
}

/// Two instants, with the second's date and the first's offset only where they differ.
fn both(posted: &Zoned, seen: &Zoned) -> String {
    let (day, clock) = ("%Y-%m-%d %H:%M:%S", "%H:%M:%S");
    let first =
        if posted.offset() == seen.offset() { String::new() } else { format!(" ({})", offset(posted)) };
    let second = seen.strftime(if posted.date() == seen.date() { clock } else { day });
    format!("posted {}{first} → seen {second} ({})", posted.strftime(day), offset(seen))
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
