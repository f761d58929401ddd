//! How long a host wants to be left alone, in every form hosts say it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;

/// The longest wait that is believed.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 7);

/// The headers that tell what is left of a limit and when it starts anew.
const LIMITS: [(&str, &str); 3] = [
    ("x-rate-limit-remaining", "x-rate-limit-reset"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("ratelimit-remaining", "ratelimit-reset"),
];

/// The instant a `Retry-After` header names: seconds, whole or not, or an HTTP date.
///
/// Never before a second from `now`, never after a week.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let text = headers.get("retry-after")?.to_str().ok()?.trim();
    let at = match text.parse::<f64>() {
        Ok(seconds) => in_seconds(seconds, now)?,
        Err(_) => ours(date(text)?, headers, now),
    };
    Some(believable(at, now))
}

/// The instant at which a used-up rate limit starts anew, if the headers say that it is used up.
///
/// Reads `x-rate-limit-*`, `x-ratelimit-*` and `ratelimit-*`; the reset is seconds since 1970 (X, Bluesky), a time
/// stamp (Mastodon) or seconds from now.
pub fn rate_limit_reset(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let (remaining, reset) = limit(headers, now)?;
    (remaining == 0).then(|| believable(reset, now))
}

/// Until when a host wants to be left alone that gave an answer with this status and these headers; an address that
/// stands `apart` tells it only by having too many requests.
pub(super) fn peace(
    (status, headers): (u16, &HeaderMap),
    rest: Duration,
    apart: bool,
    now: Timestamp,
) -> Option<Timestamp> {
    match status {
        429 => Some(reopens(headers, rest, now)),
        408 | 500.. if !apart => retry_after(headers, now),
        _ => None,
    }
}

/// When a host may be called again that has too many requests: the later of what it says, or after `rest`.
pub(crate) fn reopens(headers: &HeaderMap, rest: Duration, now: Timestamp) -> Timestamp {
    let near = |at: &Timestamp| *at > now && at.duration_since(now) <= SignedDuration::from_hours(24);
    let reset = limit(headers, now).map(|(_, reset)| reset).filter(near);
    reset.max(retry_after(headers, now)).unwrap_or_else(|| now.saturating_add(rest).unwrap_or(now))
}

/// Calls left in the window and when it ends, as the headers tell.
pub(crate) fn limit(headers: &HeaderMap, now: Timestamp) -> Option<(u64, Timestamp)> {
    LIMITS.iter().find_map(|(remaining, reset)| {
        let header = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
        let remaining = header(remaining)?.parse::<f64>().ok()?;
        let reset = header(reset)?;
        let reset = match reset.parse::<f64>() {
            // Nobody's window ends in the seventies, nor lasts for thirty years.
            Ok(seconds) if seconds > 1e9 => ours(in_seconds(seconds, Timestamp::UNIX_EPOCH)?, headers, now),
            Ok(seconds) => in_seconds(seconds, now)?,
            Err(_) => ours(reset.parse().ok()?, headers, now),
        };
        Some((remaining.max(0.0) as u64, reset))
    })
}

/// By this machine's clock, which shows `now`, the instant that a host means by `at`.
///
/// One of the two clocks may be wrong; the host tells what its own shows, and how long the answer waited in a cache.
fn ours(at: Timestamp, headers: &HeaderMap, now: Timestamp) -> Timestamp {
    let header = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let age = header("age").and_then(|age| age.parse().ok()).unwrap_or(0.0);
    let theirs = header("date").and_then(date).and_then(|date| in_seconds(age, date)).unwrap_or(now);
    now.saturating_add(at.duration_since(theirs)).unwrap_or(at)
}

/// The instant in an HTTP date.
fn date(text: &str) -> Option<Timestamp> {
    Timestamp::try_from(httpdate::parse_http_date(text).ok()?).ok()
}

/// The instant `seconds` after `now`, as a JSON body may tell it.
pub(crate) fn in_seconds(seconds: f64, now: Timestamp) -> Option<Timestamp> {
    (seconds.is_finite() && seconds.abs() < 1e12)
        .then(|| now.saturating_add(SignedDuration::from_millis((seconds * 1000.0).ceil() as i64)).ok())
        .flatten()
}

