//! Forgetting, once a day, what is long gone.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::tasks::Task;
use crate::clock::Clock;
use crate::model::calendar::day;
use crate::model::retention::Retention;
use crate::store::Store;

/// Days after which a post is forgotten that its timeline no longer answers with.
const SEEN_RETENTION_DAYS: i32 = 97;

/// Forgets until `stop`, at once and then daily.
pub(super) async fn prune(
    store: Arc<dyn Store>,
    kept: Retention,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) -> Task {
    while !stop.is_cancelled() {
        let now: Timestamp = clock.now();
        store.prune(day(now) - SEEN_RETENTION_DAYS, now).await?;
        let days = store.retire(&kept, now).await?;
        if days > 0 {
            info!(days, "days of the archive were deleted: `[retention]` keeps them no longer");
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(Duration::from_hours(24)) => {}
        }
    }
    Ok(())
}
