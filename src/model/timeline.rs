//! One sequence of posts with its own cursor and pace, and what a look at it changes.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::post::Platform;

/// A timeline's identity: platform and the permanent id of what is watched. Configuration may rename its source freely.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TimelineId(String);

impl TimelineId {
    /// The timeline of `id` on `platform`.
    pub fn new(platform: &Platform, id: &str) -> Self {
        Self(format!("{platform}:{id}"))
    }

    /// `platform:id`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TimelineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for TimelineId {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Where a timeline resumes. Only the adapter that made it can read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor(pub String);

/// The right to look at a timeline, until it is finished or the process ends.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The timeline.
    pub timeline: TimelineId,
    /// Tells this turn from any other; a store accepts only the newest.
    pub fence: u64,
    /// What was known when the turn began; `None` at first sight.
    pub state: Option<TimelineState>,
}

/// What is kept of a timeline between two looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineState {
    /// Where to resume; `None` until a first look succeeded.
    pub cursor: Option<Cursor>,
    /// Posts from before this instant are seen but never alert. `None`: all alert.
    pub since: Option<Timestamp>,
    /// When to look next.
    pub due: Timestamp,
    /// When `due` was set: if the clock is behind it, it jumped, and the timeline is due now.
    pub set_at: Timestamp,
    /// Looks that failed since the last one that succeeded.
    #[serde(default)]
    pub failures: u32,
    /// When a look last reached the newest post.
    #[serde(default)]
    pub complete_at: Option<Timestamp>,
    /// Why people should worry, since when.
    #[serde(default)]
    pub trouble: Option<Trouble>,
}

/// A lasting failure of a timeline that people were told about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// When the failing began.
    pub since: Timestamp,
    /// What is wrong and what to do.
    pub why: String,
}

/// How a look at a timeline ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked {
    /// A page was read; `more` of them wait.
    Page {
        /// Where to resume.
        cursor: Option<Cursor>,
        /// Whether the newest post is not reached yet.
        more: bool,
    },
    /// Nothing was read; it may work at `at`, or after a back-off.
    Retry {
        /// Not before, if the server said so.
        at: Option<Timestamp>,
        /// What happened.
        why: String,
    },
    /// Nothing can be read before `until`.
    Paused {
        /// When it may go on.
        until: Timestamp,
        /// What happened and what to do.
        why: String,
    },
    /// Nothing was read, because others go first; nobody needs to hear of it.
    Later {
        /// When it may go on.
        until: Timestamp,
    },
    /// Nothing can be read until a person acts.
    Broken {
        /// What happened and what to do.
        why: String,
    },
}

/// A change of a timeline that people are told about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turned {
    /// It can no longer be read.
    Blind(Trouble),
    /// It can be read again.
    Back {
        /// Since when it could not.
        since: Timestamp,
    },
}

/// Failed looks in a row after which a passing failure is told.
pub const FAILURES_TOLD: u32 = 5;

impl TimelineState {
    /// A timeline nobody looked at yet, due at once.
    pub fn first(since: Option<Timestamp>, now: Timestamp) -> Self {
        Self { cursor: None, since, due: now, set_at: now, failures: 0, complete_at: None, trouble: None }
    }

    /// When to look next, by a clock that may have jumped back.
    pub fn due(&self, now: Timestamp) -> Timestamp {
        if now < self.set_at { now } else { self.due }
    }

    /// The state after a look that ended as `looked`, and what people should hear of it.
    ///
    /// `pause` is the wait before the next look: the timeline's period after success, a back-off after failure.
    pub fn finish(self, looked: Looked, pause: SignedDuration, now: Timestamp) -> (Self, Option<Turned>) {
        let after = |at: Option<Timestamp>| at.unwrap_or(now).max(now.saturating_add(pause).unwrap_or(now));
        let state = Self { set_at: now, ..self };
        match looked {
            Looked::Page { cursor, more } => {
                let turned = state.trouble.as_ref().map(|trouble| Turned::Back { since: trouble.since });
                let state = Self {
                    cursor: cursor.or(state.cursor),
                    due: if more { now } else { after(None) },
                    complete_at: if more { state.complete_at } else { Some(now) },
                    failures: 0,
                    trouble: None,
                    ..state
                };
                (state, turned)
            }
            Looked::Retry { at, why } => state.failed(after(at), why, FAILURES_TOLD, now),
            Looked::Paused { until, why } => state.failed(until.max(now), why, 1, now),
            Looked::Later { until } => (Self { due: until.max(now), ..state }, None),
            Looked::Broken { why } => state.failed(after(None), why, 1, now),
        }
    }

