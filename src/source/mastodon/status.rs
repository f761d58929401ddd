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
mod tests {
    use serde_json::json;

    use super::*;

    fn status(more: Value) -> Value {
        let mut status = json!({"id": "100", "uri": "https://m.example/users/hub/statuses/100",
            "url": "https://m.example/@hub/100", "created_at": "2025-04-30T20:00:00.000Z", "edited_at": null,
            "visibility": "public", "language": "fr", "spoiler_text": "", "content": "<p>Armes &amp; v&eacute;hicules</p>",
            "account": {"id": "7", "acct": "hub", "username": "hub"}, "reblog": null, "media_attachments": [],
            "mentions": [], "quote": null, "card": null, "poll": null, "in_reply_to_id": null});
        for (key, value) in more.as_object().unwrap() {
            status[key] = value.clone();
        }
        status
    }

    fn post(more: Value) -> Post {
        let statuses = [status(more)];
        Context::new("m.example", &statuses).post(&statuses[0]).unwrap().unwrap()
    }

    #[test]
    fn a_post_carries_what_mastodon_tells_of_it() {
        let told = post(json!({"spoiler_text": "war", "edited_at": "2025-04-30T20:05:00.000Z",
            "media_attachments": [{"type": "gifv", "url": "https://m.example/1.mp4", "description": "a truck"}, {"type": "unknown"}],
            "card": {"url": "https://e.example/", "title": "Arms", "description": "for Mali"}}));
        let expected = json!({
            "id": "https://m.example/users/hub/statuses/100", "platform": "mastodon", "author": "hub@m.example",
            "text": "Armes & véhicules", "posted_at": "2025-04-30T20:00:00Z", "lang": "fr", "warning": "war",
            "url": "https://m.example/@hub/100", "edited_at": "2025-04-30T20:05:00Z",
            "media": [{"kind": "video", "url": "https://m.example/1.mp4", "alt": "a truck"}, {"kind": "file"},
                {"kind": "link", "url": "https://e.example/", "alt": "Arms\nfor Mali"}],
        });
        assert_eq!(serde_json::to_value(told).unwrap(), expected);
    }

    #[test]
    fn the_options_of_a_poll_belong_to_the_text() {
        let poll = json!({"poll": {"options": [{"title": "yes", "votes_count": 3}, {"title": "no"}, {}]}});
        assert_eq!(post(poll).text, "Armes & véhicules\n\nyes\nno");
        let bare = json!({"content": "", "poll": {"options": [{"title": "yes"}]}});
        assert_eq!(post(bare).text, "yes");
    }

    #[test]
    fn a_boost_tells_the_original_under_its_own_id() {
        let mut original = status(
            json!({"content": "<p>whole</p>", "uri": "https://o.example/1", "url": "https://o.example/@o/1"}),
        );
        original["account"]["acct"] = "o@o.example".into();
        let told = post(
            json!({"content": "", "uri": "https://m.example/users/hub/statuses/100/activity", "reblog": original}),
        );
        assert_eq!(
            (told.id.as_str(), told.author.as_str(), told.text.as_str()),
            ("https://m.example/users/hub/statuses/100/activity", "hub@m.example", "whole")
        );
        let of = told.repost_of.unwrap();
        assert_eq!((of.id.as_str(), of.author.as_deref()), ("https://o.example/1", Some("o@o.example")));
        assert_eq!(told.url, of.url);
    }

    #[test]
    fn a_quote_is_told_as_far_as_it_may_be() {
        let quoted = json!({"uri": "https://o.example/1", "url": "https://o.example/@o/1", "content": "<p>said</p>",
            "account": {"acct": "o@o.example"}});
        for quote in [json!({"state": "accepted", "quoted_status": quoted}), quoted.clone()] {
            let quote = post(json!({"quote": quote})).quote_of.unwrap();
            assert_eq!((quote.id.as_str(), quote.text.as_deref()), ("https://o.example/1", Some("said")));
        }
        for quote in [json!({"state": "revoked", "quoted_status": null}), json!(null), json!(7)] {
            assert_eq!(post(json!({"quote": quote})).quote_of, None);
        }
    }

    #[test]
    fn an_answered_post_is_known_by_what_is_told_of_it() {
        let mentions = json!([{"id": "9", "acct": "bob@b.example"}]);
        let reply = |id: &str, account: &str| {
            post(json!({"in_reply_to_id": id, "in_reply_to_account_id": account, "mentions": mentions}))
                .reply_to
                .unwrap()
        };
        assert_eq!(
            (reply("99", "9").id, reply("99", "9").author),
            ("m.example/99".into(), Some("bob@b.example".into()))
        );
        assert_eq!(reply("100", "7").id, "https://m.example/users/hub/statuses/100");
        assert_eq!((reply("99", "7").author, reply("99", "8").author), (Some("hub@m.example".into()), None));
    }

    #[test]
    fn other_software_leaves_things_out() {
        let bare = [
            json!({"id": "9xAbC", "content": "<p>x", "account": {"username": "a"}}),
            json!({"id": "1", "content": "y"}),
        ];
        let context = Context::new("p.example", &bare);
        let read: Vec<_> = bare.iter().map(|status| context.post(status).unwrap().unwrap()).collect();
        assert_eq!(
            (read[0].id.as_str(), read[0].author.as_str(), read[0].text.as_str()),
            ("p.example/9xAbC", "a@p.example", "x")
        );
        assert_eq!((read[1].author.as_str(), read[1].posted_at), ("", None));
        for odd in [
            json!({}),
            json!(3),
            json!({"id": "1"}),
            json!({"id": "1", "content": 7}),
            json!({"id": "1", "reblog": {}}),
        ] {
            assert!(context.post(&odd).is_err(), "{odd}");
        }
        assert_eq!(context.post(&json!({"id": "1", "content": "x", "visibility": "direct"})), Ok(None));
    }

    #[test]
    fn no_shape_makes_it_panic_and_an_odd_part_costs_no_more_than_its_post() {
        let whole =
            status(json!({"quote": {"quoted_status": {"uri": "u", "content": "x"}}, "in_reply_to_id": "1",
            "mentions": [{"id": "1", "acct": "a"}], "media_attachments": [{"type": "image"}],
            "poll": {"options": [{"title": "a"}]}, "card": {"title": "t"}}));
        for (key, inner) in whole.as_object().unwrap() {
            for odd in [
                json!(null),
                json!(-1),
                json!(1.5),
                json!(true),
                json!("<p"),
                json!([[]]),
                json!({"id": []}),
                json!([{"a": null}]),
            ] {
                let mut one = whole.clone();
                one[key] = odd.clone();
                let mut deep = whole.clone();
                for name in
                    inner.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>()).unwrap_or_default()
                {
                    deep[key][name] = odd.clone();
                }
                for status in [one, deep] {
                    let read = Context::new("m.example", std::slice::from_ref(&status)).post(&status);
                    assert!(read.is_ok() || ["content", "reblog"].contains(&key.as_str()), "{key}: {odd}");
                }
            }
        }
    }
}
