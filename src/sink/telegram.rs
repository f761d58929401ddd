//! Telegram, as a bot that writes to a chat. It recognises no message that comes again.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Json, json};
use toml_span::{DeserError, Error, Value};
use url::Url;

use super::classify::{by_status, throttled};
use super::line::Line;
use super::message::{Message, Role, Wording};
use super::{Common, Kit, Plan, Receipt, SendError, Sink};
use crate::model::delivery::Delivery;
use crate::model::sink::SinkId;
use crate::remote::{Answer, Pace, Request, in_seconds};
use crate::setting::{Address, Fields, Secret, wrong};

/// A chat, as a bot writes to it.
struct Telegram {
    line: Line,
    api: Url,
    token: SecretString,
    chat: String,
}

/// Where bots call.
const API: &str = "https://api.telegram.org";

/// The longest message, in UTF-16 units, after its markup was read; counted here with the markup.
const MOST: usize = 4096;

/// Reads `[sink.telegram.NAME]`: `enabled`, `token` (a secret), `chat`, `template`.
pub fn read(value: &mut Value<'_>) -> Result<Plan, DeserError> {
    let mut fields = Fields::new(value)?;
    let (common, wording) = (Common::take(&mut fields), Wording::take(&mut fields));
    let token = fields.required::<Secret>("token");
    let chat = fields.required_s::<String>("chat");
    let api = fields.optional::<Address>("api");
    if let Ok(chat) = &chat
        && !is_chat(&chat.value)
    {
        let how = "a chat is named by its number, such as \"-1001234567890\", or by the name of a public one, \"@name\"";
        fields.errors.push(wrong(chat.span, how));
    }
    fields.finalize(None)?;
    let (secret, chat) = (token?, chat?.value);
    let build = move |id: SinkId, kit: &Kit| {
        let token = secret.read(&kit.dir)?;
        if !is_token(token.expose_secret()) {
            return Err(secret.wrong("a bot's token is a number, a colon and letters; @BotFather tells it"));
        }
        let api = api.map_or_else(|| Address::parse(API), Ok).map_err(|why| secret.wrong(why))?.0;
        // Telegram: 20 messages a minute to a group.
        let line = Line::to(&api, Pace::new(Duration::from_secs(3), 3), id, &wording, kit)?;
        let sink: Arc<dyn Sink> = Arc::new(Telegram { line, api, token, chat });
        Ok::<_, Error>(sink)
    };
    Ok(Plan { common, build: Box::new(build) })
}

