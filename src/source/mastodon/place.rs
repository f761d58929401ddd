//! Where a timeline of Mastodon resumes.
//!
//! A first look walks from the newest page down. Later looks climb: `min_id` gives the page right above an id, so that
//! nothing is skipped however much was posted. Now and then what is already known is read again, for edits and for
//! posts that came late and so below the newest id.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::timeline::Cursor;

/// A cursor, spelled out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// The newest id up to which everything was handed out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<String>,
    /// When the known part was last read again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looked: Option<Timestamp>,
    /// The walk of the first look, down from the newest page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down: Option<Down>,
    /// How far a climb through what is known has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up: Option<String>,
}

/// A walk down, in the middle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Down {
    /// The next page holds what is older than this id.
    pub before: String,
    /// The newest id of the walk.
    pub newest: String,
}

/// Which page is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The newest one.
    Newest,
    /// The one right below an id.
    Below(String),
    /// The one right above an id.
    Above(String),
}

/// What a page shows of its place in the timeline.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Its newest id; `None` if it is empty.
    pub top: Option<String>,
    /// Its oldest id.
    pub bottom: Option<String>,
    /// When its oldest post was made.
    pub oldest: Option<Timestamp>,
    /// Where the server says that older posts are.
    pub next: Option<String>,
}

/// How often what is known is read again.
const AGAIN: SignedDuration = SignedDuration::from_mins(10);

/// Posts with a hashtag may arrive this much later than they were made.
const LATE: SignedDuration = SignedDuration::from_hours(2);

/// The longest id that is kept, in bytes.
const LONGEST_ID: usize = 100;

impl Place {
    /// What `cursor` says; the beginning if there is none.
    pub fn read(cursor: Option<&Cursor>) -> Result<Self, serde_json::Error> {
        cursor.map_or_else(|| Ok(Self::default()), |cursor| serde_json::from_str(&cursor.0))
    }

    /// The cursor that says this.
    pub fn cursor(&self) -> Option<Cursor> {
        serde_json::to_string(self).ok().map(Cursor)
    }

    /// Which page to ask for now. What is known of a hashtag is climbed through, that of an account is its newest page.
    pub fn wanted(&self, is_tag: bool, now: Timestamp) -> Wanted {
        let Some(newest) = &self.newest else {
            return self.down.as_ref().map_or(Wanted::Newest, |down| Wanted::Below(down.before.clone()));
        };
        let again = self.looked.is_none_or(|looked| now.duration_since(looked).abs() >= AGAIN);
        match &self.up {
            Some(up) => Wanted::Above(up.clone()),
            None if again && is_tag => Wanted::Above(earlier(newest)),
            None if again => Wanted::Newest,
            None => Wanted::Above(newest.clone()),
        }
    }

    /// The place after the page that was `wanted`, and whether more waits; or why the page cannot be true.
    pub fn after_page(
        &self,
        wanted: &Wanted,
        shown: Shown,
        since: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(Self, bool), &'static str> {
        let long = |id: &Option<String>| id.as_ref().is_some_and(|id| id.len() > LONGEST_ID);
        if [&shown.top, &shown.bottom, &shown.next].into_iter().any(long) {
            return Err("gives ids that are too long to be kept");
        }
        match (wanted, &self.newest) {
            (Wanted::Above(from), _) => Ok(self.climbed(from, shown.top, now)),
            (Wanted::Newest, Some(newest)) => read_again(newest, shown, now),
            (Wanted::Newest | Wanted::Below(_), _) => self.went_down(shown, since, now),
        }
    }

