//! What an answer of Bluesky that is no page means.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::remote::{Answer, reopens, retry_after};
use crate::source::SourceError;
use crate::source::answer::{json, text, words};

/// Bluesky's windows last five minutes.
pub const REST: Duration = Duration::from_mins(5);

/// How Bluesky refuses a request.
#[derive(Debug)]
pub enum Refusal {
    /// The cursor of the next page.
    Cursor(String),
    /// Nobody is there by that name or id.
    Unknown(SourceError),
    /// The account is there, and does not show itself now.
    Closed(SourceError),
    /// All else.
    Fatal(SourceError),
}

impl Refusal {
    /// The error if nothing else can be tried.
    pub fn error(self) -> SourceError {
        match self {
            Self::Unknown(error) | Self::Closed(error) | Self::Fatal(error) => error,
            Self::Cursor(words) => SourceError::Broken(format!("Bluesky refuses the request: {words}")),
        }
    }
}

/// What `answer`, whose status is not 2xx, says of the request for `account`.
pub fn refusal(answer: &Answer, account: &str, now: Timestamp) -> Refusal {
    let body: Value = json(&answer.body).unwrap_or_default();
    let (error, message) = (text(&body, "/error").unwrap_or(""), text(&body, "/message").unwrap_or(""));
    let words = match (error, message) {
        ("", "") => format!("HTTP {}", answer.status),
        (one, "") | ("", one) => words(one),
        (error, message) => words(&format!("{error}: {message}")),
    };
    if answer.status == 400 && message.contains("cursor") {
        return Refusal::Cursor(words);
    }
    let said = message.to_ascii_lowercase();
    let broken = |state: &str| SourceError::Broken(format!("the account {account} {state} ({words})"));
    match (answer.status, error) {
        (400, "AccountTakedown") => {
            Refusal::Closed(broken("was taken down by Bluesky; take it out of `accounts`"))
        }
        (400, _) if said.contains("suspended") => {
            Refusal::Closed(broken("is suspended; take it out of `accounts`"))
        }
        (400, "AccountDeactivated") => Refusal::Closed(broken(
            "was deactivated by its owner; take it out of `accounts`, or wait until it is back",
        )),
        (400, "BlockedActor" | "BlockedByActor") => Refusal::Closed(broken(
            "and the account vigie reads with block each other; read without `identifier`",
        )),
        (400, _)
            if error == "HandleNotFound"
                || said.contains("not found")
                || said.contains("unable to resolve handle") =>
        {
            Refusal::Unknown(broken("does not exist, or was renamed or deleted; check it in `accounts`"))
        }
        _ => Refusal::Fatal(fatal(answer, words, now)),
    }
}

fn fatal(answer: &Answer, words: String, now: Timestamp) -> SourceError {
    match answer.status {
        401 | 403 => SourceError::Broken(format!(
            "Bluesky does not let vigie read this ({words}); check `service`, or give `identifier` and `password`"
        )),
        404 | 405 | 501 => SourceError::Broken(format!(
            "this is no service of Bluesky that can be read ({words}); check `service` and `pds`"
        )),
        429 => {
            let at = reopens(&answer.headers, REST, now);
            SourceError::Retry(Some(at), format!("Bluesky's rate limit: {words}"))
        }
        300..=399 => {
            SourceError::Broken(format!("Bluesky redirects (HTTP {}); is `service` right?", answer.status))
        }
        408 | 500.. => {
            SourceError::Retry(retry_after(&answer.headers, now), format!("Bluesky fails: {words}"))
        }
        _ => SourceError::Broken(format!("Bluesky refuses the request: {words}")),
    }
}

/// Whether `answer` says that a token is too old, which Bluesky does with status 400.
pub fn is_expired(answer: &Answer) -> bool {
    let body: Value = json(&answer.body).unwrap_or_default();
    let error = text(&body, "/error").unwrap_or("");
    matches!((answer.status, error), (400 | 401, "ExpiredToken" | "InvalidToken")) || answer.status == 401
}
