//! `vigie outbox`: what is not delivered, and why.

use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::when::{self, count};
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
    let timezone = keeper::basics(path, store)?.timezone;
    let keeper = keeper::find(path, store, "vigie outbox list", clock).await?;
    let outbox = keeper.ask(&errand::OUTBOX, ()).await?;
    for delivery in &outbox {
        if json {
            anstream::println!("{}", serde_json::to_string(delivery)?);
        } else {
            anstream::println!("{}", line(delivery, clock.now(), &timezone));
        }
    }
    if outbox.is_empty() && !json {
        anstream::eprintln!("the outbox is empty");
    }
    Ok(())
}

/// Shows one delivery: its line, its way so far, and its message as a console would print it.
pub(super) async fn show(
    path: &Path,
    store: Option<&Path>,
    id: &str,
    json: bool,
    clock: &Arc<dyn Clock>,
) -> Result<(), Failure> {
    let outbox =
        keeper::find(path, store, "vigie outbox show", clock).await?.ask(&errand::OUTBOX, ()).await?;
    let delivery = errand::find(&outbox, id).map_err(Failure::of)?;
    if json {
        anstream::println!("{}", serde_json::to_string(&delivery)?);
        return Ok(());
    }
    let timezone = keeper::basics(path, store)?.timezone;
    anstream::println!("{}\n{}\n", line(&delivery, clock.now(), &timezone), way(&delivery, &timezone));
    anstream::println!("{}", Voice::new(timezone, SignedDuration::ZERO).message(&delivery).plain());
    Ok(())
}

/// Has a decision about one delivery made.
pub(super) async fn decide(
    path: &Path,
    store: Option<&Path>,
    errand: &Errand<String, Delivery>,
    outcome: &str,
    id: String,
    clock: &Arc<dyn Clock>,
) -> Result<(), Failure> {
    let verb = errand.path.rsplit('/').next().unwrap_or_default();
    let keeper = keeper::find(path, store, &format!("vigie outbox {verb}"), clock).await?;
    let delivery = keeper.ask(errand, id).await?;
    let later = if keeper.is_daemon() || verb == "drop" { "" } else { ", once vigie runs" };
    anstream::eprintln!("{}  {}  {}: {outcome}{later}", delivery.id, delivery.sink, what(&delivery));
    Ok(())
}

/// When a delivery was filed and tried, and what led to it.
fn way(delivery: &Delivery, timezone: &TimeZone) -> String {
    let time = |at: Timestamp| when::shown(at, timezone);
    let mut lines = vec![format!("filed {}", time(delivery.created_at))];
    if !delivery.routes.is_empty() {
        lines.push(format!("by the routes {}", delivery.routes.join(", ")));
    }
    if let (Some(first), Some(last)) = (delivery.first_tried_at, delivery.tried_at) {
        lines.push(format!("first tried {}, last {}", time(first), time(last)));
    }
    if delivery.uncertain {
        lines.push("an attempt may have arrived".to_owned());
    }
    if delivery.plain {
        lines.push("refused in full, so it goes in its plain form".to_owned());
    }
    lines.join("\n")
}

/// One delivery on one line.
pub(super) fn line(delivery: &Delivery, now: Timestamp, timezone: &TimeZone) -> String {
    let time = |at: Timestamp| when::shown(at, timezone);
    let later = delivery.due(now).filter(|due| *due > now);
    let state = match &delivery.state {
        State::Open | State::Sealed if delivery.held.is_some() => {
            let why = match delivery.held {
                Some(Occasion::Limit) => "beyond the hour's limit",
                _ => "quiet hours",
            };
            format!("held until {}: {why}", time(delivery.due))
        }
        State::Sending => "being sent".to_owned(),
        State::Open | State::Sealed => match later {
            Some(due) if delivery.is_open() => format!("gathering until {}", time(due)),
            Some(due) => format!("tried again at {}", time(due)),
            None => "waiting for its sink".to_owned(),
        },
        State::Dead { at, why } => format!("dead letter since {}: {why}", time(*at)),
    };
    let error = match (&delivery.last_error, &delivery.state) {
        (Some(error), State::Open | State::Sealed | State::Sending) => format!("; last: {error}"),
        _ => String::new(),
    };
    let Delivery { id, sink, attempts, .. } = delivery;
    format!("{id}  {sink}  {}  {state}; {}{error}", what(delivery), count(*attempts, "attempt"))
}

/// What a delivery says, in a few words.
fn what(delivery: &Delivery) -> String {
    match &delivery.body {
        Body::Alert(alert) => {
            let first = alert.excerpts.first();
            let who = first.map_or("", |excerpt| excerpt.author.as_str());
            format!("{} alert, {}, first by {who}", alert.severity, count(alert.posts, "post"))
        }
        Body::Digest(digest) => format!("{} digest, {} stories", digest.severity, digest.stories),
        Body::Notice(notice) => format!("notice: {}", notice.title),
    }
}
