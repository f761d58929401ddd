//! Whether every loop still turns, and whether vigie pauses although they could.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// The beats of all loops of the daemon. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Pulse {
    loops: Arc<Mutex<Loops>>,
    /// Why vigie pauses.
    pause: watch::Sender<Option<Pause>>,
}

/// Why vigie pauses, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pause {
    /// The store cannot be written: nothing is done until it can.
    Store(String),
    /// There is little room left on its disk: nothing is polled.
    Room(String),
}

/// Every loop that runs, by the order in which they began.
type Loops = BTreeMap<u64, Loop>;

#[derive(Debug)]
struct Loop {
    name: String,
    period: Duration,
    last: Instant,
}

/// One loop's way to say that it turned. Dropped, the loop is over and nobody waits for it.
#[derive(Debug)]
pub struct Beat {
    pulse: Pulse,
    at: u64,
}

impl Pulse {
    /// A loop that turns at least once in `period`.
    pub fn register(&self, name: impl Into<String>, period: Duration) -> Beat {
        let mut loops = self.loops();
        let at = loops.last_key_value().map_or(0, |(last, _)| last + 1);
        loops.insert(at, Loop { name: name.into(), period, last: Instant::now() });
        Beat { pulse: self.clone(), at }
    }

    /// The loops that did not turn within three of their periods, and for how long.
    pub fn late(&self) -> Vec<(String, Duration)> {
        let late = |turning: &Loop| {
            let since = turning.last.elapsed();
            (since > turning.period * 3).then(|| (turning.name.clone(), since))
        };
        self.loops().values().filter_map(late).collect()
    }

    /// Why vigie pauses, or that it goes on: while it does nothing is polled.
    pub fn pause(&self, why: Option<Pause>) {
        self.pause.send_replace(why);
    }

    /// Why vigie pauses, if it does.
    pub fn paused(&self) -> Option<Pause> {
        self.pause.borrow().clone()
    }

    fn loops(&self) -> MutexGuard<'_, Loops> {
        self.loops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Store(why) | Self::Room(why)) = self;
        f.write_str(why)
    }
}

impl Beat {
    /// Says that the loop turned.
    pub fn turn(&self) {
        if let Some(turning) = self.pulse.loops().get_mut(&self.at) {
            turning.last = Instant::now();
        }
    }

    /// Whether vigie pauses.
    pub fn is_paused(&self) -> bool {
        self.pulse.pause.borrow().is_some()
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        self.pulse.loops().remove(&self.at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_loop_is_late_after_three_of_its_periods() {
        let pulse = Pulse::default();
        let (poll, send) =
            (pulse.register("poll", Duration::from_secs(5)), pulse.register("send", Duration::from_secs(30)));
        tokio::time::advance(Duration::from_secs(15)).await;
        assert_eq!(pulse.late(), []);
        send.turn();
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(pulse.late(), [("poll".to_owned(), Duration::from_secs(16))]);
        poll.turn();
        assert_eq!(pulse.late(), []);
        drop(poll);
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!(pulse.late(), [], "a loop that is over is not late");
    }
}