    /// After a page of the first look. Only an empty page without a next one is the last; a short one is not.
    fn went_down(
        &self,
        shown: Shown,
        since: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(Self, bool), &'static str> {
        let reached = shown.oldest.zip(since).is_some_and(|(oldest, since)| oldest < since);
        let newest = self.down.as_ref().map(|down| down.newest.clone()).or(shown.top);
        let next = shown.next.or(shown.bottom).filter(|_| !reached);
        let Some((before, newest)) = next.zip(newest.clone()) else {
            return Ok((Self { newest, looked: Some(now), ..Self::default() }, false));
        };
        if self.down.as_ref().is_some_and(|down| order(&before, &down.before) != Ordering::Less) {
            return Err("leads from a page to the same page again");
        }
        Ok((Self { down: Some(Down { before, newest }), ..Self::default() }, true))
    }

    /// After the page right above `from`: only an empty one is the last. A server that does not climb is not followed.
    fn climbed(&self, from: &str, top: Option<String>, now: Timestamp) -> (Self, bool) {
        let newest = self.newest.clone().unwrap_or_default();
        let anew = self.up.is_none() && *from != newest;
        let looked = if anew { Some(now) } else { self.looked };
        let Some(top) = top.filter(|top| order(top, from) == Ordering::Greater) else {
            return (Self { newest: Some(newest), looked, ..Self::default() }, false);
        };
        let (newest, up) =
            if order(&top, &newest) == Ordering::Less { (newest, Some(top)) } else { (top, None) };
        (Self { newest: Some(newest), looked, down: None, up }, true)
    }
}

/// After the newest page was read again: the climb is spared if it reaches down to what is known.
fn read_again(newest: &str, shown: Shown, now: Timestamp) -> Result<(Place, bool), &'static str> {
    let (top, bottom) = shown.top.zip(shown.bottom).ok_or("shows nothing where posts were before")?;
    let gap = order(&bottom, newest) == Ordering::Greater;
    let known = if gap || order(&top, newest) == Ordering::Less { newest.to_owned() } else { top };
    Ok((Place { newest: Some(known), looked: Some(now), ..Place::default() }, gap))
}

/// Which of two ids is the newer one. They are numbers on Mastodon, and of one length elsewhere.
pub fn order(one: &str, other: &str) -> Ordering {
    (one.len(), one).cmp(&(other.len(), other))
}

