//! What a homeserver's answers mean. Sources: the client-server API's table of errors, and what Synapse answers.

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::remote::{Answer, in_seconds};
use crate::sink::SendError;
use crate::sink::classify::{by_status, throttled};

/// Why a call brought nothing, as far as the next step depends on it.
#[derive(Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Not joined, muted, or the room was upgraded: a homeserver tells them apart in prose only.
    Forbidden(String),
    /// There is no such thing.
    Missing(String),
    /// Anything else.
    Other(SendError),
}

impl Trouble {
    /// Hands on what matters to a host's pace, and keeps the rest for later steps.
    pub fn apart(verdict: Result<Json, Self>) -> Result<Result<Json, Self>, SendError> {
        match verdict {
            Err(Self::Other(throttled @ SendError::Throttled(..))) => Err(throttled),
            other => Ok(other),
        }
    }

    /// Nothing, where it stands in the way of a look only.
    pub fn tolerated<T>(self) -> Result<Option<T>, Self> {
        match self {
            Self::Forbidden(_) | Self::Missing(_) => Ok(None),
            other @ Self::Other(_) => Err(other),
        }
    }

    /// The same of a question that is about the room: a refusal concerns all messages, not one.
    pub fn about_the_room(self) -> Self {
        match self {
            Self::Other(SendError::Refused(said)) => {
                SendError::SinkBroken(format!("{said}: check the room's name and the homeserver")).into()
            }
            other => other,
        }
    }

    /// The same of an attempt to join: whatever forbids it, a person must act.
    pub fn about_joining(self) -> Self {
        match self {
            Self::Forbidden(said) | Self::Missing(said) | Self::Other(SendError::Refused(said)) => {
                SendError::from(Self::Forbidden(said)).into()
            }
            other @ Self::Other(_) => other,
        }
    }
}

impl From<SendError> for Trouble {
    fn from(error: SendError) -> Self {
        Self::Other(error)
    }
}

impl From<Trouble> for SendError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Forbidden(said) => Self::SinkBroken(format!(
                "{said}: vigie may not write to the room; invite it, or let it write there"
            )),
            Trouble::Missing(said) => {
                Self::SinkBroken(format!("{said}: there is no such room; check its name and the homeserver"))
            }
            Trouble::Other(error) => error,
        }
    }
}

/// What an error code means, where it says more than the status.
const CODES: &[(Meaning, &[&str])] = &[
    // Synapse says that a state is bad where a banned user joins.
    (Meaning::Forbidden, &["M_BAD_STATE", "M_FORBIDDEN"]),
    (Meaning::Missing, &["M_NOT_FOUND"]),
    (Meaning::Busy, &["M_LIMIT_EXCEEDED"]),
    (
        Meaning::Token,
        &["M_MISSING_TOKEN", "M_UNKNOWN_TOKEN", "M_UNAUTHORIZED", "M_USER_DEACTIVATED", "M_USER_LOCKED"],
    ),
    (
        Meaning::Broken,
        &[
            "M_CONSENT_NOT_GIVEN",
            "M_GUEST_ACCESS_FORBIDDEN",
            "M_INCOMPATIBLE_ROOM_VERSION",
            "M_RESOURCE_LIMIT_EXCEEDED",
            "M_UNRECOGNIZED",
            "M_UNSUPPORTED_ROOM_VERSION",
            "M_USER_SUSPENDED",
        ],
    ),
    (Meaning::Refused, &["M_BAD_JSON", "M_INVALID_PARAM", "M_MISSING_PARAM", "M_NOT_JSON", "M_TOO_LARGE"]),
];

#[derive(Clone, Copy)]
enum Meaning {
    Forbidden,
    Missing,
    Busy,
    Token,
    Broken,
    Refused,
}

