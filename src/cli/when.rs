//! Times and lengths of time as people type them.

use std::fmt::Display;

use jiff::civil::{DateTime, Time};
use jiff::fmt::friendly::SpanParser;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, SpanRelativeTo, Timestamp, ToSpan};

/// A time of day without a date.
pub(super) fn clock_time(text: &str) -> Option<Time> {
    (text.len() <= 8 && text.contains(':')).then(|| text.parse().ok()).flatten()
}

/// The last instant up to `at` at which clocks showed `time`, or the next one after it.
pub(super) fn near(time: Time, at: Timestamp, timezone: &TimeZone, after: bool) -> Timestamp {
    let day = at.to_zoned(timezone.clone());
    let shown = |days: i64| {
        let date = day.date().checked_add(days.days()).ok()?;
        date.to_datetime(time).to_zoned(timezone.clone()).ok().map(|shown| shown.timestamp())
    };
    let mut found = (-1..=1).filter_map(shown);
    let found = if after { found.find(|shown| *shown > at) } else { found.rfind(|shown| *shown <= at) };
    found.unwrap_or(at)
}

/// An instant: RFC 3339, or a date and perhaps a time in their time zone.
pub(super) fn instant(text: &str, timezone: &TimeZone) -> Option<Timestamp> {
    if let Ok(instant) = text.parse() {
        return Some(instant);
    }
    let civil = text.parse::<DateTime>().ok()?;
    civil.to_zoned(timezone.clone()).ok().map(|zoned| zoned.timestamp())
}

/// A length of time, such as `90m` or `3d`.
pub(super) fn span(text: &str) -> Option<SignedDuration> {
    SpanParser::new().parse_span(text).ok()?.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
}

/// An instant for people, to the second, with its distance from UTC.
pub(super) fn shown(at: Timestamp, timezone: &TimeZone) -> String {
    at.to_zoned(timezone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// So many things: `1 alert`, `2 alerts`.
pub(super) fn count<N: Display + PartialEq + From<u8>>(number: N, thing: &str) -> String {
    let s = if number == N::from(1) { "" } else { "s" };
    format!("{number} {thing}{s}")
}
