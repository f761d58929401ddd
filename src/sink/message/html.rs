//! A message as HTML, with only the elements that Matrix rooms and mail readers agree on.

use super::{Detail, Entry, Link, Message, Segment};

/// The message in paragraphs; text from outside is text.
pub fn page(message: &Message) -> String {
    let mut top = vec![format!("<strong>{}</strong>", escaped(&message.heading))];
    top.extend(message.repeat.map(|repeat| format!("<em>{}</em>", escaped(repeat))));
    top.extend(message.who.as_deref().map(escaped));
    top.extend((!message.text.is_empty()).then(|| marked(&message.text)));
    let mut blocks = vec![format!("<p>{}</p>", top.join("<br>"))];
    if !message.quote.is_empty() {
        blocks.push(format!("<blockquote>{}</blockquote>", marked(&message.quote)));
    }
    let entries: Vec<String> = message.entries.iter().map(entry).collect();
    blocks.extend((!entries.is_empty()).then(|| format!("<ol>{}</ol>", entries.concat())));
    let link =
        |link: &Link| format!("<p><a href=\"{}\">{}</a></p>", escaped(&link.url), escaped(&link.label));
    blocks.extend(message.link.as_ref().map(link));
    let line = |detail: &Detail| format!("<em>{}:</em> {}", detail.label, escaped(&detail.text));
    let lines: Vec<String> = message.details.iter().map(line).collect();
    blocks.extend((!lines.is_empty()).then(|| format!("<p>{}</p>", lines.join("<br>"))));
    blocks.concat()
}

fn entry(entry: &Entry) -> String {
    let link = |link: &Link| format!(" <a href=\"{}\">{}</a>", escaped(&link.url), escaped(&link.label));
    let link = entry.link.as_ref().map(link).unwrap_or_default();
    format!("<li><strong>{}</strong> {}{link}</li>", escaped(&entry.label), escaped(&entry.text))
}

fn marked(segments: &[Segment]) -> String {
    let piece = |segment: &Segment| {
        let text = escaped(&segment.text);
        if segment.hit { format!("<strong>{text}</strong>") } else { text }
    };
    segments.iter().map(piece).collect()
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
    use super::*;
    use crate::sink::message::tests::saying;

    #[test]
    fn markup_in_a_post_is_text() {
        let html = page(&saying("<script>a</script> <a href='javascript:b'>\"c\"</a>\n&amp; @room"));
        assert!(
            html.contains(
                "<blockquote>&lt;script&gt;a&lt;/script&gt; &lt;a href=&#39;javascript:b&#39;&gt;\
                 &quot;c&quot;&lt;/a&gt;<br>&amp;amp; @room</blockquote>"
            ),
            "{html}"
        );
    }
}
