//! What an answer of X that is no page means.

use std::time::Duration;

use jiff::Timestamp;

use super::wire::Problem;
use crate::model::coverage::Cause;
use crate::remote::{Answer, reopens, retry_after};
use crate::source::SourceError;

/// How X refuses a request.
#[derive(Debug)]
pub enum Refusal {
    /// The names of the wanted fields: perhaps the other vocabulary is spoken.
    Fields(String),
    /// The id that was asked after: too old, or no id.
    SinceId(String),
    /// The token of the next page: it expired.
    Token(String),
    /// Everything, for a reason that trying again does not mend; a call may try again after this time.
    Everything(SourceError, Duration),
    /// All else.
    Fatal(SourceError),
}

/// X's windows last a quarter of an hour.
pub const REST: Duration = Duration::from_mins(15);

/// A call that costs nothing tells whether a person mended it.
const SOON: Duration = Duration::from_mins(15);

impl Refusal {
    /// How long nothing at all may be asked.
    pub fn stops_for(&self) -> Option<Duration> {
        if let Self::Everything(_, wait) = self { Some(*wait) } else { None }
    }

    /// The error if nothing else can be tried.
    pub fn error(self) -> SourceError {
        match self {
            Self::Fatal(error) | Self::Everything(error, _) => error,
            Self::Fields(words) | Self::SinceId(words) | Self::Token(words) => {
                SourceError::Broken(format!("X refuses the request: {words}"))
            }
        }
    }
}

/// What `answer`, whose status is not 2xx, says.
pub fn refusal(answer: &Answer, now: Timestamp) -> Refusal {
    let problem: Problem = serde_json::from_slice(&answer.body).unwrap_or_default();
    let words = match problem.words() {
        words if words.is_empty() => format!("HTTP {}", answer.status),
        words => words,
    };
    let broken = |text: String| Refusal::Fatal(SourceError::Broken(text));
    let stop = |cause, text: String, wait| Refusal::Everything(SourceError::Barred(cause, text), wait);
    match answer.status {
        400 => bad_request(&problem, words),
        401 => stop(
            Cause::Credentials,
            format!("credentials refused by X ({words}); put a valid bearer token where `token` points"),
            SOON,
        ),
        402 => stop(
            Cause::Credit,
            format!("credits depleted at X ({words}); buy credits in X's developer console"),
            SOON,
        ),
        // One endpoint may be closed and another open to the same token.
        403 => Refusal::Fatal(SourceError::Barred(
            Cause::Credentials,
            format!("X forbids this ({words}); check what the token's project may read"),
        )),
        404 | 410 => broken(format!("X has nothing at this address ({words}); is `base_url` right?")),
        429 if is_used_up(&problem) => stop(
            Cause::Credit,
            format!(
                "usage cap of X reached ({words}); raise the cap in X's developer console or wait for the next period"
            ),
            Duration::from_hours(1),
        ),
        429 => {
            let at = reopens(&answer.headers, REST, now);
            Refusal::Fatal(SourceError::Retry(Some(at), format!("X's rate limit: {words}")))
        }
        300..=399 => broken(format!("X redirects (HTTP {}); is `base_url` right?", answer.status)),
        408 | 500.. => {
            Refusal::Fatal(SourceError::Retry(retry_after(&answer.headers, now), format!("X fails: {words}")))
        }
        _ => broken(format!("X refuses the request: {words}")),
    }
}

/// Why an account or a list cannot be read, if `problems`, which came without data and with status 200, say so.
pub fn lost(name: &str, problems: &[Problem]) -> SourceError {
    let problem = problems.iter().find(|problem| is_about_account(problem)).or(problems.first());
    let words = problem.map(Problem::words).unwrap_or_default();
    let title = problem.and_then(|problem| problem.title.as_deref()).unwrap_or("");
    let kind = problem.map_or("", Problem::kind);
    let state = if words.contains("suspended") {
        "is suspended; take it out of `accounts`, or wait until it is back"
    } else if title == "Authorization Error" || kind == "not-authorized-for-resource" {
        "is protected, or does not let this token read it; take it out of `accounts`"
    } else if title == "Not Found Error" || kind == "resource-not-found" {
        "does not exist, was renamed or deleted; check its name in `accounts`"
    } else {
        "cannot be read"
    };
    let name = if name.contains(':') { name.to_owned() } else { format!("the account {name}") };
    SourceError::Broken(format!("{name} {state} ({words})"))
}

/// Whether a partial error is about the account that was asked for, and not about something that a post mentions.
pub fn is_about_account(problem: &Problem) -> bool {
    matches!(problem.parameter.as_deref(), Some("id" | "username"))
}

fn bad_request(problem: &Problem, words: String) -> Refusal {
    if problem.blames("pagination_token") || problem.blames("next_token") {
        Refusal::Token(words)
    } else if problem.blames("since_id") {
        Refusal::SinceId(words)
    } else if problem.blames("fields") || problem.blames("expansions") {
        Refusal::Fields(words)
    } else {
        Refusal::Fatal(SourceError::Broken(format!("X refuses the request: {words}")))
    }
}

