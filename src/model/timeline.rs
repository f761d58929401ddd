//! One sequence of posts with its own cursor and pace, and what is kept of it between two looks.

use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::cadence::Cadence;
use super::coverage::{Cause, Gap};
use super::instant;
use super::post::Platform;

/// A timeline's identity: platform and the permanent id of what is watched. Configuration may rename its source freely.
///
/// Cheap to clone, because whoever has to do with a timeline keeps its identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TimelineId(Arc<str>);

impl TimelineId {
    /// The timeline of `id` on `platform`.
    pub fn new(platform: &Platform, id: &str) -> Self {
        Self(format!("{platform}:{id}").into())
    }

    /// What stands for the timeline of `account` until it is looked up: so its failures are kept like any other's.
    pub fn unresolved(platform: &Platform, account: &str) -> Self {
        Self(format!("{platform}:?{account}").into())
    }

    /// Whether it only stands for a name.
    pub fn is_unresolved(&self) -> bool {
        self.0.split_once(':').is_some_and(|(_, id)| id.starts_with('?'))
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
        Self(text.into())
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// Posts from before this instant are seen but never alert. `None`: all alert.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "instant::optional")]
    pub since: Option<Timestamp>,
    /// When to look next.
    #[serde(with = "instant")]
    pub due: Timestamp,
    /// When `due` was set: if the clock is behind it, it jumped, and the timeline is due now.
    #[serde(with = "instant")]
    pub set_at: Timestamp,
    /// The wait that was meant between the last look and the next.
    #[serde(default)]
    pub pause: SignedDuration,
    /// Looks that failed since the last one that succeeded.
    #[serde(default)]
    pub failures: u32,
    /// When the first look began.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "instant::optional")]
    pub watched_since: Option<Timestamp>,
    /// When the look under way began, if it takes more than one page.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "instant::optional")]
    pub begun_at: Option<Timestamp>,
    /// When the last look began that reached from the newest post back to what was known.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "instant::optional")]
    pub complete_at: Option<Timestamp>,
    /// What was not seen since, by cause; the last one lasts until a look is complete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<Gap>,
    /// Why people should worry, since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// When people were last told that posts may be missing for good.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "instant::optional")]
    pub missed_at: Option<Timestamp>,
    /// How often the account posts.
    #[serde(default)]
    pub cadence: Cadence,
    /// The silence that is unusual for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence: Option<Silence>,
    /// How the platform calls the account, if not as the configuration does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When the name in the configuration was last looked up.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "instant::optional")]
    pub named_at: Option<Timestamp>,
}

/// An account's silence that is unusual although it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// When it last posted.
    pub since: Timestamp,
    /// Whether people were told: not of a silence that a first look found.
    pub told: bool,
}

/// A lasting failure of a timeline that people were told about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Since when nothing was seen.
    pub since: Timestamp,
    /// What kind of failure.
    pub cause: Cause,
    /// What is wrong and what to do.
    pub why: String,
}

impl TimelineState {
    /// A timeline nobody looked at yet, due at once.
    pub fn first(since: Option<Timestamp>, now: Timestamp) -> Self {
        Self {
            cursor: None,
            since,
            due: now,
            set_at: now,
            pause: SignedDuration::ZERO,
            failures: 0,
            watched_since: None,
            begun_at: None,
            complete_at: None,
            open: Vec::new(),
            trouble: None,
            missed_at: None,
            cadence: Cadence::default(),
            silence: None,
            name: None,
            named_at: None,
        }
    }

    /// When to look next, by a clock that may have jumped back.
    pub fn due(&self, now: Timestamp) -> Timestamp {
        if now < self.set_at { now } else { self.due }
    }

    /// Whether one who starts looks at it before it is due: what failed may have been mended meanwhile. If the platform asked
    /// to wait, it is waited.
    pub fn may_be_mended(&self) -> bool {
        let asked_to_wait = self.open.last().is_some_and(|gap| gap.cause == Cause::RateLimit);
        self.failures > 0 && !asked_to_wait
    }

