//! When a feed that says it moved for good is believed.
//!
//! A redirect may be a mistake of an hour, so only one that led to the same address at three looks in a row is; and if the
//! new address fails, the one that people gave is asked again. Once a day it is asked in any case: it may be that the
//! feed moved back, or on.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

/// Where a feed is, if not at the address that people gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Moved {
    /// The address that is believed.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Url>,
    /// When the address that people gave was last asked, while another is believed.
    #[serde(skip_serializing_if = "Option::is_none")]
    given_at: Option<Timestamp>,
    /// Where permanent redirects led at the last looks.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Url>,
    /// How many looks in a row.
    #[serde(skip_serializing_if = "is_zero")]
    times: u32,
}

/// The address that people gave is asked once in this time.
const GIVEN_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// Looks in a row that must lead to the same address.
const BELIEVED_AFTER: u32 = 3;

/// A longer address is followed but not remembered, in bytes.
const LONGEST: usize = 500;

impl Moved {
    /// Where it is asked instead.
    pub fn address(&self) -> Option<&Url> {
        self.at.as_ref()
    }

    /// Whether it never moved.
    pub fn is_never(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the address that people gave should be asked again, though another is believed.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let lately = |at: Timestamp| now.duration_since(at).abs() < GIVEN_EVERY;
        self.at.is_some() && !self.given_at.is_some_and(lately)
    }

    /// After that address was asked in vain.
    #[must_use]
    pub fn after_failure(self, now: Timestamp) -> Self {
        Self { given_at: Some(now), ..self }
    }

    /// After a look that was answered, whose permanent redirects led from `asked` to `target`.
    ///
    /// If the address that people gave was asked though another is believed, that one is believed on only if the look was
    /// led there again.
    #[must_use]
    pub fn after(&self, asked: &Url, target: Option<&Url>, now: Timestamp) -> Self {
        let at = self.at.as_ref().filter(|at| *at == asked || target == Some(*at));
        let given_at = if at == Some(asked) { self.given_at } else { at.map(|_| now) };
        let target = target.filter(|target| at != Some(*target));
        let safe = |target: &&Url| target.scheme() == "https" || asked.scheme() == "http";
        let fits = |target: &&Url| target.as_str().len() <= LONGEST;
        let Some(to) = target.filter(fits).filter(safe) else {
            return Self { at: at.cloned(), given_at, ..Self::default() };
        };
        let times = if self.to.as_ref() == Some(to) { self.times.saturating_add(1) } else { 1 };
        if times >= BELIEVED_AFTER {
            return Self { at: Some(to.clone()), given_at: Some(now), ..Self::default() };
        }
        Self { at: at.cloned(), given_at, to: Some(to.clone()), times }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(times: &u32) -> bool {
    *times == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    /// Where a feed is asked after looks whose redirects led to these hosts; `!` before it says that the address which is
    /// believed failed, so that the old one was asked.
    fn after(looks: &[&str]) -> Option<String> {
        let mut moved = Moved::default();
        for look in looks {
            let (failed, host) = look.strip_prefix('!').map_or((false, *look), |host| (true, host));
            let old = Url::parse("https://old.example/feed").unwrap();
            let asked = moved.address().filter(|_| !failed).cloned().unwrap_or(old);
            let target =
                (!host.is_empty()).then(|| Url::parse(&format!("https://{host}.example/feed")).unwrap());
            moved = moved.after(&asked, target.as_ref(), NOW);
        }
        moved.address().and_then(Url::host_str).map(str::to_owned)
    }

    #[test]
    fn a_feed_moved_once_three_looks_in_a_row_were_led_to_the_same_address() {
        let cases: [(&[&str], Option<&str>); 12] = [
            (&["a", "a"], None),
            (&["a", "a", "a"], Some("a.example")),
            (&["a", "a", "", "a"], None),
            (&["a", "a", "b", "a"], None),
            (&["a", "a", "b", "b", "b"], Some("b.example")),
            (&["a", "a", "a", ""], Some("a.example")),
            (&["a", "a", "a", "b", "b"], Some("a.example")),
            (&["a", "a", "a", "b", "b", "b"], Some("b.example")),
            (&["a", "a", "a", "!a"], Some("a.example")),
            (&["a", "a", "a", "!"], None),
            (&["a", "a", "a", "!b"], None),
            (&["a", "a", "a", "!b", "b", "b"], Some("b.example")),
        ];
        for (looks, host) in cases {
            assert_eq!(after(looks).as_deref(), host, "{looks:?}");
        }
    }

    #[test]
    fn the_address_that_people_gave_is_asked_once_a_day() {
        let url = |host: &str| Url::parse(&format!("https://{host}.example/feed")).unwrap();
        let (old, new, hours) = (url("old"), url("new"), SignedDuration::from_hours);
        let believed = Moved { at: Some(new.clone()), given_at: Some(NOW), ..Moved::default() };
        assert!(!Moved::default().is_due(NOW), "there is no other");
        let well = believed.after(&new, None, NOW + hours(23));
        assert!(
            !well.is_due(NOW + hours(23)) && well.is_due(NOW + hours(24)) && well.is_due(NOW - hours(24))
        );
        let led = well.after(&old, Some(&new), NOW + hours(24));
        assert!(led.address() == Some(&new) && !led.is_due(NOW + hours(47)) && led.is_due(NOW + hours(48)));
        let failed = well.after_failure(NOW + hours(24));
        assert!(failed.address() == Some(&new) && !failed.is_due(NOW + hours(47)));
    }

    #[test]
    fn no_address_is_remembered_that_is_less_safe_or_too_long() {
        let asked = Url::parse("https://old.example/feed").unwrap();
        let long = format!("https://new.example/{}", "a".repeat(LONGEST));
        for target in ["http://new.example/feed", &long] {
            let target = Url::parse(target).unwrap();
            assert!(Moved::default().after(&asked, Some(&target), NOW).is_never());
        }
    }
}