    fn failed(self, due: Timestamp, why: String, told_after: u32, now: Timestamp) -> (Self, Option<Turned>) {
        let failures = self.failures.saturating_add(1);
        let since = self.trouble.as_ref().map_or(self.complete_at.unwrap_or(now), |trouble| trouble.since);
        let told = self.trouble.is_some();
        let trouble = (told || failures >= told_after).then_some(Trouble { since, why });
        let turned = trouble.clone().filter(|_| !told).map(Turned::Blind);
        (Self { due, failures, trouble, ..self }, turned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn page(more: bool) -> Looked {
        Looked::Page { cursor: Some(Cursor("c".into())), more }
    }

    fn retry(at: Option<Timestamp>) -> Looked {
        Looked::Retry { at, why: "HTTP 500".into() }
    }

    const MINUTE: SignedDuration = SignedDuration::from_secs(60);

    #[test]
    fn a_last_page_is_due_again_after_the_pause_and_a_middle_one_at_once() {
        let first = TimelineState::first(None, at(0));
        let (state, _) = first.clone().finish(page(true), MINUTE, at(1));
        assert_eq!((state.due, state.complete_at), (at(1), None));
        let (state, _) = first.finish(page(false), MINUTE, at(1));
        assert_eq!((state.due, state.complete_at), (at(61), Some(at(1))));
    }

    #[test]
    fn a_failure_keeps_the_cursor_and_obeys_the_server() {
        let (state, _) = TimelineState::first(None, at(0)).finish(page(false), MINUTE, at(0));
        let (failed, _) = state.finish(retry(Some(at(900))), MINUTE, at(60));
        assert_eq!((failed.cursor, failed.due, failed.failures), (Some(Cursor("c".into())), at(900), 1));
    }

    #[test]
    fn passing_failures_are_told_once_when_they_last_and_once_when_they_end() {
        let mut state = TimelineState::first(None, at(0)).finish(page(false), MINUTE, at(0)).0;
        let mut told = Vec::new();
        for n in 1..=8 {
            let (next, turned) = state.finish(retry(None), MINUTE, at(n));
            told.extend(turned.map(|turned| (n, turned)));
            state = next;
        }
        let trouble = Trouble { since: at(0), why: "HTTP 500".into() };
        assert_eq!(told, [(5, Turned::Blind(trouble))]);
        let (state, turned) = state.finish(page(false), MINUTE, at(9));
        assert_eq!((turned, state.failures), (Some(Turned::Back { since: at(0) }), 0));
        assert_eq!(state.finish(page(false), MINUTE, at(10)).1, None);
    }

    #[test]
    fn a_pause_and_a_breakage_are_told_at_once() {
        let state = TimelineState::first(None, at(0));
        let paused = Looked::Paused { until: at(500), why: "credits".into() };
        let (after, turned) = state.clone().finish(paused, MINUTE, at(1));
        assert!(matches!(turned, Some(Turned::Blind(_))));
        assert_eq!(after.due, at(500));
        assert!(matches!(
            state.finish(Looked::Broken { why: "401".into() }, MINUTE, at(1)).1,
            Some(Turned::Blind(_))
        ));
    }

    #[test]
    fn a_clock_that_jumped_back_makes_a_timeline_due() {
        let (state, _) = TimelineState::first(None, at(0)).finish(page(false), MINUTE, at(1000));
        assert_eq!(state.due(at(1030)), at(1060));
        assert_eq!(state.due(at(10)), at(10));
    }
}
