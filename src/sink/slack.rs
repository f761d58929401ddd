//! Slack, by an incoming webhook.
//!
//! Such a webhook tells no message id and recognises none, so that a retry may come twice. Post text goes into rich
//! text only, which Slack does not parse: nothing in it formats, links or mentions.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};
use toml_span::{DeserError, Error, Value};
use url::Host;
use url::Url;

use super::classify::{by_status, exchange, throttled};
use super::message::{Detail, Message, Repeats, Segment};
use super::{Common, Kit, Plan, Receipt, SendError, Sink};
use crate::clock::Clock;
use crate::model::delivery::Delivery;
use crate::model::sink::SinkId;
use crate::remote::{Answer, Pace, Remote, Request, in_seconds};
use crate::setting::{Fields, Secret};

/// A channel of a Slack workspace.
struct Slack {
    id: SinkId,
    url: Url,
    remote: Remote,
    clock: Arc<dyn Clock>,
    timezone: TimeZone,
}

/// Reads `[sink.slack.NAME]`: `enabled`, `url` (a secret).
pub fn read(value: &mut Value<'_>) -> Result<Plan, DeserError> {
    let mut fields = Fields::new(value)?;
    let common = Common::take(&mut fields);
    let url = fields.required::<Secret>("url");
    fields.finalize(None)?;
    let url = url?;
    Ok(Plan { common, build: Box::new(move |id, kit| build(id, &url, kit)) })
}

fn build(id: SinkId, secret: &Secret, kit: &Kit) -> Result<Arc<dyn Sink>, Error> {
    let url = secret.read_address(&kit.dir)?;
    check(&url).map_err(|why| secret.wrong(why))?;
    // Slack: one message a second, short bursts more. One at a time, so that their order holds.
    let pace = Pace { at_once: 1, ..Pace::new(Duration::from_secs(1), 3) };
    let remote = kit.remotes.host(&url, id.as_str(), pace);
    Ok(Arc::new(Slack { id, url, remote, clock: kit.clock.clone(), timezone: kit.timezone.clone() }))
}

/// Whether the address may be an incoming webhook's.
fn check(url: &Url) -> Result<(), &'static str> {
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let starts = |with: &str| url.path().starts_with(with);
    if url.scheme() != "https" && !loopback {
        return Err("an incoming webhook's address starts with https://");
    }
    if starts("/triggers/") || starts("/workflows/") {
        return Err("this address starts a Slack workflow, which is another product; make an app with an \
                    incoming webhook and take its address, https://hooks.slack.com/services/...");
    }
    Ok(())
}

#[async_trait]
impl Sink for Slack {
    fn id(&self) -> &SinkId {
        &self.id
    }

    async fn send(&self, delivery: &Delivery) -> Result<Receipt, SendError> {
        let message = Message::of(delivery, &self.timezone, Repeats::Shown);
        match self.post(&full(&message)).await {
            Err(SendError::Refused(first)) => match self.post(&brief(&message)).await {
                Err(SendError::Refused(_)) => {
                    Err(SendError::Refused(format!("{first}; its short form as well")))
                }
                other => other,
            },
            other => other,
        }
    }
}

impl Slack {
    async fn post(&self, payload: &Json) -> Result<Receipt, SendError> {
        let request = Request::post(self.url.clone(), payload.to_string().into_bytes());
        exchange(&self.remote, self.clock.as_ref(), request, judge).await
    }
}

