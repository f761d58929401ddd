//! The stories that are not over: in memory on a shelf, in sled as records of what changed in them.
//!
//! A record holds many changes. The newest grows until it is full; the oldest are forgotten as a whole, because a story
//! that goes on is written anew before the records that hold it are too old; see [`crate::store::shelf`].

use jiff::{SignedDuration, Timestamp};

use super::outbox::{get_delivery, put_whole};
use super::trees::{Draft, Tree, Trees, VALUE_BYTES};
use crate::model::delivery::Delivery;
use crate::model::sink::SinkId;
use crate::model::story::{Story, StoryId};
use crate::store::shelf::{Change, LASTING, Shelf};
use crate::store::{Filing, StoreError};

/// All stories that are not over.
#[derive(Debug, Default)]
pub(super) struct Stories {
    shelf: Shelf,
    records: Records,
}

/// The record that grows.
#[derive(Debug, Default)]
pub(super) struct Records {
    number: u64,
    record: Vec<u8>,
}

impl Stories {
    /// Reads all records.
    pub(super) fn load(trees: &Trees, now: Timestamp) -> Result<Self, StoreError> {
        let mut stories = Self::default();
        for entry in trees.entries(Tree::Stories, b"") {
            let (number, record) = entry?;
            let (at, changes) = decode(&record)?;
            for change in changes {
                stories.shelf.apply(Change::from_bytes(change)?, at)?;
            }
            stories.records = Records { number: number_of(&number)?, record: record.to_vec() };
        }
        while stories.shelf.prune(usize::MAX, now)? {}
        Ok(stories)
    }

    /// Files a post into the draft; returns the deliveries that changed.
    pub(super) fn file(
        &mut self,
        filing: Filing,
        now: Timestamp,
        draft: &mut Draft<'_>,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut failed = None;
        let open = |id: &_| {
            get_delivery(draft, id).unwrap_or_else(|error| {
                failed = Some(error);
                None
            })
        };
        let (changes, deliveries) = self.shelf.file(filing, open, now)?;
        if let Some(error) = failed {
            return Err(error);
        }
        for delivery in &deliveries {
            put_whole(draft, delivery)?;
        }
        self.records.write(&changes, now, draft)?;
        Ok(deliveries)
    }

    /// A story that is not forgotten.
    pub(super) fn story(&self, id: StoryId) -> Result<Option<Story>, StoreError> {
        self.shelf.story(id)
    }

    /// Notes into the draft that a sink took a message of a story, and what it calls it.
    pub(super) fn heard(
        &mut self,
        id: StoryId,
        sink: &SinkId,
        receipt: Option<&str>,
        now: Timestamp,
        draft: &mut Draft<'_>,
    ) -> Result<(), StoreError> {
        let changes = self.shelf.heard(id, sink, receipt)?;
        self.records.write(&changes, now, draft)
    }

    /// Notes into the draft that a silence kept a story's first message from a sink.
    pub(super) fn silenced(
        &mut self,
        id: StoryId,
        sink: &SinkId,
        now: Timestamp,
        draft: &mut Draft<'_>,
    ) -> Result<(), StoreError> {
        let changes = self.shelf.silenced(id, sink)?;
        self.records.write(&changes, now, draft)
    }

    /// Forgets a little of what is over. Tells whether there may be more.
    pub(super) fn forget(
        &mut self,
        now: Timestamp,
        draft: &mut Draft<'_>,
        trees: &Trees,
    ) -> Result<bool, StoreError> {
        /// So many stories, and so many records, are forgotten in one turn of the owning thread.
        const STORIES: usize = 500;
        const RECORDS: usize = 50;
        let mut more = self.shelf.prune(STORIES, now)?;
        for entry in trees.entries(Tree::Stories, b"").take(RECORDS) {
            let (number, record) = entry?;
            let (at, _) = decode(&record)?;
            // A record from far ahead was written while the clock had jumped: its stories are over as well. What was not
            // over when the last record was written is kept, because the clock may be wrong now.
            let is_newest = number_of(&number)? == self.records.number;
            if is_newest || !is_old(at, now) || !self.records.at().is_some_and(|newest| is_old(at, newest)) {
                return Ok(more);
            }
            draft.remove(Tree::Stories, &number);
            more = true;
        }
        Ok(more)
    }
}

/// Whether a record that was last changed `at` is needed by no story that is not over `now`.
fn is_old(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at).abs() > LASTING + SignedDuration::from_hours(1)
}

impl Records {
    /// When the record that grows was last changed.
    fn at(&self) -> Option<Timestamp> {
        let (at, _) = self.record.split_first_chunk::<HEAD_BYTES>()?;
        Timestamp::from_second(i64::from_be_bytes(*at)).ok()
    }

    /// Adds changes to the record that grows, or to new ones.
    pub(super) fn write(
        &mut self,
        changes: &[Change],
        now: Timestamp,
        draft: &mut Draft<'_>,
    ) -> Result<(), StoreError> {
        // What was written while the clock was elsewhere is kept apart, so that each is forgotten in its own time.
        let mut begins = self.at().is_none_or(|at| is_old(at, now));
        for change in changes {
            let bytes = change.to_bytes()?;
            if std::mem::take(&mut begins) || self.record.len() + bytes.len() + 2 > VALUE_BYTES {
                self.number += 1;
                self.record = vec![0; HEAD_BYTES];
            }
            self.record[..HEAD_BYTES].copy_from_slice(&now.as_second().to_be_bytes());
            self.record.extend((bytes.len() as u16).to_be_bytes());
            self.record.extend(bytes);
            draft.put_raw(Tree::Stories, &self.number.to_be_bytes(), self.record.clone())?;
        }
        Ok(())
    }
}

/// A record begins with the second of its last change.
const HEAD_BYTES: usize = 8;

fn number_of(key: &[u8]) -> Result<u64, StoreError> {
    let number = <[u8; 8]>::try_from(key).map(u64::from_be_bytes);
    number.map_err(|_| StoreError::Broken("a record of stories has no number".into()))
}

/// When the last change of a record was, and all of them.
fn decode(record: &[u8]) -> Result<(Timestamp, Vec<&[u8]>), StoreError> {
    let torn = || StoreError::Broken("a record of stories is torn".into());
    let (at, mut rest) = record.split_first_chunk::<HEAD_BYTES>().ok_or_else(torn)?;
    let at = Timestamp::from_second(i64::from_be_bytes(*at)).map_err(|_| torn())?;
    let mut changes = Vec::new();
    while !rest.is_empty() {
        let (length, behind) = rest.split_first_chunk::<2>().ok_or_else(torn)?;
        let (change, behind) =
            behind.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or_else(torn)?;
        changes.push(change);
        rest = behind;
    }
    Ok((at, changes))
}
