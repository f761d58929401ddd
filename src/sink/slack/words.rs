//! What Slack's answers mean. Sources: the error tables of "Sending messages using incoming webhooks" and of
//! `chat.postMessage`, and reports of what else is seen.

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::remote::{Answer, in_seconds};
use crate::sink::SendError;
use crate::sink::classify::{by_status, throttled};

/// Why a call brought nothing, as far as the next step depends on it.
#[derive(Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The thread takes no answer, or is gone; nothing was posted.
    Thread,
    /// Anything else.
    Other(SendError),
}

impl Trouble {
    /// Hands on what matters to a host's pace, and keeps the rest for later steps.
    pub fn apart<T>(verdict: Result<T, Self>) -> Result<Result<T, Self>, SendError> {
        match verdict {
            Err(Self::Other(throttled @ SendError::Throttled(..))) => Err(throttled),
            other => Ok(other),
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
            Trouble::Thread => Self::Refused("Slack takes no message outside of the thread either".into()),
            Trouble::Other(error) => error,
        }
    }
}

const WORDS: &[(Meaning, &[&str])] = &[
    (
        Meaning::Refused,
        &[
            "attachment_payload_limit_exceeded",
            "invalid_arguments",
            "invalid_blocks",
            "invalid_blocks_format",
            "invalid_json",
            "invalid_metadata_format",
            "invalid_payload",
            "json_not_object",
            "markdown_text_conflict",
            "metadata_too_large",
            "msg_blocks_too_long",
            "msg_too_long",
            "no_text",
            "too_many_attachments",
        ],
    ),
    (
        Meaning::Thread,
        &[
            "cannot_reply_to_message",
            "invalid_thread_ts",
            "restricted_action_non_threadable_channel",
            "restricted_action_thread_locked",
            "restricted_action_thread_only_channel",
            "thread_not_found",
        ],
    ),
    (
        Meaning::Broken,
        &[
            "access_denied",
            "account_inactive",
            "action_prohibited",
            "channel_is_archived",
            "channel_not_found",
            "ekm_access_denied",
            "enterprise_is_restricted",
            "invalid_auth",
            "invalid_token",
            "is_archived",
            "is_inactive",
            "method_deprecated",
            "messages_tab_disabled",
            "missing_scope",
            "no_active_hooks",
            "no_permission",
            "no_service",
            "no_service_id",
            "no_team",
            "not_allowed_token_type",
            "not_authed",
            "not_in_channel",
            "org_login_required",
            "posting_to_general_channel_denied",
            "restricted_action",
            "restricted_action_read_only_channel",
            "team_access_not_granted",
            "team_added_to_org",
            "team_disabled",
            "team_not_found",
            "token_expired",
            "token_revoked",
            "two_factor_setup_required",
            "user_not_found",
        ],
    ),
    (Meaning::Busy, &["message_limit_exceeded", "rate_limited", "ratelimited"]),
    (
        Meaning::Unsure,
        &["fatal_error", "internal_error", "request_timeout", "rollup_error", "service_unavailable"],
    ),
];

#[derive(Clone, Copy)]
enum Meaning {
    Refused,
    Thread,
    Broken,
    Busy,
    Unsure,
}

/// What the answer to a webhook's message means: 200 is not success, only `ok` is.
pub fn posted_by_webhook(answer: &Answer, now: Timestamp) -> Result<(), SendError> {
    let text = answer.text();
    let text = text.trim();
    if answer.status == 200 && text == "ok" {
        return Ok(());
    }
    let body: Json = serde_json::from_str(text).unwrap_or(Json::Null);
    let word = body["error"].as_str().unwrap_or(text);
    let mend = "this webhook posts no more; look at its app and channel in Slack, or make a new webhook";
    Err(judge(answer, &body, word, mend, now).into())
}

/// What the answer to an app's message means; the message's name there.
pub fn posted_by_app(answer: &Answer, now: Timestamp) -> Result<String, Trouble> {
    let body = answered(answer, now)?;
    let ts = body["ts"].as_str().filter(|ts| is_ts(ts)).map(str::to_owned);
    ts.ok_or_else(|| {
        SendError::Ambiguous("Slack took the message, but does not say what it is called".into()).into()
    })
}

/// What a method of the Web API answered: 200 is not success, only `"ok": true` is.
pub fn answered(answer: &Answer, now: Timestamp) -> Result<Json, Trouble> {
    let body: Json = serde_json::from_slice(&answer.body).unwrap_or(Json::Null);
    if answer.status == 200 && body["ok"] == true {
        return Ok(body);
    }
    let word = body["error"].as_str().unwrap_or_default().to_owned();
    let mend = "the app posts no more; look at its token, its scopes and its channel in Slack";
    Err(judge(answer, &body, &word, mend, now))
}

/// Whether it is the name of a message: seconds and a counter.
pub fn is_ts(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn judge(answer: &Answer, body: &Json, word: &str, mend: &str, now: Timestamp) -> Trouble {
    // Only words known beforehand are repeated: the answer may be anybody's.
    let known = WORDS.iter().find_map(|(meaning, words)| {
        words.iter().find(|known| **known == word).map(|word| (*meaning, *word))
    });
    let status = answer.status;
    let said = |word: &str| format!("Slack answered {status} {word}");
    let asked = body["retry_after"].as_f64().and_then(|seconds| in_seconds(seconds, now));
    let error = match known {
        _ if status == 429 => throttled(answer, asked, format!("Slack answered {status}"), now),
        Some((Meaning::Thread, _)) => return Trouble::Thread,
        Some((Meaning::Busy, word)) => throttled(answer, asked, said(word), now),
        Some((Meaning::Refused, word)) => SendError::Refused(said(word)),
        Some((Meaning::Unsure, word)) => SendError::Ambiguous(said(word)),
        Some((Meaning::Broken, word)) => SendError::SinkBroken(format!("{}: {mend}", said(word))),
        None if body["ok"] == false && answer.is_success() => {
            SendError::Ambiguous(format!("Slack answered {status} with an error that vigie does not know"))
        }
        None if answer.is_success() => SendError::Ambiguous(format!(
            "Slack answered {status}, but not with ok; something between here and Slack may answer in its stead"
        )),
        None => by_status(answer, format!("Slack answered {status}"), now),
    };
    error.into()
}

#[cfg(test)]
mod tests;