/// `at` as far as it is believed: a second to a week from `now`.
pub(crate) fn believable(at: Timestamp, now: Timestamp) -> Timestamp {
    let second = SignedDuration::from_secs(1);
    let wait = at.duration_since(now).clamp(second, LONGEST);
    now.saturating_add(wait).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderName;

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let header =
            |(name, value): &(&str, &str)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        pairs.iter().map(header).collect()
    }

    #[test]
    fn retry_after_is_understood_in_all_its_forms() {
        let now: Timestamp = "2025-04-30T20:00:00Z".parse().unwrap();
        let cases = [
            ("30", Some(30)),
            (" 7 ", Some(7)),
            ("1.5", Some(2)),
            ("0", Some(1)),
            ("-5", Some(1)),
            ("Wed, 30 Apr 2025 20:05:00 GMT", Some(300)),
            ("Wednesday, 30-Apr-25 20:05:00 GMT", Some(300)),
            ("Wed Apr 30 20:05:00 2025", Some(300)),
            ("Wed, 30 Apr 2025 19:00:00 GMT", Some(1)),
            ("99999999999", Some(7 * 86_400)),
            ("soon", None),
            ("NaN", None),
            ("inf", None),
            ("", None),
        ];
        for (text, seconds) in cases {
            let at = retry_after(&headers(&[("retry-after", text)]), now);
            let waited = at.map(|at| (at.duration_since(now).as_millis() as f64 / 1000.0).ceil() as i64);
            assert_eq!(waited, seconds, "{text:?}");
        }
    }

    #[test]
    fn a_host_is_left_alone_as_long_as_its_refusal_asks_for() {
        let now: Timestamp = "2025-04-30T20:00:00Z".parse().unwrap();
        let told = &[("retry-after", "30")][..];
        let both = &[("ratelimit-remaining", "7"), ("ratelimit-reset", "40"), ("retry-after", "30")][..];
        let far = &[("ratelimit-remaining", "7"), ("ratelimit-reset", "90000")][..];
        for (status, pairs, all, apart) in [
            (429, told, Some(30), Some(30)),
            (429, both, Some(40), Some(40)),
            (429, far, Some(9), Some(9)),
            (429, &[], Some(9), Some(9)),
            (408, told, Some(30), None),
            (500, told, Some(30), None),
            (503, told, Some(30), None),
            (503, &[], None, None),
            (200, told, None, None),
            (301, told, None, None),
            (404, told, None, None),
        ] {
            for (is_apart, seconds) in [(false, all), (true, apart)] {
                let at = peace((status, &headers(pairs)), Duration::from_secs(9), is_apart, now);
                assert_eq!(at.map(|at| at.duration_since(now).as_secs()), seconds, "{status} {pairs:?}");
            }
        }
    }

    #[test]
    fn an_instant_is_counted_from_the_clock_of_the_host_that_names_it() {
        // The machine's clock is two days behind, or two days ahead.
        for now in ["2025-04-28T20:00:00Z", "2025-05-02T20:00:00Z"] {
            let now: Timestamp = now.parse().unwrap();
            let date = ("date", "Wed, 30 Apr 2025 20:00:00 GMT");
            let retry = ("retry-after", "Wed, 30 Apr 2025 20:05:00 GMT");
            let reset = ("x-rate-limit-reset", "1746043500");
            let in_five_minutes = Some(now + SignedDuration::from_mins(5));
            assert_eq!(retry_after(&headers(&[date, retry]), now), in_five_minutes);
            let used_up = headers(&[date, ("x-rate-limit-remaining", "0"), reset]);
            assert_eq!(rate_limit_reset(&used_up, now), in_five_minutes);
            let stamp = ("x-ratelimit-reset", "2025-04-30T20:05:00Z");
            let used_up = headers(&[date, ("x-ratelimit-remaining", "0"), stamp]);
            assert_eq!(rate_limit_reset(&used_up, now), in_five_minutes);
            // What waited in a cache tells how long it did.
            let old = [("date", "Wed, 30 Apr 2025 19:00:00 GMT"), ("age", "3600"), retry];
            assert_eq!(retry_after(&headers(&old), now), in_five_minutes);
            assert_eq!(retry_after(&headers(&[date, ("retry-after", "300")]), now), in_five_minutes);
        }
    }

    #[test]
    fn a_used_up_limit_tells_when_it_starts_anew() {
        let now: Timestamp = "2025-04-30T20:00:00Z".parse().unwrap();
        let later: Timestamp = "2025-04-30T20:10:00Z".parse().unwrap();
        let epoch = later.as_second().to_string();
        let cases: [(&[_], _); 8] = [
            (&[("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", &epoch)], Some(later)),
            (
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "2025-04-30T20:10:00.000000Z")],
                Some(later),
            ),
            (&[("ratelimit-remaining", "0"), ("ratelimit-reset", "600")], Some(later)),
            (
                &[("x-ratelimit-remaining", "0.0"), ("x-ratelimit-reset", "599.5")],
                Some(later - SignedDuration::from_millis(500)),
            ),
            (&[("x-ratelimit-remaining", "1.0"), ("x-ratelimit-reset", "599")], None),
            (&[("x-rate-limit-remaining", "3"), ("x-rate-limit-reset", &epoch)], None),
            (&[("x-rate-limit-remaining", "0")], None),
            (&[("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", "later")], None),
        ];
        for (pairs, reset) in cases {
            assert_eq!(rate_limit_reset(&headers(pairs), now), reset, "{pairs:?}");
        }
    }
}
