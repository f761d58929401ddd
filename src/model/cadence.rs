//! How often an account posts, learned from its posts, and which silence of it is unusual.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What was learned of an account. It stays this small however much it posts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cadence {
    /// When the oldest post was posted that was learned from.
    #[serde(default, with = "super::instant::optional")]
    pub since: Option<Timestamp>,
    /// When the newest one was.
    #[serde(default, with = "super::instant::optional")]
    pub last: Option<Timestamp>,
    /// The usual wait between two posts, in seconds: newer ones weigh more.
    usual: i64,
    /// The longest wait of late, in seconds: nights, weekends. Fades over weeks.
    longest: i64,
    /// Waits learned from, as far as it matters.
    learned: u32,
}

/// Waits that must be known before a silence can be called unusual.
const ENOUGH: u32 = 8;

/// Days over which they must be spread; before that, only a whole day of silence is unusual.
const SPREAD: SignedDuration = SignedDuration::from_hours(3 * 24);

/// No shorter silence is unusual, however much an account posts.
const SHORTEST: SignedDuration = SignedDuration::from_hours(1);

/// The time in which the longest wait fades to a third, in seconds.
const FADES_IN: i64 = 20 * 86_400;

impl Cadence {
    /// What is known after further posts. Those from before the newest known one teach nothing.
    pub fn heard(mut self, posted: &[Timestamp]) -> Self {
        let mut posted = posted.to_vec();
        posted.sort_unstable();
        for at in posted {
            match self.last {
                Some(last) if at <= last => {}
                Some(last) => self.learn(at.duration_since(last).as_secs(), at),
                None => (self.since, self.last) = (Some(at), Some(at)),
            }
        }
        self
    }

    fn learn(&mut self, wait: i64, at: Timestamp) {
        self.usual = if self.learned == 0 { wait } else { self.usual + (wait - self.usual) / 8 };
        let faded = self.longest - self.longest / 100 * wait.min(FADES_IN) / (FADES_IN / 100);
        self.longest = wait.max(faded);
        self.learned = self.learned.saturating_add(1);
        self.last = Some(at);
    }

    /// The usual wait between two posts, once enough of them are known.
    pub fn usual(&self) -> Option<SignedDuration> {
        (self.learned >= ENOUGH).then(|| SignedDuration::from_secs(self.usual))
    }

    /// A longer silence than this is unusual: ten times the usual wait, and twice the longest one of late.
    pub fn patience(&self) -> Option<SignedDuration> {
        let usual = self.usual()?;
        let longest = SignedDuration::from_secs(self.longest);
        let known = self.last.zip(self.since).map(|(last, since)| last.duration_since(since));
        let least = if known.is_some_and(|known| known >= SPREAD) {
            SHORTEST
        } else {
            SignedDuration::from_hours(24)
        };
        Some(usual.saturating_mul(10).max(longest.saturating_mul(2)).max(least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_750_000_000 + hour * 3600).unwrap()
    }

    fn hours(hours: i64) -> SignedDuration {
        SignedDuration::from_hours(hours)
    }

    #[test]
    fn who_posts_every_hour_is_unusually_silent_after_ten() {
        let posts: Vec<_> = (0..100).map(at).collect();
        let all = Cadence::default().heard(&posts);
        let one_by_one = posts.iter().fold(Cadence::default(), |cadence, post| cadence.heard(&[*post]));
        assert_eq!(all, one_by_one);
        assert_eq!((all.usual(), all.patience(), all.last), (Some(hours(1)), Some(hours(10)), Some(at(99))));
    }

    #[test]
    fn nights_and_weekends_are_usual_silences() {
        let weeks = (0..5 * 7).filter(|day| day % 7 < 5);
        let posts: Vec<_> = weeks.flat_map(|day| (8..20).map(move |hour| at(day * 24 + hour))).collect();
        let cadence = Cadence::default().heard(&posts);
        let patience = cadence.patience().unwrap();
        assert!(patience > hours(61), "a weekend is 61 hours: {patience:#}");
        assert!(patience < hours(140), "{patience:#}");
    }

    #[test]
    fn a_long_silence_is_forgotten_in_time() {
        let posts: Vec<_> = (0..24).chain(400..1600).map(at).collect();
        let patience = Cadence::default().heard(&posts).patience().unwrap();
        assert!(patience < hours(120), "{patience:#}");
    }

    #[test]
    fn little_knowledge_calls_no_silence_unusual() {
        assert_eq!(Cadence::default().patience(), None);
        let few: Vec<_> = (0..8).map(at).collect();
        assert_eq!(Cadence::default().heard(&few).patience(), None);
        let short: Vec<_> = (0..20).map(at).collect();
        assert_eq!(Cadence::default().heard(&short).patience(), Some(hours(24)), "a day is not known yet");
        let minutes: Vec<_> = (0..6000).map(|n| at(0) + SignedDuration::from_mins(n)).collect();
        assert_eq!(Cadence::default().heard(&minutes).patience(), Some(hours(1)));
    }

    #[test]
    fn posts_from_before_the_newest_teach_nothing() {
        let cadence = Cadence::default().heard(&[at(5), at(3)]);
        assert_eq!(cadence.heard(&[at(4), at(0), at(5)]), cadence);
        assert_eq!((cadence.since, cadence.last), (Some(at(3)), Some(at(5))));
        let far = Cadence::default().heard(&[Timestamp::MIN, Timestamp::MAX]);
        assert_eq!(far.last, Some(Timestamp::MAX), "no date overflows");
    }
}
