//! Where a timeline of Bluesky resumes: how new what was read is, and the walk from the newest post down.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::timeline::Cursor;

/// A cursor, spelled out. Bluesky's pages only go to older posts, so `newest` stands still until a walk is complete.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// When the newest post of the last complete walk was indexed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<Timestamp>,
    /// The walk under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub walk: Option<Walk>,
    /// Walks in a row that were broken off because Bluesky refused its own cursor.
    #[serde(skip_serializing_if = "is_zero")]
    pub broken_off: u32,
}

/// A walk from the newest post down, in the middle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Walk {
    /// Bluesky's cursor for the next page.
    pub cursor: String,
    /// When the newest post of the walk so far was indexed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<Timestamp>,
    /// Pages in a row that held nothing.
    #[serde(skip_serializing_if = "is_zero")]
    pub empty: u32,
}

/// What a page shows of its place in the timeline.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// How many items it has.
    pub count: usize,
    /// When the newest of them was indexed.
    pub newest: Option<Timestamp>,
    /// When the last one that has a time was indexed.
    pub last: Option<Timestamp>,
    /// Where the next page begins.
    pub cursor: Option<String>,
}

/// Posts are read again that were indexed this much before the newest one, for those that slipped in below it.
const OVERLAP: SignedDuration = SignedDuration::from_hours(1);

/// The longest cursor that is kept, in bytes.
const LONGEST_CURSOR: usize = 1000;

/// Empty pages in a row after which a walk is not believed to lead anywhere.
const MOST_EMPTY: u32 = 50;

impl Place {
    /// What `cursor` says; the beginning if there is none.
    pub fn read(cursor: Option<&Cursor>) -> Result<Self, serde_json::Error> {
        cursor.map_or_else(|| Ok(Self::default()), |cursor| serde_json::from_str(&cursor.0))
    }

    /// The cursor that says this.
    pub fn cursor(&self) -> Option<Cursor> {
        serde_json::to_string(self).ok().map(Cursor)
    }

    /// A walk that reached what was indexed before this is complete; at first sight `since`.
    pub fn floor(&self, since: Option<Timestamp>) -> Option<Timestamp> {
        let with_overlap = |newest: Timestamp| newest.saturating_sub(OVERLAP).unwrap_or(newest);
        self.newest.map(with_overlap).or(since)
    }

    /// The place after a page, or why the page cannot be true.
    ///
    /// Posts come by the earlier of the time they claim and the time they were indexed. So below one that was indexed
    /// before the floor, none is left that is indexed and claims to be from after it.
    pub fn after_page(
        &self,
        shown: Shown,
        since: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Self, &'static str> {
        let walk = self.walk.clone().unwrap_or_default();
        if shown.cursor.as_ref().is_some_and(|cursor| cursor.len() > LONGEST_CURSOR) {
            return Err("names a next page too long to be kept");
        }
        if self.walk.is_some() && shown.cursor.as_ref() == Some(&walk.cursor) {
            return Err("leads from a page to the same page again");
        }
        if self.newest.is_some() && self.walk.is_none() && shown.count == 0 && shown.cursor.is_none() {
            return Err("shows nothing where posts were before");
        }
        let newest = walk.newest.max(shown.newest);
        let reached = shown.last.zip(self.floor(since)).is_some_and(|(last, floor)| last < floor);
        match shown.cursor.filter(|_| !reached) {
            Some(cursor) => {
                let empty = if shown.count == 0 { walk.empty.saturating_add(1) } else { 0 };
                if empty > MOST_EMPTY {
                    return Err("shows one empty page after the other");
                }
                Ok(Self { walk: Some(Walk { cursor, newest, empty }), ..self.clone() })
            }
            // A time from the future would hide what comes until then.
            None => Ok(Self { newest: self.newest.max(newest.min(Some(now))), ..Self::default() }),
        }
    }

    /// The place after Bluesky refused the cursor of the walk: the walk begins anew, the floor stays.
    pub fn broken_off(&self) -> Self {
        Self { walk: None, broken_off: self.broken_off.saturating_add(1), ..self.clone() }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2025-04-30T{text}:00Z").parse().unwrap()
    }

    fn page(place: &Place, newest: &str, last: &str, cursor: Option<&str>) -> Place {
        let shown = Shown {
            count: 3,
            newest: Some(at(newest)),
            last: Some(at(last)),
            cursor: cursor.map(str::to_owned),
        };
        place.after_page(shown, Some(at("01:00")), at("21:00")).unwrap()
    }

    #[test]
    fn a_walk_ends_below_the_newest_known_post_and_an_hour() {
        let place = Place { newest: Some(at("20:00")), ..Place::default() };
        for (last, ends) in [("20:30", false), ("19:30", false), ("19:00", false), ("18:59", true)] {
            let after = page(&place, "20:50", last, Some("c"));
            assert_eq!(after.walk.is_none(), ends, "{last}");
            assert_eq!(after.newest, Some(at(if ends { "20:50" } else { "20:00" })), "{last}");
        }
        assert!(page(&place, "20:50", "20:30", None).walk.is_none());
    }

    #[test]
    fn first_sight_goes_back_to_where_it_shall_and_no_floor_moves_before() {
        let one = page(&Place::default(), "20:50", "10:00", Some("c1"));
        assert_eq!((one.newest, one.floor(Some(at("01:00")))), (None, Some(at("01:00"))));
        let done = page(&one, "09:00", "00:30", Some("c2"));
        assert_eq!((done.newest, done.walk), (Some(at("20:50")), None));
    }

    #[test]
    fn a_time_from_the_future_hides_nothing() {
        let place = page(&Place::default(), "23:00", "00:30", None);
        assert_eq!(place.newest, Some(at("21:00")));
    }

    #[test]
    fn a_page_that_cannot_be_true_is_refused() {
        let walking =
            Place { walk: Some(Walk { cursor: "c".into(), ..Walk::default() }), ..Place::default() };
        let empty = |cursor: &str| Shown { cursor: Some(cursor.into()), ..Shown::default() };
        assert!(walking.after_page(empty("c"), None, at("21:00")).is_err());
        assert!(walking.after_page(empty(&"c".repeat(1001)), None, at("21:00")).is_err());
        let full = Place { newest: Some(at("20:00")), ..Place::default() };
        assert!(full.after_page(Shown::default(), None, at("21:00")).is_err());
        assert!(Place::default().after_page(Shown::default(), None, at("21:00")).is_ok());
        let mut place = Place::default();
        let pages = (0..).take_while(|n| {
            let after = place.after_page(empty(&n.to_string()), None, at("21:00"));
            after.map(|after| place = after).is_ok()
        });
        assert_eq!(pages.count(), 50);
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let walk = Walk { cursor: "1::2".into(), newest: Some(at("20:00")), empty: 2 };
        let place = Place { newest: Some(at("10:00")), walk: Some(walk), broken_off: 1 };
        assert_eq!(Place::read(place.cursor().as_ref()).unwrap(), place);
        assert!(Place::read(Some(&Cursor("{".into()))).is_err());
    }
}
