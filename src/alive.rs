//! Signs of life: a message now and then that says what was seen, and a call to an address that somebody outside
//! watches, so that vigie's own death does not go unnoticed.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::warn;
use url::Url;

use crate::clock::{Clock, sleep_until};
use crate::model::delivery::{Body, Delivery, DeliveryId, Notice};
use crate::model::sink::SinkId;
use crate::poll::{Tally, Watching};
use crate::pulse::{Beat, Pulse};
use crate::remote::{Remote, Request};
use crate::status::{self, Sight, Status};
use crate::store::{Store, StoreError};

/// The loop turns at least this often.
pub const PERIOD: Duration = Duration::from_secs(30);

/// Which signs of life there are.
#[derive(Clone)]
pub struct Signs {
    /// A message to the operators, counted from midnight in the time zone.
    pub heartbeat: Option<SignedDuration>,
    /// An address to call while everything is well.
    pub ping: Option<Ping>,
    /// The time zone people read.
    pub timezone: TimeZone,
}

/// A call to an outside watchman.
#[derive(Clone)]
pub struct Ping {
    /// Whom to call. The address is a secret.
    pub url: Url,
    /// The way there.
    pub remote: Remote,
    /// How often.
    pub every: SignedDuration,
}

/// What the signs are made of.
pub struct Alive {
    /// Which there are.
    pub signs: Signs,
    /// What is watched.
    pub sources: Vec<Watching>,
    /// What the committer counted.
    pub tally: Tally,
    /// Who hears the heartbeat.
    pub operators: SinkId,
    /// What is remembered.
    pub store: Arc<dyn Store>,
    /// Rings when a delivery was filed.
    pub filed: Arc<Notify>,
    /// The loops.
    pub pulse: Pulse,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Alive {
    /// Gives signs of life until `stop`.
    pub async fn run(self, beat: Beat, stop: CancellationToken) -> Result<(), StoreError> {
        let begun = self.clock.now();
        let mut beats_at = self.next_heartbeat(begun);
        let mut pings_at = self.signs.ping.as_ref().map(|_| begun);
        while !stop.is_cancelled() {
            beat.turn();
            let now = self.clock.now();
            if beats_at.is_some_and(|at| at <= now) {
                self.heartbeat(now).await?;
                beats_at = self.next_heartbeat(now);
            }
            if let (Some(ping), Some(at)) = (&self.signs.ping, pings_at)
                && at <= now
            {
                self.ping(ping).await?;
                pings_at = now.saturating_add(ping.every).ok();
            }
            let next = beats_at.into_iter().chain(pings_at).min().unwrap_or(Timestamp::MAX);
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep_until(next, now, SignedDuration::from_secs(10)) => {}
            }
        }
        Ok(())
    }

    fn next_heartbeat(&self, now: Timestamp) -> Option<Timestamp> {
        self.signs.heartbeat.map(|period| next_beat(period, &self.signs.timezone, now))
    }

    async fn heartbeat(&self, now: Timestamp) -> Result<(), StoreError> {
        let status = status::gather(&self.sources, &[], &self.store, now).await?;
        let counted = self.tally.take();
        let text = words(&status, counted.new, counted.matched);
        let id = DeliveryId::of_notice(&format!("heartbeat {now}"), &self.operators);
        let body = Body::Notice(Notice { title: "vigie is alive".into(), text, at: now });
        self.store.tell(vec![Delivery::open(id, self.operators.clone(), body, now, now)]).await?;
        self.filed.notify_waiters();
        Ok(())
    }

    /// Calls the watchman, but only while every loop turns and the store answers.
    async fn ping(&self, ping: &Ping) -> Result<(), StoreError> {
        let late = self.pulse.late();
        if !late.is_empty() {
            warn!("no ping: {} does not turn", late[0].0);
            return Ok(());
        }
        self.store.outbox().await?;
        let request = Request::get(ping.url.clone()).timeout(Duration::from_secs(10)).most(64 << 10);
        match ping.remote.call(request).await {
            Ok(answer) if answer.is_success() => {}
            Ok(answer) => warn!("the ping address at {} answered {}", ping.remote.name(), answer.status),
            Err(error) => warn!("the ping address was not reached: {error}"),
        }
        Ok(())
    }
}

