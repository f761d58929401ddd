//! Where a channel resumes: the newest message that was reached, and the walk down to it that is still under way.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::timeline::Cursor;

/// A cursor, spelled out. Pages only go to older messages, so `last` stands still until a walk is complete.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// The newest message of the last complete walk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<u64>,
    /// The walk under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub walk: Option<Walk>,
    /// The channel's permanent id, as far as pages tell it: a name may pass to somebody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<i64>,
}

/// A walk from the newest message down, in the middle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Walk {
    /// The next page holds what is older than this message.
    pub before: u64,
    /// The newest message of the walk.
    pub top: u64,
}

/// What a page shows of its place in the channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Its oldest and its newest message; `None` if it has none.
    pub ends: Option<(u64, u64)>,
    /// When its oldest message was posted.
    pub oldest: Option<Timestamp>,
    /// Whether it leads to older messages.
    pub older: bool,
    /// The channel's permanent id.
    pub channel: Option<i64>,
}

impl Place {
    /// What `cursor` says; the beginning if there is none.
    pub fn read(cursor: Option<&Cursor>) -> Result<Self, serde_json::Error> {
        cursor.map_or_else(|| Ok(Self::default()), |cursor| serde_json::from_str(&cursor.0))
    }

    /// The cursor that says this.
    pub fn cursor(&self) -> Option<Cursor> {
        serde_json::to_string(self).ok().map(Cursor)
    }

    /// The place after a page, or why the page cannot be true.
    ///
    /// Ids have natural holes: an album takes one for each picture, and what was deleted leaves one.
    pub fn after_page(&self, shown: &Shown, since: Option<Timestamp>) -> Result<Self, &'static str> {
        if self.channel.zip(shown.channel).is_some_and(|(known, shown)| known != shown) {
            return Err(
                "belongs to another channel than before; if that is not the one you want, take it out of `channels`",
            );
        }
        let channel = self.channel.or(shown.channel);
        let Some((oldest, newest)) = shown.ends else {
            return match (&self.walk, self.last) {
                (None, None) => Ok(Self { channel, ..self.clone() }),
                _ => Err(
                    "shows nothing where posts were before, as Telegram does when it is asked too often; a longer `every` may help",
                ),
            };
        };
        if self.walk.as_ref().is_some_and(|walk| newest >= walk.before) {
            return Err("shows the same page again instead of an older one");
        }
        let top = self.walk.as_ref().map_or(newest, |walk| walk.top);
        let reached = match self.last {
            Some(last) => oldest <= last,
            None => shown.oldest.zip(since).is_some_and(|(oldest, since)| oldest < since),
        };
        if reached || !shown.older || oldest <= 1 {
            return Ok(Self { last: Some(self.last.map_or(top, |last| last.max(top))), walk: None, channel });
        }
        Ok(Self { walk: Some(Walk { before: oldest, top }), channel, ..self.clone() })
    }

    /// Whether the page is the last one there is although messages between it and the last seen one may be missing.
    pub fn is_cut_short(&self, shown: &Shown) -> bool {
        let missing = |(last, (oldest, _)): (u64, (u64, u64))| oldest > last.saturating_add(1);
        !shown.older && self.last.zip(shown.ends).is_some_and(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINCE: Timestamp = Timestamp::constant(1_746_000_000, 0);

    fn page(oldest: u64, newest: u64, older: bool) -> Shown {
        let day = jiff::SignedDuration::from_hours(24);
        Shown { ends: Some((oldest, newest)), oldest: Some(SINCE + day), older, channel: Some(-7) }
    }

    fn after(place: &Place, shown: &Shown) -> Place {
        place.after_page(shown, Some(SINCE)).unwrap()
    }

    #[test]
    fn a_walk_goes_down_to_the_last_seen_message_and_the_floor_moves_only_then() {
        let place = Place { last: Some(50), channel: Some(-7), walk: None };
        let one = after(&place, &page(80, 99, true));
        assert_eq!((one.last, one.walk.clone()), (Some(50), Some(Walk { before: 80, top: 99 })));
        let two = after(&one, &page(60, 79, true));
        assert_eq!(two.walk, Some(Walk { before: 60, top: 99 }));
        let done = after(&two, &page(45, 58, true));
        assert_eq!(done, Place { last: Some(99), ..place.clone() });
        assert_eq!(after(&done, &page(80, 99, true)), done, "a quiet channel");
        assert_eq!(after(&done, &page(80, 98, true)), done, "its newest post was deleted");
    }

    #[test]
    fn a_walk_ends_where_the_channel_begins_or_where_a_first_look_shall_end() {
        let old = Shown { oldest: Some(SINCE - jiff::SignedDuration::from_secs(1)), ..page(80, 99, true) };
        for last in [page(80, 99, false), page(1, 99, true), old] {
            assert_eq!(after(&Place::default(), &last).last, Some(99), "{last:?}");
        }
        assert_eq!(after(&Place::default(), &page(80, 99, true)).last, None);
    }

    #[test]
    fn pages_that_end_above_the_last_seen_message_are_cut_short() {
        let place = Place { last: Some(50), channel: Some(-7), walk: None };
        for (oldest, older, short) in
            [(80, false, true), (80, true, false), (51, false, false), (9, false, false)]
        {
            assert_eq!(place.is_cut_short(&page(oldest, 99, older)), short, "{oldest} {older}");
        }
        assert!(!Place::default().is_cut_short(&page(80, 99, false)), "a first look");
    }

    #[test]
    fn a_page_that_cannot_be_true_is_refused() {
        let empty = Shown::default();
        assert_eq!(Place::default().after_page(&empty, None), Ok(Place::default()), "a new channel");
        let known = Place { last: Some(50), channel: Some(-7), walk: None };
        assert!(known.after_page(&empty, None).is_err());
        let walking = Place { walk: Some(Walk { before: 80, top: 99 }), ..Place::default() };
        assert!(walking.after_page(&empty, None).is_err());
        assert!(walking.after_page(&page(80, 99, true), None).is_err());
        assert!(known.after_page(&Shown { channel: Some(-8), ..page(1, 2, false) }, None).is_err());
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let place = Place { last: Some(1), walk: Some(Walk { before: 2, top: 3 }), channel: Some(-4) };
        assert_eq!(Place::read(place.cursor().as_ref()).unwrap(), place);
        assert!(Place::read(Some(&Cursor("x".into()))).is_err());
    }
}