fn is_chat(chat: &str) -> bool {
    let number = chat.strip_prefix('-').unwrap_or(chat);
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let name = chat.strip_prefix('@').unwrap_or_default();
    digits || (name.len() >= 4 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
}

fn is_token(token: &str) -> bool {
    token.split_once(':').is_some_and(|(number, rest)| {
        number.bytes().all(|byte| byte.is_ascii_digit())
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    })
}

#[async_trait]
impl Sink for Telegram {
    fn id(&self) -> &SinkId {
        &self.line.id
    }

    async fn send(&self, delivery: &Delivery) -> Result<Receipt, SendError> {
        let message = self.line.voice.message(delivery);
        let mut payload = self.rendered(&message, delivery);
        let mut said = self.call("sendMessage", &payload).await?;
        let mut remark = message.remark;
        if let Some(chat) = said["parameters"]["migrate_to_chat_id"].as_i64() {
            payload["chat_id"] = json!(chat);
            said = self.call("sendMessage", &payload).await?;
            remark = Some(format!("the Telegram group became a supergroup; configure chat = \"{chat}\""));
        }
        let Some(id) = said["result"]["message_id"].as_i64() else {
            return Err(SendError::Ambiguous("Telegram does not say what the message is called".into()));
        };
        Ok(Receipt { id: Some(id.to_string()), remark })
    }

    fn payload(&self, delivery: &Delivery) -> String {
        format!("{:#}", self.rendered(&self.line.voice.message(delivery), delivery))
    }

    async fn check(&self) -> Result<Vec<String>, SendError> {
        self.call("getMe", &json!({})).await?;
        self.call("getChat", &json!({"chat_id": self.chat})).await?;
        Ok(vec!["Telegram knows the bot".into(), format!("the bot sees the chat {}", self.chat)])
    }
}

impl Telegram {
    fn rendered(&self, message: &Message, delivery: &Delivery) -> Json {
        let fits = |text: &str| text.encode_utf16().count() <= MOST;
        let mut payload = json!({
            "chat_id": self.chat,
            "link_preview_options": {"is_disabled": true},
            "disable_notification": !message.wakes,
        });
        if let Some(first) = delivery.thread.as_deref().and_then(|first| first.parse::<i64>().ok()) {
            payload["reply_parameters"] = json!({"message_id": first, "allow_sending_without_reply": true});
        }
        if delivery.plain {
            payload["text"] = json!(message.fitting(|form| unmentioned(&form.brief()), fits));
        } else {
            payload["text"] = json!(message.fitting(|form| form.layout(painted), fits));
            payload["parse_mode"] = json!("HTML");
        }
        payload
    }

    async fn call(&self, method: &str, payload: &Json) -> Result<Json, SendError> {
        let mut url = self.api.clone();
        url.set_path(&format!("/bot{}/{method}", self.token.expose_secret()));
        let request = Request::post(url, payload.to_string().into_bytes());
        self.line.exchange(request, judge).await
    }
}

fn painted(role: Role, text: &str) -> String {
    let text = unmentioned(text);
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    match role {
        Role::Heading | Role::Hit => format!("<b>{text}</b>"),
        Role::Label if text.starts_with("&gt;") => text,
        Role::Label => format!("<i>{text}</i>"),
        Role::Plain | Role::Link => text,
    }
}

/// `text` in which nobody is mentioned: Telegram takes `@name` for a mention wherever it stands, so a word joiner, which
/// nobody sees, parts the two.
fn unmentioned(text: &str) -> String {
    text.replace('@', "@\u{2060}")
}

/// What Telegram's answers mean; one that tells where a group moved is no failure yet.
fn judge(answer: &Answer, now: Timestamp) -> Result<Json, SendError> {
    let body: Json = serde_json::from_slice(&answer.body).unwrap_or(Json::Null);
    let said = format!("Telegram answered {}", answer.status);
    if answer.status == 200 && body["ok"] == true {
        return Ok(body);
    }
    if answer.is_success() {
        return Err(SendError::Ambiguous(format!("{said}, but not as Telegram does")));
    }
    let asked = body["parameters"]["retry_after"].as_f64().and_then(|seconds| in_seconds(seconds, now));
    let description = body["description"].as_str().unwrap_or_default();
    Err(match answer.status {
        429 => throttled(answer, asked, said, now),
        400 if body["parameters"]["migrate_to_chat_id"].is_i64() => return Ok(body),
        400 if description.contains("chat not found") => SendError::SinkBroken(format!(
            "{said}: there is no such chat; add the bot to it and check `chat`"
        )),
        400 if description.contains("not enough rights") || description.contains("have no rights") => {
            SendError::SinkBroken(format!("{said}: the bot may not write there; let it"))
        }
        403 => SendError::SinkBroken(format!("{said}: the bot was thrown out or blocked; add it again")),
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
            (200, r#"{"ok":true,"result":{"message_id":1}}"#, "sent"),
            (200, r#"{"ok":false}"#, "ambiguous"),
            (200, "<html>", "ambiguous"),
            (400, r#"{"ok":false,"parameters":{"migrate_to_chat_id":-1}}"#, "sent"),
            (400, r#"{"ok":false,"description":"Bad Request: chat not found"}"#, "broken"),
            (400, r#"{"ok":false,"description":"Bad Request: can't parse entities"}"#, "refused"),
            (401, "", "broken"),
            (403, r#"{"ok":false,"description":"Forbidden: bot was kicked"}"#, "broken"),
            (404, "", "broken"),
            (429, r#"{"ok":false,"parameters":{"retry_after":7}}"#, "wait 7"),
            (502, "", "ambiguous"),
        ] {
            assert_eq!(
                kind(&judge(&answer(status, None, body), Timestamp::UNIX_EPOCH)),
                expected,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn nobody_is_mentioned_and_nothing_is_markup() {
        assert_eq!(painted(Role::Hit, "<b>@durov & co"), "<b>&lt;b&gt;@\u{2060}durov &amp; co</b>");
        assert_eq!(painted(Role::Plain, "a_b*c"), "a_b*c");
    }

    #[test]
    fn chats_and_tokens_are_known_by_their_form() {
        assert!(["-1001234567890", "42", "@desk_alerts"].iter().all(|chat| is_chat(chat)));
        assert!(["", "-", "desk", "@d", "https://t.me/desk"].iter().all(|chat| !is_chat(chat)));
        assert!(is_token("123:AAb-c_d") && !is_token("123") && !is_token("123:a/b"));
    }
}
