//! Forgetting, once a day, what is long gone.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::tasks::Task;
use crate::clock::Clock;
use crate::model::calendar::day;
use crate::model::retention::Retention;
use crate::store::Store;

/// Days after which a post is forgotten that its timeline no longer answers with.
const SEEN_RETENTION_DAYS: i32 = 97;

/// How often it is done, and how soon again if it was not to be done.
const DAILY: Duration = Duration::from_hours(24);
const HOURLY: Duration = Duration::from_hours(1);

/// Forgets until `stop`, at once and then daily.
pub(super) async fn prune(
    store: Arc<dyn Store>,
    kept: Retention,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) -> Task {
    while !stop.is_cancelled() {
        let now: Timestamp = clock.now();
        let newest = store.newest().await?;
        let wait = if is_believable(day(now), newest) {
            store.prune(day(now) - SEEN_RETENTION_DAYS, now).await?;
            let days = store.retire(&kept, now).await?;
            if days > 0 {
                info!(days, "days of the archive were deleted: `[retention]` keeps them no longer");
            }
            DAILY
        } else {
            warn!(
                "no post was seen for {SEEN_RETENTION_DAYS} days by the clock; nothing is forgotten until one is"
            );
            HOURLY
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    Ok(())
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
}
