//! Which accounts of a source are in the same trouble, so that people hear of it once, and once when it is over.
//!
//! It is read from the states of the timelines, so a restart neither repeats nor forgets.

use std::collections::{HashMap, HashSet};

use super::Watching;
use crate::model::coverage::Cause;
use crate::model::timeline::{TimelineId, Trouble};
use crate::store::{Store, StoreError};

/// All lasting troubles.
#[derive(Debug, Default)]
pub(super) struct Troubles(HashMap<Key, Shared>);

/// A trouble by its source and its words, without the account's name.
type Key = (String, String);

/// Who is in a trouble.
#[derive(Debug, Default)]
struct Shared {
    blind: HashSet<TimelineId>,
    /// How many are read again.
    back: usize,
}

impl Troubles {
    /// What is known of the accounts of `sources`.
    pub(super) async fn load(sources: &[Watching], store: &dyn Store) -> Result<Self, StoreError> {
        let mut troubles = Self::default();
        for watching in sources {
            for watched in watching.source.accounts() {
                let timeline = watching.timeline(&watched, store).await?;
                let trouble = store.timeline(&timeline).await?.and_then(|state| state.trouble);
                if let Some(trouble) = trouble {
                    troubles.begins(&watching.id, &watched.account, &timeline, &trouble);
                }
            }
        }
        Ok(troubles)
    }

    /// Notes that a trouble of an account began. Tells whether it is the first account in it.
    pub(super) fn begins(
        &mut self,
        source: &str,
        account: &str,
        timeline: &TimelineId,
        trouble: &Trouble,
    ) -> bool {
        for shared in self.0.values_mut() {
            shared.blind.remove(timeline);
        }
        self.0.retain(|_, shared| !shared.blind.is_empty());
        let shared = self.0.entry(key(source, account, timeline, trouble)).or_default();
        shared.blind.insert(timeline.clone());
        shared.blind.len() == 1
    }

    /// Notes that it is over for an account. If it is over for all, tells for how many others it was before.
    pub(super) fn ends(
        &mut self,
        source: &str,
        account: &str,
        timeline: &TimelineId,
        trouble: &Trouble,
    ) -> Option<usize> {
        let key = key(source, account, timeline, trouble);
        let Some(shared) = self.0.get_mut(&key) else { return Some(0) };
        shared.blind.remove(timeline);
        if shared.blind.is_empty() {
            return self.0.remove(&key).map(|shared| shared.back);
        }
        shared.back += 1;
        None
    }
}

fn key(source: &str, account: &str, timeline: &TimelineId, trouble: &Trouble) -> Key {
    // That an account is gone is about this account alone, however alike the words.
    let alone = trouble.cause == Cause::Refusal;
    let words = if alone { timeline.to_string() } else { without(&trouble.why, account) };
    (source.to_owned(), words)
}

/// `text` without `name`, where that stands as a word of its own.
fn without(text: &str, name: &str) -> String {
    let goes_on = |c: char| c.is_alphanumeric() || c == '_';
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once(name).filter(|_| !name.is_empty()) {
        kept.push_str(before);
        let whole = !kept.ends_with(goes_on) && !after.starts_with(goes_on);
        kept.push_str(if whole { "…" } else { name });
        rest = after;
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::post::Platform;

    fn trouble(cause: Cause, why: &str) -> Trouble {
        Trouble { since: Timestamp::UNIX_EPOCH, cause, why: why.into() }
    }

    fn id(name: &str) -> TimelineId {
        TimelineId::new(&Platform::X, name)
    }

    #[test]
    fn a_trouble_of_many_accounts_is_told_with_the_first_and_over_with_the_last() {
        let mut troubles = Troubles::default();
        let denied = trouble(Cause::Credentials, "401");
        let mut begins = |name: &str| troubles.begins("x.hub", name, &id(name), &denied);
        assert_eq!([begins("a"), begins("b"), begins("c")], [true, false, false]);
        let mut ends = |name: &str| troubles.ends("x.hub", name, &id(name), &denied);
        assert_eq!([ends("a"), ends("c"), ends("b")], [None, None, Some(2)]);
        assert!(troubles.begins("x.hub", "a", &id("a"), &denied), "a new trouble");
        assert!(troubles.begins("x.other", "d", &id("d"), &denied), "another source");
    }

    #[test]
    fn accounts_that_are_gone_are_told_one_by_one() {
        let mut troubles = Troubles::default();
        let gone = trouble(Cause::Refusal, "it is gone");
        assert!(troubles.begins("x.hub", "a", &id("a"), &gone));
        assert!(troubles.begins("x.hub", "b", &id("b"), &gone));
        assert_eq!(troubles.ends("x.hub", "a", &id("a"), &gone), Some(0));
    }

    #[test]
    fn the_name_of_an_account_makes_no_other_trouble() {
        let mut troubles = Troubles::default();
        let odd =
            |name: &str| trouble(Cause::Doubt, &format!("the page of the channel {name} shows no posts"));
        assert!(troubles.begins("telegram.hub", "a", &id("a"), &odd("a")));
        assert!(!troubles.begins("telegram.hub", "b", &id("b"), &odd("b")));
    }

    #[test]
    fn an_account_that_goes_from_one_trouble_into_another_leaves_the_first() {
        let mut troubles = Troubles::default();
        let (denied, unpaid) = (trouble(Cause::Credentials, "401"), trouble(Cause::Credit, "402"));
        assert!(troubles.begins("x.hub", "a", &id("a"), &denied));
        assert!(troubles.begins("x.hub", "a", &id("a"), &unpaid));
        assert!(troubles.begins("x.hub", "b", &id("b"), &denied), "nobody is left in the first");
        assert_eq!(troubles.ends("x.hub", "a", &id("a"), &unpaid), Some(0));
    }
}
