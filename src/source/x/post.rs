//! A post of X in vigie's words.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::id::time_of;
use super::text::{readable, title};
use super::wire::{Includes, Media, Tweet, User};
use crate::model::post::{self, Platform, Post, Reference};

/// What the posts of a page refer to, by id.
#[derive(Debug, Default)]
pub struct Context {
    /// The id of the account that was asked for, if it was one.
    watched: Option<String>,
    /// How X calls it now.
    name: Option<String>,
    tweets: HashMap<String, Tweet>,
    users: HashMap<String, String>,
    media: HashMap<String, Media>,
}

impl Context {
    /// Reads what a page brought along; what cannot be read counts as missing. `watched` is id and handle of the
    /// account that was asked for, which need not be among the users.
    pub fn new(includes: Includes, watched: Option<(&str, &str)>) -> Self {
        let mut users: HashMap<_, _> =
            read(includes.users).map(|user: User| (user.id, user.username)).collect();
        let name = watched.and_then(|(id, _)| users.get(id).cloned());
        if let Some((id, handle)) = watched {
            users.entry(id.to_owned()).or_insert_with(|| handle.to_owned());
        }
        Self {
            watched: watched.map(|(id, _)| id.to_owned()),
            name,
            users,
            tweets: read(includes.tweets).map(|tweet: Tweet| (tweet.id.clone(), tweet)).collect(),
            media: read(includes.media).map(|media: Media| (media.media_key.clone(), media)).collect(),
        }
    }

    /// How X calls the account that was asked for, if the page tells.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// `value` as a post, or why it is none, with its id where it has one.
    pub fn post(&self, value: Value) -> Result<Post, String> {
        let id = value.get("id").and_then(Value::as_str).unwrap_or("?").to_owned();
        let tweet: Tweet = serde_json::from_value(value).map_err(|cause| format!("post {id}: {cause}"))?;
        if tweet.id.is_empty() {
            return Err("a post without an id".into());
        }
        if tweet.text.is_none() && tweet.note_tweet.is_none() {
            return Err(format!("post {id}: it has no text"));
        }
        Ok(self.convert(&tweet))
    }

    fn convert(&self, tweet: &Tweet) -> Post {
        let reference = |kind| tweet.referenced_tweets.iter().find(|other| other.kind == kind);
        let original = reference("retweeted").map(|other| (&other.id, self.tweets.get(&other.id)));
        let told = original.and_then(|(_, original)| original).unwrap_or(tweet);
        let first = tweet.edit_history_tweet_ids.first().unwrap_or(&tweet.id);
        let edited = tweet.edit_history_tweet_ids.len() > 1;
        let created_at = tweet.created_at.as_deref().and_then(|text| text.parse().ok());
        let (text, links) = readable(told);
        let author = tweet.author_id.as_deref().or(self.watched.as_deref());
        let author = author.map_or_else(|| NOBODY.to_owned(), |id| self.author(id));
        Post {
            url: Some(address(Some(&author), &tweet.id)),
            author,
            posted_at: time_of(first).filter(|_| edited).or(created_at).or_else(|| time_of(first)),
            edited_at: edited.then(|| created_at.or_else(|| time_of(&tweet.id))).flatten(),
            title: title(told),
            lang: told.lang.clone(),
            links,
            media: self.media(told),
            repost_of: original.map(|(id, original)| self.original(id, original, tweet)),
            quote_of: self.reference(told, "quoted"),
            reply_to: self.reference(told, "replied_to"),
            ..Post::new(Platform::X, first, text)
        }
    }

    /// The handle of a user, else the id.
    fn author(&self, id: &str) -> String {
        self.users.get(id).map_or(id, String::as_str).to_owned()
    }

    /// The post that `tweet` repeats.
    fn original(&self, id: &str, original: Option<&Tweet>, tweet: &Tweet) -> Reference {
        let known = original.and_then(|original| original.author_id.as_deref());
        let named = known.and_then(|id| self.users.get(id).cloned());
        let author =
            named.or_else(|| tweet.text.as_deref().and_then(reposted)).or_else(|| known.map(str::to_owned));
        let first = original.and_then(|original| original.edit_history_tweet_ids.first());
        Reference {
            id: first.map_or(id, String::as_str).to_owned(),
            url: Some(address(author.as_deref(), id)),
            author,
            text: None,
        }
    }

