//! Who told a story when.

use jiff::Timestamp;
use jiff::fmt::serde::timestamp::millisecond;
use serde::{Deserialize, Serialize};

use crate::model::post::{Platform, Post};

/// Longer names of authors are cut, in bytes.
const AUTHOR_BYTES: usize = 40;

/// A post of a story: who told it when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// Where.
    pub platform: Platform,
    /// Who.
    pub author: String,
    /// When it was posted.
    #[serde(with = "millisecond::optional")]
    pub posted_at: Option<Timestamp>,
    /// When it was seen.
    #[serde(with = "millisecond::required")]
    pub seen_at: Timestamp,
    /// Whether it tells the story in words of its own.
    pub own_words: bool,
}

impl Copy {
    /// How `post`, seen now, stands in its story.
    pub fn of(post: &Post, now: Timestamp) -> Self {
        let author: String = post.author.chars().filter(|c| !c.is_control()).collect();
        Self {
            platform: post.platform.clone(),
            author: author[..author.floor_char_boundary(AUTHOR_BYTES)].to_owned(),
            posted_at: post.posted_at,
            seen_at: now,
            own_words: true,
        }
    }
}
