//! Hours in which people want quiet.

use std::fmt;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::model::matched::Severity;

/// Hours of the day, by the clocks on people's walls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// When they begin.
    pub from: Time,
    /// When they end: on the next day if that is not later than `from`.
    pub to: Time,
    /// The days on which they begin; empty: every day.
    pub days: Vec<Weekday>,
    /// Whose clocks.
    pub timezone: TimeZone,
    /// What is at least as grave is heard all the same.
    pub through: Severity,
}

/// When something of this severity is heard again; `None` if it is heard now.
///
/// Hours that follow each other without a pause are one.
pub(super) fn until(quiet: &[Quiet], severity: Severity, now: Timestamp) -> Option<Timestamp> {
    /// More windows in a row than a week has can only be quiet without end.
    const MOST: usize = 15;
    let hushed: Vec<&Quiet> = quiet.iter().filter(|quiet| severity < quiet.through).collect();
    let mut end = None;
    for _ in 0..MOST {
        let from = end.unwrap_or(now);
        let Some(later) = hushed.iter().filter_map(|quiet| quiet.ends(from)).max() else { break };
        end = Some(later);
    }
    end
}

impl fmt::Display for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, days, timezone, through } = self;
        let zone = timezone.iana_name().unwrap_or("UTC");
        write!(f, "quiet from {} to {} ({zone})", from.strftime("%H:%M"), to.strftime("%H:%M"))?;
        if !days.is_empty() {
            let days: Vec<String> = days.iter().map(|day| format!("{day:?}")).collect();
            write!(f, " on {}", days.join(", "))?;
        }
        write!(f, " below {through}")
    }
}

impl Quiet {
    /// When the quiet at `now` ends, if it is quiet.
    fn ends(&self, now: Timestamp) -> Option<Timestamp> {
        let today = now.to_zoned(self.timezone.clone()).date();
        let yesterday = today.yesterday().ok();
        let days = [Some(today), yesterday].into_iter().flatten();
        let begins = days.filter(|day| self.days.is_empty() || self.days.contains(&day.weekday()));
        begins
            .filter_map(|day| Some((self.at(day, self.from)?, self.at(self.last_day(day)?, self.to)?)))
            .filter(|(from, to)| *from <= now && now < *to)
            .map(|(_, to)| to)
            .max()
    }

    fn last_day(&self, first: Date) -> Option<Date> {
        if self.to > self.from { Some(first) } else { first.checked_add(1.day()).ok() }
    }

    /// The instant at which the clocks show this. A time that they skip is the one after the gap, one that they show
    /// twice is the first.
    fn at(&self, day: Date, time: Time) -> Option<Timestamp> {
        Some(day.to_datetime(time).to_zoned(self.timezone.clone()).ok()?.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn nights(zone: &str) -> Quiet {
        let timezone = TimeZone::get(zone).unwrap();
        let (from, to) = (time(22, 0, 0, 0), time(7, 0, 0, 0));
        Quiet { from, to, days: Vec::new(), timezone, through: Severity::Critical }
    }

    #[test]
    fn quiet_hours_follow_the_clocks_on_the_wall_also_when_these_are_changed() {
        // Paris: 30 March 2025, 02:00 becomes 03:00; 26 October 2025, 03:00 becomes 02:00.
        let cases = [
            ("2025-03-28T20:59:59Z", None),
            ("2025-03-28T21:00:00Z", Some("2025-03-29T06:00:00Z")),
            ("2025-03-29T05:59:59Z", Some("2025-03-29T06:00:00Z")),
            ("2025-03-29T06:00:00Z", None),
            ("2025-03-29T21:00:00Z", Some("2025-03-30T05:00:00Z")),
            ("2025-03-30T05:00:00Z", None),
            ("2025-03-30T19:59:59Z", None),
            ("2025-03-30T20:00:00Z", Some("2025-03-31T05:00:00Z")),
            ("2025-10-25T20:00:00Z", Some("2025-10-26T06:00:00Z")),
            ("2025-10-26T05:59:59Z", Some("2025-10-26T06:00:00Z")),
            ("2025-10-26T06:00:00Z", None),
        ];
        for (now, expected) in cases {
            let until = until(&[nights("Europe/Paris")], Severity::High, at(now));
            assert_eq!(until, expected.map(at), "{now}");
        }
    }

    #[test]
    fn an_hour_that_the_clocks_skip_or_show_twice_ends_quiet_once() {
        let to = time(2, 30, 0, 0);
        let paris = Quiet { to, ..nights("Europe/Paris") };
        let cases = [
            ("2025-03-30T00:59:00Z", Some("2025-03-30T01:30:00Z")),
            ("2025-03-30T01:30:00Z", None),
            ("2025-10-26T00:00:00Z", Some("2025-10-26T00:30:00Z")),
            ("2025-10-26T00:45:00Z", None),
            ("2025-10-26T01:15:00Z", None),
        ];
        for (now, expected) in cases {
            assert_eq!(
                until(std::slice::from_ref(&paris), Severity::Low, at(now)),
                expected.map(at),
                "{now}"
            );
        }
    }

    #[test]
    fn a_weekend_after_a_night_is_one_quiet_and_what_is_grave_passes() {
        let whole_day = time(0, 0, 0, 0);
        let days = vec![Weekday::Saturday, Weekday::Sunday];
        let weekend = Quiet { from: whole_day, to: whole_day, days, ..nights("UTC") };
        let quiet = [Quiet { days: vec![Weekday::Friday, Weekday::Sunday], ..nights("UTC") }, weekend];
        // A Friday, 2 May 2025.
        let cases = [
            ("2025-05-02T21:59:59Z", None),
            ("2025-05-02T22:00:00Z", Some("2025-05-05T07:00:00Z")),
            ("2025-05-04T12:00:00Z", Some("2025-05-05T07:00:00Z")),
            ("2025-05-05T07:00:00Z", None),
            ("2025-05-05T23:00:00Z", None),
        ];
        for (now, expected) in cases {
            assert_eq!(until(&quiet, Severity::High, at(now)), expected.map(at), "{now}");
            assert_eq!(until(&quiet, Severity::Critical, at(now)), None, "{now}");
        }
    }

    #[test]
    fn quiet_without_end_is_looked_at_again_after_a_week() {
        let midnight = time(0, 0, 0, 0);
        let always = Quiet { from: midnight, to: midnight, ..nights("UTC") };
        let now = at("2025-05-02T12:00:00Z");
        let until = until(&[always], Severity::Low, now).unwrap();
        assert!(until.duration_since(now).as_hours() >= 24 * 7, "{until}");
    }
}
