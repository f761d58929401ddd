//! `vigie outbox`: what is not delivered, and why.

use std::path::Path;
use std::sync::Arc;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::{Failure, keeper};
use crate::clock::Clock;
use crate::errand::{self, Errand};
use crate::model::delivery::{Body, Delivery, Occasion, State};
use crate::sink::message::Voice;

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

/// Shows one delivery: its line, and its message as a console would print it.
pub(super) async fn show(
    path: &Path,
    store: Option<&Path>,
    id: &str,
    json: bool,
    clock: &Arc<dyn Clock>,
) -> Result<(), Failure> {
    let outbox = keeper::find(path, store, "vigie outbox show", clock)?.ask(&errand::OUTBOX, ()).await?;
    let delivery = errand::find(&outbox, id)?;
    if json {
        anstream::println!("{}", serde_json::to_string(&delivery)?);
        return Ok(());
    }
    let timezone = keeper::basics(path, store)?.timezone;
    anstream::println!("{}\n", line(&delivery, &timezone));
    anstream::println!("{}", Voice::new(timezone, SignedDuration::ZERO).message(&delivery).plain());
    Ok(())
}

/// Has a decision about one delivery made.
pub(super) async fn decide(
    path: &Path,
    store: Option<&Path>,
    errand: &Errand<String, Delivery>,
    id: String,
    clock: &Arc<dyn Clock>,
) -> Result<(), Failure> {
    let verb = errand.path.rsplit('/').next().unwrap_or_default();
    let delivery = keeper::find(path, store, &format!("vigie outbox {verb}"), clock)?.ask(errand, id).await?;
    anstream::eprintln!("{verb}: {}", line(&delivery, &TimeZone::UTC));
    Ok(())
}

/// One delivery on one line.
pub(super) fn line(delivery: &Delivery, timezone: &TimeZone) -> String {
    let time =
        |at: jiff::Timestamp| at.to_zoned(timezone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string();
    let state = match &delivery.state {
        State::Open | State::Sealed if delivery.held.is_some() => {
            let why = match delivery.held {
                Some(Occasion::Limit) => "beyond the hour's limit",
                _ => "quiet hours",
            };
            format!("held until {}: {why}", time(delivery.due))
        }
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
