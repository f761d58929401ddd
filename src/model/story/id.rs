//! What stories are called and found by.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::post::{Content, PostKey, first_bytes};

/// A story's identity, derived from the revision that opened it. People and JSON see 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoryId(u64);

impl StoryId {
    /// The story that this revision opens.
    pub fn opened_by(post: PostKey, content: Content) -> Self {
        let (post, content) = (first_bytes::<6>(&post.0), first_bytes::<2>(&content.0));
        let mut bytes = [0; 8];
        bytes[..6].copy_from_slice(&post);
        bytes[6..].copy_from_slice(&content);
        Self(u64::from_be_bytes(bytes))
    }
}

impl fmt::Display for StoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for StoryId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for StoryId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return u64::deserialize(deserializer).map(Self);
        }
        let text = String::deserialize(deserializer)?;
        let digits = (text.len() == 16).then(|| u64::from_str_radix(&text, 16).ok()).flatten();
        digits.map(Self).ok_or_else(|| D::Error::custom("a story's id is 16 hexadecimal digits"))
    }
}

/// Something two posts of one story may have in common: an identity, a page they link to, or some of their words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoryKey(pub [u8; 8]);
