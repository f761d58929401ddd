//! `vigie coverage`: what was seen between two instants, in one sentence and a table.

use std::path::Path;
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::when::{self, clock_time, near};
use super::{Failure, keeper};
use crate::clock::Clock;
use crate::errand;
use crate::ledger::{Coverage, Question, Seen};
use crate::model::coverage::span::{Extent, Span};
use crate::model::coverage::{End, Gap};

const GOOD: Style = AnsiColor::Green.on_default();
const ODD: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// What a person asks for.
pub(super) struct Asked {
    /// Whom it is about.
    pub(super) whom: Option<String>,
    /// From when on, as typed.
    pub(super) since: Option<String>,
    /// Up to when, as typed.
    pub(super) until: Option<String>,
    /// One object per account.
    pub(super) json: bool,
}

/// Shows what was seen; fails if posts may be missing or are not seen yet.
pub(super) async fn coverage(
    path: &Path,
    store: Option<&Path>,
    asked: Asked,
    clock: &Arc<dyn Clock>,
) -> Result<(), Failure> {
    let timezone = keeper::basics(path, store)?.timezone;
    let (since, until) = period(&asked, &timezone, clock.now()).map_err(Failure::Usage)?;
    let keeper = keeper::find(path, store, "vigie coverage", clock).await?;
    let question = Question { whom: asked.whom, since, until, running: keeper.is_daemon() };
    let coverage = keeper.ask(&errand::COVERAGE, question).await?;
    if asked.json {
        for seen in &coverage.accounts {
            anstream::println!("{}", serde_json::to_string(seen)?);
        }
    } else {
        anstream::println!("{}", sentence(&coverage, &timezone));
        for seen in &coverage.accounts {
            anstream::println!("{}", row(seen, &timezone));
        }
    }
    if coverage.accounts.iter().all(Seen::is_complete) { Ok(()) } else { Err(Failure::Said) }
}

/// The time that is asked about: the last day if nothing is said.
fn period(asked: &Asked, timezone: &TimeZone, now: Timestamp) -> Result<(Timestamp, Timestamp), String> {
    let since = asked.since.as_deref().unwrap_or("24h");
    let since = match clock_time(since) {
        Some(time) => near(time, now, timezone, false),
        None => instant(since, timezone, now).map_err(|why| format!("--since {why}"))?,
    };
    let until = asked.until.as_deref();
    let until = match until.and_then(clock_time) {
        Some(time) => near(time, since, timezone, true),
        None => until
            .map_or(Ok(now), |until| instant(until, timezone, now))
            .map_err(|why| format!("--until {why}"))?,
    };
    if since < until.min(now) {
        return Ok((since, until));
    }
    Err(format!("nothing lies between {} and {}", time(since, timezone), time(until.min(now), timezone)))
}

/// An instant as people type it: RFC 3339, a date and time in their time zone, or so long before now.
fn instant(text: &str, timezone: &TimeZone, now: Timestamp) -> Result<Timestamp, String> {
    if let Some(instant) = when::instant(text, timezone) {
        return Ok(instant);
    }
    let before = when::span(text);
    before.and_then(|before: SignedDuration| now.checked_sub(before.abs()).ok()).ok_or_else(|| {
        format!(
            "`{text}` is no time; write it as \"08:00\", \"24h\", \"2025-04-30 08:00\" or \"2025-04-30T08:00:00Z\""
        )
    })
}

