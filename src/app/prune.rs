//! Forgetting, once a day, what is long gone.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::tasks::Task;
use crate::clock::Clock;
use crate::model::calendar::day;
use crate::model::retention::Retention;
use crate::store::{Store, StoreError};

/// Days after which a post is forgotten that its timeline no longer answers with.
const SEEN_RETENTION_DAYS: i32 = 97;

/// How often it is done, and how soon again if it was not to be done.
const DAILY: Duration = Duration::from_hours(24);
const HOURLY: Duration = Duration::from_hours(1);

/// So long the clock must have gone at the pace of time before anything is forgotten by it.
const STEADY: Duration = Duration::from_mins(59);

/// So far the clock may be set in that time.
const SET: SignedDuration = SignedDuration::from_mins(10);

/// How the clock goes. Shared by all that come after one another, because a reload begins no new time.
pub(super) type Shown = Arc<Mutex<Option<Pace>>>;

/// What the clock showed when it was last looked at, and since when it has gone at the pace of time.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    shown: Timestamp,
    at: Instant,
    since: Instant,
}

/// Forgets until `stop`: once the clock was seen to go for an hour, and then daily.
pub(super) async fn prune(
    store: Arc<dyn Store>,
    kept: Retention,
    clock: Arc<dyn Clock>,
    shown: Shown,
    stop: CancellationToken,
) -> Task {
    while !stop.is_cancelled() {
        let now: Timestamp = clock.now();
        let is_believed = {
            let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
            let next = Pace::next(*shown, now, Instant::now());
            shown.insert(next).is_believed()
        };
        let wait = if is_believed && forget(store.as_ref(), &kept, now).await? { DAILY } else { HOURLY };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    Ok(())
}

/// Forgets what is long gone, if `now` can be believed; tells whether it was.
pub(super) async fn forget(store: &dyn Store, kept: &Retention, now: Timestamp) -> Result<bool, StoreError> {
    if !is_believable(day(now), store.newest().await?) {
        warn!(
            "no post was seen for {SEEN_RETENTION_DAYS} days by the clock; nothing is forgotten until one is"
        );
        return Ok(false);
    }
    store.prune(day(now) - SEEN_RETENTION_DAYS, now).await?;
    let days = store.retire(kept, now).await?;
    if days > 0 {
        info!(days, "days of the archive were deleted: `[retention]` keeps them no longer");
    }
    Ok(true)
}

impl Pace {
    /// How the clock goes now that it shows `now`; one that leapt is watched anew.
    fn next(before: Option<Self>, now: Timestamp, at: Instant) -> Self {
        let is_steady = |before: &Self| {
            let passed = SignedDuration::try_from(at.saturating_duration_since(before.at)).ok()?;
            now.duration_since(before.shown).checked_sub(passed).map(|apart| apart.abs() <= SET)
        };
        let steady = before.filter(|before| is_steady(before) == Some(true));
        Self { shown: now, at, since: steady.map_or(at, |steady| steady.since) }
    }

    fn is_believed(&self) -> bool {
        self.at.saturating_duration_since(self.since) >= STEADY
    }
}

/// Whether `today` may be what day it is, given that of the newest post. If it is too far ahead, vigie stood still for
/// long, or the clock is wrong: in both cases posts that are still shown would be forgotten, and told again.
fn is_believable(today: i32, newest: Option<i32>) -> bool {
    newest.is_none_or(|newest| today.saturating_sub(newest) < SEEN_RETENTION_DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_far_ahead_of_the_newest_post_is_not_believed() {
        for (today, newest, believed) in [
            (20_000, None, true),
            (20_000, Some(20_000), true),
            (20_000, Some(19_904), true),
            (20_000, Some(19_903), false),
            (20_000, Some(19_800), false),
            (20_000, Some(20_200), true),
        ] {
            assert_eq!(is_believable(today, newest), believed, "{today} {newest:?}");
        }
    }

    #[test]
    fn a_clock_is_believed_once_it_went_for_an_hour_and_anew_after_every_leap() {
        let (zero, start) = (Timestamp::from_second(1_000_000).unwrap(), Instant::now());
        let mut pace = None;
        let day = 24 * 60;
        // The real minute, how many minutes the clock is off, and whether it is believed.
        for (minute, off, believed) in [
            (0, 0, false),
            (30, 0, false),
            (60, 0, true),
            (60 + day, 1, true),
            (61 + day, 1, true),
            // 200 days ahead for a while, and back.
            (120 + 2 * day, 200 * day, false),
            (121 + 2 * day, 200 * day, false),
            (180 + 2 * day, 1, false),
            (239 + 2 * day, 1, true),
            // Ahead and back between two looks.
            (239 + 3 * day, 1, true),
            // Back by a month, for good.
            (300 + 3 * day, -30 * day, false),
            (359 + 3 * day, -30 * day, true),
        ] {
            let now = zero + SignedDuration::from_mins(minute + off);
            let at = start + Duration::from_mins(minute as u64);
            let next = Pace::next(pace, now, at);
            assert_eq!(next.is_believed(), believed, "minute {minute}, {off} off");
            pace = Some(next);
        }
        for far in [Timestamp::MIN, Timestamp::MAX] {
            let next = Pace::next(pace, far, start);
            assert!(!next.is_believed() && !Pace::next(Some(next), zero, start).is_believed(), "{far}");
        }
    }
}
