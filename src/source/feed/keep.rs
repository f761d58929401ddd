//! Which connections are worth keeping open: an idle one takes memory and a file descriptor here and there.

use std::collections::{HashMap, HashSet};

use jiff::SignedDuration;
use url::Url;

/// Few servers keep an idle connection for longer.
const IDLE: SignedDuration = SignedDuration::from_secs(60);

/// The hosts that are asked again before an idle connection would be closed.
#[derive(Debug, PartialEq, Eq)]
pub enum Kept {
    /// All of them.
    All,
    /// Those of so many feeds that one of them is soon due.
    Of(HashSet<String>),
}

impl Kept {
    /// Those among the hosts of feeds that are each asked once in `every`.
    pub fn of(feeds: impl Iterator<Item = Url>, every: SignedDuration) -> Self {
        if every <= IDLE {
            return Self::All;
        }
        let mut hosts: HashMap<String, i32> = HashMap::new();
        for host in feeds.filter_map(|url| url.host_str().map(str::to_owned)) {
            *hosts.entry(host).or_default() += 1;
        }
        Self::Of(
            hosts.into_iter().filter(|(_, feeds)| every / *feeds <= IDLE).map(|(host, _)| host).collect(),
        )
    }

    /// Whether a connection to the host of `url` is worth keeping.
    pub fn keeps(&self, url: &Url) -> bool {
        match self {
            Self::All => true,
            Self::Of(hosts) => url.host_str().is_some_and(|host| hosts.contains(host)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_kept_if_the_next_look_at_its_host_is_due_within_a_minute() {
        let url = |host: &str| Url::parse(&format!("https://{host}.example/feed")).unwrap();
        let feeds = [vec![url("one")], vec![url("many"); 15], vec![url("few"); 14]].concat();
        let kept = |every: i64| {
            let kept = Kept::of(feeds.iter().cloned(), SignedDuration::from_secs(every));
            ["one", "few", "many", "other"].map(|host| kept.keeps(&url(host)))
        };
        assert_eq!(kept(900), [false, false, true, false]);
        assert_eq!(kept(840), [false, true, true, false]);
        assert_eq!(kept(61), [false, true, true, false]);
        assert_eq!(kept(60), [true; 4]);
    }
}