/// What was seen, in one sentence.
fn sentence(coverage: &Coverage, timezone: &TimeZone) -> String {
    let Coverage { since, until, accounts } = coverage;
    let when = format!("Between {} and {}", time(*since, timezone), time(*until, timezone));
    let count = |is: fn(Extent) -> bool| accounts.iter().filter(|seen| is(seen.worst())).count();
    let (all, complete) = (accounts.len(), accounts.iter().filter(|seen| seen.is_complete()).count());
    let of = |count: usize, what: &str| (count > 0).then(|| format!("{count} {what}"));
    let apart: Vec<String> = [
        of(count(|worst| worst == Extent::Late), "of them late at times"),
        of(count(|worst| worst == Extent::Missing), "may have posts that nobody saw"),
        of(count(|worst| worst == Extent::Blind), "cannot be told yet, because vigie does not see it now"),
        of(count(|worst| worst == Extent::Unwatched), "not watched all the time"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let apart = if apart.is_empty() { String::new() } else { format!("; {}", apart.join("; ")) };
    match accounts.as_slice() {
        [one] => format!("{when}, {} ({}) {}.", one.account, one.source, verdict(one.worst())),
        _ if complete == all => format!("{when}, all {all} accounts were seen completely{apart}."),
        _ => format!("{when}, {complete} of {all} accounts were seen completely{apart}."),
    }
}

fn verdict(worst: Extent) -> &'static str {
    match worst {
        Extent::InTime => "was seen completely",
        Extent::Awaited => "was seen completely, up to the last look",
        Extent::Late => "was seen completely, though some of it late",
        Extent::Unwatched => "was not watched all the time",
        Extent::Blind => "is not seen now; whether posts are missing cannot be told yet",
        Extent::Missing => "was not seen completely: posts may be missing",
    }
}

/// An account, and below it every span that was not simply seen.
fn row(seen: &Seen, timezone: &TimeZone) -> String {
    let (style, word) = word(seen.worst());
    let head = format!("  {style}{word:9}{style:#}  {}  {}", seen.source, seen.account);
    let told = seen.spans.iter().filter(|span| !matches!(span.seen, Extent::InTime | Extent::Awaited));
    let lines = told.map(|span| format!("\n      {}", line(span, timezone)));
    head + &lines.collect::<String>()
}

fn word(extent: Extent) -> (Style, &'static str) {
    match extent {
        Extent::InTime | Extent::Awaited => (GOOD, "complete"),
        Extent::Late => (ODD, "late"),
        Extent::Unwatched => (Style::new(), "unwatched"),
        Extent::Blind => (BAD, "BLIND"),
        Extent::Missing => (BAD, "MISSING"),
    }
}

fn line(span: &Span, timezone: &TimeZone) -> String {
    let (style, word) = word(span.seen);
    let when = format!("{} to {}", time(span.from, timezone), time(span.until, timezone));
    let why = span.gap.as_ref().map(|gap| why(gap, timezone)).unwrap_or_default();
    format!("{when}  {style}{word}{style:#}{why}")
}

/// Why a gap was not seen in time, and what became of it.
fn why(gap: &Gap, timezone: &TimeZone) -> String {
    let why = if gap.why.is_empty() { String::new() } else { format!(": {}", gap.why) };
    let end = match &gap.end {
        End::Open => String::new(),
        End::Filled(at) => format!("; all of it seen by {}", time(*at, timezone)),
        End::Lost(why) => format!("; {why}"),
    };
    format!("  {}{why}{end}", gap.cause)
}

fn time(at: Timestamp, timezone: &TimeZone) -> String {
    at.to_zoned(timezone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2025-04-30T10:00:00+02:00";

    fn paris() -> TimeZone {
        TimeZone::get("Europe/Paris").unwrap()
    }

    fn between(since: Option<&str>, until: Option<&str>) -> Result<(String, String), String> {
        let text = |text: &str| text.to_owned();
        let asked = Asked { whom: None, since: since.map(text), until: until.map(text), json: false };
        let shown = |at: Timestamp| at.to_zoned(paris()).strftime("%d %H:%M").to_string();
        period(&asked, &paris(), NOW.parse().unwrap()).map(|(since, until)| (shown(since), shown(until)))
    }

    #[test]
    fn times_are_taken_as_people_type_them() {
        for (since, until, from, to) in [
            (None, None, "29 10:00", "30 10:00"),
            (Some("08:00"), None, "30 08:00", "30 10:00"),
            (Some("08:00"), Some("09:30"), "30 08:00", "30 09:30"),
            (Some("22:00"), Some("06:00"), "29 22:00", "30 06:00"),
            (Some("08:00"), Some("12:00"), "30 08:00", "30 12:00"),
            (Some("6h"), Some("90m"), "30 04:00", "30 08:30"),
            (Some("2d"), Some("2025-04-29 12:00"), "28 10:00", "29 12:00"),
            (Some("2025-04-29T06:00:00Z"), Some("09:00"), "29 08:00", "29 09:00"),
            (Some("2025-04-29"), None, "29 00:00", "30 10:00"),
        ] {
            assert_eq!(between(since, until), Ok((from.into(), to.into())), "{since:?} {until:?}");
        }
    }

    #[test]
    fn a_time_that_is_none_and_an_empty_period_are_refused() {
        assert!(between(Some("soon"), None).unwrap_err().starts_with("--since `soon`"));
        assert!(between(None, Some("25:00")).unwrap_err().starts_with("--until `25:00`"));
        assert!(between(Some("1h"), Some("2h")).unwrap_err().starts_with("nothing lies between"));
        assert!(between(Some("2099-01-01"), None).unwrap_err().starts_with("nothing lies between"));
    }
}
