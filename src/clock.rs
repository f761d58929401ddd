//! Wall time, so that tests can set it.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Tells the time. Asked once per step; the answer is passed down.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is handed")]
        Timestamp::now()
    }
}

/// A clock that runs with tokio's time from a given start, and so stands still or leaps where a test says so.
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    start: Timestamp,
    origin: Instant,
}

impl TokioClock {
    /// A clock that shows `start` now.
    pub fn starting_at(start: Timestamp) -> Self {
        Self { start, origin: Instant::now() }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.origin.elapsed()).unwrap_or(SignedDuration::MAX);
        self.start.saturating_add(elapsed).unwrap_or(Timestamp::MAX)
    }
}

/// Sleeps until `at`, at most `most`, by the wall time `now`.
pub async fn sleep_until(at: Timestamp, now: Timestamp, most: SignedDuration) {
    let wait = at.duration_since(now).clamp(SignedDuration::ZERO, most);
    tokio::time::sleep(wait.unsigned_abs()).await;
}
