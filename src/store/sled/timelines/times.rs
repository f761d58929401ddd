//! When timelines were and will be looked at, on disk: what looks that brought nothing change, many timelines to a record,
//! because a value for each would cost more than all else of such a look.
//!
//! A record says more than the state of a timeline if it was written later: both count up a version.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::instant;
use crate::model::post::first_bytes;
use crate::model::timeline::{TimelineId, TimelineState};
use crate::store::StoreError;

/// Timelines in a group: as many as fit into a value, however far away their instants.
pub(super) const MEMBERS: u32 = 30;

/// What a look that brought nothing changes of a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Times {
    /// The hash of its id.
    of: u64,
    #[serde(with = "instant")]
    due: Timestamp,
    #[serde(with = "instant")]
    set_at: Timestamp,
    pause: (i64, i32),
    #[serde(with = "instant::optional")]
    complete_at: Option<Timestamp>,
}

/// A group of timelines as it was written.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) version: u64,
    pub(super) times: Vec<Times>,
}

/// What is known of a timeline's times by a record: its group, and the record's version.
pub(super) type Known = BTreeMap<u64, (u32, u64, Times)>;

impl Times {
    /// Those of a timeline.
    pub(super) fn of(id: &TimelineId, state: &TimelineState) -> Self {
        let TimelineState { due, set_at, pause, complete_at, .. } = *state;
        Self { of: hash(id), due, set_at, pause: (pause.as_secs(), pause.subsec_nanos()), complete_at }
    }

    /// The state with these.
    pub(super) fn into(self, state: TimelineState) -> TimelineState {
        let Self { of: _, due, set_at, pause: (seconds, nanoseconds), complete_at } = self;
        TimelineState { due, set_at, pause: SignedDuration::new(seconds, nanoseconds), complete_at, ..state }
    }
}

impl Record {
    /// As it stands on disk.
    pub(super) fn encode(&self) -> Result<Vec<u8>, StoreError> {
        rmp_serde::to_vec(self).map_err(|error| StoreError::Broken(error.to_string()))
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        rmp_serde::from_slice(bytes)
            .map_err(|error| StoreError::Broken(format!("a record of times: {error}")))
    }
}

/// Adds a record to what is known.
pub(super) fn know(known: &mut Known, group: u32, record: &[u8]) -> Result<(), StoreError> {
    let Record { version, times } = Record::decode(record)?;
    known.extend(times.into_iter().map(|times| (times.of, (group, version, times))));
    Ok(())
}

/// What a timeline is called in records. Two of the same hash would be one timeline in ten billion.
pub(super) fn hash(id: &TimelineId) -> u64 {
    u64::from_be_bytes(first_bytes(&Sha256::digest(id.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::post::Platform;
    use crate::store::sled::trees::VALUE_BYTES;

    #[test]
    fn a_record_of_a_full_group_fits_into_a_value_whatever_its_instants() {
        let id = TimelineId::new(&Platform::X, "1");
        let far = TimelineState {
            due: Timestamp::MAX,
            pause: SignedDuration::MIN,
            complete_at: Some(Timestamp::MIN),
            ..TimelineState::first(None, Timestamp::MAX)
        };
        let times = vec![Times { of: u64::MAX, ..Times::of(&id, &far) }; MEMBERS as usize];
        let record = Record { version: u64::MAX, times };
        let written = record.encode().unwrap();
        assert!(written.len() <= VALUE_BYTES, "{}", written.len());
        assert_eq!(Record::decode(&written).unwrap(), record);
    }

    #[test]
    fn the_times_of_a_look_that_brought_nothing_are_all_that_it_changed() {
        let (id, at) = (TimelineId::new(&Platform::X, "1"), |second| Timestamp::from_second(second).unwrap());
        let before = TimelineState { complete_at: Some(at(1)), ..TimelineState::first(Some(at(0)), at(1)) };
        let later = TimelineState {
            due: at(3),
            set_at: at(2),
            pause: SignedDuration::new(1, 5),
            complete_at: Some(at(2)),
            ..before.clone()
        };
        assert!(later.is_later(&before));
        assert_eq!(Times::of(&id, &later).into(before), later);
    }
}
