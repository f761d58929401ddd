//! `vigie sink check` and `vigie sink test`: does a channel take messages? `vigie sink resume`: the end of a
//! parked sink's pause.

use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;
use clap::ValueEnum;

use super::{Failure, keeper, load};
use crate::clock::Clock;
use crate::config;
use crate::errand;
use crate::model::delivery::{Body, Delivery, DeliveryId};
use crate::model::sink::SinkId;
use crate::setting::nearest;
use crate::sink::message::sample;
use crate::sink::{SendError, Sink};

/// Has a sink called again at once.
pub(super) async fn resume(
    path: &Path,
    store: Option<&Path>,
    name: String,
    clock: &Arc<dyn Clock>,
) -> Result<(), Failure> {
    let keeper = keeper::find(path, store, "vigie sink resume", clock).await?;
    keeper.ask(&errand::RESUME, name.clone()).await?;
    let when = if keeper.is_daemon() { "at once" } else { "once vigie runs" };
    anstream::eprintln!("{name} is called again {when}");
    Ok(())
}

/// What a test message is.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Sample {
    /// A line that says it is a test.
    Notice,
    /// An invented alert, in the words of the sink's template if it has one.
    Alert,
    /// An invented digest.
    Digest,
}

/// Looks at one sink, or at all of them, without sending anything.
pub(super) async fn check(path: &Path, name: Option<&str>, clock: &Arc<dyn Clock>) -> Result<(), Failure> {
    let config = load(path, clock)?;
    let sinks = match name {
        Some(name) => vec![named(&config.sinks, name)?],
        None => config.sinks,
    };
    let mut failed = false;
    for sink in sinks {
        match sink.check().await {
            Ok(lines) => lines.iter().for_each(|line| anstream::eprintln!("{}: {line}", sink.id())),
            Err(error) => {
                anstream::eprintln!("{}: {error}\n({})", sink.id(), class(&error));
                failed = true;
            }
        }
    }
    if failed { Err(Failure::Said) } else { Ok(()) }
}

/// Sends a test message to one sink, past the outbox; `dry` only shows it.
pub(super) async fn test(
    path: &Path,
    name: &str,
    what: Sample,
    dry: bool,
    clock: &Arc<dyn Clock>,
) -> Result<(), Failure> {
    let config = load(path, clock)?;
    let sink = named(&config.sinks, name)?;
    let delivery = delivery(what, sink.id(), clock.as_ref());
    if dry {
        anstream::println!("{}", sink.payload(&delivery));
        return Ok(());
    }
    match sink.send(&delivery).await {
        Ok(receipt) => {
            let id = receipt.id.map(|id| format!("; it is called {id} there")).unwrap_or_default();
            anstream::eprintln!("{name} took delivery {}{id}", delivery.id);
            receipt.remark.iter().for_each(|remark| anstream::eprintln!("{name}: {remark}"));
            Ok(())
        }
        Err(error) => Err(anyhow!("{name}: {error}\n({})", class(&error)).into()),
    }
}

fn named(sinks: &[Arc<dyn Sink>], name: &str) -> Result<Arc<dyn Sink>, Failure> {
    let sinks = config::by_name(sinks);
    sinks.get(name).cloned().ok_or_else(|| {
        let hint = nearest(name, sinks.keys().map(String::as_str));
        let hint = hint.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        Failure::Usage(format!("no enabled sink is named `{name}`{hint}"))
    })
}

fn delivery(what: Sample, sink: &SinkId, clock: &dyn Clock) -> Delivery {
    let now = clock.now();
    let body = match what {
        Sample::Notice => sample::notice(now),
        Sample::Alert => Body::Alert(sample::alert(now)),
        Sample::Digest => Body::Digest(sample::digest(now)),
    };
    let id = DeliveryId::of_notice(&format!("test {now}"), sink);
    Delivery::open(id, sink.clone(), body, now, now)
}

/// What the daemon would make of an error.
fn class(error: &SendError) -> &'static str {
    match error {
        SendError::NotSent(_) => "not sent: vigie would try again",
        SendError::Throttled(..) => "throttled: the channel asked to wait; vigie would",
        SendError::Ambiguous(_) => "ambiguous: it may have arrived; vigie would try again under the same id",
        SendError::Refused(_) => "refused: it would go once more, plainer, and then become a dead letter",
        SendError::SinkBroken(_) => "sink broken: it would be parked until somebody mends it",
        SendError::SinkGone(_) => "sink gone: it would be parked and not tried again",
    }
}
