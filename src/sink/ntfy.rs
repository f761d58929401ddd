//! ntfy: a topic at ntfy.sh, or at a server of one's own. It recognises no message that comes again.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Json, json};
use toml_span::{DeserError, Error, Value};
use url::Url;

use super::classify::{by_status, throttled};
use super::line::Line;
use super::message::{Message, Wording};
use super::{Common, Kit, Plan, Receipt, SendError, Sink};
use crate::model::delivery::Delivery;
use crate::model::matched::Severity;
use crate::model::sink::SinkId;
use crate::remote::{Answer, Pace, Request};
use crate::setting::{Address, Fields, Secret, wrong};

/// A topic.
struct Ntfy {
    line: Line,
    server: Url,
    topic: String,
    token: Option<SecretString>,
}

/// The longest message, in bytes: what is longer becomes an attachment without a word.
const MOST: usize = 4000;

/// After "no more today" the sink rests this long; the server does not say when a day begins.
const DAY: SignedDuration = SignedDuration::from_hours(1);

/// Reads `[sink.ntfy.NAME]`: `enabled`, `server`, `topic`, `token` (a secret, if the topic needs one), `template`.
pub fn read(value: &mut Value<'_>) -> Result<Plan, DeserError> {
    let mut fields = Fields::new(value)?;
    let (common, wording) = (Common::take(&mut fields), Wording::take(&mut fields));
    let server = fields.required::<Address>("server");
    let topic = fields.required_s::<String>("topic");
    let token = fields.optional::<Secret>("token");
    if let Ok(topic) = &topic
        && !is_topic(&topic.value)
    {
        fields.errors.push(wrong(topic.span, "a topic is made of 1 to 64 of a-z, A-Z, 0-9, - and _"));
    }
    fields.finalize(None)?;
    let (server, topic) = (server?.0, topic?.value);
    let build = move |id: SinkId, kit: &Kit| {
        let token = token.map(|secret| secret.read(&kit.dir)).transpose()?;
        // ntfy: 60 at once, then one in five seconds.
        let line = Line::to(&server, Pace::new(Duration::from_secs(5), 30), id, &wording, kit)?;
        let sink: Arc<dyn Sink> = Arc::new(Ntfy { line, server, topic, token });
        Ok::<_, Error>(sink)
    };
    Ok(Plan { common, build: Box::new(build) })
}

fn is_topic(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[async_trait]
impl Sink for Ntfy {
    fn id(&self) -> &SinkId {
        &self.line.id
    }

    async fn send(&self, delivery: &Delivery) -> Result<Receipt, SendError> {
        let message = self.line.voice.message(delivery);
        let payload = self.rendered(&message, delivery).to_string().into_bytes();
        let said = self.call(Request::post(self.server.clone(), payload)).await?;
        if said["id"].is_string() {
            return Ok(Receipt { id: None, remark: message.remark });
        }
        Err(SendError::Ambiguous(format!("{} does not answer as ntfy does", self.line.host())))
    }

    fn payload(&self, delivery: &Delivery) -> String {
        format!("{:#}", self.rendered(&self.line.voice.message(delivery), delivery))
    }

    async fn check(&self) -> Result<Vec<String>, SendError> {
        let mut url = self.server.clone();
        url.set_path(&format!("{}/{}/auth", self.server.path().trim_end_matches('/'), self.topic));
        self.call(Request::get(url)).await?;
        Ok(vec![format!(
            "{} shows vigie the topic {}; only a message tells whether it may write",
            self.line.host(),
            self.topic
        )])
    }
}

impl Ntfy {
    fn rendered(&self, message: &Message, delivery: &Delivery) -> Json {
        let body = |form: &Message| {
            // The heading is the title, the link is what a tap opens.
            let bare = Message { heading: String::new(), link: None, ..form.clone() };
            bare.plain().trim_start().to_owned()
        };
        let fits = |text: &str| text.len() <= MOST;
        let text =
            if delivery.plain { message.fitting(Message::brief, fits) } else { message.fitting(body, fits) };
        let mut payload = json!({
            "topic": self.topic,
            "title": message.heading,
            "message": text,
            "priority": priority(message.severity),
        });
        if let Some(link) = &message.link {
            payload["click"] = json!(link.url);
        }
        payload
    }

    async fn call(&self, request: Request) -> Result<Json, SendError> {
        let request = match &self.token {
            Some(token) => request.bearer(token.expose_secret()),
            None => request,
        };
        self.line.exchange(request, |answer, now| judge(answer, self.line.host(), now)).await
    }
}

/// ntfy's five priorities: 3 makes a sound, 4 and 5 insist, 2 does not.
fn priority(severity: Option<Severity>) -> u8 {
    match severity {
        None | Some(Severity::Low) => 2,
        Some(Severity::Medium) => 3,
        Some(Severity::High) => 4,
        Some(Severity::Critical) => 5,
    }
}

/// What ntfy's numbers mean, `code` in the body: <https://docs.ntfy.sh/publish/>, and its source.
fn judge(answer: &Answer, host: &str, now: Timestamp) -> Result<Json, SendError> {
    let body: Json = serde_json::from_slice(&answer.body).unwrap_or(Json::Null);
    let said = format!("ntfy at {host} answered {}", answer.status);
    if answer.status == 200 && body.is_object() {
        return Ok(body);
    }
    if answer.is_success() {
        return Err(SendError::Ambiguous(format!("{said}, but not as ntfy does")));
    }
    Err(match body["code"].as_i64() {
        Some(42_908) => {
            throttled(answer, now.saturating_add(DAY).ok(), format!("{said}: no more today"), now)
        }
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
            (200, r#"{"id":"a1"}"#, "sent"),
            (200, "<html>", "ambiguous"),
            (400, r#"{"code":40009}"#, "refused"),
            (401, r#"{"code":40101}"#, "broken"),
            (403, r#"{"code":40301}"#, "broken"),
            (413, r#"{"code":41301}"#, "refused"),
            (429, r#"{"code":42901}"#, "wait 5"),
            (429, r#"{"code":42908}"#, "wait 3600"),
            (507, "", "ambiguous"),
        ] {
            let verdict = judge(&answer(status, None, body), "it", Timestamp::UNIX_EPOCH);
            assert_eq!(kind(&verdict), expected, "{status} {body}");
        }
    }
}
