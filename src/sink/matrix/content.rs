//! A message as the content of a room event.

use serde_json::json;

use crate::sink::message::{Detail, Link, Message, Segment};

/// The largest content, in bytes of JSON: an event has 65 536 for everything.
const MOST: usize = 60_000;

/// The message with its layout; in short form if it is too large.
pub fn full(message: &Message, notify: bool) -> Vec<u8> {
    let content = json!({
        "msgtype": kind(notify),
        "body": message.plain(),
        "format": "org.matrix.custom.html",
        "formatted_body": html(message),
        // Said even if empty: without it, old rules look for names and @room in the text.
        "m.mentions": {},
        // MSC4095: no previews, so that nobody's server fetches what a watched post links to.
        "com.beeper.linkpreviews": [],
    });
    let bytes = content.to_string().into_bytes();
    if bytes.len() <= MOST { bytes } else { brief(message, notify) }
}

/// The message as nothing but text.
pub fn brief(message: &Message, notify: bool) -> Vec<u8> {
    let content = json!({
        "msgtype": kind(notify),
        "body": message.brief(),
        "m.mentions": {},
        "com.beeper.linkpreviews": [],
    });
    content.to_string().into_bytes()
}

/// A notice wakes nobody, by the default push rules.
fn kind(notify: bool) -> &'static str {
    if notify { "m.text" } else { "m.notice" }
}

fn html(message: &Message) -> String {
    let mut top = vec![format!("<strong>{}</strong>", escaped(&message.heading))];
    top.extend(message.repeat.map(|repeat| format!("<em>{}</em>", escaped(repeat))));
    top.extend(message.who.as_deref().map(escaped));
    top.extend(message.text.as_deref().map(escaped));
    let mut blocks = vec![format!("<p>{}</p>", top.join("<br>"))];
    if !message.quote.is_empty() {
        let quote: String = message.quote.iter().map(segment).collect();
        blocks.push(format!("<blockquote>{quote}</blockquote>"));
    }
    let link =
        |link: &Link| format!("<p><a href=\"{}\">{}</a></p>", escaped(&link.url), escaped(&link.label));
    blocks.extend(message.link.as_ref().map(link));
    let line = |detail: &Detail| format!("<em>{}:</em> {}", detail.label, escaped(&detail.text));
    let lines: Vec<String> = message.details.iter().map(line).collect();
    blocks.push(format!("<p>{}</p>", lines.join("<br>")));
    blocks.concat()
}

fn segment(segment: &Segment) -> String {
    let text = escaped(&segment.text);
    if segment.hit { format!("<strong>{text}</strong>") } else { text }
}

/// `text` as text in HTML, its line breaks kept.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            '\n' => out += "<br>",
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::sink::message::Repeats;
    use crate::sink::message::tests::{delivery, excerpt};

    fn message(text: &str) -> Message {
        let mut post = excerpt();
        post.text = text.to_owned();
        post.matches.clear();
        Message::of(&delivery(vec![post]), &TimeZone::UTC, Repeats::Shown)
    }

    #[test]
    fn markup_in_a_post_is_text() {
        let html = html(&message("<script>a</script> <a href='javascript:b'>\"c\"</a>\n&amp; @room"));
        assert!(
            html.contains(
                "<blockquote>&lt;script&gt;a&lt;/script&gt; &lt;a href=&#39;javascript:b&#39;&gt;\
                 &quot;c&quot;&lt;/a&gt;<br>&amp;amp; @room</blockquote>"
            ),
            "{html}"
        );
    }

    #[test]
    fn no_post_makes_an_event_too_large() {
        for c in ["\"", "<", "\n.", "\u{1}", "字", "💣", "\\", "é"] {
            let mut message = message(&c.repeat(100_000));
            message.heading = c.repeat(150);
            assert!(full(&message, true).len() <= MOST, "{c:?}");
            message.text = Some(c.repeat(30_000));
            assert!(full(&message, true).len() <= MOST, "{c:?}");
        }
    }
}