/// What an answer means; `said` tells who answered what.
pub fn judge(answer: &Answer, said: &str, now: Timestamp) -> Result<Json, Trouble> {
    let body: Json = serde_json::from_slice(&answer.body).unwrap_or(Json::Null);
    if answer.status == 200 && body.is_object() {
        return Ok(body);
    }
    if answer.is_success() {
        let why = format!("{said}, but not as a Matrix homeserver does; check its address");
        return Err(SendError::Ambiguous(why).into());
    }
    let code = body["errcode"].as_str().unwrap_or_default();
    let known = CODES.iter().find_map(|(meaning, codes)| {
        codes.iter().find(|known| **known == code).map(|code| (*meaning, *code))
    });
    // A server in trouble says many things; nothing of it settles anything.
    let Some((meaning, code)) = known.filter(|_| (400..500).contains(&answer.status)) else {
        return Err(by_status(answer, said.to_owned(), now).into());
    };
    let told = format!("{said} {code}");
    Err(match meaning {
        _ if answer.status == 429 => busy(answer, &body, said, now).into(),
        Meaning::Busy => busy(answer, &body, said, now).into(),
        Meaning::Forbidden => Trouble::Forbidden(told),
        Meaning::Missing => Trouble::Missing(told),
        Meaning::Token => {
            SendError::SinkBroken(format!("{told}: the token is not valid (any more); make a new one")).into()
        }
        Meaning::Broken => {
            SendError::SinkBroken(format!("{told}: the homeserver will not take messages")).into()
        }
        Meaning::Refused => SendError::Refused(told).into(),
    })
}

fn busy(answer: &Answer, body: &Json, said: &str, now: Timestamp) -> SendError {
    let asked = body["retry_after_ms"].as_f64().and_then(|wait| in_seconds(wait / 1000.0, now));
    throttled(answer, asked, said.to_owned(), now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::classify::tests::{answer, kind};

    fn verdict(status: u16, wait: Option<&str>, body: &str) -> String {
        match judge(&answer(status, wait, body), "it answered", Timestamp::UNIX_EPOCH) {
            Ok(_) => "sent".into(),
            Err(Trouble::Forbidden(_)) => "forbidden".into(),
            Err(Trouble::Missing(_)) => "missing".into(),
            Err(Trouble::Other(error)) => kind::<()>(&Err(error)),
        }
    }

    #[test]
    fn every_error_code_has_one_meaning() {
        let coded: &[(u16, &str, &str)] = &[
            (401, "M_UNKNOWN_TOKEN", "broken"),
            (401, "M_MISSING_TOKEN", "broken"),
            (403, "M_FORBIDDEN", "forbidden"),
            (403, "M_BAD_STATE", "forbidden"),
            (403, "M_USER_SUSPENDED", "broken"),
            (404, "M_NOT_FOUND", "missing"),
            (404, "M_UNRECOGNIZED", "broken"),
            (405, "M_UNRECOGNIZED", "broken"),
            (400, "M_INVALID_PARAM", "refused"),
            (400, "M_BAD_JSON", "refused"),
            (400, "M_NOT_JSON", "refused"),
            (400, "M_UNKNOWN", "refused"),
            (400, "M_NEWER_THAN_VIGIE", "refused"),
            (413, "M_TOO_LARGE", "refused"),
            (500, "M_UNKNOWN", "ambiguous"),
            (500, "M_FORBIDDEN", "ambiguous"),
            (502, "", "ambiguous"),
            (418, "", "ambiguous"),
            (404, "", "broken"),
            (403, "", "broken"),
            (302, "", "broken"),
        ];
        for (status, code, expected) in coded {
            let body = format!(r#"{{"errcode":"{code}","error":"some words"}}"#);
            assert_eq!(verdict(*status, None, &body), *expected, "{status} {code}");
        }
    }

    #[test]
    fn success_is_json_of_a_homeserver() {
        assert_eq!(verdict(200, None, r#"{"event_id":"$1"}"#), "sent");
        for body in ["<html>", "", "[]", "null"] {
            assert_eq!(verdict(200, None, body), "ambiguous", "{body}");
        }
        assert_eq!(verdict(202, None, "{}"), "ambiguous");
    }

    #[test]
    fn the_larger_wait_wins() {
        let body = |wait: &str| format!(r#"{{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":{wait}}}"#);
        for (header, ms, expected) in [
            (Some("3"), "2500", "wait 3"),
            (Some("2"), "7000", "wait 7"),
            (None, "2000", "wait 2"),
            (None, "null", "wait 5"),
            (None, "\"soon\"", "wait 5"),
            (None, "-1", "wait 1"),
        ] {
            assert_eq!(verdict(429, header, &body(ms)), expected, "{header:?} {ms}");
        }
        assert_eq!(verdict(429, Some("4"), "<html>"), "wait 4");
    }
}
