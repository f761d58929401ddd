//! An item of an author's feed in vigie's words. Nothing about its shape is taken for granted.

use jiff::Timestamp;
use serde_json::Value;

use super::embed::embedded;
use super::text::readable;
use crate::model::post::{Platform, Post, Reference};
use crate::source::answer::{bounded, id, instant, list, text};

/// What became of an item.
#[derive(Debug)]
pub enum Item {
    /// A post or a repost.
    Post(Box<Post>),
    /// Its author shows it to people with an account only.
    Private,
    /// Why it cannot be read.
    Unreadable(String),
}

/// The post that `item` tells of; `public` if it was read without an account.
pub fn read(item: &Value, public: bool) -> Item {
    let Some(uri) = id(item, "/post/uri").filter(|uri| uri.starts_with("at://")) else {
        return Item::Unreadable("a post without an id".into());
    };
    if item.pointer("/post/record/text").and_then(Value::as_str).is_none() {
        return Item::Unreadable(format!("post {uri}: it has no text"));
    }
    if public && is_private(item) {
        return Item::Private;
    }
    let reposted = text(item, "/reason/$type").is_some_and(|kind| kind.ends_with("#reasonRepost"));
    Item::Post(Box::new(if reposted { repost(item, uri) } else { original(item, uri) }))
}

/// When `item` was indexed; nothing of what stands out of order, such as a pinned post.
pub fn indexed(item: &Value) -> Option<Timestamp> {
    match text(item, "/reason/$type") {
        None => instant(item, "/post/indexedAt"),
        Some(kind) if kind.ends_with("#reasonRepost") => instant(item, "/reason/indexedAt"),
        Some(_) => None,
    }
}

/// Where people read a post.
pub fn address(author: &str, uri: &str) -> Option<String> {
    let key = uri.rsplit('/').next().filter(|key| uri.contains("/app.bsky.feed.post/") && !key.is_empty())?;
    Some(format!("https://bsky.app/profile/{author}/post/{key}"))
}

/// The handle in a profile, or the permanent id where the handle does not hold.
pub fn name<'a>(profile: &'a Value, uri: &'a str) -> &'a str {
    let handle = text(profile, "/handle").filter(|handle| *handle != "handle.invalid");
    let owner = || uri.strip_prefix("at://").and_then(|rest| rest.split('/').next()).unwrap_or("");
    handle.or_else(|| text(profile, "/did")).unwrap_or_else(owner)
}

fn original(item: &Value, uri: &str) -> Post {
    let (post, record) = (&item["post"], &item["post"]["record"]);
    let author = name(&post["author"], uri).to_owned();
    let (mut text_read, mut links) = readable(record);
    let tags: Vec<String> = list(record, "/tags").iter().filter_map(tag).collect();
    if !tags.is_empty() {
        let before = if text_read.is_empty() { "" } else { "\n\n" };
        text_read.extend([before, &tags.join(" ")]);
    }
    let embedded = embedded(post, record);
    for link in embedded.links {
        if !links.contains(&link) {
            links.push(link);
        }
    }
    Post {
        url: address(&author, uri),
        author,
        posted_at: sorted_at(record, instant(post, "/indexedAt")),
        lang: text(record, "/langs/0").map(str::to_owned),
        links,
        media: embedded.media,
        quote_of: embedded.quote,
        reply_to: parent(item, record),
        ..Post::new(Platform::BLUESKY, uri, bounded(text_read))
    }
}

/// A repost: the whole original, told by somebody else.
fn repost(item: &Value, uri: &str) -> Post {
    let post = original(item, uri);
    let by = &item["reason"]["by"];
    let at = instant(item, "/reason/indexedAt");
    let own = id(item, "/reason/uri").map(str::to_owned);
    let derived = || {
        let when = text(item, "/reason/indexedAt").unwrap_or("");
        format!("{uri}#{}#{}", text(by, "/did").unwrap_or(""), when.chars().take(40).collect::<String>())
    };
    let reference = Reference {
        id: uri.to_owned(),
        author: Some(post.author.clone()),
        url: post.url.clone(),
        text: None,
    };
    Post {
        id: own.unwrap_or_else(derived),
        author: name(by, "").to_owned(),
        posted_at: at.or(post.posted_at),
        repost_of: Some(reference),
        ..post
    }
}

/// Bluesky's own date of a post: what it claims, but not the future.
fn sorted_at(record: &Value, indexed: Option<Timestamp>) -> Option<Timestamp> {
    let claimed = instant(record, "/createdAt");
    claimed.into_iter().chain(indexed).min()
}

