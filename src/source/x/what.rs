//! What a timeline of X is: an account's posts, a list's, or a search over accounts.

use jiff::Timestamp;

use super::cursor::{Place, Window};
use super::id::{OVERLAP, is_id, rank};
use super::search::Search;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub enum What<'a> {
    /// All posts of the account with this id.
    Account(&'a str),
    /// All posts of the members of the list with this id. X cannot be asked for those after one that is known.
    List(&'a str),
    /// An early look at several accounts at once.
    Search(&'a Search),
}

/// Posts in a page of a list: every look reads one at least, whatever is new.
const LIST_PAGE: u32 = 20;

impl<'a> What<'a> {
    /// What the part of a timeline's id behind `x:` names.
    pub fn read(id: &'a str, searches: &'a [Search]) -> Option<Self> {
        match id.split_once(':') {
            None => is_id(id).then_some(Self::Account(id)),
            Some(("list", id)) => is_id(id).then_some(Self::List(id)),
            Some(("search", key)) => searches.iter().find(|search| search.key == key).map(Self::Search),
            Some(_) => None,
        }
    }

    /// The address below the API's.
    pub fn path(self) -> Vec<&'a str> {
        match self {
            Self::Account(id) => vec!["2", "users", id, "tweets"],
            Self::List(id) => vec!["2", "lists", id, "tweets"],
            Self::Search(_) => vec!["2", "tweets", "search", "recent"],
        }
    }

    /// What X calls the token of the next page.
    pub fn token(self) -> &'static str {
        if matches!(self, Self::Search(_)) { "next_token" } else { "pagination_token" }
    }

    /// X gives no fewer posts in a page.
    pub fn fewest(self) -> u32 {
        match self {
            Self::Account(_) => 5,
            Self::List(_) => 1,
            Self::Search(_) => 10,
        }
    }

    /// The most posts to ask for in a page, of `usual` at most.
    pub fn most(self, usual: u32) -> u32 {
        let most = if matches!(self, Self::List(_)) { usual.min(LIST_PAGE) } else { usual };
        most.max(self.fewest())
    }

    /// Which posts a look wants. A search looks back no further than the timelines of its accounts do it anyway.
    pub fn window(self, place: &Place, since: Option<Timestamp>, now: Timestamp) -> Window {
        match self {
            Self::Account(_) | Self::List(_) => place.window(since),
            Self::Search(search) => {
                let reach = search.reach.saturating_add(OVERLAP);
                place.window_from(
                    now.saturating_sub(reach).unwrap_or(Timestamp::MIN).max(since.unwrap_or(Timestamp::MIN)),
                )
            }
        }
    }

    /// The id of the account, if it is one's timeline.
    pub fn account(self) -> Option<&'a str> {
        if let Self::Account(id) = self { Some(id) } else { None }
    }

    /// The newest post of a page, if it is news: a list answers with known posts at every look.
    pub fn news(self, newest: Option<String>, place: &Place) -> Option<String> {
        let known = place.newest.as_deref().map(rank);
        newest.filter(|id| !matches!(self, Self::List(_)) || Some(rank(id)) > known)
    }

    /// Whether a page with these posts reaches back to what is known, where X does not cut there by itself.
    pub fn reaches<'i>(self, window: &Window, mut ids: impl Iterator<Item = &'i str>) -> bool {
        let floor = window.floor().filter(|_| matches!(self, Self::List(_)));
        floor.is_some_and(|floor| ids.any(|id| rank(id) <= rank(&floor)))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn an_id_of_a_timeline_tells_what_it_is() {
        let searches = super::super::search::searches(&["a".into()], SignedDuration::from_mins(30));
        let key = format!("search:{}", searches[0].key);
        assert!(matches!(What::read("123", &searches), Some(What::Account("123"))));
        assert!(matches!(What::read("list:5", &searches), Some(What::List("5"))));
        assert!(matches!(What::read(&key, &searches), Some(What::Search(_))));
        for odd in ["", "abc", "1/../2", "list:", "list:x", "search:0", "user:1", "123456789012345678901"] {
            assert!(What::read(odd, &searches).is_none(), "{odd}");
        }
    }

    #[test]
    fn a_list_is_read_until_a_known_post_by_number() {
        let window = Window::After("1000".into());
        let reaches = |ids: &[&str]| What::List("1").reaches(&window, ids.iter().copied());
        assert!(!reaches(&["1002", "1001"]));
        assert!(reaches(&["1001", "1000"]) && reaches(&["1001", "999"]));
        assert!(!What::Account("1").reaches(&window, ["999"].into_iter()));
    }
}
