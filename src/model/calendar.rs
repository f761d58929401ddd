//! UTC days and months, by which platforms bill and vigie counts.

use std::ops::RangeInclusive;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Unit};

/// A span of time that begins anew by the calendar, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Per {
    /// From midnight to midnight.
    Day,
    /// From the first to the last.
    Month,
}

/// The UTC day of an instant, counted from 1970.
pub fn day(now: Timestamp) -> i32 {
    now.as_second().div_euclid(86_400) as i32
}

impl Per {
    /// The days of the one that `now` is in, up to today, counted from 1970.
    pub fn days(self, now: Timestamp) -> RangeInclusive<i32> {
        day(self.begin(now))..=day(now)
    }

    /// When the one that `now` is in began.
    pub fn begin(self, now: Timestamp) -> Timestamp {
        let today = date(now);
        midnight(if self == Self::Day { today } else { today.first_of_month() })
    }

    /// When the next one begins.
    pub fn end(self, now: Timestamp) -> Timestamp {
        let today = date(now);
        midnight(if self == Self::Day { today } else { today.last_of_month() }.tomorrow().unwrap_or(today))
    }

    /// How much of it has passed, from 0 to 1.
    pub fn passed(self, now: Timestamp) -> f64 {
        let (begin, end) = (self.begin(now), self.end(now));
        let whole = end.duration_since(begin).as_secs_f64().max(1.0);
        (now.duration_since(begin).as_secs_f64() / whole).clamp(0.0, 1.0)
    }

    /// When `part` of it, from 0 to 1, will have passed.
    pub fn at(self, part: f64, now: Timestamp) -> Timestamp {
        let (begin, end) = (self.begin(now), self.end(now));
        begin.saturating_add(end.duration_since(begin).mul_f64(part.clamp(0.0, 1.0))).unwrap_or(end)
    }
}

fn date(now: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(now).date()
}

fn midnight(date: Date) -> Timestamp {
    date.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |midnight| midnight.timestamp())
}

/// A span of time as people read it: to the minute, or to the second if it is short.
pub fn rough(span: SignedDuration) -> String {
    let unit = if span >= SignedDuration::from_mins(10) { Unit::Minute } else { Unit::Second };
    format!("{:#}", span.round(unit).unwrap_or(span))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_begin_and_end_at_midnight_utc() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2024-02-29T18:00:00Z");
        assert_eq!(
            (Per::Day.begin(now), Per::Day.end(now)),
            (at("2024-02-29T00:00:00Z"), at("2024-03-01T00:00:00Z"))
        );
        assert_eq!(
            (Per::Month.begin(now), Per::Month.end(now)),
            (at("2024-02-01T00:00:00Z"), at("2024-03-01T00:00:00Z"))
        );
        assert_eq!((Per::Day.days(now).count(), Per::Month.days(now).count()), (1, 29));
        assert!((Per::Day.passed(now) - 0.75).abs() < 1e-9);
        assert_eq!(Per::Day.at(0.75, now), now);
        let first = at("2024-12-31T23:59:59Z");
        assert_eq!(Per::Month.end(first), at("2025-01-01T00:00:00Z"));
    }
}
