//! Where a timeline of X resumes: the newest post that was reached, and the walk towards it that is still under way.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::horizon::Walked;
use super::id::{id_at, newer, with_overlap};
use crate::model::timeline::Cursor;

/// A cursor, spelled out. X pages from the newest post down, so `newest` stands still until a walk is complete.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// The newest post of the last complete walk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<String>,
    /// When the last complete walk that brought a post began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looked: Option<Timestamp>,
    /// Until there is a `newest`: where the first sight began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The walk under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub walk: Option<Walk>,
    /// Walks in a row that X broke off by refusing its own page token.
    #[serde(skip_serializing_if = "is_zero")]
    pub broken_off: u32,
}

/// A walk from the newest post down, in the middle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// X's token for the next page.
    pub token: String,
    /// The newest post of the walk so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<String>,
    /// When it began.
    pub begun: Timestamp,
    /// The start time it was asked with, if not by id: every page must be asked alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// The id it was asked with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// What it showed so far.
    #[serde(default)]
    pub walked: Walked,
}

/// Which posts are asked for. X refuses an id together with a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Window {
    /// Those with a greater id.
    After(String),
    /// Those from this instant on.
    From(Timestamp),
    /// As far back as X goes.
    All,
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

    /// Which posts to ask for; at first sight those from `since` on.
    pub fn window(&self, since: Option<Timestamp>) -> Window {
        self.walk.as_ref().and_then(Walk::window).unwrap_or_else(|| match &self.newest {
            Some(newest) => Window::After(with_overlap(newest, self.looked)),
            None => self.since.or(since).map_or(Window::All, Window::From),
        })
    }

    /// The same by ids alone, and no further back than `earliest`.
    pub fn window_from(&self, earliest: Timestamp) -> Window {
        self.walk.as_ref().and_then(Walk::window).unwrap_or_else(|| {
            let newest = self.newest.as_ref().map(|newest| with_overlap(newest, self.looked));
            Window::After(newer(newest, Some(id_at(earliest))).unwrap_or_default())
        })
    }

    /// The place after a page that was asked for with `window` at `now`, whose newest post is `newest`.
    pub fn after_page(
        &self,
        window: &Window,
        newest: Option<String>,
        walked: Walked,
        token: Option<String>,
        now: Timestamp,
    ) -> Self {
        let (from, asked_after) = match window {
            Window::From(from) => (Some(*from), None),
            Window::After(id) => (None, Some(id.clone())),
            Window::All => (None, None),
        };
        let walk = self.walk.clone();
        let begun = walk.as_ref().map_or(now, |walk| walk.begun);
        let ceiling = newer(walk.and_then(|walk| walk.ceiling), newest);
        let since = if self.newest.is_none() { self.since.or(from) } else { None };
        if let Some(token) = token {
            let walk = Some(Walk { token, ceiling, begun, from, after: asked_after, walked });
            return Self { since, walk, ..self.clone() };
        }
        let looked = if ceiling.is_some() { Some(begun) } else { self.looked };
        let newest = newer(self.newest.clone(), ceiling);
        let since = since.filter(|_| newest.is_none());
        Self { newest, looked, since, walk: None, broken_off: 0 }
    }

    /// The place after X refused the token of the walk: the walk begins anew, the floor stays.
    pub fn broken_off(&self) -> Self {
        Self { walk: None, broken_off: self.broken_off.saturating_add(1), ..self.clone() }
    }
}

impl Walk {
    fn window(&self) -> Option<Window> {
        let after = self.after.clone().map(Window::After);
        after.or(self.from.map(Window::From))
    }
}

impl Window {
    /// The id after which posts are wanted.
    pub fn floor(&self) -> Option<String> {
        match self {
            Self::After(id) => Some(id.clone()),
            Self::From(from) => Some(id_at(*from)),
            Self::All => None,
        }
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
        text.parse().unwrap()
    }

    fn page(place: &Place, newest: Option<&str>, token: Option<&str>, now: Timestamp) -> Place {
        let window = place.window(Some(at("2025-04-29T20:00:00Z")));
        place.after_page(&window, newest.map(str::to_owned), Walked::default(), token.map(str::to_owned), now)
    }

    #[test]
    fn a_fresh_post_is_asked_for_with_ten_minutes_overlap() {
        let (posted, ten_before) = (at("2025-04-30T20:00:00Z"), at("2025-04-30T19:50:00Z"));
        let place = Place { newest: Some(id_at(posted)), ..Place::default() };
        assert_eq!(place.window(None), Window::After(id_at(ten_before)));
        let looked = |text| Place { looked: Some(at(text)), ..place.clone() }.window(None);
        assert_eq!(looked("2025-04-30T20:00:00Z"), Window::After(id_at(ten_before)));
        assert_eq!(looked("2025-04-30T20:04:00Z"), Window::After(id_at(at("2025-04-30T19:54:00Z"))));
    }

