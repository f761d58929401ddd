//! How far an account is watched, and whether it can be trusted to be seen.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::timeline::TimelineState;

/// How far an account is watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its source.
    pub source: String,
    /// The account as the configuration names it.
    pub account: String,
    /// When a look last reached its newest post.
    pub seen_until: Option<Timestamp>,
    /// Looks that failed since.
    pub failures: u32,
    /// Whether it can be trusted to be seen.
    pub sight: Sight,
    /// Why not.
    pub why: Option<String>,
    /// When it last posted, as far as is known.
    pub last_post: Option<Timestamp>,
    /// The usual wait between its posts, once it is known.
    pub usual_wait: Option<SignedDuration>,
    /// The wait between two looks at it now.
    pub pause: SignedDuration,
    /// When it is looked at next, if a look was made.
    pub next: Option<Timestamp>,
}

/// Whether an account is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sight {
    /// It is read as often as it should be.
    Seen,
    /// It is read as often as it should be, but silent for unusually long.
    Quiet,
    /// Nobody looked yet.
    New,
    /// What was posted within the last three waits between looks is not seen yet.
    Late,
    /// It cannot be read.
    Blind,
}

impl Account {
    /// How far `account` of `source` is watched, whose timeline is in `state`.
    pub(super) fn of(source: &str, account: String, state: Option<&TimelineState>, now: Timestamp) -> Self {
        let cadence = state.map(|state| state.cadence).unwrap_or_default();
        let sight = state.map_or(Sight::New, |state| sight(state, now));
        Self {
            source: source.to_owned(),
            account,
            seen_until: state.and_then(|state| state.complete_at),
            failures: state.map_or(0, |state| state.failures),
            sight,
            why: state.and_then(|state| why(state, sight)),
            last_post: cadence.last,
            usual_wait: cadence.usual(),
            pause: state.map_or(SignedDuration::ZERO, |state| state.pause),
            next: state.map(|state| state.due(now)),
        }
    }
}

fn sight(state: &TimelineState, now: Timestamp) -> Sight {
    match state {
        TimelineState { trouble: Some(_), failures: 1.., .. } => Sight::Blind,
        // It is read again, but not caught up yet.
        TimelineState { trouble: Some(_), .. } => Sight::Late,
        TimelineState { complete_at: None, .. } => Sight::New,
        state if state.is_late(now) => Sight::Late,
        TimelineState { silence: Some(_), .. } => Sight::Quiet,
        _ => Sight::Seen,
    }
}

fn why(state: &TimelineState, sight: Sight) -> Option<String> {
    match sight {
        Sight::Blind => state.trouble.as_ref().map(|trouble| trouble.why.clone()),
        Sight::Late if state.trouble.is_some() => Some("it is read again, and being caught up".into()),
        Sight::New if state.failures == 0 => None,
        Sight::Late | Sight::New => state.open.last().map(|gap| format!("{}: {}", gap.cause, gap.why)),
        Sight::Quiet => Some("it is read, but silent for unusually long".into()),
        Sight::Seen => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::coverage::{Cause, Gap};
    use crate::model::timeline::{Silence, Trouble};

    #[test]
    fn an_account_is_late_quiet_or_blind_and_these_are_told_apart() {
        let at = |second: i64| Timestamp::from_second(1_750_000_000 + second).unwrap();
        let pause = SignedDuration::from_secs(60);
        let seen = |seen: i64| TimelineState {
            pause,
            complete_at: Some(at(seen)),
            ..TimelineState::first(None, at(0))
        };
        let trouble = Some(Trouble { since: at(-9), cause: Cause::Outage, why: "HTTP 500".into() });
        let silence = Some(Silence { since: at(-90_000), told: true });
        for (state, expected) in [
            (TimelineState::first(None, at(0)), Sight::New),
            (seen(-179), Sight::Seen),
            (seen(-181), Sight::Late),
            (TimelineState { silence, ..seen(-179) }, Sight::Quiet),
            (TimelineState { silence, ..seen(-181) }, Sight::Late),
            (TimelineState { trouble: trouble.clone(), failures: 5, ..seen(0) }, Sight::Blind),
            (TimelineState { trouble: trouble.clone(), silence, failures: 1, ..seen(0) }, Sight::Blind),
            (TimelineState { trouble, ..seen(0) }, Sight::Late),
        ] {
            assert_eq!(sight(&state, at(0)), expected, "{state:?}");
        }
    }

    #[test]
    fn an_account_that_was_never_read_says_why_once_a_look_failed() {
        let now = Timestamp::from_second(1_750_000_000).unwrap();
        let first = TimelineState::first(None, now);
        let gap = Gap::open(now, Cause::Outage, "HTTP 404");
        let failed = TimelineState { failures: 1, open: vec![gap], ..first.clone() };
        for (state, expected) in [(first, None), (failed, Some("outage: HTTP 404"))] {
            let account = Account::of("x.hub", "hub".into(), Some(&state), now);
            assert_eq!((account.sight, account.why.as_deref()), (Sight::New, expected));
        }
    }
}
