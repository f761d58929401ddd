//! What a walk could not reach because X shows no more.
//!
//! X's documentation of August 2026: the timeline of an account holds its 3,200 newest posts, and a page behind them is
//! empty. How far lists reach it does not say.

use serde::{Deserialize, Serialize};

use super::id::{rank, time_of};
use super::what::What;
use crate::model::coverage::Cause;
use crate::model::look::Missed;

/// What a walk showed so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Walked {
    /// Posts.
    pub count: u32,
    /// The oldest one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bottom: Option<String>,
}

/// Posts of an account's timeline after which it may be X that ends it. X counts some that it does not show, hence the
/// last page is left out.
const MOST_OF_ACCOUNT: u32 = 3_100;

impl Walked {
    /// After one more page with these posts.
    pub fn and<'i>(&self, ids: impl Iterator<Item = &'i str>) -> Self {
        let (mut count, mut bottom) = (self.count, self.bottom.as_deref());
        for id in ids {
            count = count.saturating_add(1);
            bottom = Some(bottom.map_or(id, |bottom| std::cmp::min_by_key(bottom, id, |id| rank(id))));
        }
        Self { count, bottom: bottom.map(str::to_owned) }
    }

    /// What a walk that ended here may have missed above `known`, the newest post of earlier ones.
    ///
    /// A search never does: it is an early look, and the timelines of its accounts see everything.
    pub fn missed(&self, what: What<'_>, known: Option<&str>) -> Option<Missed> {
        let (bottom, known) = (self.bottom.as_ref()?, known?);
        let reached = rank(bottom) <= rank(known);
        let why = match what {
            What::Account(_) if self.count >= MOST_OF_ACCOUNT => "X shows an account's 3,200 newest posts",
            What::List(_) => "X shows no more of the list than this",
            What::Account(_) | What::Search(_) => return None,
        };
        (!reached).then(|| Missed { cause: Cause::Horizon, why: why.into(), until: time_of(bottom) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(count: u32, bottom: &str) -> Walked {
        Walked { count, bottom: Some(bottom.into()) }
    }

    #[test]
    fn the_oldest_post_of_a_walk_is_kept_by_number() {
        let one = Walked::default().and(["1000", "999"].into_iter());
        assert_eq!(one, walked(2, "999"));
        assert_eq!(
            (one.and(std::iter::empty()), one.and(["5"].into_iter())),
            (walked(2, "999"), walked(3, "5"))
        );
    }

    #[test]
    fn a_walk_misses_what_x_no_longer_shows_above_what_is_known() {
        let (account, list) = (What::Account("1"), What::List("1"));
        let cases = [
            (account, walked(3_200, "500"), Some("400"), true),
            (account, walked(3_200, "500"), Some("500"), false),
            (account, walked(3_200, "1000"), Some("999"), true),
            (account, walked(3_200, "500"), None, false),
            (account, walked(60, "500"), Some("400"), false),
            (list, walked(60, "500"), Some("400"), true),
            (list, walked(60, "400"), Some("400"), false),
            (list, Walked::default(), Some("400"), false),
        ];
        for (what, walked, known, misses) in cases {
            assert_eq!(walked.missed(what, known).is_some(), misses, "{what:?} {walked:?} {known:?}");
        }
        let bottom = super::super::id::id_at("2025-04-30T20:00:00Z".parse().unwrap());
        let missed = walked(3_200, &bottom).missed(account, Some("400")).unwrap();
        assert_eq!(missed.until, "2025-04-30T20:00:00Z".parse().ok(), "what is shown is not missed");
    }
}
