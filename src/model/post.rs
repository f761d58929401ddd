//! One normalised post, the same wherever it came from. Its JSON is a public format: `file` sources, the archive,
//! `poll --json` and `match` all speak it, one object a line.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// One post as its platform told it, in vigie's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// The platform's own id; the first one where an edit makes a new id.
    pub id: String,
    /// Where it was posted.
    #[serde(default = "Platform::file")]
    pub platform: Platform,
    /// Who posted it, by handle or title; of a repost, the reposter.
    #[serde(default)]
    pub author: String,
    /// The full text; of a repost, the original's.
    pub text: String,
    /// When it was posted. Filled with the time of seeing where a platform tells none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posted_at: Option<Timestamp>,
    /// The declared language, BCP 47, as the platform tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// Where people can read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// A headline, where the platform has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// A content warning, where the platform has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// Outbound links, expanded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// Pictures, films and the like.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    /// The post this one repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repost_of: Option<Reference>,
    /// The post this one quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote_of: Option<Reference>,
    /// The post this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Reference>,
    /// When this revision was made, if it is not the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    /// When vigie saw this revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<Timestamp>,
}

/// A picture, film or sound of a post.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// `image`, `video`, `audio`, ... as the platform says.
    #[serde(default)]
    pub kind: String,
    /// Where it lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
}

/// Another post, as far as this one tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The other post's id on the same platform.
    pub id: String,
    /// Its author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Where people can read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its text, where the platform sent it along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Post {
    /// A post with nothing but what every post has.
    pub fn new(platform: Platform, id: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            platform,
            author: String::new(),
            text: text.into(),
            posted_at: None,
            lang: None,
            url: None,
            title: None,
            warning: None,
            links: Vec::new(),
            media: Vec::new(),
            repost_of: None,
            quote_of: None,
            reply_to: None,
            edited_at: None,
            seen_at: None,
        }
    }

    /// The identity under which it is seen once.
    pub fn key(&self) -> PostKey {
        PostKey::of(&self.platform, &self.id)
    }

    /// What distinguishes one revision from another: title, text, links.
    pub fn content(&self) -> Content {
        let mut hash = Sha256::new();
        for part in [self.title.as_deref().unwrap_or(""), &self.text] {
            hash.update(part);
            hash.update([0]);
        }
        for link in &self.links {
            hash.update(link);
            hash.update([0]);
        }
        Content(first_bytes(&hash.finalize()))
    }
}

/// A platform's short name: `x`, `bluesky`, `mastodon`, `telegram`, `feed`, `file`, or one that a posts file brings.
///
/// At most 32 of `a-z 0-9 _ -`, so that it can name a folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Platform(Cow<'static, str>);

impl Platform {
    /// X, formerly Twitter.
    pub const X: Self = Self(Cow::Borrowed("x"));
    /// Bluesky.
    pub const BLUESKY: Self = Self(Cow::Borrowed("bluesky"));
    /// Mastodon and what speaks its API.
    pub const MASTODON: Self = Self(Cow::Borrowed("mastodon"));
    /// Public channels of Telegram.
    pub const TELEGRAM: Self = Self(Cow::Borrowed("telegram"));
    /// RSS, Atom and JSON Feed.
    pub const FEED: Self = Self(Cow::Borrowed("feed"));
    /// Posts as JSON Lines.
    pub const FILE: Self = Self(Cow::Borrowed("file"));

    /// [`Platform::FILE`], the platform of a line that names none.
    pub fn file() -> Self {
        Self::FILE
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Platform {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let fits =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
        if (1..=32).contains(&name.len()) && name.bytes().all(fits) {
            Ok(Self(name.into()))
        } else {
            Err("a platform is named by 1 to 32 of a-z, 0-9, _ and -".into())
        }
    }
}

impl From<Platform> for String {
    fn from(platform: Platform) -> Self {
        platform.0.into_owned()
    }
}

/// A post's identity: 16 bytes derived from platform and id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PostKey(pub [u8; 16]);

impl PostKey {
    /// The key of the post that `platform` knows as `id`.
    pub fn of(platform: &Platform, id: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(platform.as_str());
        hash.update([0]);
        hash.update(id);
        Self(first_bytes(&hash.finalize()))
    }
}

impl fmt::Debug for PostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl From<PostKey> for String {
    fn from(key: PostKey) -> Self {
        hex(&key.0)
    }
}

impl TryFrom<String> for PostKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let number = u128::from_str_radix(&text, 16).map_err(|_| "a post key is 32 hexadecimal digits")?;
        Ok(Self(number.to_be_bytes()))
    }
}

/// A revision's fingerprint: 8 bytes derived from what people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Content(pub [u8; 8]);

/// The first `N` bytes of a longer hash.
pub(crate) fn first_bytes<const N: usize>(hash: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&hash[..N]);
    bytes
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_needs_only_id_and_text() {
        let post: Post = serde_json::from_str(r#"{"id":"1","text":"hi","unknown":3}"#).unwrap();
        assert_eq!(post, Post::new(Platform::FILE, "1", "hi"));
        assert_eq!(
            serde_json::to_string(&post).unwrap(),
            r#"{"id":"1","platform":"file","author":"","text":"hi"}"#
        );
    }

    #[test]
    fn a_platform_cannot_name_a_path() {
        for name in ["", "..", "a/b", "X", &"x".repeat(33)] {
            let line = serde_json::json!({"id": "1", "text": "t", "platform": name});
            assert!(serde_json::from_value::<Post>(line).is_err(), "{name:?}");
        }
    }

    #[test]
    fn the_same_id_on_two_platforms_is_two_posts() {
        assert_ne!(PostKey::of(&Platform::X, "1"), PostKey::of(&Platform::FEED, "1"));
    }

    #[test]
    fn content_changes_with_title_text_and_links_only() {
        let post = Post::new(Platform::X, "1", "text");
        let same = Post { author: "a".into(), lang: Some("en".into()), ..post.clone() };
        assert_eq!(post.content(), same.content());
        let texts = [
            Post { text: "texts".into(), ..post.clone() },
            Post { title: Some("t".into()), ..post.clone() },
            Post { links: vec!["https://example.org".into()], ..post.clone() },
        ];
        assert!(texts.iter().all(|other| other.content() != post.content()));
    }
}
