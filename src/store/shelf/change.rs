//! What changes in stories, as a store that lasts writes it down.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::story::{Story, StoryId};
use crate::store::StoreError;
use crate::story::Kept;

/// A part of what changed in a story. Applied in order, the changes since the last whole one make the story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Change {
    pub(super) id: StoryId,
    /// Whether nothing before it matters.
    pub(super) whole: bool,
    /// The story, with only those copies that were added.
    pub(super) story: Option<Story>,
    /// What was added for further posts to find.
    pub(super) added: Kept,
}

impl Change {
    /// The story that changed.
    pub(crate) fn story(&self) -> StoryId {
        self.id
    }

    /// All of a story.
    pub(crate) fn all(story: &Story, kept: &Kept) -> Vec<Self> {
        changes(story, kept, None)
    }

    /// It as bytes, at most 3 KB.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, StoreError> {
        pack(self)
    }

    /// What [`Change::to_bytes`] made bytes of.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        unpack(bytes)
    }
}

/// What changed in a story since it had so many copies and was found by so much; all of it if that does not matter.
pub(super) fn changes(story: &Story, kept: &Kept, since: Option<(usize, (usize, usize))>) -> Vec<Change> {
    let (copies, size) = since.unwrap_or_default();
    let mut told = story.clone();
    told.copies.drain(..copies.min(story.copies.len()));
    let mut parts = kept.parts(size).into_iter();
    let first = Change {
        id: story.id,
        whole: since.is_none(),
        story: Some(told),
        added: parts.next().unwrap_or_default(),
    };
    let further = parts.map(|added| Change { id: story.id, whole: false, story: None, added });
    [first].into_iter().chain(further).collect()
}

/// Any part of a story as bytes.
pub(super) fn pack<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    rmp_serde::to_vec(value).map_err(|error| StoreError::Broken(format!("a story cannot be packed: {error}")))
}

/// What [`pack`] made bytes of.
pub(super) fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    rmp_serde::from_slice(bytes)
        .map_err(|error| StoreError::Broken(format!("a story cannot be read: {error}")))
}
