//! How X is asked: addresses, and a way of its own to each endpoint, because X limits each by itself.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::Url;

use super::Look;
use super::cursor::Window;
use super::refusal::REST;
use super::what::What;
use crate::model::post::{first_bytes, hex};
use crate::remote::{Pace, Remote, Remotes, Request};
use crate::source::names::below;

/// The ways to X's endpoints.
pub struct Ways {
    base: Url,
    /// To profiles.
    pub users: Remote,
    timelines: Remote,
    lists: Remote,
    search: Remote,
}

/// X accepts no earlier start.
const FIRST_START: Timestamp = Timestamp::constant(1_289_001_600, 0);

const TWEET_FIELDS: &str = "article,attachments,author_id,created_at,edit_history_tweet_ids,entities,in_reply_to_user_id,lang,note_tweet,referenced_tweets";
const POST_FIELDS: &str = "article,attachments,author_id,created_at,edit_history_post_ids,entities,in_reply_to_user_id,lang,note_post,referenced_posts";
const TWEET_EXPANSIONS: &str =
    "attachments.media_keys,author_id,referenced_tweets.id,referenced_tweets.id.author_id";
const POST_EXPANSIONS: &str = "attachments.media_keys,author_id,referenced_posts";

impl Ways {
    /// The ways to the API at `base`, at the mean pace that X published for an app in August 2026.
    pub fn new(base: Url, token: &SecretString, remotes: &Remotes) -> Self {
        let who: [u8; 8] = first_bytes(&Sha256::digest(token.expose_secret()));
        let way = |name: &str, every: u64| {
            let pace = Pace::new(Duration::from_millis(every), 20).resting(REST);
            remotes.host(&base, &format!("x {} {name}", hex(&who)), pace)
        };
        Self {
            users: way("users", 3000),
            timelines: way("timelines", 100),
            lists: way("lists", 1000),
            search: way("search", 2000),
            base,
        }
    }

    /// The way to what is asked for.
    pub fn to(&self, what: What<'_>) -> &Remote {
        match what {
            What::Account(_) => &self.timelines,
            What::List(_) => &self.lists,
            What::Search(_) => &self.search,
        }
    }

    /// The address of a profile.
    pub fn user(&self, handle: &str) -> Url {
        below(&self.base, &["2", "users", "by", "username", handle])
    }

    /// The address of the next page of a look, with `count` posts at most.
    pub fn page(&self, look: &Look<'_>, count: u32, says_post: bool) -> Url {
        let mut url = below(&self.base, &look.what.path());
        let (fields, names, expansions) = if says_post {
            ("post.fields", POST_FIELDS, POST_EXPANSIONS)
        } else {
            ("tweet.fields", TWEET_FIELDS, TWEET_EXPANSIONS)
        };
        let mut query = url.query_pairs_mut();
        query.append_pair(fields, names).append_pair("expansions", expansions);
        query.append_pair("user.fields", "username");
        query.append_pair("media.fields", "alt_text,preview_image_url,type,url");
        query.append_pair("max_results", &count.max(look.what.fewest()).to_string());
        if let What::Search(search) = look.what {
            query.append_pair("query", &search.query).append_pair("sort_order", "recency");
        }
        match &look.window {
            // A list can only be read from its newest post down.
            _ if matches!(look.what, What::List(_)) => &mut query,
            Window::After(id) => query.append_pair("since_id", id),
            Window::From(from) => query.append_pair("start_time", &seconds(*from)),
            Window::All => &mut query,
        };
        if let Some(walk) = &look.place.walk {
            query.append_pair(look.what.token(), &walk.token);
        }
        drop(query);
        url
    }
}

/// A request with the token.
pub fn with(url: Url, token: &SecretString) -> Request {
    Request::get(url).bearer(token.expose_secret()).header("accept", "application/json")
}

/// A time as X reads it.
fn seconds(at: Timestamp) -> String {
    at.max(FIRST_START).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
