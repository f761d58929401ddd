//! What a delivery says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::excerpt::Excerpt;
use crate::model::matched::Severity;
use crate::model::story::StoryId;

/// What a delivery says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// A story.
    Alert(Alert),
    /// Many stories at once.
    Digest(Digest),
    /// Something about vigie itself.
    Notice(Notice),
}

/// What people are told of a story: its posts, the first that matched first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// The story.
    pub story: StoryId,
    /// The highest severity among its matches.
    pub severity: Severity,
    /// Why the story speaks again; none when its sink hears of it for the first time.
    #[serde(default)]
    pub again: Option<Again>,
    /// All posts gathered, also those without an excerpt here.
    pub posts: u32,
    /// At most [`EXCERPTS`] of the posts.
    pub excerpts: Vec<Excerpt>,
}

/// Why a story that was told speaks again, the weightiest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Again {
    /// Further posts tell it.
    Copies,
    /// Another author tells it in other words, for the first time.
    Wording,
    /// An edit of a post met a rule that none of its revisions had met.
    Edit,
    /// It got graver.
    Raised {
        /// What it was told as before.
        from: Severity,
    },
}

/// How many posts an alert shows; the rest is a count.
pub const EXCERPTS: usize = 10;

/// Something that vigie has to say about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// One line.
    pub title: String,
    /// What happened, where, what to do.
    pub text: String,
    /// When it happened.
    pub at: Timestamp,
}
