//! Microsoft Teams, by a workflow that posts what it gets by a webhook as a card.
//!
//! Its answer says that the workflow took the message, not that anybody can read it; and it recognises none that comes
//! again.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use toml_span::{DeserError, Value};
use url::Url;

use super::classify::by_status;
use super::line::{ByAddress, Line};
use super::message::{Entry, Message, Segment};
use super::{Plan, Receipt, SendError, Sink};
use crate::model::delivery::Delivery;
use crate::model::sink::SinkId;
use crate::remote::{Answer, Pace, Request};

/// A chat or channel, as a workflow writes to it.
struct Teams {
    line: Line,
    url: Url,
}

/// The largest payload, in bytes; a card may have about 28 kB.
const MOST: usize = 20_000;

/// Reads `[sink.teams.NAME]`: `enabled`, `url` (a secret), `template`.
pub fn read(value: &mut Value<'_>) -> Result<Plan, DeserError> {
    let channel = ByAddress {
        check: |url| match url.host_str() {
            Some(host) if host.ends_with("webhook.office.com") => Err(
                "this is an Office connector, which Microsoft has ended; make a workflow that posts to the channel when a webhook is called",
            ),
            _ => Ok(()),
        },
        pace: || Pace::new(Duration::from_secs(1), 4),
        make: |line, url| Arc::new(Teams { line, url }),
    };
    channel.read(value)
}

#[async_trait]
impl Sink for Teams {
    fn id(&self) -> &SinkId {
        &self.line.id
    }

    async fn send(&self, delivery: &Delivery) -> Result<Receipt, SendError> {
        let message = self.line.voice.message(delivery);
        let request = Request::post(self.url.clone(), rendered(&message, delivery).into_bytes());
        self.line.exchange(request, judge).await?;
        Ok(Receipt { id: None, remark: message.remark })
    }

    fn payload(&self, delivery: &Delivery) -> String {
        rendered(&self.line.voice.message(delivery), delivery)
    }

    async fn check(&self) -> Result<Vec<String>, SendError> {
        Ok(vec!["the address is a workflow's; only a message tells whether it runs, and only people see what it posts".into()])
    }
}

fn rendered(message: &Message, delivery: &Delivery) -> String {
    let fits = |text: &str| text.len() <= MOST;
    if delivery.plain {
        return message.fitting(|form| posted(&[paragraph(&[run(&form.brief(), false)])], None), fits);
    }
    message.fitting(
        |form| posted(&blocks(form), form.link.as_ref().map(|link| (&*link.label, &*link.url))),
        fits,
    )
}

/// The card, in text runs that Teams does not parse: nothing in them formats, links or mentions.
fn blocks(message: &Message) -> Vec<Json> {
    let bold = json!({"type": "TextRun", "text": message.heading, "weight": "Bolder", "size": "Medium"});
    let mut blocks = vec![paragraph(&[bold])];
    blocks.extend(message.repeat.map(|repeat| paragraph(&[run(repeat, false)])));
    blocks.extend(message.who.as_deref().map(|who| paragraph(&[run(who, false)])));
    for words in [&message.text, &message.quote].into_iter().filter(|words| !words.is_empty()) {
        let runs: Vec<Json> = words.iter().map(|Segment { text, hit }| run(text, *hit)).collect();
        blocks.push(json!({"type": "Container", "style": "emphasis", "items": [paragraph(&runs)]}));
    }
    blocks.extend(message.entries.iter().map(entry));
    for detail in &message.details {
        let label = json!({"type": "TextRun", "text": format!("{}: ", detail.label), "isSubtle": true});
        blocks.push(paragraph(&[label, run(&detail.text, false)]));
    }
    blocks
}

fn entry(entry: &Entry) -> Json {
    let mut runs = vec![run(&format!("{} · ", entry.label), true), run(&entry.text, false)];
    runs.extend(entry.link.iter().map(|link| {
        let open = json!({"type": "Action.OpenUrl", "url": link.url});
        json!({"type": "TextRun", "text": format!(" {}", link.label), "selectAction": open})
    }));
    paragraph(&runs)
}

fn run(text: &str, hit: bool) -> Json {
    let weight = if hit { "Bolder" } else { "Default" };
    json!({"type": "TextRun", "text": text, "weight": weight})
}

fn paragraph(runs: &[Json]) -> Json {
    json!({"type": "RichTextBlock", "inlines": runs})
}

fn posted(blocks: &[Json], link: Option<(&str, &str)>) -> String {
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    });
    if let Some((title, url)) = link {
        card["actions"] = json!([{"type": "Action.OpenUrl", "title": title, "url": url}]);
    }
    let kind = "application/vnd.microsoft.card.adaptive";
    json!({"type": "message", "attachments": [{"contentType": kind, "content": card}]}).to_string()
}

fn judge(answer: &Answer, now: Timestamp) -> Result<(), SendError> {
    if answer.status == 202 || answer.status == 200 {
        return Ok(());
    }
    Err(by_status(answer, format!("the Teams workflow answered {}", answer.status), now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::classify::tests::{answer, kind};

    #[test]
    fn only_what_a_workflow_took_counts() {
        for (status, expected) in [
            (202, "sent"),
            (200, "sent"),
            (204, "ambiguous"),
            (400, "refused"),
            (401, "broken"),
            (404, "broken"),
            (429, "wait 5"),
            (502, "ambiguous"),
        ] {
            assert_eq!(kind(&judge(&answer(status, None, ""), Timestamp::UNIX_EPOCH)), expected, "{status}");
        }
    }
}
