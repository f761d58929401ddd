//! What an answer of Bluesky that is no page means.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::remote::{Answer, retry_after};
use crate::source::SourceError;
use crate::source::answer::{json, reopens, text, words};

/// How Bluesky refuses a request.
#[derive(Debug)]
pub enum Refusal {
    /// The cursor of the next page.
    Cursor(String),
    /// All else.
    Fatal(SourceError),
}

impl Refusal {
    /// The error if nothing else can be tried.
    pub fn error(self) -> SourceError {
        match self {
            Self::Fatal(error) => error,
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
    Refusal::Fatal(fatal(answer, (error, message), account, words, now))
}

fn fatal(
    answer: &Answer,
    (error, message): (&str, &str),
    account: &str,
    words: String,
    now: Timestamp,
) -> SourceError {
    let said = message.to_ascii_lowercase();
    let broken = |state: &str| SourceError::Broken(format!("the account {account} {state} ({words})"));
    match (answer.status, error) {
        (400, "AccountTakedown") => broken("was taken down; take it out of `accounts`"),
        (400, _) if said.contains("suspended") => broken("is suspended; take it out of `accounts`"),
        (400, "AccountDeactivated") => {
            broken("is deactivated; take it out of `accounts`, or wait until it is back")
        }
        (400, "BlockedActor" | "BlockedByActor") => {
            broken("and the account vigie reads with block each other; read without `identifier`")
        }
        (400, "HandleNotFound") => missing(account, &words),
        (400, _) if said.contains("not found") || said.contains("unable to resolve handle") => {
            missing(account, &words)
        }
        (401 | 403, _) => SourceError::Broken(format!(
            "Bluesky does not let vigie read this ({words}); check `service`, or give `identifier` and `password`"
        )),
        (404 | 405 | 501, _) => SourceError::Broken(format!(
            "this is no service of Bluesky that can be read ({words}); check `service` and `pds`"
        )),
        (429, _) => {
            let at = reopens(answer, SignedDuration::from_mins(5), now);
            SourceError::Retry(Some(at), format!("Bluesky's rate limit: {words}"))
        }
        (300..=399, _) => {
            SourceError::Broken(format!("Bluesky redirects (HTTP {}); is `service` right?", answer.status))
        }
        (408 | 500.., _) => {
            SourceError::Retry(retry_after(&answer.headers, now), format!("Bluesky fails: {words}"))
        }
        _ => SourceError::Broken(format!("Bluesky refuses the request: {words}")),
    }
}

fn missing(account: &str, words: &str) -> SourceError {
    SourceError::Broken(format!(
        "the account {account} does not exist, was renamed or deleted; check its name in `accounts` ({words})"
    ))
}

/// Whether `answer` says that a token is too old, which Bluesky does with status 400.
pub fn is_expired(answer: &Answer) -> bool {
    let body: Value = json(&answer.body).unwrap_or_default();
    let error = text(&body, "/error").unwrap_or("");
    matches!((answer.status, error), (400 | 401, "ExpiredToken" | "InvalidToken")) || answer.status == 401
}
