//! `vigie sink test`: a real message, marked as a test.

use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;

use super::{Failure, load};
use crate::clock::Clock;
use crate::config;
use crate::model::delivery::{Body, Delivery, DeliveryId, Notice};
use crate::setting::nearest;
use crate::sink::SendError;

/// Sends a test message to one sink, past the outbox.
pub(super) async fn test(path: &Path, name: &str, clock: &Arc<dyn Clock>) -> Result<(), Failure> {
    let config = load(path, clock)?;
    let sinks = config::by_name(&config.sinks);
    let Some(sink) = sinks.get(name) else {
        let hint = nearest(name, sinks.keys().map(String::as_str));
        let hint = hint.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(Failure::Usage(format!("no enabled sink is named `{name}`{hint}")));
    };
    let now = clock.now();
    let title = "TEST: vigie can reach this channel".to_owned();
    let text = "Somebody ran `vigie sink test`. Nothing happened, nothing needs to be done.".to_owned();
    let id = DeliveryId::of_notice(&format!("test {now}"), sink.id());
    let body = Body::Notice(Notice { title, text, at: now });
    let delivery = Delivery::open(id, sink.id().clone(), body, now, now);
    match sink.send(&delivery).await {
        Ok(receipt) => {
            let receipt =
                receipt.0.map(|receipt| format!("; it is called {receipt} there")).unwrap_or_default();
            anstream::eprintln!("{name} took delivery {}{receipt}", delivery.id);
            Ok(())
        }
        Err(error) => {
            let meaning = match &error {
                SendError::NotSent(_) => "it surely did not arrive; vigie would try again",
                SendError::Throttled(..) => "the channel asked to wait; vigie would",
                SendError::Ambiguous(_) => "it may have arrived; vigie would try again under the same id",
                SendError::Refused(_) => "this message would become a dead letter",
                SendError::SinkBroken(_) => "the sink would be parked until somebody mends it",
            };
            Err(anyhow!("{name}: {error}\n({meaning})").into())
        }
    }
}