    fn reference(&self, tweet: &Tweet, kind: &str) -> Option<Reference> {
        let id = &tweet.referenced_tweets.iter().find(|other| other.kind == kind)?.id;
        let other = self.tweets.get(id);
        let answered = tweet.in_reply_to_user_id.as_deref().filter(|_| kind == "replied_to");
        let author = other.and_then(|other| other.author_id.as_deref()).or(answered);
        let author = author.map(|id| self.author(id));
        let first = other.and_then(|other| other.edit_history_tweet_ids.first());
        Some(Reference {
            id: first.unwrap_or(id).clone(),
            url: Some(address(author.as_deref(), id)),
            author,
            text: other.map(|other| {
                let title = title(other).map(|title| format!("{title}\n\n")).unwrap_or_default();
                title + &readable(other).0
            }),
        })
    }

    fn media(&self, tweet: &Tweet) -> Vec<post::Media> {
        let keys = tweet.attachments.iter().flat_map(|attachments| &attachments.media_keys);
        let media = |media: &Media| post::Media {
            kind: match media.kind.as_str() {
                "photo" => "image".into(),
                "animated_gif" => "video".into(),
                other => other.to_owned(),
            },
            url: media.url.clone().or_else(|| media.preview_image_url.clone()),
            alt: media.alt_text.clone(),
        };
        keys.filter_map(|key| self.media.get(key)).map(media).collect()
    }
}

fn read<T: DeserializeOwned>(values: Vec<Value>) -> impl Iterator<Item = T> {
    values.into_iter().filter_map(|value| serde_json::from_value(value).ok())
}

/// What stands in X's addresses for an author who is not told.
const NOBODY: &str = "i";

/// Where people read a post. X leads to it whatever the author is said to be.
fn address(author: Option<&str>, id: &str) -> String {
    format!("https://x.com/{}/status/{id}", author.unwrap_or(NOBODY))
}

