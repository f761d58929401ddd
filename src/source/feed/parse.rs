//! A feed's text as entries. What the parser refuses as a whole is read item by item.

use std::borrow::Cow;
use std::panic::catch_unwind;

use feed_rs::model::Feed;
use serde_json::{Map, Value};
use url::Url;

use super::mend::{mended, prepared};
use super::outline::{outline, parts};
use crate::source::answer::json;

/// What could be read of a feed.
#[derive(Debug)]
pub struct Parsed {
    /// The feed with all entries that could be read. An entry without an id of its own has an empty one.
    pub feed: Feed,
    /// What could not be read, a line each.
    pub unreadable: Vec<String>,
    /// Whether the text ended before the feed did.
    pub cut: bool,
}

/// Reads RSS, Atom or JSON Feed; `base` is where relative addresses start.
pub fn parse(text: &str, base: &Url) -> Result<Parsed, String> {
    if text.trim_start().starts_with('{') {
        return parse_json(text, base);
    }
    let xml = prepared(text).ok_or("its document type has no end")?;
    if let Ok(feed) = attempt(&xml, base) {
        return Ok(Parsed { feed, unreadable: Vec::new(), cut: false });
    }
    let xml = mended(&xml);
    match insist(&xml, base) {
        Ok(feed) => Ok(Parsed { feed, unreadable: Vec::new(), cut: false }),
        Err(why) => piecemeal(&xml, base).ok_or(why),
    }
}

/// The deepest nesting that is handed to the parser, which recurses.
const DEEPEST: usize = 200;

/// The most items of a feed: each takes the parser a kilobyte, however short it is.
const MOST_ENTRIES: usize = 10_000;

/// The most items that are read one by one.
const MOST_ITEMS: usize = 1000;

/// The most content types that are called HTML for the parser's sake.
const MOST_ODD_TYPES: usize = 4;

/// The longest head that is read again with every item, in bytes.
const LONGEST_HEAD: usize = 32 << 10;

/// One run of the parser, which may fail in every way but one: deep nesting, which is kept from it.
fn attempt(text: &str, base: &Url) -> Result<Feed, String> {
    let outline = outline(text);
    if outline.depth > DEEPEST {
        return Err(format!("it nests deeper than {DEEPEST} elements"));
    }
    if outline.items > MOST_ENTRIES {
        return Err(too_many());
    }
    let base = base.to_string();
    let run = catch_unwind(|| {
        // Without ids of their own, entries would get random ones, and alert at every look.
        let parser =
            feed_rs::parser::Builder::new().base_uri(Some(base)).id_generator(|_, _, _| String::new());
        parser.build().parse(text.as_bytes())
    });
    match run {
        Ok(Ok(feed)) => Ok(feed),
        Ok(Err(cause)) => Err(shown(&cause.to_string())),
        Err(_) => Err("the parser gave up".into()),
    }
}

fn too_many() -> String {
    format!("it has more than {MOST_ENTRIES} items")
}

/// Runs the parser again for every content type that it does not know, a few times.
fn insist(text: &str, base: &Url) -> Result<Feed, String> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..MOST_ODD_TYPES {
        match attempt(&text, base) {
            Ok(feed) => return Ok(feed),
            Err(why) => text = Cow::Owned(tamed(&text, &why).ok_or(why)?),
        }
    }
    attempt(&text, base)
}

