//! How fast a host may be called.

use std::num::NonZeroU32;
use std::time::Duration;

/// How fast a host may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The mean time between two calls.
    pub every: Duration,
    /// Calls that may go at once after a rest.
    pub burst: NonZeroU32,
    /// Calls under way at the same time.
    pub at_once: usize,
    /// How long it is left alone that has too many requests and does not say for how long.
    pub rest: Duration,
}

/// Calls under way at hosts that are called slowly.
const FEW: usize = 4;

/// How long a host is left alone that does not say for how long.
const REST: Duration = Duration::from_secs(5);

/// Calls under way at hosts that are called fast.
const MANY: usize = 64;

impl Pace {
    /// A call every `every`, `burst` of them at once, four under way.
    pub fn new(every: Duration, burst: u32) -> Self {
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        Self { every, burst, at_once: FEW, rest: REST }
    }

    /// With another time for which it is left alone that does not say for how long.
    pub fn resting(self, rest: Duration) -> Self {
        Self { rest, ..self }
    }

    /// So many calls a second, all of one second at once if they may; as many under way, so that each may take a second.
    pub fn per_second(calls: f64) -> Self {
        let whole = calls.ceil() as u32;
        let every = Duration::try_from_secs_f64(calls.recip()).unwrap_or(Duration::MAX);
        Self { at_once: (whole as usize).clamp(FEW, MANY), ..Self::new(every, whole.max(FEW as u32)) }
    }

    /// For hosts that nobody configured: no faster than public ones bear, a call a second and five after a rest.
    pub fn abroad(self) -> Self {
        let public = Self::new(Duration::from_secs(1), 5);
        let (every, burst) = (self.every.max(public.every), self.burst.min(public.burst));
        Self { every, burst, at_once: self.at_once.min(public.at_once), ..self }
    }

    /// The shortest time in which so many calls can be made one after the other.
    pub fn time_for(&self, calls: usize) -> Duration {
        self.every.saturating_mul(calls as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_host_gets_a_second_of_calls_at_once_a_slow_one_a_few() {
        for (calls, every, burst, at_once) in
            [(0.1, 10_000_000, 4, 4), (1.0, 1_000_000, 4, 4), (20.0, 50_000, 20, 20), (500.0, 2_000, 500, 64)]
        {
            let pace = Pace::per_second(calls);
            let found = (pace.every, pace.burst.get(), pace.at_once);
            assert_eq!(found, (Duration::from_micros(every), burst, at_once), "{calls}");
        }
        assert_eq!(Pace::per_second(0.0).every, Duration::MAX);
        assert_eq!(Pace::per_second(4.0).time_for(600), Duration::from_secs(150));
    }
}