/// Whether a 429 means that the plan's posts are used up: waiting a quarter of an hour would not help.
fn is_used_up(problem: &Problem) -> bool {
    let used_up = |problem: &Problem| {
        problem.kind() == "usage-capped" || problem.title.as_deref() == Some("UsageCapExceeded")
    };
    problem.all().any(used_up)
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName};

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_746_046_800, 0);

    fn refused(status: u16, headers: &[(&'static str, &str)], body: &str) -> Refusal {
        let header =
            |(name, value): &(&'static str, &str)| (HeaderName::from_static(name), value.parse().unwrap());
        let headers: HeaderMap = headers.iter().map(header).collect();
        let url = "https://api.x.com/2/users/1/tweets".parse().unwrap();
        refusal(
            &Answer {
                status,
                headers,
                body: body.into(),
                url,
                moved: None,
                room: crate::remote::Room::default(),
            },
            NOW,
        )
    }

    #[test]
    fn what_only_a_person_can_mend_is_broken_and_names_the_remedy() {
        let cases = [
            (401, r#"{"title":"Unauthorized","type":"about:blank","status":401}"#, "credentials"),
            (402, r#"{"title":"CreditsDepleted","detail":"no credits"}"#, "credits depleted"),
            (403, r#"{"title":"Client Forbidden","detail":"not enrolled"}"#, "not enrolled"),
            (404, "<!DOCTYPE html><html class=\"dog\"></html>", "base_url"),
            (429, r#"{"title":"UsageCapExceeded","period":"Monthly"}"#, "usage cap"),
            (429, r#"{"type":"https://api.twitter.com/2/problems/usage-capped"}"#, "usage cap"),
            (302, "", "base_url"),
            (418, "", "HTTP 418"),
            (400, r#"{"errors":[{"message":"nonsense"}],"title":"Invalid Request"}"#, "nonsense"),
        ];
        for (status, body, word) in cases {
            match refused(status, &[], body).error() {
                SourceError::Broken(why) | SourceError::Barred(_, why) => {
                    assert!(why.contains(word), "{status}: {why}");
                }
                other => panic!("{status} {body}: {other:?}"),
            }
        }
    }

    #[test]
    fn three_refusals_stop_everything() {
        let capped = r#"{"title":"UsageCapExceeded"}"#;
        for (status, body, minutes) in [
            (401, "", Some(15)),
            (402, "", Some(15)),
            (429, capped, Some(60)),
            (429, "", None),
            (403, "", None),
        ] {
            let waits = refused(status, &[], body).stops_for().map(|wait| wait.as_secs() / 60);
            assert_eq!(waits, minutes, "{status} {body}");
        }
    }

    #[test]
    fn a_rate_limit_is_waited_for_as_long_as_x_says() {
        let reset = (NOW.as_second() + 300).to_string();
        let past = (NOW.as_second() - 300).to_string();
        let cases: [(&[(&str, &str)], i64); 5] = [
            (&[("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", &reset)], 300),
            (&[("x-rate-limit-remaining", "12"), ("x-rate-limit-reset", &reset), ("retry-after", "9")], 300),
            (&[("retry-after", "60")], 60),
            (&[("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", &past)], 900),
            (&[], 900),
        ];
        for (headers, seconds) in cases {
            let SourceError::Retry(Some(at), _) =
                refused(429, headers, r#"{"errors":[{"code":88}]}"#).error()
            else {
                panic!("{headers:?}");
            };
            assert_eq!(at.duration_since(NOW).as_secs(), seconds, "{headers:?}");
        }
    }

    #[test]
    fn a_failing_server_is_tried_again() {
        for status in [408, 500, 502, 503, 504, 599] {
            assert!(
                matches!(refused(status, &[], "<html>").error(), SourceError::Retry(None, _)),
                "{status}"
            );
        }
        assert!(matches!(refused(503, &[("retry-after", "5")], "").error(), SourceError::Retry(Some(_), _)));
    }

    #[test]
    fn a_bad_request_is_told_apart_by_what_it_blames() {
        let body = |name: &str| {
            format!(
                r#"{{"errors":[{{"parameters":{{"{name}":["1"]}},"message":"no"}}],"title":"Invalid Request"}}"#
            )
        };
        assert!(matches!(refused(400, &[], &body("since_id")), Refusal::SinceId(_)));
        assert!(matches!(refused(400, &[], &body("pagination_token")), Refusal::Token(_)));
        assert!(matches!(refused(400, &[], &body("tweet.fields")), Refusal::Fields(_)));
        assert!(matches!(refused(400, &[], &body("expansions")), Refusal::Fields(_)));
        assert!(matches!(refused(400, &[], &body("max_results")), Refusal::Fatal(_)));
    }

    #[test]
    fn a_lost_account_is_told_with_its_state() {
        let problem = |title: &str, detail: &str| Problem {
            title: Some(title.into()),
            detail: Some(detail.into()),
            parameter: Some("id".into()),
            ..Problem::default()
        };
        let cases = [
            (problem("Forbidden", "User has been suspended: [1]."), "is suspended"),
            (problem("Authorization Error", "Sorry, you are not authorized"), "is protected"),
            (problem("Not Found Error", "Could not find user with id: [1]."), "does not exist"),
            (problem("Odd", "?"), "cannot be read"),
        ];
        for (problem, state) in cases {
            let SourceError::Broken(why) = lost("Hub_", &[problem]) else { panic!("{state}") };
            assert!(why.contains("Hub_") && why.contains(state), "{why}");
        }
    }
}
