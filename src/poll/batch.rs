//! Looks that are made to count together.

use std::collections::HashMap;

use super::measure::Measured;
use super::purse::Aside;
use super::tally::Counted;
use super::watching::Watch;
use crate::model::coverage::Gap;
use crate::model::post::{Content, PostKey};
use crate::store::{News, Outcome, Sighting};

/// Posts that are new to the archive after which a batch takes no further look.
const LARGE: usize = 100;

/// Looks that are decided, but do not count yet.
#[derive(Default)]
pub(super) struct Batch {
    outcomes: Vec<Outcome>,
    decided: Vec<Decided>,
    news: usize,
    /// The posts of all looks so far, as the store will know them.
    seen: HashMap<PostKey, Sighted>,
}

/// A post as the store will know it.
struct Sighted {
    content: Content,
    day: i32,
    met: Vec<String>,
}

/// What is said of a look once it counts.
pub(super) struct Decided {
    pub(super) watch: Watch,
    pub(super) counted: Counted,
    pub(super) measured: Measured,
    /// The rules because of which people hear of its posts.
    pub(super) rules: Vec<String>,
    pub(super) gaps: Vec<Gap>,
    /// What was set aside for it, until what it cost is charged.
    pub(super) _aside: Option<Aside>,
}

impl Batch {
    /// What is known of these revisions once the batch counts, given what the store knew of all revisions before it.
    pub(super) fn sightings(
        &self,
        revisions: &[(PostKey, Content)],
        before: &mut impl Iterator<Item = Sighting>,
    ) -> Vec<Sighting> {
        let known = |(key, content): &(PostKey, Content), before: Sighting| match self.seen.get(key) {
            None => before,
            Some(seen) => Sighting {
                news: if seen.content == *content { News::Known } else { News::Revised },
                day: Some(seen.day),
                met: seen.met.clone(),
            },
        };
        revisions.iter().zip(before).map(|(revision, before)| known(revision, before)).collect()
    }

    /// Takes a look that is decided.
    pub(super) fn add(&mut self, outcome: Outcome, decided: Decided) {
        for post in &outcome.posts {
            let seen = Sighted { content: post.content, day: outcome.day, met: post.met.clone() };
            self.seen.insert(post.key, seen);
            self.news += usize::from(post.archive.is_some());
        }
        self.outcomes.push(outcome);
        self.decided.push(decided);
    }

    /// Whether it should count before more is added.
    pub(super) fn is_large(&self) -> bool {
        self.news >= LARGE
    }

    /// Hands over what is to count.
    pub(super) fn take(&mut self) -> (Vec<Outcome>, Vec<Decided>) {
        self.news = 0;
        (std::mem::take(&mut self.outcomes), std::mem::take(&mut self.decided))
    }
}
