//! How long to wait before trying again.

use jiff::SignedDuration;

/// A wait drawn evenly from nothing to `base` doubled `failures - 1` times, at most `cap` ("full jitter").
///
/// Never shorter than a tenth of a second, so that a failing peer is not hammered by luck.
pub fn full_jitter(
    failures: u32,
    base: SignedDuration,
    cap: SignedDuration,
    rng: &mut fastrand::Rng,
) -> SignedDuration {
    let doubled =
        base.saturating_mul(1i32.checked_shl(failures.saturating_sub(1).min(30)).unwrap_or(i32::MAX));
    let ceiling = doubled.min(cap).as_millis().max(100) as u64;
    SignedDuration::from_millis(rng.u64(100..=ceiling) as i64)
}

/// `period` shifted by up to a tenth of itself either way, so that timelines do not march in step.
pub fn jittered(period: SignedDuration, rng: &mut fastrand::Rng) -> SignedDuration {
    let tenth = (period.as_millis() / 10).max(0) as i64;
    period + SignedDuration::from_millis(rng.i64(-tenth..=tenth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_cap_and_stay_under_it() {
        let (base, cap) = (SignedDuration::from_secs(2), SignedDuration::from_mins(10));
        let mut rng = fastrand::Rng::with_seed(7);
        for (failures, ceiling) in
            [(0, 2), (1, 2), (2, 4), (5, 32), (9, 512), (10, 600), (40, 600), (u32::MAX, 600)]
        {
            let waits: Vec<_> = (0..500).map(|_| full_jitter(failures, base, cap, &mut rng)).collect();
            let ceiling = SignedDuration::from_secs(ceiling);
            assert!(waits.iter().all(|wait| *wait <= ceiling && wait.as_millis() >= 100), "{failures}");
            assert!(waits.iter().any(|wait| *wait > ceiling / 2), "{failures}: the upper half is used");
        }
    }

    #[test]
    fn a_period_is_shifted_by_a_tenth_at_most() {
        let mut rng = fastrand::Rng::with_seed(7);
        let period = SignedDuration::from_secs(60);
        for _ in 0..500 {
            let shifted = jittered(period, &mut rng).as_millis();
            assert!((54_000..=66_000).contains(&shifted));
        }
    }
}
