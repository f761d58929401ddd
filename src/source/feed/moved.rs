//! When a feed that says it moved for good is believed.
//!
//! A redirect may be a mistake of an hour, so only one that led to the same address at three looks in a row is; and if the
//! new address fails, the one that people gave is asked again.

use serde::{Deserialize, Serialize};
use url::Url;

/// Where a feed is, if not at the address that people gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Moved {
    /// The address that is believed.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Url>,
    /// Where permanent redirects led at the last looks.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Url>,
    /// How many looks in a row.
    #[serde(skip_serializing_if = "is_zero")]
    times: u32,
}

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

    /// After a look that was answered, whose permanent redirects led from `asked` to `target`.
    ///
    /// If the address that people gave was asked, because the one that is believed failed, that one is believed on only if
    /// the look was led there again.
    #[must_use]
    pub fn after(&self, asked: &Url, target: Option<&Url>) -> Self {
        let at = self.at.as_ref().filter(|at| *at == asked || target == Some(*at));
        let target = target.filter(|target| at != Some(*target));
        let safe = |target: &&Url| target.scheme() == "https" || asked.scheme() == "http";
        let fits = |target: &&Url| target.as_str().len() <= LONGEST;
        let Some(to) = target.filter(fits).filter(safe) else {
            return Self { at: at.cloned(), ..Self::default() };
        };
        let times = if self.to.as_ref() == Some(to) { self.times.saturating_add(1) } else { 1 };
        if times >= BELIEVED_AFTER {
            return Self { at: Some(to.clone()), ..Self::default() };
        }
        Self { at: at.cloned(), to: Some(to.clone()), times }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(times: &u32) -> bool {
    *times == 0
}

#[cfg(test)]
mod tests {
    use super::*;

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
            moved = moved.after(&asked, target.as_ref());
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
    fn no_address_is_remembered_that_is_less_safe_or_too_long() {
        let asked = Url::parse("https://old.example/feed").unwrap();
        let long = format!("https://new.example/{}", "a".repeat(LONGEST));
        for target in ["http://new.example/feed", &long] {
            let target = Url::parse(target).unwrap();
            assert!(Moved::default().after(&asked, Some(&target)).is_never());
        }
    }
}