/// Whom the text of a repost names as the author of the original.
fn reposted(text: &str) -> Option<String> {
    let (handle, _) = text.strip_prefix("RT @")?.split_once(':')?;
    handle.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then(|| handle.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn context(includes: Value) -> Context {
        Context::new(serde_json::from_value(includes).unwrap(), Some(("10", "Hub_")))
    }

    fn convert(includes: Value, tweet: Value) -> Post {
        context(includes).post(tweet).unwrap()
    }

    #[test]
    fn a_post_carries_what_x_tells_of_it() {
        let includes = json!({
            "users": [{"id": "10", "username": "HubRenamed"}],
            "media": [
                {"media_key": "3_1", "type": "photo", "url": "https://pbs.example/1.jpg", "alt_text": "a crate"},
                {"media_key": "7_1", "type": "video", "preview_image_url": "https://pbs.example/2.jpg"},
            ],
        });
        let post = convert(
            includes,
            json!({"id": "1917690000000000000", "text": "hello", "author_id": "10", "lang": "en",
                "created_at": "2025-04-30T21:00:00.000Z", "edit_history_tweet_ids": ["1917690000000000000"],
                "attachments": {"media_keys": ["3_1", "7_1", "unknown"]}}),
        );
        let expected = json!({
            "id": "1917690000000000000", "platform": "x", "author": "HubRenamed", "text": "hello", "lang": "en",
            "posted_at": "2025-04-30T21:00:00Z", "url": "https://x.com/HubRenamed/status/1917690000000000000",
            "media": [{"kind": "image", "url": "https://pbs.example/1.jpg", "alt": "a crate"},
                {"kind": "video", "url": "https://pbs.example/2.jpg"}],
        });
        assert_eq!(serde_json::to_value(post).unwrap(), expected);
    }

    #[test]
    fn an_author_is_named_by_users_then_by_the_configuration_then_by_id() {
        let author = |id: &str| convert(json!({}), json!({"id": "1", "text": "", "author_id": id})).author;
        assert_eq!((author("10"), author("11")), ("Hub_".into(), "11".into()));
    }

    #[test]
    fn a_repost_tells_the_whole_original() {
        let includes = json!({
            "users": [{"id": "20", "username": "ministry"}],
            "tweets": [{"id": "500", "text": "The whole text https://t.co/a", "author_id": "20", "lang": "fr",
                "entities": {"urls": [{"start": 15, "end": 29, "url": "https://t.co/a",
                    "expanded_url": "https://e.example/"}]}}],
        });
        let repost = json!({"id": "600", "text": "RT @ministry: The who…", "author_id": "10",
            "referenced_tweets": [{"type": "retweeted", "id": "500"}]});
        let post = convert(includes, repost.clone());
        assert_eq!(
            (post.id.as_str(), post.author.as_str(), post.lang.as_deref()),
            ("600", "Hub_", Some("fr"))
        );
        assert_eq!(
            (post.text.as_str(), &post.links[..]),
            ("The whole text https://e.example/", &["https://e.example/".into()][..])
        );
        let original = Reference {
            id: "500".into(),
            author: Some("ministry".into()),
            url: Some("https://x.com/ministry/status/500".into()),
            text: None,
        };
        assert_eq!(post.repost_of, Some(original.clone()));
        let post = convert(json!({}), repost);
        assert_eq!((post.text.as_str(), post.repost_of), ("RT @ministry: The who…", Some(original)));
    }

    #[test]
    fn quotes_and_replies_bring_the_other_text_if_x_sent_it() {
        let includes = json!({"tweets": [{"id": "5", "text": "R&amp;D", "author_id": "10"}]});
        let tweet = json!({"id": "6", "text": "look", "author_id": "10", "in_reply_to_user_id": "30",
            "referenced_tweets": [{"type": "quoted", "id": "5"}, {"type": "replied_to", "id": "4"}]});
        let post = convert(includes, tweet);
        let quote = post.quote_of.unwrap();
        assert_eq!(
            (quote.id.as_str(), quote.author.as_deref(), quote.text.as_deref()),
            ("5", Some("Hub_"), Some("R&D"))
        );
        let reply = post.reply_to.unwrap();
        assert_eq!((reply.id.as_str(), reply.author.as_deref(), reply.text), ("4", Some("30"), None));
    }

    #[test]
    fn all_versions_of_an_edited_post_are_one_post() {
        let (first, last) = ("1917690000000000000", "1917691000000000000");
        let post = convert(
            json!({}),
            json!({"id": last, "text": "t", "author_id": "10", "created_at": "2025-05-01T00:00:00.000Z",
                "edit_history_tweet_ids": [first, last]}),
        );
        assert_eq!((post.id.as_str(), post.posted_at), (first, time_of(first)));
        assert_eq!(post.edited_at, Some("2025-05-01T00:00:00Z".parse().unwrap()));
        assert_eq!(post.url.unwrap(), format!("https://x.com/Hub_/status/{last}"));
    }

    #[test]
    fn both_vocabularies_say_the_same() {
        let old = json!({"id": "2", "text": "cut", "author_id": "10", "note_tweet": {"text": "long"},
            "edit_history_tweet_ids": ["1", "2"], "referenced_tweets": [{"type": "quoted", "id": "5"}]});
        let new = json!({"id": "2", "text": "cut", "author_id": "10", "note_post": {"text": "long"},
            "edit_history_post_ids": ["1", "2"], "referenced_posts": [{"type": "quoted", "id": "5"}]});
        let quoted = json!([{"id": "5", "text": "quoted"}]);
        let one = convert(json!({"tweets": quoted}), old);
        assert_eq!((one.text.as_str(), one.id.as_str()), ("long", "1"));
        assert_eq!(convert(json!({"posts": quoted}), new), one);
    }

    #[test]
    fn a_misshapen_part_costs_the_part_and_a_misshapen_post_is_named() {
        let post = convert(
            json!({"users": [7, {"id": "10"}], "tweets": "none", "media": null}),
            json!({"id": "1", "text": "t", "entities": 7, "attachments": null, "edit_history_tweet_ids": "x"}),
        );
        assert_eq!(post.text, "t");
        let context = context(json!({}));
        assert!(context.post(json!({"id": "77", "text": ["t"]})).unwrap_err().starts_with("post 77: "));
        assert!(context.post(json!({"text": "t"})).is_err());
        assert!(context.post(json!({"id": "78"})).is_err());
        assert!(context.post(json!(3)).is_err());
    }
}
