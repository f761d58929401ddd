//! Versions of the layout on disk, and the way from each to the next.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sled::Db;

use super::stories::Records;
use super::timelines;
use super::trees::{Tree, Trees, broken};
use crate::model::post::Platform;
use crate::model::sink::SinkId;
use crate::model::story::{Copy, Story, StoryId, Told};
use crate::model::timeline::TimelineState;
use crate::store::StoreError;
use crate::store::shelf::Change;
use crate::story::Kept;

/// The version of the layout on disk.
pub(super) const FORMAT: u32 = 3;

/// The steps that lead to [`FORMAT`], from 1 on. Each may be cut off and begun again; the new version counts when all
/// is written. What a step no longer needs is dropped by [`sweep`].
const STEPS: [Step; FORMAT as usize - 1] = [stories_become_records, timelines_are_packed];

type Step = fn(&Db, &Trees) -> Result<(), StoreError>;

/// Trees of older versions.
const FORMER: [&str; 4] = ["story", "story_kept", "story_index", "meter"];

/// Makes a state of version `found` one of the present version, which is not older.
pub(super) fn lift(found: u32, db: &Db, trees: &Trees) -> Result<(), StoreError> {
    for (version, step) in (1..).zip(STEPS).skip_while(|(version, _)| *version < found) {
        step(db, trees)?;
        db.flush().map_err(broken)?;
        set(trees, version + 1)?;
        db.flush().map_err(broken)?;
    }
    Ok(())
}

/// Writes down of which version the state is.
pub(super) fn set(trees: &Trees, version: u32) -> Result<(), StoreError> {
    let mut draft = trees.draft();
    draft.put(Tree::Meta, b"format", &version)?;
    draft.apply().map(drop)
}

/// Drops what older versions left.
pub(super) fn sweep(db: &Db) -> Result<(), StoreError> {
    let there = db.tree_names();
    for name in FORMER.iter().filter(|name| there.iter().any(|tree| tree == name.as_bytes())) {
        db.drop_tree(name).map_err(broken)?;
    }
    Ok(())
}

/// A story as version 1 kept it, in JSON.
#[derive(Deserialize)]
struct OldStory {
    id: StoryId,
    last_at: Timestamp,
    posts: u32,
    #[serde(default)]
    wordings: u32,
    #[serde(default)]
    copies: Vec<OldCopy>,
    told: BTreeMap<SinkId, Told>,
}

#[derive(Deserialize)]
struct OldCopy {
    platform: Platform,
    author: String,
    posted_at: Option<Timestamp>,
    seen_at: Timestamp,
    own_words: bool,
}

/// 1 to 2: a value per story, one for its wordings and one per key become records of many stories.
fn stories_become_records(db: &Db, trees: &Trees) -> Result<(), StoreError> {
    let (stories, kept) =
        (db.open_tree("story").map_err(broken)?, db.open_tree("story_kept").map_err(broken)?);
    let mut draft = trees.draft();
    // What an attempt left that was cut off.
    for entry in trees.entries(Tree::Stories, b"") {
        draft.remove(Tree::Stories, &entry?.0);
        draft = draft.spill()?;
    }
    let (mut records, mut latest) = (Records::default(), Timestamp::MIN);
    for entry in &stories {
        let (id, story) = entry.map_err(broken)?;
        let old: OldStory = read(&story)?;
        let kept =
            kept.get(&id).map_err(broken)?.map(|kept| read::<Kept>(&kept)).transpose()?.unwrap_or_default();
        latest = latest.max(old.last_at);
        records.write(&Change::all(&old.into(), &kept), latest, &mut draft)?;
        draft = draft.spill()?;
    }
    draft.apply().map(drop)
}

/// 2 to 3: the states of timelines were JSON.
fn timelines_are_packed(_: &Db, trees: &Trees) -> Result<(), StoreError> {
    let mut draft = trees.draft();
    for entry in trees.entries(Tree::Timeline, b"") {
        let (key, value) = entry?;
        // Others are packed already, by an attempt that was cut off.
        if value.starts_with(b"{") {
            let state: TimelineState = serde_json::from_slice(&value)
                .map_err(|error| StoreError::Broken(format!("a timeline of format 2: {error}")))?;
            draft.put_raw(Tree::Timeline, &key, timelines::encode(&state, 0)?)?;
            draft = draft.spill()?;
        }
    }
    draft.apply().map(drop)
}

fn read<T: DeserializeOwned>(value: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(value).map_err(|error| StoreError::Broken(format!("a story of format 1: {error}")))
}

impl From<OldStory> for Story {
    fn from(old: OldStory) -> Self {
        let copy = |OldCopy { platform, author, posted_at, seen_at, own_words }| Copy {
            platform,
            author,
            posted_at,
            seen_at,
            own_words,
        };
        let mut story = Self::begin(old.id, old.last_at);
        (story.posts, story.wordings, story.told) = (old.posts, old.wordings, old.told);
        story.copies = old.copies.into_iter().map(copy).collect();
        story
    }
}
