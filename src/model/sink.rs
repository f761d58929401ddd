//! A sink's name, and whether it may be called now. A gate outlives restarts, so that none of them hammers a sink that
//! asked for peace.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A sink's name: `kind.name`, as its table in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SinkId(String);

impl SinkId {
    /// The sink of `[sink.KIND.NAME]`.
    pub fn new(kind: &str, name: &str) -> Self {
        Self(format!("{kind}.{name}"))
    }

    /// `kind.name`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for SinkId {
    fn from(name: String) -> Self {
        Self(name)
    }
}

/// After so many calls in a row that did not get through, some four minutes, people should hear of it.
pub const UNREACHABLE: u32 = 8;

/// Whether people should look after a sink at which so many calls in a row did not get through.
pub fn is_unreachable(failures: u32) -> bool {
    failures >= UNREACHABLE
}

/// The state of a sink as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// No call before this instant.
    #[serde(default)]
    pub closed_until: Option<Timestamp>,
    /// When `closed_until` was set: if the clock is behind it, it jumped, and the gate is open.
    #[serde(default)]
    pub set_at: Option<Timestamp>,
    /// Calls in a row that did not get through.
    #[serde(default)]
    pub failures: u32,
    /// Why the sink is parked: its deliveries wait, one at a time probes it.
    #[serde(default)]
    pub parked: Option<String>,
}

impl Gate {
    /// When the next call may be made.
    pub fn opens(&self, now: Timestamp) -> Timestamp {
        match (self.closed_until, self.set_at) {
            (Some(until), Some(set_at)) if set_at <= now => until.max(now),
            _ => now,
        }
    }

    /// Whether nobody hears at the sink until somebody looks after it.
    pub fn is_shut(&self) -> bool {
        self.parked.is_some() || is_unreachable(self.failures)
    }

    /// The gate after a call that got through, whether or not the message was liked.
    pub fn passed() -> Self {
        Self::default()
    }

    /// The gate after the sink asked to wait until `at`.
    pub fn throttled(self, at: Timestamp, now: Timestamp) -> Self {
        Self { closed_until: Some(at), set_at: Some(now), ..self }
    }

    /// The gate after a call that failed on the way; `wait` is the back-off.
    pub fn failed(self, wait: SignedDuration, now: Timestamp) -> Self {
        let until = now.saturating_add(wait).unwrap_or(now);
        Self {
            closed_until: Some(until),
            set_at: Some(now),
            failures: self.failures.saturating_add(1),
            ..self
        }
    }

    /// The gate of a sink that needs a person: it is probed after 5 minutes, 15 minutes, then hourly.
    pub fn park(self, why: String, now: Timestamp) -> Self {
        let minutes = match self.failures {
            0 => 5,
            1 => 15,
            _ => 60,
        };
        Self { parked: Some(why), ..self.failed(SignedDuration::from_mins(minutes), now) }
    }

    /// The gate of a sink that is gone for good: it is not even probed.
    pub fn close(self, why: String, now: Timestamp) -> Self {
        Self { parked: Some(why), ..self.throttled(Timestamp::MAX, now) }
    }

    /// The gate as a person opens it. Why it was parked is known until a call gets through, so that this is told.
    pub fn resumed(self) -> Self {
        Self { closed_until: None, failures: 0, ..self }
    }

    /// The gate at start: a parked sink is probed at once, a server's wish to wait is kept.
    pub fn restarted(self) -> Self {
        if self.parked.is_some() { self.resumed() } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    #[test]
    fn a_throttled_gate_keeps_its_instant_over_a_restart() {
        let gate = Gate::default().throttled(at(300), at(0)).restarted();
        assert_eq!(gate.opens(at(10)), at(300));
        assert_eq!(gate.opens(at(400)), at(400));
    }

    #[test]
    fn a_parked_sink_is_probed_ever_more_rarely_and_at_once_after_a_restart() {
        let mut gate = Gate::default();
        let mut waits = Vec::new();
        for _ in 0..4 {
            gate = gate.park("revoked".into(), at(0));
            waits.push(gate.opens(at(0)).duration_since(at(0)).as_mins());
        }
        assert_eq!(waits, [5, 15, 60, 60]);
        assert_eq!(gate.restarted().opens(at(1)), at(1));
        let gone = Gate::default().close("deleted".into(), at(0));
        assert_eq!((gone.opens(at(1)), gone.restarted().opens(at(1))), (Timestamp::MAX, at(1)));
    }

    #[test]
    fn a_clock_that_jumped_back_opens_the_gate() {
        let gate = Gate::default().failed(SignedDuration::from_mins(10), at(1000));
        assert_eq!(gate.opens(at(5)), at(5));
    }
}
