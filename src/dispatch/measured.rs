//! A sink whose attempts are counted.

use std::sync::Arc;

use async_trait::async_trait;

use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::model::delivery::Delivery;
use crate::model::sink::SinkId;
use crate::sink::{Receipt, SendError, Sink};

/// A sink, counting how attempts end and how long deliveries took.
pub struct Measured {
    /// The sink.
    pub sink: Arc<dyn Sink>,
    /// Where it counts.
    pub metrics: Metrics,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Sink for Measured {
    fn id(&self) -> &SinkId {
        self.sink.id()
    }

    async fn send(&self, delivery: &Delivery) -> Result<Receipt, SendError> {
        let result = self.sink.send(delivery).await;
        let sink = self.id().as_str();
        self.metrics.sent(sink, class(&result));
        if result.is_ok() {
            let took = self.clock.now().duration_since(delivery.created_at);
            self.metrics.delivered(sink, took.as_secs_f64());
        }
        result
    }

    fn payload(&self, delivery: &Delivery) -> String {
        self.sink.payload(delivery)
    }

    async fn check(&self) -> Result<Vec<String>, SendError> {
        self.sink.check().await
    }
}

fn class(result: &Result<Receipt, SendError>) -> &'static str {
    match result {
        Ok(_) => "delivered",
        Err(SendError::NotSent(_)) => "not_sent",
        Err(SendError::Throttled(..)) => "throttled",
        Err(SendError::Ambiguous(_)) => "ambiguous",
        Err(SendError::Refused(_)) => "refused",
        Err(SendError::SinkBroken(_)) => "sink_broken",
        Err(SendError::SinkGone(_)) => "sink_gone",
    }
}