/// What Slack's own words mean. Sources: the error table of "Sending messages using incoming webhooks", and reports
/// of what else is seen.
const WORDS: &[(Meaning, &[&str])] = &[
    (
        Meaning::Refused,
        &[
            "attachment_payload_limit_exceeded",
            "invalid_arguments",
            "invalid_blocks",
            "invalid_blocks_format",
            "invalid_payload",
            "markdown_text_conflict",
            "metadata_too_large",
            "msg_blocks_too_long",
            "msg_too_long",
            "no_text",
            "too_many_attachments",
        ],
    ),
    (
        Meaning::Broken,
        &[
            "account_inactive",
            "action_prohibited",
            "channel_is_archived",
            "channel_not_found",
            "ekm_access_denied",
            "invalid_auth",
            "invalid_token",
            "is_archived",
            "no_active_hooks",
            "no_service",
            "no_service_id",
            "no_team",
            "not_authed",
            "not_in_channel",
            "org_login_required",
            "posting_to_general_channel_denied",
            "restricted_action",
            "team_access_not_granted",
            "team_added_to_org",
            "team_disabled",
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
    Broken,
    Busy,
    Unsure,
}

/// What Slack's answer means: 200 is not success, only `ok` is.
fn judge(answer: &Answer, now: Timestamp) -> Result<Receipt, SendError> {
    let text = answer.text();
    let text = text.trim();
    if answer.status == 200 && text == "ok" {
        return Ok(Receipt::default());
    }
    let body: Json = serde_json::from_str(text).unwrap_or(Json::Null);
    let word = body["error"].as_str().unwrap_or(text);
    // Only words known beforehand are repeated: the answer may be anybody's.
    let known = WORDS.iter().find_map(|(meaning, words)| {
        words.iter().find(|known| **known == word).map(|word| (*meaning, *word))
    });
    let status = answer.status;
    let said = |word: &str| format!("Slack answered {status} {word}");
    let asked = body["retry_after"].as_f64().and_then(|seconds| in_seconds(seconds, now));
    Err(match known {
        _ if status == 429 => throttled(answer, asked, format!("Slack answered {status}"), now),
        Some((Meaning::Busy, word)) => throttled(answer, asked, said(word), now),
        Some((Meaning::Refused, word)) => SendError::Refused(said(word)),
        Some((Meaning::Unsure, word)) => SendError::Ambiguous(said(word)),
        Some((Meaning::Broken, word)) => SendError::SinkBroken(format!(
            "{}: this webhook posts no more; look at its app and channel in Slack, or make a new webhook",
            said(word)
        )),
        None if answer.is_success() => SendError::Ambiguous(format!(
            "Slack answered {status}, but not with ok; something between here and Slack may answer in its stead"
        )),
        None => by_status(answer, format!("Slack answered {status}"), now),
    })
}

/// The message in blocks. Slack's limits are counted in UTF-16 units of what is escaped, the strictest reading.
fn full(message: &Message) -> Json {
    let mut elements = Vec::new();
    let mut top: Vec<Json> =
        message.repeat.map(|repeat| styled(&format!("{repeat}\n"), "italic")).into_iter().collect();
    top.extend(message.who.as_deref().or(message.text.as_deref()).filter(|text| !text.is_empty()).map(text));
    if !top.is_empty() {
        elements.push(json!({"type": "rich_text_section", "elements": top}));
    }
    if !message.quote.is_empty() {
        let quote: Vec<Json> = message.quote.iter().map(segment).collect();
        elements.push(json!({"type": "rich_text_quote", "elements": quote}));
    }
    if let Some(link) = &message.link {
        let link = json!({"type": "link", "url": link.url, "text": link.label});
        elements.push(json!({"type": "rich_text_section", "elements": [link]}));
    }
    let details: Vec<Json> =
        message.details.iter().enumerate().flat_map(|(n, detail)| line(n, detail)).collect();
    elements.push(json!({"type": "rich_text_section", "elements": details}));
    json!({
        "text": escaped(&message.plain(), 3900),
        "mrkdwn": false,
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": message.heading, "emoji": false}},
            {"type": "rich_text", "elements": elements},
        ],
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

/// The message as nothing but text.
fn brief(message: &Message) -> Json {
    json!({
        "text": escaped(&message.brief(), 3900),
        "mrkdwn": false,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

fn text(text: &str) -> Json {
    json!({"type": "text", "text": text})
}

fn styled(text: &str, style: &str) -> Json {
    json!({"type": "text", "text": text, "style": {style: true}})
}

fn segment(segment: &Segment) -> Json {
    if segment.hit { styled(&segment.text, "bold") } else { text(&segment.text) }
}

fn line(n: usize, detail: &Detail) -> [Json; 2] {
    let start = if n == 0 { "" } else { "\n" };
    [styled(&format!("{start}{}: ", detail.label), "italic"), text(&detail.text)]
}

/// `text` escaped as Slack wants it, at most `most` UTF-16 units long.
fn escaped(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut units = 0;
    for c in text.chars() {
        let escape = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            _ => "",
        };
        units += if escape.is_empty() { c.len_utf16() } else { escape.len() };
        if units >= most {
            out.push('…');
            break;
        }
        if escape.is_empty() { out.push(c) } else { out += escape }
    }
    out
}

#[cfg(test)]
mod tests;
