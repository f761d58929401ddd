//! What the answers of HTTP channels have in common: what a status means where the channel says no more.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::SendError;
use crate::clock::Clock;
use crate::remote::{Answer, CallError, Remote, Request, believable, retry_after};

/// The longest wait for an answer. A channel that takes longer may have taken the message all the same.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The largest answer that is read, in bytes.
const ANSWER: usize = 64 << 10;

/// The wait after "too many requests" without a word on how long.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// Makes a call and judges its answer. A host that asked to wait is closed until then.
pub async fn exchange<T>(
    remote: &Remote,
    clock: &dyn Clock,
    request: Request,
    judge: impl FnOnce(&Answer, Timestamp) -> Result<T, SendError>,
) -> Result<T, SendError> {
    let answer = remote.call(request.timeout(TIMEOUT).most(ANSWER)).await?;
    let verdict = judge(&answer, clock.now());
    if let Err(SendError::Throttled(at, _)) = &verdict {
        remote.close_until(*at);
    }
    verdict
}

impl From<CallError> for SendError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::NotSent(why) => Self::NotSent(why),
            CallError::Ambiguous(why) | CallError::Unusable(why) => Self::Ambiguous(why),
            CallError::Closed(until, why) => Self::Throttled(until, why),
        }
    }
}

/// What an answer means that brings no success, by its status alone.
///
/// `said` tells who answered what, without any text from outside. An unknown status is ambiguous: it may be anything.
pub fn by_status(answer: &Answer, said: String, now: Timestamp) -> SendError {
    match answer.status {
        429 => throttled(answer, None, said, now),
        503 if retry_after(&answer.headers, now).is_some() => throttled(answer, None, said, now),
        400 | 413 | 415 | 422 => SendError::Refused(said),
        300..=399 => SendError::SinkBroken(format!("{said}: it moved; configure the address it has now")),
        401 | 403 | 407 => {
            SendError::SinkBroken(format!("{said}: it does not let vigie in; check the secret"))
        }
        404 | 405 => {
            SendError::SinkBroken(format!("{said}: nothing takes messages there; check the address"))
        }
        410 => SendError::SinkGone(format!("{said}: it is closed for good; configure another address")),
        _ => SendError::Ambiguous(said),
    }
}

/// A wait until the later of what the header and the body ask for.
pub fn throttled(answer: &Answer, body: Option<Timestamp>, said: String, now: Timestamp) -> SendError {
    let at = retry_after(&answer.headers, now).max(body.map(|at| believable(at, now)));
    let at = at.unwrap_or_else(|| now.saturating_add(PAUSE).unwrap_or(now));
    SendError::Throttled(at, format!("{said}: too many requests"))
}

#[cfg(test)]
pub(super) mod tests {
    use reqwest::header::{HeaderMap, HeaderValue};

    use super::*;

    /// An answer as a host might give it.
    pub fn answer(status: u16, wait: Option<&str>, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        if let Some(wait) = wait {
            headers.insert("retry-after", HeaderValue::from_str(wait).unwrap());
        }
        let url = "https://example.org/".parse().unwrap();
        Answer { status, headers, body: body.into(), url, moved: None, room: crate::remote::Room::default() }
    }

    /// A verdict's kind, and its wait in seconds from 0.
    pub fn kind<T>(verdict: &Result<T, SendError>) -> String {
        match verdict {
            Ok(_) => "sent".into(),
            Err(SendError::NotSent(_)) => "not sent".into(),
            Err(SendError::Throttled(at, _)) => format!("wait {}", at.as_second()),
            Err(SendError::Ambiguous(_)) => "ambiguous".into(),
            Err(SendError::Refused(_)) => "refused".into(),
            Err(SendError::SinkBroken(_)) => "broken".into(),
            Err(SendError::SinkGone(_)) => "gone".into(),
        }
    }

    #[test]
    fn a_status_alone_tells_whether_to_wait_to_give_up_or_to_call_for_help() {
        let cases: &[(&[u16], Option<&str>, &str)] = &[
            (&[400, 413, 415, 422], None, "refused"),
            (&[301, 302, 303, 304, 307, 308, 401, 403, 404, 405, 407], None, "broken"),
            (&[410], None, "gone"),
            (&[408, 409, 418, 425, 500, 501, 502, 503, 504, 520, 599, 999], None, "ambiguous"),
            (&[429], None, "wait 5"),
            (&[429, 503], Some("30"), "wait 30"),
            (&[500, 502], Some("30"), "ambiguous"),
            (&[503], Some("soon"), "ambiguous"),
            (&[429], Some("soon"), "wait 5"),
        ];
        for (statuses, wait, expected) in cases {
            for status in *statuses {
                let answer = answer(*status, *wait, "");
                let verdict: Result<(), _> = Err(by_status(&answer, "it".into(), Timestamp::UNIX_EPOCH));
                assert_eq!(kind(&verdict), *expected, "{status} {wait:?}");
            }
        }
    }

    #[test]
    fn the_longer_of_two_waits_counts() {
        let now = Timestamp::UNIX_EPOCH;
        for (header, body, seconds) in
            [(Some("3"), Some(9), 9), (Some("9"), Some(3), 9), (None, Some(2), 2), (None, None, 5)]
        {
            let body = body.map(|seconds| Timestamp::from_second(seconds).unwrap());
            let verdict: Result<(), _> = Err(throttled(&answer(429, header, ""), body, "it".into(), now));
            assert_eq!(kind(&verdict), format!("wait {seconds}"));
        }
    }
}
