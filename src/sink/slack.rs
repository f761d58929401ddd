//! Slack, by an incoming webhook or as an app with a token of its own.
//!
//! A webhook tells no message id and recognises none. An app learns what its messages are called, so that later ones
//! of the same story answer in a thread; it recognises none either, so that a retry may come twice.

mod blocks;
mod check;
mod words;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Json, json};
use toml_span::{DeserError, Error, Span, Value};
use url::Host;
use url::Url;

use self::words::{Trouble, is_ts, posted_by_app, posted_by_webhook};
use super::line::Line;
use super::message::{Message, Wording};
use super::{Common, Kit, Plan, Receipt, SendError, Sink};
use crate::model::delivery::Delivery;
use crate::model::sink::SinkId;
use crate::remote::{Pace, Request};
use crate::setting::{Address, Fields, Secret, wrong};

/// A channel of a Slack workspace.
struct Slack {
    line: Line,
    way: Way,
}

/// How Slack is reached.
enum Way {
    /// By the secret address of an incoming webhook.
    Webhook(Url),
    /// As an app, below the address of the Web API.
    App { api: Url, token: SecretString, channel: String },
}

/// The same before its secrets are read.
enum Entry {
    Webhook(Secret),
    App { api: Url, token: Secret, channel: String },
}

/// Where Slack's Web API is.
const API: &str = "https://slack.com/api/";

/// Reads `[sink.slack.NAME]`: `enabled`, `template`, and either `url` (a secret) or `token` (a secret) with `channel`.
pub fn read(value: &mut Value<'_>) -> Result<Plan, DeserError> {
    let span = value.span;
    let mut fields = Fields::new(value)?;
    let (common, wording) = (Common::take(&mut fields), Wording::take(&mut fields));
    let url = fields.optional::<Secret>("url");
    let token = fields.optional::<Secret>("token");
    let channel = fields.optional_s::<String>("channel");
    let api = fields.optional::<Address>("api");
    if fields.errors.is_empty()
        && let Some(message) =
            amiss(url.is_some(), token.is_some(), channel.as_ref().map(|name| &*name.value))
    {
        let at = channel.as_ref().map_or(span, |name| name.span);
        fields.errors.push(wrong(if token.is_some() { at } else { span }, message));
    }
    fields.finalize(None)?;
    let entry = match (url, token, channel) {
        (Some(url), ..) => Entry::Webhook(url),
        (None, Some(token), Some(channel)) => {
            let standard = || Address::parse(API).map_err(|message| wrong(Span::default(), message));
            let api = api.map_or_else(standard, Ok)?.0;
            Entry::App { api, token, channel: channel.value }
        }
        _ => return Err(wrong(span, HOW).into()),
    };
    Ok(Plan { common, build: Box::new(move |id, kit| build(id, entry, &wording, kit)) })
}

const HOW: &str = "Slack is reached either by `url`, an incoming webhook's address, or by `token` and `channel`, an \
                   app's token and the id of the channel it posts to";

/// What is wrong with the choice of a way.
fn amiss(url: bool, token: bool, channel: Option<&str>) -> Option<&'static str> {
    match (url, token, channel) {
        (true, false, None) => None,
        (false, true, Some(name)) => (!is_channel(name)).then_some(
            "a channel is named by its id, such as \"C024BE91L\": in Slack, open the channel's details and copy the id",
        ),
        _ => Some(HOW),
    }
}

/// Whether it may be the id of a channel, a private channel or a conversation.
fn is_channel(name: &str) -> bool {
    name.len() >= 8
        && name.starts_with(['C', 'G', 'D'])
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn build(id: SinkId, entry: Entry, wording: &Wording, kit: &Kit) -> Result<Arc<dyn Sink>, Error> {
    let way = match entry {
        Entry::Webhook(secret) => {
            let url = secret.read_address(&kit.dir)?;
            check_address(&url).map_err(|why| secret.wrong(why))?;
            Way::Webhook(url)
        }
        Entry::App { api, token: secret, channel } => {
            let token = secret.read(&kit.dir)?;
            check_token(token.expose_secret()).map_err(|why| secret.wrong(why))?;
            Way::App { api, token, channel }
        }
    };
    let (Way::Webhook(url) | Way::App { api: url, .. }) = &way;
    // Slack: one message a second, short bursts more.
    let line = Line::to(url, Pace::new(Duration::from_secs(1), 3), id, wording, kit)?;
    Ok(Arc::new(Slack { line, way }))
}

/// Whether the address may be an incoming webhook's.
fn check_address(url: &Url) -> Result<(), &'static str> {
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

/// Whether the token may be an app's.
fn check_token(token: &str) -> Result<(), &'static str> {
    if token.starts_with("xoxb-") {
        return Ok(());
    }
    Err(
        "an app posts with its bot token, which starts with xoxb-: in the app's settings, under OAuth & Permissions",
    )
}

#[async_trait]
impl Sink for Slack {
    fn id(&self) -> &SinkId {
        &self.line.id
    }

    async fn send(&self, delivery: &Delivery) -> Result<Receipt, SendError> {
        let message = self.line.voice.message(delivery);
        let payload = self.rendered(&message, delivery);
        let id = match &self.way {
            Way::Webhook(url) => {
                let request = Request::post(url.clone(), payload.to_string().into_bytes());
                self.line.exchange(request, posted_by_webhook).await?;
                None
            }
            Way::App { .. } => Some(self.post(payload).await?),
        };
        Ok(Receipt { id, remark: message.remark })
    }

    fn payload(&self, delivery: &Delivery) -> String {
        let payload = self.rendered(&self.line.voice.message(delivery), delivery);
        format!("{payload:#}")
    }

    async fn check(&self) -> Result<Vec<String>, SendError> {
        self.look().await
    }
}

impl Slack {
    fn rendered(&self, message: &Message, delivery: &Delivery) -> Json {
        let mut payload = if delivery.plain { blocks::brief(message) } else { blocks::full(message) };
        if let Way::App { channel, .. } = &self.way {
            payload["channel"] = json!(channel);
            if let Some(thread) = delivery.thread.as_deref().filter(|thread| is_ts(thread)) {
                payload["thread_ts"] = json!(thread);
                // Below a message that nobody looks at any more it would be heard by few.
                payload["reply_broadcast"] = json!(message.wakes);
            }
        }
        payload
    }

    /// Posts as an app; where the thread takes no answer, beside it.
    async fn post(&self, mut payload: Json) -> Result<String, SendError> {
        let first = self.call("chat.postMessage", &payload, posted_by_app).await;
        match first {
            Err(Trouble::Thread) => {
                if let Some(fields) = payload.as_object_mut() {
                    fields.remove("thread_ts");
                    fields.remove("reply_broadcast");
                }
                self.call("chat.postMessage", &payload, posted_by_app).await.map_err(SendError::from)
            }
            other => other.map_err(SendError::from),
        }
    }
}

#[cfg(test)]
mod tests;
