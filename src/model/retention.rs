//! How long posts are kept.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::post::Platform;

/// How long the archive keeps posts, counted from the UTC day on which they were seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Where nothing else is said; `None`: for ever.
    pub posts: Option<SignedDuration>,
    /// Of single platforms.
    pub platforms: BTreeMap<Platform, SignedDuration>,
}

impl Retention {
    /// The first day that is kept of a platform; `None`: all are.
    pub fn first_day(&self, platform: &Platform, now: Timestamp) -> Option<Date> {
        let kept = self.platforms.get(platform).copied().or(self.posts)?;
        let since = now.saturating_sub(kept).unwrap_or(Timestamp::MIN);
        Some(since.to_zoned(TimeZone::UTC).date())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_kept_until_all_of_it_is_older() {
        let now: Timestamp = "2025-04-30T20:00:00Z".parse().unwrap();
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        let x = BTreeMap::from([(Platform::X, days(30))]);
        let cases = [
            (Retention::default(), None),
            (Retention { posts: Some(days(1)), ..Retention::default() }, Some("2025-04-29")),
            (Retention { posts: None, platforms: x.clone() }, Some("2025-03-31")),
            (Retention { posts: Some(days(1)), platforms: x }, Some("2025-03-31")),
        ];
        for (kept, first) in cases {
            assert_eq!(kept.first_day(&Platform::X, now), first.map(|day| day.parse().unwrap()), "{kept:?}");
        }
        let kept = Retention { posts: Some(SignedDuration::MAX), ..Retention::default() };
        assert!(kept.first_day(&Platform::X, now).is_some_and(|first| first.year() < 0));
    }
}
