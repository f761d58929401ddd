//! A timeline's state in few bytes, for memory: by place. On disk it is by name, so that later versions may know more.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::cadence::Cadence;
use crate::model::coverage::Gap;
use crate::model::instant;
use crate::model::timeline::{Cursor, Silence, TimelineState, Trouble};
use crate::store::StoreError;

/// A state in few bytes behind its mark. It is a type of its own because the bytes of a state on disk are others.
#[derive(Debug)]
pub(super) struct Packed(Box<[u8]>);

/// What is known of how a state is kept on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// Whether what is on disk is older.
    pub(super) unkept: bool,
    /// The group in whose record its times are written.
    pub(super) group: Option<u32>,
}

/// The bytes of a mark.
const MARK: usize = 5;

impl Mark {
    fn bytes(self) -> [u8; MARK] {
        let [a, b, c, d] = self.group.unwrap_or(u32::MAX).to_le_bytes();
        [self.unkept.into(), a, b, c, d]
    }
}

impl Packed {
    /// How it is kept.
    pub(super) fn mark(&self) -> Mark {
        let Some(&[unkept, ref group @ ..]) = self.0.first_chunk::<MARK>() else { return Mark::default() };
        Mark {
            unkept: unkept != 0,
            group: Some(u32::from_le_bytes(*group)).filter(|group| *group != u32::MAX),
        }
    }

    /// From now on it is kept so.
    pub(super) fn set(&mut self, mark: Mark) {
        if let Some(bytes) = self.0.first_chunk_mut() {
            *bytes = mark.bytes();
        }
    }
}

#[derive(Serialize, Deserialize)]
struct At(#[serde(with = "instant")] Timestamp);

/// A state as it is read back.
type Unpacked = (
    (Option<Cursor>, Option<At>, At, At, (i64, i32), u32),
    (Option<At>, Option<At>, Option<At>, Vec<Gap>, Option<Trouble>, Option<At>),
    (Cadence, Option<Silence>, Option<String>, Option<At>),
);

/// A state, packed by way of `buffer`.
pub(super) fn pack(state: &TimelineState, mark: Mark, buffer: &mut Vec<u8>) -> Result<Packed, StoreError> {
    let TimelineState { cursor, since, due, set_at, pause, failures, watched_since, begun_at, .. } = state;
    let TimelineState { complete_at, open, trouble, missed_at, cadence, silence, name, named_at, .. } = state;
    let at = |at: &Option<Timestamp>| at.map(At);
    let packed = (
        (cursor, at(since), At(*due), At(*set_at), (pause.as_secs(), pause.subsec_nanos()), failures),
        (at(watched_since), at(begun_at), at(complete_at), open, trouble, at(missed_at)),
        (cadence, silence, name, at(named_at)),
    );
    buffer.clear();
    buffer.extend(mark.bytes());
    rmp_serde::encode::write(buffer, &packed).map_err(|error| StoreError::Broken(error.to_string()))?;
    Ok(Packed(buffer.as_slice().into()))
}

/// The state as it was.
pub(super) fn unpack(Packed(bytes): &Packed) -> Result<TimelineState, StoreError> {
    let broken = |error| StoreError::Broken(format!("a timeline's state: {error}"));
    let (times, looks, account): Unpacked =
        rmp_serde::from_slice(bytes.get(MARK..).unwrap_or_default()).map_err(broken)?;
    let at = |at: Option<At>| at.map(|At(at)| at);
    let (cursor, since, At(due), At(set_at), (seconds, nanoseconds), failures) = times;
    let (watched_since, begun_at, complete_at, open, trouble, missed_at) = looks;
    let (cadence, silence, name, named_at) = account;
    Ok(TimelineState {
        cursor,
        since: at(since),
        due,
        set_at,
        pause: SignedDuration::new(seconds, nanoseconds),
        failures,
        watched_since: at(watched_since),
        begun_at: at(begun_at),
        complete_at: at(complete_at),
        open,
        trouble,
        missed_at: at(missed_at),
        cadence,
        silence,
        name,
        named_at: at(named_at),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::coverage::Cause;

    #[test]
    fn every_state_comes_back_as_it_was_and_that_of_a_feed_is_small() {
        let at = |second: i64| Timestamp::new(1_750_000_000 + second, 123_456_789).unwrap();
        let first = TimelineState::first(Some(Timestamp::MIN), at(0));
        let read = TimelineState {
            cursor: Some(Cursor("{\"etag\":\"\\\"1\\\"\"}".into())),
            since: Some(at(-9)),
            pause: SignedDuration::new(900, 5),
            watched_since: Some(at(1)),
            complete_at: Some(at(2)),
            cadence: Cadence::default().heard(&[at(-500), at(-5), at(-1)]),
            ..first.clone()
        };
        let pack = |state: &TimelineState| pack(state, Mark::default(), &mut vec![7; 3]).unwrap();
        assert!(pack(&read).0.len() <= 119, "{}", pack(&read).0.len());
        let failing = TimelineState {
            failures: 7,
            begun_at: Some(at(3)),
            open: vec![Gap::open(at(0), Cause::Outage, "why"), Gap::open(at(0), Cause::Credit, "")],
            trouble: Some(Trouble { since: at(4), cause: Cause::Doubt, why: "why".into() }),
            missed_at: Some(at(5)),
            silence: Some(Silence { since: at(6), told: true }),
            name: Some("name".into()),
            named_at: Some(Timestamp::MAX),
            ..read.clone()
        };
        for state in [first, read, failing] {
            assert_eq!(unpack(&pack(&state)).unwrap(), state);
            let (mark, other) = (Mark { unkept: true, group: Some(7) }, Mark { unkept: false, group: None });
            let mut packed = super::pack(&state, mark, &mut Vec::new()).unwrap();
            assert_eq!((packed.mark(), pack(&state).mark()), (mark, other));
            packed.set(other);
            assert_eq!((packed.mark(), unpack(&packed).unwrap()), (other, state));
        }
    }
}
