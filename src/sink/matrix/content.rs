//! A message as the content of a room event.

use serde_json::{Value as Json, json};

use crate::sink::message::{Message, html};

/// The largest content, in bytes of JSON: an event has 65 536 for everything.
const MOST: usize = 60_000;

/// The message with its layout; in short form if it is too large.
pub fn full(message: &Message) -> Json {
    let content = json!({
        "msgtype": kind(message),
        "body": message.plain(),
        "format": "org.matrix.custom.html",
        "formatted_body": html::page(message),
        // Said even if empty: without it, old rules look for names and @room in the text.
        "m.mentions": {},
        // MSC4095: no previews, so that nobody's server fetches what a watched post links to.
        "com.beeper.linkpreviews": [],
    });
    if content.to_string().len() <= MOST { content } else { brief(message) }
}

/// The message as nothing but text.
pub fn brief(message: &Message) -> Json {
    json!({
        "msgtype": kind(message),
        "body": message.brief(),
        "m.mentions": {},
        "com.beeper.linkpreviews": [],
    })
}

/// Where a content says what it answers.
pub const RELATION: &str = "m.relates_to";

/// `content` as an answer to the event `root`: `aloud`, for everybody in the room, or else in the thread below it, which
/// clients that know no threads show as an answer as well.
pub fn answering(mut content: Json, root: &str, aloud: bool) -> Json {
    let answers = json!({"event_id": root});
    content[RELATION] = if aloud {
        json!({"m.in_reply_to": answers})
    } else {
        json!({"rel_type": "m.thread", "event_id": root, "is_falling_back": true, "m.in_reply_to": answers})
    };
    content
}

/// `content` as a message of its own.
pub fn alone(content: &Json) -> Json {
    let mut content = content.clone();
    if let Some(fields) = content.as_object_mut() {
        fields.remove(RELATION);
    }
    content
}

/// A notice wakes nobody, by the default push rules.
fn kind(message: &Message) -> &'static str {
    if message.wakes { "m.text" } else { "m.notice" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::message::Segment;
    use crate::sink::message::tests::saying;

    #[test]
    fn no_post_makes_an_event_too_large() {
        for c in ["\"", "<", "\n.", "\u{1}", "字", "💣", "\\", "é"] {
            let mut message = saying(&c.repeat(100_000));
            message.heading = c.repeat(150);
            assert!(full(&message).to_string().len() <= MOST, "{c:?}");
            message.text = Segment::plain(c.repeat(30_000));
            assert!(full(&message).to_string().len() <= MOST, "{c:?}");
        }
    }
}
