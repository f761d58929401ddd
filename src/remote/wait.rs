//! How long a host wants to be left alone, in every form hosts say it.

use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;

/// The longest wait that is believed.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 7);

/// The instant a `Retry-After` header names: seconds, whole or not, or an HTTP date.
///
/// Never before a second from `now`, never after a week.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let text = headers.get("retry-after")?.to_str().ok()?.trim();
    let at = match text.parse::<f64>() {
        Ok(seconds) => in_seconds(seconds, now)?,
        Err(_) => Timestamp::try_from(httpdate::parse_http_date(text).ok()?).ok()?,
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

/// Calls left in the window and when it ends, as the headers tell.
pub(crate) fn limit(headers: &HeaderMap, now: Timestamp) -> Option<(u64, Timestamp)> {
    ["x-rate-limit", "x-ratelimit", "ratelimit"].iter().find_map(|prefix| {
        let header = |name: &str| headers.get(format!("{prefix}-{name}"))?.to_str().ok().map(str::trim);
        let remaining = header("remaining")?.parse::<f64>().ok()?;
        let reset = header("reset")?;
        let reset = match reset.parse::<f64>() {
            // Nobody's window ends in the seventies, nor lasts for thirty years.
            Ok(seconds) if seconds > 1e9 => in_seconds(seconds, Timestamp::UNIX_EPOCH)?,
            Ok(seconds) => in_seconds(seconds, now)?,
            Err(_) => reset.parse().ok()?,
        };
        Some((remaining.max(0.0) as u64, reset))
    })
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
