//! Whether a delivery that is due may go now.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Route, Routes, quiet};
use crate::model::delivery::{Again, Body, Delivery, Occasion};
use crate::model::matched::Severity;
use crate::model::sink::SinkId;

/// What a delivery that is due does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It goes, and counts on this meter.
    Goes(Option<Meter>),
    /// It waits.
    Waits {
        /// Until then; later than now.
        until: Timestamp,
        /// Why.
        why: Occasion,
    },
}

/// Counts the messages of a route at a sink in an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meter {
    /// The route and the sink.
    pub name: String,
    /// The hour, counted from 1970.
    pub hour: i64,
}

/// What meters counted: an hour, and the messages in it, by the meter's name.
pub type Meters = BTreeMap<String, (i64, u32)>;

impl Meter {
    /// The meter of the hour that `now` is in.
    pub fn of(route: &Route, sink: &SinkId, now: Timestamp) -> Self {
        Self { name: format!("{} {sink}", route.name), hour: now.as_second().div_euclid(3600) }
    }

    /// What it counted, if `kept` is an hour and what was counted in it.
    pub fn read(&self, kept: Option<(i64, u32)>) -> u32 {
        kept.filter(|(hour, _)| *hour == self.hour).map_or(0, |(_, counted)| counted)
    }

    /// When its hour is over.
    fn ends(&self) -> Timestamp {
        Timestamp::from_second((self.hour + 1) * 3600).unwrap_or(Timestamp::MAX)
    }
}

impl Routes {
    /// What `delivery`, which is due, does now; `counted` reads a meter.
    ///
    /// It goes if any of the routes that led to it lets it go. A route that is no longer there keeps nothing back.
    pub fn turn(&self, delivery: &Delivery, counted: impl Fn(&Meter) -> u32, now: Timestamp) -> Turn {
        let Body::Alert(alert) = &delivery.body else { return Turn::Goes(None) };
        let led = |route: &&Route| delivery.routes.contains(&route.name);
        // What answers in a thread is no new message, and what was tried before is counted already.
        let counts = delivery.is_open() && alert.again != Some(Again::Copies);
        let turns = self.routes.iter().filter(led).map(|route| {
            route.turn(&delivery.sink, alert.severity, |meter| if counts { counted(meter) } else { 0 }, now)
        });
        let waits = |turn: &Turn| match turn {
            Turn::Goes(_) => None,
            Turn::Waits { until, .. } => Some(*until),
        };
        match turns.min_by_key(waits) {
            Some(Turn::Goes(meter)) => Turn::Goes(meter.filter(|_| counts)),
            Some(wait) => wait,
            None => Turn::Goes(None),
        }
    }
}

impl Route {
    /// What something of this severity does on this route now.
    pub fn turn(
        &self,
        sink: &SinkId,
        severity: Severity,
        counted: impl Fn(&Meter) -> u32,
        now: Timestamp,
    ) -> Turn {
        if let Some(until) = quiet::until(&self.quiet, severity, now) {
            return Turn::Waits { until, why: Occasion::Quiet };
        }
        let Some(most) = self.most_per_hour.filter(|_| severity < Severity::Critical) else {
            return Turn::Goes(None);
        };
        let meter = Meter::of(self, sink, now);
        if counted(&meter) < most {
            return Turn::Goes(Some(meter));
        }
        Turn::Waits { until: meter.ends(), why: Occasion::Limit }
    }
}
