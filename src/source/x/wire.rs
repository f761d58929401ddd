//! What X answers. Every field may be missing, and both of X's vocabularies are understood: posts were called tweets.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A page of a timeline, or an error that came with status 200.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// The posts, each read by itself so that one cannot spoil the others.
    pub data: Option<Value>,
    /// What the posts refer to.
    #[serde(deserialize_with = "or_default")]
    pub includes: Includes,
    /// Counts and the next page's token.
    pub meta: Option<Meta>,
    /// What could not be told; beside data, it is partial.
    #[serde(deserialize_with = "or_default")]
    pub errors: Vec<Problem>,
}

/// What a page says of itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Meta {
    /// How many posts are in the page.
    pub result_count: Option<u64>,
    /// There is another page.
    pub next_token: Option<String>,
}

/// Posts, users and media that the posts of a page refer to, not yet read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Includes {
    /// The posts.
    #[serde(alias = "posts", deserialize_with = "or_default")]
    pub tweets: Vec<Value>,
    /// The users.
    #[serde(deserialize_with = "or_default")]
    pub users: Vec<Value>,
    /// The media.
    #[serde(deserialize_with = "or_default")]
    pub media: Vec<Value>,
}

/// A post.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Tweet {
    /// Its id; an edit makes a new one.
    pub id: String,
    /// Its text, escaped; cut if it is long, or repeats another.
    pub text: Option<String>,
    /// The long text.
    #[serde(alias = "note_post")]
    pub note_tweet: Option<Note>,
    /// Links and the like in `text`.
    #[serde(deserialize_with = "or_default")]
    pub entities: Option<Entities>,
    /// Whose it is.
    pub author_id: Option<String>,
    /// When it was made.
    pub created_at: Option<String>,
    /// The language X believes it to be in.
    pub lang: Option<String>,
    /// All its versions' ids, the first one first.
    #[serde(alias = "edit_history_post_ids", deserialize_with = "or_default")]
    pub edit_history_tweet_ids: Vec<String>,
    /// Posts it repeats, quotes or answers.
    #[serde(alias = "referenced_posts", deserialize_with = "or_default")]
    pub referenced_tweets: Vec<Referenced>,
    /// Whom it answers.
    pub in_reply_to_user_id: Option<String>,
    /// Its media.
    #[serde(deserialize_with = "or_default")]
    pub attachments: Option<Attachments>,
    /// The article that it is.
    #[serde(deserialize_with = "or_default")]
    pub article: Option<Article>,
}

/// A long text with a title. The post that carries it has no words but a link to it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Article {
    /// The title.
    pub title: Option<String>,
    /// All of it, without markup.
    pub plain_text: Option<String>,
    /// How it begins.
    pub preview_text: Option<String>,
}

/// The long text of a post.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Note {
    /// The text, escaped.
    pub text: String,
    /// Links and the like in it.
    #[serde(deserialize_with = "or_default")]
    pub entities: Option<Entities>,
}

/// What stands in a text.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Entities {
    /// Its links.
    #[serde(deserialize_with = "or_default")]
    pub urls: Vec<Link>,
}

/// A link in a text. Offsets count code points of the escaped text.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Link {
    /// Where it starts.
    pub start: i64,
    /// Where it ends, exclusive.
    pub end: i64,
    /// The link as it stands there, shortened.
    pub url: String,
    /// Where it leads.
    pub expanded_url: Option<String>,
    /// How people see it.
    pub display_url: Option<String>,
    /// Where that leads, if it is shortened as well.
    pub unwound_url: Option<String>,
    /// The media that it stands for.
    pub media_key: Option<String>,
}

/// How a post refers to another.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Referenced {
    /// `retweeted`, `quoted` or `replied_to`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The other's id.
    pub id: String,
}

/// What is attached to a post.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Attachments {
    /// Keys of media in `includes`.
    #[serde(deserialize_with = "or_default")]
    pub media_keys: Vec<String>,
}

/// A user.
#[derive(Clone, Debug, Deserialize)]
pub struct User {
    /// The permanent id.
    pub id: String,
    /// The handle.
    pub username: String,
}

/// A picture or film.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Media {
    /// What `attachments` call it.
    pub media_key: String,
    /// `photo`, `video`, `animated_gif`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where a picture lies.
    pub url: Option<String>,
    /// A still of a film.
    pub preview_image_url: Option<String>,
    /// Its description.
    pub alt_text: Option<String>,
}

/// Something that is wrong, in any of X's three shapes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// A few words.
    pub title: Option<String>,
    /// A sentence.
    pub detail: Option<String>,
    /// The same in other shapes.
    pub message: Option<String>,
    /// An address whose last segment names the kind.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Of a partial error: what of the request it is about.
    pub parameter: Option<String>,
    /// Of a refused request: what it was asked with.
    pub parameters: Option<Value>,
    /// Problems within.
    pub errors: Vec<Problem>,
}

impl Problem {
    /// The last segment of its type, whichever host that is on.
    pub fn kind(&self) -> &str {
        self.kind.as_deref().and_then(|kind| kind.rsplit('/').next()).unwrap_or("")
    }

    /// This problem and those within.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.errors)
    }

    /// Whether it complains about a parameter whose name contains `name`.
    pub fn blames(&self, name: &str) -> bool {
        let keyed = |problem: &Self| {
            let parameters = problem.parameters.as_ref().and_then(Value::as_object);
            parameters.is_some_and(|map| map.keys().any(|key| key.contains(name)))
        };
        let said = |problem: &Self| {
            [&problem.detail, &problem.message].into_iter().flatten().any(|text| text.contains(name))
        };
        self.all().any(keyed) || self.all().any(said)
    }

    /// What it says, in the most telling words it has, however many.
    pub fn words(&self) -> String {
        let detail = |problem: &Self| problem.detail.clone().or_else(|| problem.message.clone());
        let inner = self.errors.iter().find_map(detail);
        let words = match (&self.title, inner.or_else(|| detail(self))) {
            (Some(title), Some(detail)) => format!("{title}: {detail}"),
            (title, detail) => detail.or_else(|| title.clone()).unwrap_or_default(),
        };
        words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
    }
}

/// What is nice to have must not cost the post that it belongs to.
fn or_default<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(from: D) -> Result<T, D::Error> {
    Ok(T::deserialize(Value::deserialize(from)?).unwrap_or_default())
}