    /// Whether it is `before` but for when was and will be looked: then a restart may as well go on from `before`, and
    /// repeats the looks since.
    pub fn is_later(&self, before: &Self) -> bool {
        /// All of a state but when was and will be looked; every field has to be named here.
        fn kept(state: &TimelineState) -> impl PartialEq {
            let TimelineState {
                due: _,
                set_at: _,
                pause: _,
                cursor,
                since,
                failures,
                watched_since,
                begun_at,
                complete_at,
                open,
                trouble,
                missed_at,
                cadence,
                silence,
                name,
                named_at,
            } = state;
            let times = (since, watched_since, begun_at, complete_at.is_some(), missed_at, named_at);
            (times, (cursor, failures, open, trouble), (cadence, silence, name))
        }
        kept(self) == kept(before)
    }

    /// Up to when its posts were seen; where its watch began if none were yet.
    pub fn seen_until(&self) -> Option<Timestamp> {
        self.complete_at.or(self.watched_since)
    }

    /// How much later than posted a post may be seen without being late.
    pub fn patience(&self) -> SignedDuration {
        patience(self.pause)
    }

    /// Whether what was posted lately is not seen although it should be.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.seen_until().is_some_and(|seen| now.duration_since(seen) > self.patience())
    }
}

/// How much later than posted a post may be seen without being late, where it is looked for once in `pause`.
pub fn patience(pause: SignedDuration) -> SignedDuration {
    // A look takes its time, and is shifted by up to a tenth of the pause.
    pause.saturating_mul(3).max(SignedDuration::from_secs(30))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_750_000_000 + second).unwrap()
    }

    #[test]
    fn a_timeline_is_late_after_three_pauses() {
        let pause = SignedDuration::from_mins(1);
        let state =
            |seen| TimelineState { pause, complete_at: Some(seen), ..TimelineState::first(None, at(0)) };
        assert!(!state(at(-180)).is_late(at(0)));
        assert!(state(at(-181)).is_late(at(0)));
        assert!(!TimelineState::first(None, at(0)).is_late(at(9999)), "nobody looked yet");
    }

    #[test]
    fn a_state_is_later_if_only_its_times_differ() {
        let seen = TimelineState { complete_at: Some(at(0)), ..TimelineState::first(None, at(0)) };
        let pause = SignedDuration::from_mins(1);
        let later =
            TimelineState { due: at(60), set_at: at(1), pause, complete_at: Some(at(1)), ..seen.clone() };
        assert!(later.is_later(&seen) && seen.is_later(&seen));
        let gap = Gap::open(at(0), Cause::Outage, "");
        let others = [
            TimelineState { complete_at: None, ..later.clone() },
            TimelineState { cursor: Some(Cursor("1".into())), ..later.clone() },
            TimelineState { failures: 1, ..later.clone() },
            TimelineState { open: vec![gap], ..later.clone() },
            TimelineState { begun_at: Some(at(1)), ..later.clone() },
            TimelineState { cadence: Cadence::default().heard(&[at(1)]), ..later },
        ];
        assert!(others.iter().all(|other| !other.is_later(&seen)));
    }

    #[test]
    fn what_failed_may_be_mended_at_a_start_but_who_was_asked_to_wait_waits() {
        let first = TimelineState::first(None, at(0));
        assert!(!first.may_be_mended());
        for (cause, expected) in [
            (Cause::Credentials, true),
            (Cause::Credit, true),
            (Cause::Refusal, true),
            (Cause::Doubt, true),
            (Cause::Outage, true),
            (Cause::RateLimit, false),
        ] {
            let open = vec![Gap::open(at(0), Cause::Outage, ""), Gap::open(at(1), cause, "")];
            let failed = TimelineState { failures: 1, open: open.clone(), ..first.clone() };
            assert_eq!(failed.may_be_mended(), expected, "{cause}");
            let later = TimelineState { open, ..first.clone() };
            assert!(!later.may_be_mended(), "nothing failed");
        }
    }

    #[test]
    fn a_clock_that_jumped_back_makes_a_timeline_due() {
        let state = TimelineState { due: at(1060), ..TimelineState::first(None, at(1000)) };
        assert_eq!(state.due(at(1030)), at(1060));
        assert_eq!(state.due(at(10)), at(10));
    }
}
