//! Discord, by a webhook of a channel. It recognises no message that comes again.
//!
//! Every character that Discord could take for markup is escaped, nobody is mentioned, and nothing is unfurled.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use toml_span::{DeserError, Value};
use url::Url;

use super::classify::{by_status, throttled};
use super::line::{ByAddress, Line};
use super::message::{Message, Role};
use super::{Plan, Receipt, SendError, Sink};
use crate::model::delivery::Delivery;
use crate::model::sink::SinkId;
use crate::remote::{Answer, Pace, Request, in_seconds, rate_limit_reset};

/// A channel of a Discord server.
struct Discord {
    line: Line,
    url: Url,
}

/// The longest message, in characters; counted here in UTF-16 units, which are never fewer.
const MOST: usize = 2000;

/// Neither previews of links, nor, for what wakes nobody, a sound.
const NO_EMBEDS: u32 = 1 << 2;
const NO_SOUND: u32 = 1 << 12;

/// Reads `[sink.discord.NAME]`: `enabled`, `url` (a secret), `template`.
pub fn read(value: &mut Value<'_>) -> Result<Plan, DeserError> {
    let channel = ByAddress {
        check: |url| {
            url.path().contains("/webhooks/").then_some(()).ok_or(
                "a Discord webhook's address has /api/webhooks/ in it: copy it from the channel's settings",
            )
        },
        // Discord tells its limits with every answer; this is only where it starts.
        pace: || Pace::new(Duration::from_secs(2), 5),
        make: |line, url| Arc::new(Discord { line, url }),
    };
    channel.read(value)
}

#[async_trait]
impl Sink for Discord {
    fn id(&self) -> &SinkId {
        &self.line.id
    }

    async fn send(&self, delivery: &Delivery) -> Result<Receipt, SendError> {
        let message = self.line.voice.message(delivery);
        let mut url = self.url.clone();
        // Without it Discord answers before it knows whether it keeps the message.
        url.query_pairs_mut().append_pair("wait", "true");
        let request = Request::post(url, payload(&message, delivery).to_string().into_bytes());
        let said = self.line.exchange(request, judge).await?;
        if said["id"].is_string() {
            // A webhook cannot answer there, so the id is of no use.
            return Ok(Receipt { id: None, remark: message.remark });
        }
        Err(SendError::Ambiguous("Discord does not say what the message is called".into()))
    }

    fn payload(&self, delivery: &Delivery) -> String {
        format!("{:#}", payload(&self.line.voice.message(delivery), delivery))
    }

    async fn check(&self) -> Result<Vec<String>, SendError> {
        let found = self.line.exchange(Request::get(self.url.clone()), judge).await?;
        if found["type"] != 1 {
            return Err(SendError::SinkBroken(
                "the address is not an incoming webhook's; make one in the channel's settings".into(),
            ));
        }
        Ok(vec!["Discord knows the webhook".into()])
    }
}

fn payload(message: &Message, delivery: &Delivery) -> Json {
    let fits = |text: &str| text.encode_utf16().count() <= MOST;
    let content = if delivery.plain {
        message.fitting(|form| escaped(&form.brief()), fits)
    } else {
        message.fitting(|form| form.layout(painted), fits)
    };
    let silent = if message.wakes { 0 } else { NO_SOUND };
    json!({
        "content": content,
        "allowed_mentions": {"parse": []},
        "flags": NO_EMBEDS | silent,
    })
}

fn painted(role: Role, text: &str) -> String {
    match role {
        // A mark for a quote is Discord's as well as ours.
        Role::Label if text == "> " => text.to_owned(),
        // Between angle brackets an address is a link and nothing else.
        Role::Link => format!("<{text}>"),
        Role::Heading | Role::Hit if !text.trim().is_empty() => format!("**{}**", escaped(text)),
        _ => escaped(text),
    }
}

/// `text` without anything that Discord takes for markup, a mention or a link of its own.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\*_~`|<>#:@[]()-+".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// What Discord's numbers mean: <https://docs.discord.com/developers/topics/opcodes-and-status-codes>.
fn judge(answer: &Answer, now: Timestamp) -> Result<Json, SendError> {
    let body: Json = serde_json::from_slice(&answer.body).unwrap_or(Json::Null);
    let said = format!("Discord answered {}", answer.status);
    if answer.is_success() {
        return if body.is_object() {
            Ok(body)
        } else {
            Err(SendError::Ambiguous(format!("{said}, but not as Discord does")))
        };
    }
    let asked = body["retry_after"].as_f64().and_then(|seconds| in_seconds(seconds, now));
    Err(match (answer.status, body["code"].as_i64().unwrap_or(0)) {
        (429, _) => throttled(answer, asked.or(rate_limit_reset(&answer.headers, now)), said, now),
        // Calling a webhook that is gone again and again gets the whole address barred.
        (404, _) | (_, 10_015) => {
            SendError::SinkGone(format!("{said}: the webhook was deleted; make a new one"))
        }
        (_, 50_027) => {
            SendError::SinkBroken(format!("{said}: the webhook's token is not valid; make a new one"))
        }
        (_, 220_001) => SendError::SinkBroken(format!(
            "{said}: a forum takes threads only; take a webhook of a text channel"
        )),
        _ => by_status(answer, said, now),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::classify::tests::{answer, kind};

    #[test]
    fn every_answer_has_one_meaning() {
        for (status, body, expected) in [
            (200, r#"{"id":"1"}"#, "sent"),
            (204, "", "ambiguous"),
            (400, r#"{"code":50006}"#, "refused"),
            (400, r#"{"code":50035}"#, "refused"),
            (400, r#"{"code":220001}"#, "broken"),
            (401, r#"{"code":50027}"#, "broken"),
            (403, "", "broken"),
            (404, r#"{"code":10015}"#, "gone"),
            (429, r#"{"retry_after":1.5}"#, "wait 2"),
            (500, "", "ambiguous"),
        ] {
            let verdict = judge(&answer(status, None, body), Timestamp::UNIX_EPOCH);
            let kind = if let Err(SendError::Throttled(at, _)) = &verdict {
                format!("wait {}", (at.as_millisecond() + 999) / 1000)
            } else {
                kind(&verdict)
            };
            assert_eq!(kind, expected, "{status} {body}");
        }
    }

    #[test]
    fn nothing_from_outside_is_markup() {
        assert_eq!(
            escaped("**a** <@1> @everyone [x](y) # - > |b|"),
            r"\*\*a\*\* \<\@1\> \@everyone \[x\]\(y\) \# \- \> \|b\|"
        );
    }
}
