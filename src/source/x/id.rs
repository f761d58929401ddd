//! Ids of X: numbers, of which all but the oldest tell when they were made.

use jiff::{SignedDuration, Timestamp};

/// Posts may be indexed this much later than a younger one.
pub const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

/// The instant that ids count from.
const EPOCH_MS: i64 = 1_288_834_974_657;

/// Whether `text` is an id of X.
pub fn is_id(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// By which ids are ordered: their numbers.
pub fn rank(id: &str) -> (usize, &str) {
    (id.len(), id)
}

/// The greater of two ids, by their numbers.
pub fn newer(one: Option<String>, other: Option<String>) -> Option<String> {
    one.into_iter().chain(other).max_by(|one, other| rank(one).cmp(&rank(other)))
}

/// When the post with `id` was made, if the id tells.
pub fn time_of(id: &str) -> Option<Timestamp> {
    let number: u64 = id.parse().ok()?;
    is_snowflake(number).then(|| Timestamp::from_millisecond((number >> 22) as i64 + EPOCH_MS).ok()).flatten()
}

/// The least id of a post made at `time`.
pub fn id_at(time: Timestamp) -> String {
    let since = u64::try_from(time.as_millisecond() - EPOCH_MS).unwrap_or(0);
    (since.min(u64::MAX >> 22) << 22).to_string()
}

/// The id to ask after: `newest`, or up to ten minutes less, as far as posts from before the last look may have come
/// to the index since. So a quiet account costs nothing, and a late post is not lost.
pub fn with_overlap(newest: &str, looked: Option<Timestamp>) -> String {
    let Some(number) = newest.parse().ok().filter(|number| is_snowflake(*number)) else {
        return newest.to_owned();
    };
    let lowest = number - ((OVERLAP.as_millis() as u64) << 22);
    let Some(looked) = looked else { return lowest.to_string() };
    let settled = looked.as_millisecond() - OVERLAP.as_millis() as i64 - EPOCH_MS;
    let settled = u64::try_from(settled).unwrap_or(0).saturating_mul(1 << 22);
    settled.clamp(lowest, number).to_string()
}

/// Whether an id holds a time that is more than the overlap after the first; older ones are plain numbers.
fn is_snowflake(number: u64) -> bool {
    number >> 22 > OVERLAP.as_millis() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ordered_by_number_and_tell_their_time() {
        assert_eq!(newer(Some("999".into()), Some("1000".into())).as_deref(), Some("1000"));
        assert_eq!(newer(None, Some("7".into())).as_deref(), Some("7"));
        assert_eq!(
            time_of("1399925617651552259").unwrap().strftime("%F %T").to_string(),
            "2021-06-02 03:07:31"
        );
        assert_eq!(time_of("20"), None);
        assert_eq!(time_of("not a number"), None);
    }
}