/// The first multiple of `period` after `now`, counted from the midnight before in `timezone`.
fn next_beat(period: SignedDuration, timezone: &TimeZone, now: Timestamp) -> Timestamp {
    let period = period.as_secs().max(60);
    let midnight = now.to_zoned(timezone.clone()).start_of_day().map_or(now, |day| day.timestamp());
    let passed = now.duration_since(midnight).as_secs().max(0);
    let next = SignedDuration::from_secs((passed / period + 1) * period);
    midnight.saturating_add(next).unwrap_or(Timestamp::MAX)
}

/// What a heartbeat says.
fn words(status: &Status, posts: u64, matched: u64) -> String {
    let seen = status.accounts.iter().filter(|account| account.sight == Sight::Seen).count();
    let text = format!(
        "{seen} of {} accounts seen, {posts} new posts and {matched} matches since the last sign of life.",
        status.accounts.len()
    );
    let unseen = status.accounts.iter().filter(|account| matches!(account.sight, Sight::Blind | Sight::Late));
    let mut lines: Vec<String> = unseen
        .map(|account| {
            let since = account.seen_until.map_or_else(|| "ever".to_owned(), |at| format!("since {at:.0}"));
            let word = if account.sight == Sight::Blind { "blind" } else { "late" };
            format!("\n{word}: {} {}, not seen {since}", account.source, account.account)
        })
        .collect();
    if lines.len() > 10 {
        let more = format!("\nand {} more; see `vigie status`", lines.len() - 10);
        lines.truncate(10);
        lines.push(more);
    }
    let spent = status.spending.iter().map(|spending| format!("\nspent: {spending}"));
    text + &lines.concat() + &spent.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::spend::{Money, Reads, Spending};
    use crate::status::{Account, SourceSpending};

    #[test]
    fn a_heartbeat_comes_at_multiples_of_its_period_from_local_midnight() {
        let paris = TimeZone::get("Europe/Paris").unwrap();
        let day = SignedDuration::from_hours(24);
        let cases = [
            ("2025-04-30T20:39:17Z", day, "2025-04-30T22:00:00Z"),
            ("2025-04-30T22:00:00Z", day, "2025-05-01T22:00:00Z"),
            ("2025-04-30T20:39:17Z", SignedDuration::from_hours(6), "2025-04-30T22:00:00Z"),
            ("2025-04-30T20:39:17Z", SignedDuration::from_mins(5), "2025-04-30T20:40:00Z"),
        ];
        for (now, period, expected) in cases {
            let now: Timestamp = now.parse().unwrap();
            assert_eq!(next_beat(period, &paris, now), expected.parse().unwrap(), "{now} {period:#}");
        }
    }

    #[test]
    fn a_heartbeat_names_whom_vigie_does_not_see() {
        let at = "2025-04-30T20:00:00Z".parse().unwrap();
        let account = |name: &str, sight| Account {
            source: "x.hub".into(),
            account: name.into(),
            seen_until: Some(at),
            failures: 0,
            sight,
            why: None,
        };
        let accounts = vec![account("A", Sight::Seen), account("B", Sight::Blind), account("C", Sight::New)];
        let reads = Reads { posts: 80, users: 0 };
        let today = Spending { reads, money: Money(400_000), ..Spending::default() };
        let month = Spending { money: Money(12_345_000), ..today };
        let spending =
            vec![SourceSpending { source: "x.hub".into(), today, month, bounds: vec!["$2.50 a day".into()] }];
        let text = words(&Status { at, accounts, sinks: Vec::new(), spending }, 412, 3);
        assert_eq!(
            text,
            "1 of 3 accounts seen, 412 new posts and 3 matches since the last sign of life.\n\
             blind: x.hub B, not seen since 2025-04-30T20:00:00Z\n\
             spent: x.hub  $0.40 today (80 posts), $12.345 this month; at most $2.50 a day"
        );
    }
}
