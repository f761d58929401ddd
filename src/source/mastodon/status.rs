//! A status of Mastodon, or of a server that resembles it, in vigie's words. Any field may be missing, null or odd.

use std::collections::HashMap;

use serde_json::Value;

use super::content::readable;
use crate::model::post::{Media, Platform, Post, Reference};
use crate::source::answer::{bounded, id, instant, list, text};

/// The statuses of a page, and what they have in common.
#[derive(Debug)]
pub struct Context<'a> {
    /// The instance that was asked.
    instance: &'a str,
    /// The worldwide ids of the page's statuses, by those of the instance.
    uris: HashMap<&'a str, &'a str>,
}

/// The most media that are read of a status.
const MOST_MEDIA: usize = 50;

impl<'a> Context<'a> {
    /// What `statuses`, which `instance` gave, tell of each other.
    pub fn new(instance: &'a str, statuses: &'a [Value]) -> Self {
        let uris = statuses.iter().filter_map(|status| Some((id(status, "/id")?, id(status, "/uri")?)));
        Self { instance, uris: uris.collect() }
    }

    /// `status` as a post, `None` if it is a message to a few people, or why it cannot be read.
    pub fn post(&self, status: &Value) -> Result<Option<Post>, String> {
        let own = id(status, "/uri").or_else(|| id(status, "/url"));
        let own = match (own, id(status, "/id")) {
            (Some(uri), _) => uri.to_owned(),
            (None, Some(local)) => format!("{}/{local}", self.instance),
            (None, None) => return Err("a post without an id".into()),
        };
        if text(status, "/visibility") == Some("direct") {
            return Ok(None);
        }
        let original = status.get("reblog").filter(|original| original.is_object());
        if original.unwrap_or(status).get("content").and_then(Value::as_str).is_none() {
            return Err(format!("post {own}: it has no content"));
        }
        Ok(Some(match original {
            Some(original) => self.boost(own, status, original),
            None => self.status(own, status),
        }))
    }

    fn status(&self, own: String, status: &Value) -> Post {
        let content = readable(status.get("content").and_then(Value::as_str).unwrap_or(""));
        let options = list(status, "/poll/options").iter().filter_map(|option| text(option, "/title"));
        let text_read = [content.text.as_str()].into_iter().chain(options).collect::<Vec<_>>();
        let mut read = text_read.join("\n");
        if text_read.len() > 1 && !content.text.is_empty() {
            read.insert(content.text.len(), '\n');
        }
        Post {
            author: self.author(status),
            posted_at: instant(status, "/created_at"),
            edited_at: instant(status, "/edited_at"),
            lang: text(status, "/language").map(str::to_owned),
            url: address(status).or_else(|| Some(own.clone()).filter(|own| own.starts_with("http"))),
            warning: text(status, "/spoiler_text").map(|warning| bounded(warning.to_owned())),
            links: content.links,
            media: media(status),
            quote_of: self.quote(status),
            reply_to: self.parent(status),
            ..Post::new(Platform::MASTODON, own, bounded(read.trim().to_owned()))
        }
    }

    /// A boost: the whole original, told by somebody else.
    fn boost(&self, own: String, status: &Value, original: &Value) -> Post {
        let uri = id(original, "/uri").or_else(|| id(original, "/url")).unwrap_or(&own).to_owned();
        let told = self.status(uri.clone(), original);
        let (author, url) = (Some(told.author.clone()), told.url.clone());
        Post {
            id: own,
            author: self.author(status),
            posted_at: instant(status, "/created_at").or(told.posted_at),
            repost_of: Some(Reference { id: uri, author, url, text: None }),
            ..told
        }
    }

    /// Who wrote `status`, with the instance.
    fn author(&self, status: &Value) -> String {
        let name = text(status, "/account/acct").or_else(|| text(status, "/account/username"));
        name.map(|name| self.whole(name)).unwrap_or_default()
    }

    fn whole(&self, name: &str) -> String {
        if name.contains('@') { name.to_owned() } else { format!("{name}@{}", self.instance) }
    }

    /// The status that is quoted, as far as its author lets it be.
    fn quote(&self, status: &Value) -> Option<Reference> {
        let quote = status.get("quote")?;
        let other = quote.get("quoted_status").filter(|other| other.is_object()).unwrap_or(quote);
        let uri = id(other, "/uri").or_else(|| id(other, "/url"))?;
        let told = other.get("content").and_then(Value::as_str).map(|html| bounded(readable(html).text));
        let author = Some(self.author(other)).filter(|author| !author.is_empty());
        Some(Reference { id: uri.to_owned(), author, url: address(other), text: told })
    }

    /// The status that is answered. Only its local id is told, so its own is known only if it is in the same page.
    fn parent(&self, status: &Value) -> Option<Reference> {
        let local = id(status, "/in_reply_to_id")?;
        let uri = self
            .uris
            .get(local)
            .map_or_else(|| format!("{}/{local}", self.instance), |uri| (*uri).to_owned());
        let answered = text(status, "/in_reply_to_account_id");
        let mentioned = list(status, "/mentions").iter().find(|other| text(other, "/id") == answered);
        let author = if answered.is_some() && answered == text(status, "/account/id") {
            Some(self.author(status))
        } else {
            mentioned
                .filter(|_| answered.is_some())
                .and_then(|other| text(other, "/acct"))
                .map(|name| self.whole(name))
        };
        Some(Reference { id: uri, author, url: None, text: None })
    }
}

/// Where people read it.
fn address(status: &Value) -> Option<String> {
    id(status, "/url").filter(|url| url.starts_with("http")).map(str::to_owned)
}

/// Its attachments, and the card of its link by its words. The card comes a while after the status, and where it leads
/// is among the links already.
fn media(status: &Value) -> Vec<Media> {
    let attached = list(status, "/media_attachments").iter().take(MOST_MEDIA).map(|media| Media {
        kind: match text(media, "/type") {
            Some("gifv") => "video".to_owned(),
            Some(kind @ ("image" | "video" | "audio")) => kind.to_owned(),
            _ => "file".to_owned(),
        },
        url: ["/url", "/remote_url", "/preview_url"].iter().find_map(|at| text(media, at)).map(str::to_owned),
        alt: text(media, "/description").map(|alt| bounded(alt.to_owned())),
    });
    let words: Vec<&str> =
        ["/card/title", "/card/description"].iter().filter_map(|at| text(status, at)).collect();
    let card = (!words.is_empty()).then(|| Media {
        kind: "link".into(),
        url: text(status, "/card/url").map(str::to_owned),
        alt: Some(bounded(words.join("\n"))),
    });
    attached.chain(card).collect()
}

#[cfg(test)]
mod tests;