/// The post that is answered, by whatever is known of it.
fn parent(item: &Value, record: &Value) -> Option<Reference> {
    let uri = id(record, "/reply/parent/uri")?;
    let view = &item["reply"]["parent"];
    let view = if text(view, "/uri") == Some(uri) { view } else { &Value::Null };
    let author = name(&view["author"], uri).to_owned();
    let told = view.get("record").map(|record| bounded(readable(record).0)).filter(|told| !told.is_empty());
    Some(Reference { id: uri.to_owned(), url: address(&author, uri), author: Some(author), text: told })
}

fn tag(tag: &Value) -> Option<String> {
    let tag = tag.as_str()?.trim();
    (1..=640).contains(&tag.len()).then(|| format!("#{}", tag.trim_start_matches('#')))
}

/// Whether the author asks not to be shown to people without an account.
fn is_private(item: &Value) -> bool {
    ["/post/labels", "/post/author/labels"].iter().any(|labels| asks_for_login(list(item, labels)))
}

/// Whether `labels` holds the one that asks for it.
fn asks_for_login(labels: &[Value]) -> bool {
    let negated = |label: &Value| label.get("neg").and_then(Value::as_bool) == Some(true);
    labels.iter().any(|label| text(label, "/val") == Some("!no-unauthenticated") && !negated(label))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const URI: &str = "at://did:plc:a/app.bsky.feed.post/3k1";

    fn post(item: Value) -> Post {
        match read(&item, true) {
            Item::Post(post) => *post,
            other => panic!("{other:?}"),
        }
    }

    fn view(record: Value) -> Value {
        json!({"uri": URI, "cid": "b", "author": {"did": "did:plc:a", "handle": "hub.example"},
            "indexedAt": "2025-04-30T20:30:05.000Z", "record": record})
    }

    #[test]
    fn a_post_carries_what_bluesky_tells_of_it() {
        let record = json!({"$type": "app.bsky.feed.post", "text": "Armes à Ouaga", "langs": ["fr", "en"],
            "createdAt": "2025-04-30T20:30:00.000Z", "tags": ["Sahel", "#Mali", 3, ""],
            "reply": {"parent": {"uri": "at://did:plc:b/app.bsky.feed.post/3k0"}, "root": {"uri": "at://x"}}});
        let expected = json!({
            "id": URI, "platform": "bluesky", "author": "hub.example", "text": "Armes à Ouaga\n\n#Sahel #Mali",
            "posted_at": "2025-04-30T20:30:00Z", "lang": "fr", "url": "https://bsky.app/profile/hub.example/post/3k1",
            "reply_to": {"id": "at://did:plc:b/app.bsky.feed.post/3k0", "author": "did:plc:b",
                "url": "https://bsky.app/profile/did:plc:b/post/3k0"},
        });
        assert_eq!(serde_json::to_value(post(json!({"post": view(record)}))).unwrap(), expected);
    }

    #[test]
    fn an_answered_post_is_told_if_it_can_be_seen() {
        let parent = "at://did:plc:b/app.bsky.feed.post/3k0";
        let record = json!({"text": "yes", "reply": {"parent": {"uri": parent}}});
        let with = |view_of: Value| {
            post(json!({"post": view(record.clone()), "reply": {"parent": view_of}})).reply_to.unwrap()
        };
        let seen = with(json!({"$type": "app.bsky.feed.defs#postView", "uri": parent,
            "author": {"handle": "bob.example"}, "record": {"text": "really?"}}));
        assert_eq!((seen.author.as_deref(), seen.text.as_deref()), (Some("bob.example"), Some("really?")));
        for hidden in [
            json!({"$type": "app.bsky.feed.defs#blockedPost", "uri": parent, "blocked": true, "author": {"did": "did:plc:b"}}),
            json!({"$type": "app.bsky.feed.defs#notFoundPost", "uri": parent, "notFound": true}),
            json!(7),
        ] {
            let reference = with(hidden);
            assert_eq!((reference.author.as_deref(), reference.text), (Some("did:plc:b"), None));
        }
    }

    #[test]
    fn a_repost_tells_the_original_under_its_own_id() {
        let record = json!({"text": "hello", "createdAt": "2025-04-29T20:00:00Z"});
        let by = json!({"did": "did:plc:c", "handle": "carol.example"});
        let reason = json!({"$type": "app.bsky.feed.defs#reasonRepost", "by": by, "indexedAt": "2025-04-30T20:40:00Z",
            "uri": "at://did:plc:c/app.bsky.feed.repost/9"});
        let told = post(json!({"post": view(record.clone()), "reason": reason}));
        assert_eq!(
            (told.id.as_str(), told.author.as_str()),
            ("at://did:plc:c/app.bsky.feed.repost/9", "carol.example")
        );
        assert_eq!(
            (told.text.as_str(), told.posted_at),
            ("hello", Some("2025-04-30T20:40:00Z".parse().unwrap()))
        );
        assert_eq!(told.repost_of.unwrap().id, URI);
        let nameless = json!({"$type": "x#reasonRepost", "by": by, "indexedAt": "2025-04-30T20:40:00Z"});
        let told = post(json!({"post": view(record), "reason": nameless}));
        assert_eq!(told.id, format!("{URI}#did:plc:c#2025-04-30T20:40:00Z"));
    }

    #[test]
    fn a_post_is_dated_by_what_it_claims_unless_that_is_the_future() {
        let dated =
            |created: Value| post(json!({"post": view(json!({"text": "", "createdAt": created}))})).posted_at;
        assert_eq!(dated(json!("2020-01-01T00:00:00Z")), Some("2020-01-01T00:00:00Z".parse().unwrap()));
        for odd in [json!("2999-01-01T00:00:00Z"), json!("soon"), json!(null)] {
            assert_eq!(dated(odd), Some("2025-04-30T20:30:05Z".parse().unwrap()));
        }
    }

    #[test]
    fn who_asks_not_to_be_shown_to_the_public_is_not() {
        let mut item = json!({"post": view(json!({"text": "t"}))});
        item["post"]["author"]["labels"] = json!([{"val": "!no-unauthenticated", "src": "did:plc:a"}]);
        assert!(matches!(read(&item, true), Item::Private));
        assert!(matches!(read(&item, false), Item::Post(_)));
        item["post"]["author"]["labels"][0]["neg"] = true.into();
        assert!(matches!(read(&item, true), Item::Post(_)));
    }

    #[test]
    fn a_post_without_id_or_text_is_named_and_a_handle_that_does_not_hold_is_not_shown() {
        for item in [json!(3), json!({}), json!({"post": {"uri": "http://x"}}), json!({"post": {"uri": URI}})]
        {
            assert!(matches!(read(&item, true), Item::Unreadable(_)), "{item}");
        }
        let mut item = json!({"post": view(json!({"text": "t"}))});
        item["post"]["author"]["handle"] = "handle.invalid".into();
        assert_eq!(post(item.clone()).author, "did:plc:a");
        item["post"]["author"] = json!(null);
        assert_eq!(post(item).author, "did:plc:a");
    }

    #[test]
    fn a_pinned_post_tells_nothing_of_the_order() {
        let mut item = json!({"post": view(json!({"text": "t"}))});
        assert!(indexed(&item).is_some());
        item["reason"] = json!({"$type": "app.bsky.feed.defs#reasonPin"});
        assert_eq!(indexed(&item), None);
    }

    #[test]
    fn no_shape_makes_it_panic() {
        let record = json!({"text": "t", "createdAt": "x", "langs": ["en"], "tags": ["a"], "facets": [{}],
            "reply": {"parent": {"uri": URI}}, "embed": {"images": [{}]}, "entities": [{}]});
        let mut whole = json!({"post": view(record), "reply": {"parent": {"uri": URI, "record": {"text": "p"}}},
            "reason": {"$type": "x#reasonRepost", "by": {"did": "did:plc:c"}, "indexedAt": "y"}});
        whole["post"]["embed"] = json!({"$type": "app.bsky.embed.video#view", "record": {"record": {"uri": URI}},
            "external": {"uri": "https://e.example"}, "media": {"images": [{}]}});
        let paths = [
            "/post",
            "/post/record",
            "/post/author",
            "/post/embed",
            "/post/embed/record",
            "/reply",
            "/reply/parent",
            "/reason",
        ];
        for path in paths {
            let names: Vec<String> =
                whole.pointer(path).unwrap().as_object().unwrap().keys().cloned().collect();
            for name in names {
                for odd in [
                    json!(null),
                    json!(-1),
                    json!(""),
                    json!("at://"),
                    json!([[]]),
                    json!({"uri": []}),
                    json!([{"a": null}]),
                ] {
                    let mut item = whole.clone();
                    item.pointer_mut(path).unwrap()[&name] = odd;
                    indexed(&item);
                    let read = read(&item, true);
                    assert!(!matches!(read, Item::Private), "{path}/{name}");
                }
            }
        }
    }
}