    #[test]
    fn a_post_that_stayed_the_newest_for_ten_minutes_is_not_paid_for_again() {
        let posted = at("2025-04-30T20:00:00Z");
        let place = Place {
            newest: Some(id_at(posted)),
            looked: Some(at("2025-04-30T20:10:00Z")),
            ..Place::default()
        };
        assert_eq!(place.window(None), Window::After(id_at(posted)));
    }

    #[test]
    fn a_wrong_clock_moves_the_overlap_by_ten_minutes_at_most() {
        let posted = at("2025-04-30T20:00:00Z");
        for (looked, asked) in [
            ("1970-01-01T00:00:00Z", "2025-04-30T19:50:00Z"),
            ("2199-01-01T00:00:00Z", "2025-04-30T20:00:00Z"),
        ] {
            let place = Place { newest: Some(id_at(posted)), looked: Some(at(looked)), ..Place::default() };
            assert_eq!(place.window(None), Window::After(id_at(at(asked))), "{looked}");
        }
    }

    #[test]
    fn an_id_from_before_the_snowflakes_is_asked_for_as_it_is() {
        for id in ["20", "29700859247", "abc"] {
            let place = Place { newest: Some(id.into()), ..Place::default() };
            assert_eq!(place.window(None), Window::After(id.into()));
        }
    }

    #[test]
    fn the_floor_moves_only_when_the_walk_is_complete() {
        let now = at("2025-04-30T20:00:00Z");
        let start = Place { newest: Some("100".into()), ..Place::default() };
        let one = page(&start, Some("900"), Some("t1"), now);
        let two = page(&one, Some("500"), Some("t2"), now);
        assert_eq!((one.newest.as_deref(), two.newest.as_deref()), (Some("100"), Some("100")));
        assert_eq!((one.window(None), two.window(None)), (start.window(None), start.window(None)));
        let done = page(&two, Some("101"), None, now);
        assert_eq!((done.newest.as_deref(), done.walk), (Some("900"), None));
    }

    #[test]
    fn first_sight_keeps_its_start_until_a_post_was_seen() {
        let (now, since) = (at("2025-04-30T20:00:00Z"), at("2025-04-29T20:00:00Z"));
        let empty = page(&Place::default(), None, None, now);
        assert_eq!(empty.window(None), Window::From(since));
        let walking = page(&empty, Some("900"), Some("t1"), now);
        assert_eq!(walking.window(None), Window::From(since));
        let done = page(&walking, Some("800"), None, now);
        assert_eq!(done.window(None), Window::After("900".into()));
    }

    #[test]
    fn a_walk_that_is_broken_off_begins_anew_from_the_same_floor() {
        let now = at("2025-04-30T20:00:00Z");
        let start = Place { newest: Some("100".into()), ..Place::default() };
        let anew = page(&start, Some("900"), Some("t1"), now).broken_off();
        assert_eq!(anew, Place { broken_off: 1, ..start });
        assert_eq!(page(&anew, Some("900"), None, now).broken_off, 0);
    }

    #[test]
    fn every_page_of_a_walk_is_asked_with_the_same_window_whatever_the_time() {
        let (hour, later) = (at("2025-04-30T19:00:00Z"), at("2025-04-30T20:00:00Z"));
        let place = Place { newest: Some("900".into()), ..Place::default() };
        let window = place.window_from(hour);
        assert_eq!(window, Window::After(id_at(hour)));
        let walking = place.after_page(&window, None, Walked::default(), Some("t".into()), later);
        assert_eq!((walking.window_from(later), walking.window(None)), (window.clone(), window));
        let newer = Place { newest: Some(id_at(later)), looked: Some(later), ..Place::default() };
        assert_eq!(newer.window_from(hour), newer.window(None), "what is known bounds it too");
    }

    #[test]
    fn a_quiet_page_changes_nothing() {
        let now = at("2025-04-30T20:00:00Z");
        let place = Place { newest: Some("100".into()), looked: Some(now), ..Place::default() };
        assert_eq!(page(&place, None, None, at("2025-05-01T20:00:00Z")), place);
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let walk = Walk {
            token: "t".into(),
            ceiling: Some("9".into()),
            begun: Timestamp::UNIX_EPOCH,
            from: None,
            after: None,
            walked: Walked { count: 3, bottom: Some("7".into()) },
        };
        let place = Place { newest: Some("5".into()), walk: Some(walk), ..Place::default() };
        assert_eq!(Place::read(place.cursor().as_ref()).unwrap(), place);
        assert!(Place::read(Some(&Cursor("{".into()))).is_err());
    }
}
