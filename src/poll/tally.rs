//! What was made to count, for whoever tells of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::metrics::Metrics;
use crate::model::calendar::day;

/// What the committer counted, for whoever tells of it. Cheap to clone.
#[derive(Clone)]
pub struct Tally {
    counts: Arc<Mutex<Counts>>,
    pub(super) metrics: Metrics,
}

/// What was counted since it was last taken, and on the present day.
#[derive(Debug, Default)]
struct Counts {
    untaken: Counted,
    today: Counted,
    day: i32,
}

impl Tally {
    /// Nothing counted yet; it is counted in `metrics` too.
    pub fn new(metrics: Metrics) -> Self {
        Self { counts: Arc::default(), metrics }
    }

    /// What was counted since the last time.
    pub fn take(&self) -> Counted {
        std::mem::take(&mut self.counts().untaken)
    }

    /// What was counted on the UTC day of `now`.
    pub fn today(&self, now: Timestamp) -> Counted {
        let counts = self.counts();
        if counts.day == day(now) { counts.today } else { Counted::default() }
    }

    pub(super) fn add(&self, more: Counted, now: Timestamp) {
        let mut counts = self.counts();
        if counts.day != day(now) {
            (counts.day, counts.today) = (day(now), Counted::default());
        }
        counts.untaken = counts.untaken.plus(more);
        counts.today = counts.today.plus(more);
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was made to count so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Posts seen for the first time.
    pub new: u64,
    /// Edits of posts seen before.
    pub revised: u64,
    /// Posts that people hear of.
    pub matched: u64,
    /// Posts that could not be read.
    pub unreadable: u64,
}

impl Counted {
    fn plus(self, more: Self) -> Self {
        Self {
            new: self.new + more.new,
            revised: self.revised + more.revised,
            matched: self.matched + more.matched,
            unreadable: self.unreadable + more.unreadable,
        }
    }
}