/// Reads the items one by one.
fn piecemeal(xml: &str, base: &Url) -> Option<Parsed> {
    let parts = parts(xml).filter(|parts| !parts.items.is_empty() && parts.head.len() <= LONGEST_HEAD)?;
    let cut = parts.cut;
    let whole = |items: &str| format!("{}{items}{}", parts.head, parts.tail);
    let cut_line = || cut.then(|| "the feed ends in the middle; its last item is not read".to_owned());
    if let Ok(feed) = insist(&whole(&parts.items.concat()), base) {
        return Some(Parsed { feed, unreadable: cut_line().into_iter().collect(), cut });
    }
    let mut feed = insist(&whole(""), base).ok()?;
    let mut unreadable: Vec<String> = cut_line().into_iter().collect();
    if let Some(beyond) = parts.items.len().checked_sub(MOST_ITEMS).filter(|beyond| *beyond > 0) {
        unreadable.push(format!("{beyond} items beyond the first {MOST_ITEMS}"));
    }
    for (at, item) in parts.items.iter().take(MOST_ITEMS).enumerate() {
        match insist(&whole(item), base) {
            Ok(read) => feed.entries.extend(read.entries),
            Err(why) => unreadable.push(format!("item {}: {why}", at + 1)),
        }
    }
    Some(Parsed { feed, unreadable, cut })
}

/// `text` with the content type that the parser does not know called HTML, which is how it will be read anyway.
fn tamed(text: &str, why: &str) -> Option<String> {
    let kind = why.split_once("unsupported content type ")?.1.split(" at position").next()?;
    let (double, single) = (format!("type=\"{kind}\""), format!("type='{kind}'"));
    let known = text.contains(&double) || text.contains(&single);
    known.then(|| text.replace(&double, "type=\"html\"").replace(&single, "type=\"html\""))
}

/// A parser's words, fit to be shown.
fn shown(why: &str) -> String {
    why.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

fn parse_json(text: &str, base: &Url) -> Result<Parsed, String> {
    let value = json(text.as_bytes()).map_err(|why| shown(&why))?;
    let Value::Object(feed) = value else { return Err("it is no JSON Feed".into()) };
    let Some(items) = feed.get("items").and_then(Value::as_array) else {
        return Err("it is JSON without `items`".into());
    };
    if items.len() > MOST_ENTRIES {
        return Err(too_many());
    }
    let mut unreadable = Vec::new();
    let feed = attempt(&Value::Object(tidy_feed(feed, &mut unreadable)).to_string(), base)?;
    Ok(Parsed { feed, unreadable, cut: false })
}

/// `feed` with only what is used of it, in the types that the parser insists on.
fn tidy_feed(mut feed: Map<String, Value>, unreadable: &mut Vec<String>) -> Map<String, Value> {
    let items = feed.remove("items");
    let mut tidy = strings(&feed, &["home_page_url", "feed_url", "language", "description"]);
    let title = feed.get("title").and_then(as_text).unwrap_or_default();
    tidy.insert("title".into(), title.into());
    tidy.insert("version".into(), "https://jsonfeed.org/version/1.1".into());
    let Some(Value::Array(items)) = items else { return tidy };
    let mut kept = Vec::new();
    for (at, item) in items.into_iter().enumerate() {
        match item {
            Value::Object(item) => kept.push(Value::Object(tidy_item(&item))),
            _ => unreadable.push(format!("item {}: it is no object", at + 1)),
        }
    }
    tidy.insert("items".into(), kept.into());
    tidy
}

fn tidy_item(item: &Map<String, Value>) -> Map<String, Value> {
    let names = [
        "id",
        "url",
        "external_url",
        "title",
        "content_html",
        "content_text",
        "summary",
        "date_published",
        "date_modified",
    ];
    let mut tidy = strings(item, &names);
    let attachments = item.get("attachments").and_then(Value::as_array);
    let attachment = |value: &Value| {
        let attachment = strings(value.as_object()?, &["url", "mime_type", "title"]);
        (attachment.contains_key("url") && attachment.contains_key("mime_type"))
            .then_some(Value::Object(attachment))
    };
    let attachments: Vec<Value> = attachments.into_iter().flatten().filter_map(attachment).collect();
    tidy.insert("attachments".into(), attachments.into());
    tidy
}

/// Those of `names` that are texts, or numbers, which some feeds have for ids.
fn strings(map: &Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    let text = |name: &&str| Some(((*name).to_owned(), Value::String(as_text(map.get(*name)?)?)));
    names.iter().filter_map(text).collect()
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
