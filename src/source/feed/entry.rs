//! An entry of a feed in vigie's words.

use std::collections::{HashMap, HashSet};

use feed_rs::model::{Content, Entry, Feed, Link, MediaObject, Text};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use url::Url;

use crate::model::post::{Media, Platform, Post, first_bytes, hex};
use crate::text::markup::{looks_like_markup, plain};

/// The posts of `feed`, read at `address`. Entries that share an id get different ones; equal ones are one post.
pub fn posts(feed: Feed, address: &Url) -> Vec<Post> {
    let host = address.host_str().unwrap_or("feed");
    let title = feed.title.as_ref().map(read).unwrap_or_default();
    let author = if title.is_empty() { host.to_owned() } else { title };
    let (mut ids, mut posts): (HashMap<_, Vec<_>>, Vec<Post>) = (HashMap::new(), Vec::new());
    for entry in &feed.entries {
        let mut post = post(entry, host);
        post.author.clone_from(&author);
        post.lang = entry.language.clone().or_else(|| feed.language.clone()).filter(|lang| !lang.is_empty());
        let alike = ids.entry(post.id.clone()).or_default();
        if alike.iter().any(|at: &usize| posts[*at].content() == post.content()) {
            continue;
        }
        if !alike.is_empty() {
            post.id =
                format!("{}#{}", post.id, fingerprint(&[post.url.as_deref().unwrap_or(""), &post.text]));
        }
        alike.push(posts.len());
        posts.push(post);
    }
    posts
}

fn post(entry: &Entry, host: &str) -> Post {
    let title = entry.title.as_ref().map(read).filter(|title| !title.is_empty());
    let (text, links) = body(entry);
    let (title, text) = if text.is_empty() { (None, title.unwrap_or_default()) } else { (title, text) };
    let url = address(entry);
    let published = entry.published.and_then(|at| instant(at.timestamp_millis()));
    let updated = entry.updated.and_then(|at| instant(at.timestamp_millis()));
    let id = identity(entry, host, url.as_deref(), title.as_deref(), &text);
    Post {
        posted_at: published.or(updated),
        edited_at: updated.filter(|updated| published.is_some_and(|published| *updated > published)),
        url,
        title,
        links,
        media: media(entry),
        ..Post::new(Platform::FEED, id, text)
    }
}

/// The entry's own id, which is unique by itself only if it is an address; else its link; else what it says.
fn identity(entry: &Entry, host: &str, url: Option<&str>, title: Option<&str>, text: &str) -> String {
    let own = entry.id.trim();
    match (own, url) {
        ("", Some(url)) => url.to_owned(),
        ("", None) => {
            let date = entry.published.or(entry.updated).map(|at| at.timestamp_millis().to_string());
            format!("{host}/{}", fingerprint(&[title.unwrap_or(""), date.as_deref().unwrap_or(""), text]))
        }
        (own, _) if Url::parse(own).is_ok() => own.to_owned(),
        (own, _) => format!("{host}/{own}"),
    }
}

fn fingerprint(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    hex(&first_bytes::<16>(&hash.finalize()))
}

/// Text and links: of the content, else of the summary, else of what its media say of themselves.
fn body(entry: &Entry) -> (String, Vec<String>) {
    let content = entry.content.as_ref().filter(|content| is_text(content));
    let content = content.and_then(|content| Some((content.body.as_deref()?, is_html(content))));
    let summary = entry.summary.as_ref().map(|text| (text.content.as_str(), is_marked_up(text)));
    let media = entry.media.iter().filter_map(|media| media.description.as_ref());
    let media = media.map(|text| (text.content.as_str(), is_marked_up(text)));
    for (text, html) in content.into_iter().chain(summary).chain(media) {
        let (text, mut links) = if html {
            let plain = plain(text);
            (plain.text, plain.links)
        } else {
            (text.trim().to_owned(), Vec::new())
        };
        if !text.is_empty() {
            let external = entry.links.iter().skip(1).filter(|link| link.rel.is_none() && is_page(link));
            links.extend(external.map(|link| link.href.clone()));
            return (text, links);
        }
    }
    (String::new(), Vec::new())
}

/// Whether a content is there to be read: it may also be a picture.
fn is_text(content: &Content) -> bool {
    let kind = content.content_type.as_str();
    kind.starts_with("text/") || kind.contains("html") || kind.contains("xml")
}

fn is_html(content: &Content) -> bool {
    content.content_type.as_str() != "text/plain" || content.body.as_deref().is_some_and(looks_like_markup)
}

/// Titles and summaries are often HTML where they claim not to be.
fn is_marked_up(text: &Text) -> bool {
    text.content_type.as_str() != "text/plain" || looks_like_markup(&text.content)
}

/// A title as one line of plain text.
fn read(text: &Text) -> String {
    let text = if is_marked_up(text) { plain(&text.content).text } else { text.content.clone() };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where people read it: its link, or an id that is an address.
fn address(entry: &Entry) -> Option<String> {
    let alternate = |link: &&Link| link.rel.as_deref().is_none_or(|rel| rel == "alternate");
    let link = entry.links.iter().filter(|link| is_page(link)).find(alternate);
    let own = Some(entry.id.trim()).filter(|id| is_web(id)).map(str::to_owned);
    link.map(|link| link.href.trim().to_owned()).or(own)
}

/// Whether a link leads to a page, rather than to a file or to comments.
fn is_page(link: &Link) -> bool {
    let html = |kind: &str| kind.contains("html");
    link.target.is_none() && link.media_type.as_deref().is_none_or(html) && is_web(link.href.trim())
}

fn is_web(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

fn media(entry: &Entry) -> Vec<Media> {
    let of_object = |object: &MediaObject| {
        let alt =
            object.description.as_ref().or(object.title.as_ref()).map(read).filter(|alt| !alt.is_empty());
        let media = object.content.iter().filter_map(move |content| {
            Some(Media {
                kind: content
                    .content_type
                    .as_ref()
                    .map_or(kind_of(None), |kind| kind_of(Some(kind.as_str()))),
                url: Some(content.url.as_ref()?.to_string()),
                alt: alt.clone(),
            })
        });
        media.collect::<Vec<_>>()
    };
    let enclosed = entry.links.iter().filter(|link| {
        link.rel.as_deref() == Some("enclosure") || link.rel.is_none() && link.media_type.is_some()
    });
    let of_link = |link: &Link| Media {
        kind: kind_of(link.media_type.as_deref()),
        url: Some(link.href.clone()),
        alt: link.title.clone(),
    };
    let mut known = HashSet::new();
    let all = entry.media.iter().flat_map(of_object).chain(enclosed.map(of_link));
    all.filter(|media| media.url.as_ref().is_some_and(|url| known.insert(url.clone()))).collect()
}

/// `image`, `video` or `audio`, as far as a media type tells.
fn kind_of(media_type: Option<&str>) -> String {
    let main = media_type.and_then(|kind| kind.split('/').next()).unwrap_or("");
    if matches!(main, "image" | "video" | "audio") { main.to_owned() } else { "file".to_owned() }
}

fn instant(milliseconds: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(milliseconds).ok()
}
