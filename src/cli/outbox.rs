//! `vigie outbox`: what is not delivered, and why.

use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::{Failure, keeper};
use crate::clock::Clock;
use crate::errand;
use crate::model::delivery::{Body, Delivery, State};

/// Lists everything that is not delivered.
pub(super) async fn list(
    path: &Path,
    store: Option<&Path>,
    json: bool,
    clock: &Arc<dyn Clock>,
) -> Result<(), Failure> {
    let keeper = keeper::find(path, store, "vigie outbox list", clock)?;
    let outbox = keeper.ask(&errand::OUTBOX, ()).await?;
    for delivery in &outbox {
        if json {
            anstream::println!("{}", serde_json::to_string(delivery)?);
        } else {
            anstream::println!("{}", line(delivery, &TimeZone::UTC));
        }
    }
    if outbox.is_empty() && !json {
        anstream::eprintln!("the outbox is empty");
    }
    Ok(())
}

/// One delivery on one line.
pub(super) fn line(delivery: &Delivery, timezone: &TimeZone) -> String {
    let time =
        |at: jiff::Timestamp| at.to_zoned(timezone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string();
    let state = match &delivery.state {
        State::Open => "gathering".to_owned(),
        State::Sealed => format!("waiting until {}", time(delivery.due)),
        State::Sending => "being sent".to_owned(),
        State::Dead { at, why } => format!("dead letter since {}: {why}", time(*at)),
    };
    let what = match &delivery.body {
        Body::Alert(alert) => {
            let first = alert.excerpts.first();
            let who = first.map_or("", |excerpt| excerpt.author.as_str());
            format!("{} alert, {} posts, first by {who}", alert.severity, alert.posts)
        }
        Body::Digest(digest) => format!("{} digest, {} stories", digest.severity, digest.stories),
        Body::Notice(notice) => format!("notice: {}", notice.title),
    };
    let error = match (&delivery.last_error, &delivery.state) {
        (Some(error), State::Open | State::Sealed | State::Sending) => format!("; last: {error}"),
        _ => String::new(),
    };
    let Delivery { id, sink, attempts, .. } = delivery;
    format!("{id}  {sink}  {what}  {state}; {attempts} attempts{error}")
}
