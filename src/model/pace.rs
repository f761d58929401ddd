//! How long to wait before an account is looked at again.

use jiff::SignedDuration;

/// Looks in an account's usual wait between two posts, where looks are scarce.
const LOOKS: i32 = 6;

/// The wait before the next look: `every`, but where looks are scarce up to `slowest` for who posts rarely.
///
/// `usual` is the account's usual wait between two posts; nobody is slowed down of whom it is not known.
pub fn pause(
    usual: Option<SignedDuration>,
    every: SignedDuration,
    slowest: SignedDuration,
    scarce: bool,
) -> SignedDuration {
    match usual {
        Some(usual) if scarce => (usual / LOOKS).clamp(every, slowest.max(every)),
        _ => every,
    }
}

/// Whether the platform allows fewer calls than looks at all `accounts` take: `left` of them until its window ends, in
/// `window`.
pub fn is_scarce(left: u64, window: SignedDuration, accounts: usize, every: SignedDuration) -> bool {
    let rounds = window.as_secs_f64().max(0.0) / every.as_secs_f64().max(0.1);
    (left as f64) < rounds * accounts as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_posts_rarely_is_looked_at_rarely_but_only_where_looks_are_scarce() {
        let (minute, hour) = (SignedDuration::from_mins(1), SignedDuration::from_hours(1));
        let ten = minute * 10;
        for (usual, scarce, expected) in [
            (Some(hour), false, minute),
            (Some(hour), true, ten),
            (Some(hour * 24), true, ten),
            (Some(hour / 2), true, minute * 5),
            (Some(minute), true, minute),
            (None, true, minute),
        ] {
            assert_eq!(pause(usual, minute, ten, scarce), expected, "{usual:?} {scarce}");
        }
        assert_eq!(pause(Some(hour), ten, minute, true), ten, "never more often than asked for");
    }

    #[test]
    fn calls_are_scarce_if_they_do_not_last_until_the_window_ends() {
        let minute = SignedDuration::from_mins(1);
        for (left, window, accounts, scarce) in
            [(900, 15, 60, false), (899, 15, 60, true), (0, 15, 1, true), (0, 0, 1, false), (5, -9, 1, false)]
        {
            assert_eq!(
                is_scarce(left, minute * window, accounts, minute),
                scarce,
                "{left} {window} {accounts}"
            );
        }
    }
}
