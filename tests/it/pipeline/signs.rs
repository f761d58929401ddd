//! Signs of life.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use vigie::alive::Signs;
use vigie::model::delivery::{Body, Delivery};
use vigie::source::SourceError;

use super::{World, arms};
use crate::fake::post;

/// A heartbeat every hour.
pub fn hourly() -> Signs {
    Signs { heartbeat: Some(SignedDuration::from_hours(1)), ping: None, timezone: TimeZone::UTC }
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_says_what_was_seen_and_whom_vigie_does_not_see() {
    let mut world = World::new(vec![arms("1", -60), post("2", "bread", -60)]);
    world.signs = Some(hourly());
    world.run(Duration::from_mins(61)).await;
    let texts = || {
        let text = |delivery: &Delivery| match &delivery.body {
            Body::Notice(notice) => notice.text.clone(),
            Body::Alert(_) | Body::Digest(_) => String::new(),
        };
        world.operators.took().iter().map(text).collect::<Vec<_>>()
    };
    let alive =
        "alive: 1 of 1 accounts seen completely since 2025-04-30 20:00 +00:00, 2 new posts, 1 matches";
    assert_eq!(texts(), [alive]);
    let errors = (0..200).map(|_| SourceError::Broken("401".into()));
    world.source.errors.lock().unwrap().extend(errors);
    world.run(Duration::from_mins(61)).await;
    let last = texts().pop().unwrap();
    assert!(
        last.starts_with("alive: 0 of 1 accounts") && last.contains("\nblind: x.hub hub since "),
        "{last}"
    );
}
