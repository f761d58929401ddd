//! What a post of Bluesky carries beside its text: media, a link card, another post.

use serde_json::Value;

use super::post::{address, name};
use super::text::{is_web, readable};
use crate::model::post::{Media, Reference};
use crate::source::answer::{bounded, id, list, text};

/// What was found.
#[derive(Debug, Default)]
pub struct Embedded {
    /// Pictures, films, and cards of links by their words.
    pub media: Vec<Media>,
    /// Where cards lead.
    pub links: Vec<String>,
    /// The post that is quoted.
    pub quote: Option<Reference>,
}

/// The most media that are read of a post.
const MOST_MEDIA: usize = 50;

/// What `post` carries: as the service shows it, else as `record` has it. A kind that is not known is passed over.
pub fn embedded(post: &Value, record: &Value) -> Embedded {
    let mut found = Embedded::default();
    let embed = post.get("embed").or_else(|| record.get("embed")).unwrap_or(&Value::Null);
    found.media(embed);
    if let Some(media) = embed.get("media") {
        found.media(media);
    }
    let Some(other) = embed.get("record") else { return found };
    // With media beside it, the quoted post is wrapped once more.
    let other = other.get("record").filter(|inner| inner.get("uri").is_some()).unwrap_or(other);
    found.record(other);
    found
}

impl Embedded {
    fn media(&mut self, embed: &Value) {
        for picture in list(embed, "/images").iter().chain(list(embed, "/items")).take(MOST_MEDIA) {
            let url = text(picture, "/fullsize").or_else(|| text(picture, "/thumb"));
            let kind = if text(picture, "/playlist").is_some() { "video" } else { "image" };
            self.push(kind, url.or_else(|| text(picture, "/playlist")), text(picture, "/alt"));
        }
        let kind = text(embed, "/$type").unwrap_or("");
        if kind.starts_with("app.bsky.embed.video") {
            let url = text(embed, "/playlist").or_else(|| text(embed, "/thumbnail"));
            self.push("video", url, text(embed, "/alt"));
        }
        if let Some(card) = embed.get("external") {
            let uri = text(card, "/uri").filter(|uri| is_web(uri));
            self.links.extend(uri.map(str::to_owned));
            self.push("link", uri, words(&[text(card, "/title"), text(card, "/description")]).as_deref());
        }
    }

    /// Another post, or a list or feed, which is told by its name.
    fn record(&mut self, other: &Value) {
        let Some(uri) = id(other, "/uri") else { return };
        if !uri.contains("/app.bsky.feed.post/") {
            let told =
                [text(other, "/displayName").or_else(|| text(other, "/name")), text(other, "/description")];
            if let Some(told) = words(&told) {
                self.push("link", None, Some(&told));
            }
            return;
        }
        let author = name(&other["author"], uri).to_owned();
        let told = other.get("value").map(|value| bounded(readable(value).0)).filter(|told| !told.is_empty());
        self.quote = Some(Reference {
            id: uri.to_owned(),
            url: address(&author, uri),
            author: Some(author),
            text: told,
        });
    }

    fn push(&mut self, kind: &str, url: Option<&str>, alt: Option<&str>) {
        let url = url.filter(|url| is_web(url)).map(str::to_owned);
        let alt = alt.map(|alt| bounded(alt.to_owned()));
        self.media.push(Media { kind: kind.to_owned(), url, alt });
    }
}

/// What there is of some texts, a line each.
fn words(parts: &[Option<&str>]) -> Option<String> {
    let parts: Vec<&str> =
        parts.iter().flatten().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join("\n"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const QUOTED: &str = "at://did:plc:b/app.bsky.feed.post/3k0";

    fn of(embed: Value) -> Embedded {
        embedded(&json!({"embed": embed}), &Value::Null)
    }

    fn alts(found: &Embedded) -> Vec<(&str, &str)> {
        found.media.iter().map(|media| (media.kind.as_str(), media.alt.as_deref().unwrap_or(""))).collect()
    }

    #[test]
    fn pictures_films_and_cards_tell_their_words() {
        let images = json!({"$type": "app.bsky.embed.images#view", "images": [
            {"fullsize": "https://cdn.example/1", "thumb": "https://cdn.example/t", "alt": "a crate"}, {"alt": ""}]});
        let found = of(images);
        assert_eq!(alts(&found), [("image", "a crate"), ("image", "")]);
        assert_eq!(found.media[0].url.as_deref(), Some("https://cdn.example/1"));
        let gallery = of(json!({"$type": "app.bsky.embed.gallery#view", "items": [{"alt": "one"}]}));
        assert_eq!(alts(&gallery), [("image", "one")]);
        let video = of(
            json!({"$type": "app.bsky.embed.video#view", "playlist": "https://v.example/p.m3u8", "alt": "a film"}),
        );
        assert_eq!(alts(&video), [("video", "a film")]);
        let card = of(json!({"$type": "app.bsky.embed.external#view",
            "external": {"uri": "https://e.example/a", "title": "Arms", "description": "for Mali", "thumb": "x"}}));
        assert_eq!(
            (alts(&card), card.links.clone()),
            (vec![("link", "Arms\nfor Mali")], vec!["https://e.example/a".to_owned()])
        );
    }

    #[test]
    fn a_quote_brings_the_other_text_alone_or_beside_media() {
        let record = json!({"$type": "app.bsky.embed.record#viewRecord", "uri": QUOTED,
            "author": {"handle": "bob.example"}, "value": {"text": "the original"}});
        let alone = of(json!({"$type": "app.bsky.embed.record#view", "record": record}));
        let beside = of(json!({"$type": "app.bsky.embed.recordWithMedia#view", "record": {"record": record},
            "media": {"$type": "app.bsky.embed.images#view", "images": [{"alt": "a map"}]}}));
        for found in [&alone, &beside] {
            let quote = found.quote.as_ref().unwrap();
            assert_eq!(
                (quote.id.as_str(), quote.author.as_deref(), quote.text.as_deref()),
                (QUOTED, Some("bob.example"), Some("the original"))
            );
        }
        assert_eq!(alts(&beside), [("image", "a map")]);
    }

    #[test]
    fn a_quote_that_is_gone_or_blocked_is_still_one_and_a_list_is_none() {
        for kind in ["viewNotFound", "viewBlocked", "viewDetached"] {
            let found =
                of(json!({"record": {"$type": format!("app.bsky.embed.record#{kind}"), "uri": QUOTED}}));
            let quote = found.quote.unwrap();
            assert_eq!((quote.author.as_deref(), quote.text), (Some("did:plc:b"), None));
        }
        let list = of(json!({"record": {"$type": "app.bsky.graph.defs#listView",
            "uri": "at://did:plc:b/app.bsky.graph.list/1", "name": "Ministries"}}));
        assert!(list.quote.is_none());
        assert_eq!(alts(&list), [("link", "Ministries")]);
    }

    #[test]
    fn what_is_not_known_is_passed_over() {
        for odd in [
            json!(null),
            json!(3),
            json!({"$type": "app.bsky.embed.hologram#view", "record": 3, "media": []}),
            json!({"images": 7, "external": "x", "record": {"record": {"record": {}}}}),
        ] {
            let found = of(odd.clone());
            assert!(found.quote.is_none() && found.links.is_empty(), "{odd}");
        }
        let raw = embedded(
            &json!({}),
            &json!({"embed": {"$type": "app.bsky.embed.images", "images": [{"alt": "raw"}]}}),
        );
        assert_eq!(alts(&raw), [("image", "raw")]);
    }
}