/// The id that a post would have that was made so much earlier, as late ones may have been; `id` itself if it does not
/// tell a time.
fn earlier(id: &str) -> String {
    let late = (LATE.as_millis() as u64) << 16;
    let number = id.parse::<u64>().ok().filter(|number| id.len() >= 15 && *number > late);
    number.map_or_else(|| id.to_owned(), |number| (number - late).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_746_046_800, 0);

    fn page(ids: &[&str], oldest: i64, next: Option<&str>) -> Shown {
        Shown {
            top: ids.first().map(|id| (*id).to_owned()),
            bottom: ids.last().map(|id| (*id).to_owned()),
            oldest: (!ids.is_empty()).then(|| NOW - SignedDuration::from_hours(oldest)),
            next: next.map(str::to_owned),
        }
    }

    fn step(place: &Place, shown: Shown) -> (Place, bool) {
        let since = Some(NOW - SignedDuration::from_hours(24));
        place.after_page(&place.wanted(false, NOW), shown, since, NOW).unwrap()
    }

    fn known(newest: &str, minutes: i64) -> Place {
        let looked = Some(NOW - SignedDuration::from_mins(minutes));
        Place { newest: Some(newest.into()), looked, ..Place::default() }
    }

    #[test]
    fn a_first_look_walks_down_until_it_is_old_enough_or_nothing_is_left() {
        let (one, more) = step(&Place::default(), page(&["900", "800"], 1, None));
        assert!(more && one.newest.is_none());
        assert_eq!(one.wanted(false, NOW), Wanted::Below("800".into()));
        let (two, more) = step(&one, page(&[], 0, Some("700")));
        assert!(more && two.wanted(false, NOW) == Wanted::Below("700".into()));
        for last in [page(&["600"], 25, Some("600")), page(&[], 0, None)] {
            let (done, more) = step(&two, last);
            assert_eq!(
                (done, more),
                (Place { newest: Some("900".into()), looked: Some(NOW), ..Place::default() }, false)
            );
        }
        let (empty, more) = step(&Place::default(), page(&[], 0, None));
        assert!(!more && empty.wanted(false, NOW) == Wanted::Newest);
    }

    #[test]
    fn later_looks_climb_until_a_page_is_empty() {
        let place = known("99", 1);
        assert_eq!(place.wanted(false, NOW), Wanted::Above("99".into()));
        let (one, more) = step(&place, page(&["101", "100"], 1, None));
        assert!(more && one.newest.as_deref() == Some("101"));
        let (two, more) = step(&one, page(&[], 0, None));
        assert_eq!((two, more), (one.clone(), false));
        let (deaf, more) = step(&one, page(&["101", "100"], 1, None));
        assert_eq!((deaf, more), (one, false), "a server that shows the newest page whatever it is asked");
    }

    #[test]
    fn the_newest_page_is_read_again_now_and_then_and_no_hole_is_left_below_it() {
        let place = known("500", 10);
        assert_eq!(place.wanted(false, NOW), Wanted::Newest);
        let (after, more) = step(&place, page(&["520", "510", "500", "490"], 1, None));
        assert_eq!((after, more), (known("520", 0), false));
        let (after, more) = step(&place, page(&["900", "800"], 1, None));
        assert_eq!((after, more), (known("500", 0), true));
        let (after, _) = step(&place, page(&["490"], 1, None));
        assert_eq!(after, known("500", 0), "its newest post was deleted");
        assert!(place.after_page(&Wanted::Newest, Shown::default(), None, NOW).is_err());
    }

    #[test]
    fn a_hashtag_is_climbed_through_again_from_two_hours_below() {
        let id = |hours: i64| ((NOW - SignedDuration::from_hours(hours)).as_millisecond() << 16).to_string();
        let place = known(&id(0), 10);
        assert_eq!(place.wanted(true, NOW), Wanted::Above(id(2)));
        let one = page(&[&id(1)], 1, None);
        let (climbing, more) = place.after_page(&place.wanted(true, NOW), one, None, NOW).unwrap();
        assert!(more && climbing.newest == place.newest && climbing.looked == Some(NOW));
        assert_eq!(climbing.wanted(true, NOW), Wanted::Above(id(1)));
        let two = page(&[&id(-1), &id(0)], 0, None);
        let (done, more) = climbing.after_page(&climbing.wanted(true, NOW), two, None, NOW).unwrap();
        assert!(more && done == known(&id(-1), 0));
        let (end, more) = done.after_page(&done.wanted(true, NOW), page(&[], 0, None), None, NOW).unwrap();
        assert!(!more && end == done);
    }

    #[test]
    fn ids_need_not_be_numbers() {
        assert_eq!(order("01J", "01K"), Ordering::Less);
        assert_eq!(order("1000", "999"), Ordering::Greater);
        assert_eq!(earlier("01JABCDEFGH"), "01JABCDEFGH");
        assert_eq!(earlier("42"), "42");
    }

    #[test]
    fn a_walk_that_turns_in_a_circle_is_refused() {
        let (one, _) = step(&Place::default(), page(&["900", "800"], 1, Some("800")));
        assert!(
            one.after_page(&Wanted::Below("800".into()), page(&["900", "800"], 1, Some("800")), None, NOW)
                .is_err()
        );
        let long = page(&[&"9".repeat(101)], 1, None);
        assert!(one.after_page(&Wanted::Below("800".into()), long, None, NOW).is_err());
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let down = Some(Down { before: "1".into(), newest: "2".into() });
        let place = Place { down, up: Some("3".into()), ..known("4", 1) };
        assert_eq!(Place::read(place.cursor().as_ref()).unwrap(), place);
        assert!(Place::read(Some(&Cursor("[]x".into()))).is_err());
    }
}
