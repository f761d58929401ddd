//! A message as Slack lays it out. Post text goes into rich text only, which Slack does not parse: nothing in it
//! formats, links or mentions.

use serde_json::{Value as Json, json};

use crate::sink::message::{Detail, Entry, Link, Message, Segment};

/// The message in blocks. Slack's limits are counted in UTF-16 units of what is escaped, the strictest reading.
pub fn full(message: &Message) -> Json {
    let mut elements = Vec::new();
    let mut top: Vec<Json> =
        message.repeat.map(|repeat| styled(&format!("{repeat}\n"), "italic")).into_iter().collect();
    top.extend(message.who.as_deref().filter(|text| !text.is_empty()).map(text));
    top.extend(message.text.iter().map(segment));
    if !top.is_empty() {
        elements.push(json!({"type": "rich_text_section", "elements": top}));
    }
    if !message.quote.is_empty() {
        let quote: Vec<Json> = message.quote.iter().map(segment).collect();
        elements.push(json!({"type": "rich_text_quote", "elements": quote}));
    }
    if !message.entries.is_empty() {
        let entries: Vec<Json> = message.entries.iter().map(entry).collect();
        elements.push(json!({"type": "rich_text_list", "style": "ordered", "elements": entries}));
    }
    if let Some(link) = &message.link {
        elements.push(json!({"type": "rich_text_section", "elements": [linked(link)]}));
    }
    let details: Vec<Json> =
        message.details.iter().enumerate().flat_map(|(n, detail)| line(n, detail)).collect();
    if !details.is_empty() {
        elements.push(json!({"type": "rich_text_section", "elements": details}));
    }
    let mut blocks = vec![json!({
        "type": "header", "text": {"type": "plain_text", "text": message.heading, "emoji": false}
    })];
    if !elements.is_empty() {
        blocks.push(json!({"type": "rich_text", "elements": elements}));
    }
    json!({
        "text": escaped(&message.plain(), 3900),
        "mrkdwn": false,
        "blocks": blocks,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

/// The message as nothing but text.
pub fn brief(message: &Message) -> Json {
    json!({
        "text": escaped(&message.brief(), 3900),
        "mrkdwn": false,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

fn entry(entry: &Entry) -> Json {
    let mut words = vec![styled(&format!("{} ", entry.label), "bold"), text(&entry.text)];
    words.extend(entry.link.iter().flat_map(|link| [text(" "), linked(link)]));
    json!({"type": "rich_text_section", "elements": words})
}

fn linked(link: &Link) -> Json {
    json!({"type": "link", "url": link.url, "text": link.label})
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
