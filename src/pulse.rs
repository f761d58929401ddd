//! Whether every loop still turns.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The beats of all loops of the daemon. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Pulse {
    loops: Arc<Mutex<Vec<Loop>>>,
}

#[derive(Debug)]
struct Loop {
    name: String,
    period: Duration,
    last: Instant,
}

/// One loop's way to say that it turned.
#[derive(Clone, Debug)]
pub struct Beat {
    pulse: Pulse,
    at: usize,
}

impl Pulse {
    /// A loop that turns at least once in `period`.
    pub fn register(&self, name: impl Into<String>, period: Duration) -> Beat {
        let mut loops = self.loops();
        loops.push(Loop { name: name.into(), period, last: Instant::now() });
        Beat { pulse: self.clone(), at: loops.len() - 1 }
    }

    /// The loops that did not turn within three of their periods, and for how long.
    pub fn late(&self) -> Vec<(String, Duration)> {
        let late = |turning: &Loop| {
            let since = turning.last.elapsed();
            (since > turning.period * 3).then(|| (turning.name.clone(), since))
        };
        self.loops().iter().filter_map(late).collect()
    }

    fn loops(&self) -> MutexGuard<'_, Vec<Loop>> {
        self.loops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Beat {
    /// Says that the loop turned.
    pub fn turn(&self) {
        if let Some(turning) = self.pulse.loops().get_mut(self.at) {
            turning.last = Instant::now();
        }
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
    }
}
