//! A message of a channel's preview page in vigie's words.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::Value;

use super::tree::Element;
use crate::model::post::{Media, Platform, Post, Reference};
use crate::source::answer::bounded;
use crate::text::markup::plain;

/// A message, as far as it can be read.
#[derive(Debug)]
pub struct Message {
    /// Its number in the channel.
    pub id: u64,
    /// When it was posted.
    pub posted_at: Option<Timestamp>,
    /// The channel's permanent id.
    pub channel: Option<i64>,
    /// What it says.
    pub told: Told,
}

/// What a message says.
#[derive(Debug)]
pub enum Told {
    /// A post.
    Post(Box<Post>),
    /// That something happened to the channel.
    Service,
    /// Nothing that a page can show.
    Hidden(String),
}

/// The most media that are read of a message.
const MOST_MEDIA: usize = 50;

/// The message in `element`, which has `data-post`; `None` if that is no number.
pub fn read(element: Element<'_>) -> Option<Message> {
    let (channel, id) = reference(element.attr("data-post")?)?;
    let posted_at = element
        .all("tgme_widget_message_date")
        .flat_map(Element::elements)
        .find_map(|time| time.attr("datetime")?.parse().ok());
    let told = if element.has("service_message") {
        Told::Service
    } else {
        let post = post(element, channel, id, posted_at);
        let empty = post.text.is_empty() && post.media.is_empty();
        // The notice is in every message, for old programs, beside what it stands in for.
        let is_notice_all = element.first("message_media_not_supported").is_some()
            && element.first("media_supported_cont").is_none();
        if empty && is_notice_all {
            Told::Hidden(format!("post {channel}/{id}: Telegram shows it only in its app"))
        } else {
            Told::Post(Box::new(post))
        }
    };
    let view = element.attr("data-view");
    Some(Message { id, posted_at, channel: view.and_then(channel_id), told })
}

fn post(element: Element<'_>, channel: &str, id: u64, posted_at: Option<Timestamp>) -> Post {
    let body =
        first_own(element, "js-message_text").or_else(|| first_own(element, "tgme_widget_message_text"));
    let body = body.map(|body| plain(body.inner())).unwrap_or_default();
    let mut text = body.text;
    let poll = ["tgme_widget_message_poll_question", "tgme_widget_message_poll_option_text"];
    for part in poll.iter().flat_map(|class| element.all(class)).map(Element::line) {
        let before = if text.is_empty() { "" } else { "\n" };
        text.extend([before, &part]);
    }
    // Since 2024 Telegram escapes addresses twice.
    let links = body.links.iter().map(|link| link.replace("&amp;", "&")).collect();
    Post {
        author: channel.to_owned(),
        url: Some(format!("https://t.me/{channel}/{id}")),
        posted_at,
        links,
        media: media(element),
        repost_of: forwarded(element),
        reply_to: answered(element),
        ..Post::new(Platform::TELEGRAM, own_id(channel, id), bounded(text))
    }
}

/// The first element with `class` that is not part of the message that is answered.
fn first_own<'a>(element: Element<'a>, class: &str) -> Option<Element<'a>> {
    element.all(class).find(|found| !found.is_within("tgme_widget_message_reply"))
}

/// Where a forwarded message was posted first, if that can be known.
fn forwarded(element: Element<'_>) -> Option<Reference> {
    let name = element.first("tgme_widget_message_forwarded_from_name")?;
    let title = Some(name.line()).filter(|title| !title.is_empty());
    other(name.attr("href")?, title, None)
}

fn answered(element: Element<'_>) -> Option<Reference> {
    let reply = element.first("tgme_widget_message_reply")?;
    let author = reply.first("tgme_widget_message_author_name").map(Element::line);
    let text = reply.first("js-message_reply_text").or_else(|| reply.first("tgme_widget_message_text"));
    let text = text.map(|text| bounded(text.line())).filter(|text| !text.is_empty());
    other(reply.attr("href")?, author, text)
}

/// The message at `address`.
fn other(address: &str, author: Option<String>, text: Option<String>) -> Option<Reference> {
    let (_, path) = address.split_once("://t.me/")?;
    let (channel, id) = reference(path.split(['?', '#']).next()?)?;
    let author = author.or_else(|| Some(channel.to_owned()));
    Some(Reference {
        id: own_id(channel, id),
        author,
        url: Some(format!("https://t.me/{channel}/{id}")),
        text,
    })
}

/// A message's identity, however the channel's name is written.
fn own_id(channel: &str, id: u64) -> String {
    format!("{}/{id}", channel.to_ascii_lowercase())
}

/// Channel and number in `channel/number`.
fn reference(text: &str) -> Option<(&str, u64)> {
    let (channel, id) = text.rsplit_once('/')?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'/';
    (!channel.is_empty() && channel.len() <= 64 && channel.bytes().all(fits))
        .then_some((channel, id.parse().ok()?))
}

/// Pictures, films, sounds, files, and the preview of a link by its words.
fn media(element: Element<'_>) -> Vec<Media> {
    let found = element.elements().filter(|part| !part.is_within("tgme_widget_message_reply"));
    found.filter_map(one_media).take(MOST_MEDIA).collect()
}

fn one_media(part: Element<'_>) -> Option<Media> {
    let source = |tag: &str| {
        let tag = part.elements().find(|inner| inner.name() == tag);
        tag.and_then(|tag| tag.attr("src")).map(str::to_owned)
    };
    let media = |kind: &str, url, alt| Some(Media { kind: kind.into(), url, alt });
    let words = |classes: &[&str]| {
        let lines: Vec<String> =
            classes.iter().filter_map(|class| part.first(class)).map(Element::line).collect();
        let words = lines.join("\n");
        (!words.is_empty()).then(|| bounded(words))
    };
    if part.has("tgme_widget_message_photo_wrap") {
        media("image", part.attr("style").and_then(background), None)
    } else if part.has("tgme_widget_message_video_player")
        || part.has("tgme_widget_message_roundvideo_player")
    {
        media("video", source("video"), None)
    } else if part.has("tgme_widget_message_voice_player") {
        media("audio", source("audio"), None)
    } else if part.has("tgme_widget_message_document_wrap") {
        media(
            "file",
            None,
            words(&["tgme_widget_message_document_title", "tgme_widget_message_document_extra"]),
        )
    } else if part.has("tgme_widget_message_link_preview") {
        let link = part.attr("href").map(|href| href.replace("&amp;", "&"));
        media("link", link, words(&["link_preview_title", "link_preview_description"]))
    } else {
        None
    }
}

/// The address in `background-image:url('...')`.
fn background(style: &str) -> Option<String> {
    let (_, rest) = style.split_once("background-image:url(")?;
    let url = rest.split(')').next()?.trim_matches(['\'', '"']);
    url.starts_with("https://").then(|| url.to_owned())
}

/// The channel's permanent id in a message's `data-view`.
fn channel_id(view: &str) -> Option<i64> {
    let view = view.trim_end_matches('=');
    let bytes = STANDARD_NO_PAD.decode(view).or_else(|_| URL_SAFE_NO_PAD.decode(view)).ok()?;
    serde_json::from_slice::<Value>(&bytes).ok()?.get("c")?.as_i64()
}
