//! How everything is, as metrics.

use super::{Sight, Status};
use crate::metrics::Now;

/// Every way of being seen, as a label.
const SIGHTS: [(Sight, &str); 5] = [
    (Sight::Seen, "seen"),
    (Sight::Quiet, "quiet"),
    (Sight::New, "new"),
    (Sight::Late, "late"),
    (Sight::Blind, "blind"),
];

impl Status {
    /// The measures of sources and sinks.
    pub fn measured(&self) -> Now {
        let now = Now::default();
        for source in self.accounts.chunk_by(|one, next| one.source == next.source) {
            let name = &source[0].source;
            for (sight, label) in SIGHTS {
                let accounts = source.iter().filter(|account| account.sight == sight).count();
                now.accounts(name, label, accounts);
            }
            // What was never seen is as old as the process.
            let seen =
                source.iter().map(|account| account.seen_until.or(self.since).unwrap_or(self.at)).min();
            let lag = self.at.duration_since(seen.unwrap_or(self.at));
            now.lag(name, lag.as_secs_f64());
        }
        for spending in &self.spending {
            let (today, month) = (spending.today, spending.month);
            now.spent(&spending.source, today.money.0 as f64 / 1e6, month.money.0 as f64 / 1e6);
            now.budget_used(&spending.source, f64::from(spending.used_percent) / 100.0);
        }
        for sink in &self.sinks {
            let oldest = sink.oldest.map_or(0.0, |oldest| self.at.duration_since(oldest).as_secs_f64());
            let counts = [("waiting", sink.waiting), ("held", sink.held), ("dead", sink.dead)];
            now.sink(sink.sink.as_str(), counts, oldest, sink.parked.is_some());
        }
        now
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::metrics::Metrics;
    use crate::status::Account;

    #[test]
    fn a_source_lags_as_far_as_the_account_that_is_furthest_behind() {
        let at = |second: i64| Timestamp::from_second(1_750_000_000 + second).unwrap();
        let account = |source: &str, seen: Option<i64>, sight| Account {
            source: source.into(),
            account: format!("{seen:?}"),
            seen_until: seen.map(at),
            failures: 0,
            sight,
            why: None,
            last_post: None,
            usual_wait: None,
            pause: SignedDuration::from_mins(1),
            next: None,
        };
        let accounts = vec![
            account("x.hub", Some(90), Sight::Seen),
            account("x.hub", Some(40), Sight::Blind),
            account("feed.news", None, Sight::New),
        ];
        let status = Status { at: at(100), since: Some(at(70)), accounts, ..Status::default() };
        let text = Metrics::new(at(70)).text(&status.measured());
        for expected in [
            "vigie_source_lag_seconds{source=\"x.hub\"} 60.0",
            "vigie_source_lag_seconds{source=\"feed.news\"} 30.0",
            "vigie_source_accounts{source=\"x.hub\",sight=\"blind\"} 1",
            "vigie_source_accounts{source=\"x.hub\",sight=\"late\"} 0",
        ] {
            assert!(text.lines().any(|line| line == expected), "{expected}\nis missing in\n{text}");
        }
    }
}
