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
use crate::dispatch::{UNHEARD, is_heard};
use crate::ledger::{self, Coverage, Question, Seen};
use crate::model::coverage::span::Extent;
use crate::model::delivery::{Body, Delivery, DeliveryId, Notice};
use crate::model::sink::SinkId;
use crate::poll::{Tally, Watching};
use crate::pulse::{Beat, Pulse};
use crate::remote::{Remote, Request};
use crate::status::{self, Account, Sight, Status};
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
    /// The sinks at which the operators hear.
    pub hearing: Vec<SinkId>,
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
        let mut beaten = begun;
        let mut beats_at = self.next_heartbeat(begun);
        let mut pings_at = self.signs.ping.as_ref().map(|_| begun);
        let mut last = begun;
        while !stop.is_cancelled() {
            beat.turn();
            let now = self.clock.now();
            if now < last {
                // The clock jumped back: what it had planned may be far ahead.
                beaten = beaten.min(now);
                (beats_at, pings_at) = (self.next_heartbeat(now), pings_at.map(|_| now));
            }
            last = now;
            if beats_at.is_some_and(|at| at <= now) {
                self.heartbeat(beaten, now).await?;
                beaten = now;
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

    /// Tells the operators what was seen since `since`.
    async fn heartbeat(&self, since: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let status = status::gather(&self.sources, &[], &self.store, now).await?;
        let question = Question { whom: None, since, until: now, running: true };
        let coverage = ledger::look_up(&question, &self.sources, &self.store, now).await?;
        let counted = self.tally.take();
        let text = words(&status, coverage.as_ref(), (counted.new, counted.matched), &self.signs.timezone);
        let id = DeliveryId::of_notice(&format!("heartbeat {now}"), &self.operators);
        let body = Body::Notice(Notice { title: "vigie is alive".into(), text, at: now });
        self.store.tell(vec![Delivery::open(id, self.operators.clone(), body, now, now)]).await?;
        self.filed.notify_waiters();
        Ok(())
    }

    /// Calls the watchman, but only while every loop turns, the store can be written and the operators hear of trouble:
    /// otherwise he is the only one who can tell people.
    async fn ping(&self, ping: &Ping) -> Result<(), StoreError> {
        let late = self.pulse.late();
        if !late.is_empty() {
            warn!("no ping: {} does not turn", late[0].0);
            return Ok(());
        }
        if let Some(why) = self.pulse.paused() {
            warn!("no ping: {why}");
            return Ok(());
        }
        self.store.check(self.clock.now()).await?;
        if !is_heard(self.store.as_ref(), &self.hearing).await? {
            warn!("no ping: {UNHEARD}");
            return Ok(());
        }
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

/// Lines about single accounts in a heartbeat.
const MOST_LINES: usize = 10;

/// What a heartbeat says.
fn words(
    status: &Status,
    coverage: Option<&Coverage>,
    (posts, matched): (u64, u64),
    timezone: &TimeZone,
) -> String {
    let time = |at: Timestamp| at.to_zoned(timezone.clone()).strftime("%Y-%m-%d %H:%M %:z").to_string();
    let seen = coverage.map_or(&[][..], |coverage| coverage.accounts.as_slice());
    let complete = seen.iter().filter(|seen| is_whole(seen)).count();
    let since = coverage.map(|coverage| format!(" since {}", time(coverage.since))).unwrap_or_default();
    let mut lines = vec![format!(
        "alive: {complete} of {} accounts seen completely{since}, {posts} new posts, {matched} matches",
        status.accounts.len()
    )];
    lines.extend(status.accounts.iter().filter_map(|account| of_account(account, &time)));
    let missing = seen.iter().filter(|seen| seen.has(Extent::Missing));
    lines.extend(missing.map(|Seen { source, account, .. }| {
        format!("missing: {source} {account}: posts may be missing; see `vigie coverage {account}`")
    }));
    if lines.len() > 1 + MOST_LINES {
        let more =
            format!("and {} more; see `vigie status` and `vigie coverage`", lines.len() - 1 - MOST_LINES);
        lines.truncate(1 + MOST_LINES);
        lines.push(more);
    }
    lines.extend(status.spending.iter().map(|spending| format!("spent: {spending}")));
    lines.join("\n")
}

/// Whether everything was seen of an account since it is watched.
fn is_whole(seen: &Seen) -> bool {
    let watched = seen.worst() != Extent::Unwatched || seen.has(Extent::InTime) || seen.has(Extent::Late);
    watched && !seen.has(Extent::Blind) && !seen.has(Extent::Missing)
}

/// What there is to say of an account that is not simply seen.
fn of_account(account: &Account, time: &dyn Fn(Timestamp) -> String) -> Option<String> {
    let word = match account.sight {
        Sight::Blind => "blind",
        Sight::Late => "late",
        Sight::Quiet => "quiet",
        Sight::Seen | Sight::New => return None,
    };
    let at = if account.sight == Sight::Quiet { account.last_post } else { account.seen_until };
    let since = at.map_or_else(|| "ever".to_owned(), |at| format!("since {}", time(at)));
    Some(format!("{word}: {} {} {since}", account.source, account.account))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::spend::{Money, Reads, Spending};
    use crate::status::SourceSpending;

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
        use crate::model::coverage::span::Span;
        let (since, at) = ("2025-04-29T20:00:00Z".parse().unwrap(), "2025-04-30T20:00:00Z".parse().unwrap());
        let account = |name: &str, sight| Account {
            source: "x.hub".into(),
            account: name.into(),
            seen_until: Some(at),
            failures: 0,
            sight,
            why: None,
            last_post: Some(since),
            usual_wait: None,
            pause: SignedDuration::ZERO,
            next: None,
        };
        let seen = |name: &str, extent| Seen {
            source: "x.hub".into(),
            account: name.into(),
            spans: vec![Span { from: since, until: at, seen: extent, gap: None }],
        };
        let accounts =
            vec![account("A", Sight::Quiet), account("B", Sight::Blind), account("C", Sight::Seen)];
        let reads = Reads { posts: 80, users: 0 };
        let today = Spending { reads, money: Money(400_000), ..Spending::default() };
        let month = Spending { money: Money(12_345_000), ..today };
        let spending = vec![SourceSpending {
            source: "x.hub".into(),
            today,
            month,
            bounds: vec!["$2.50 a day".into()],
            used_percent: 16,
        }];
        let status = Status { at, accounts, spending, ..Status::default() };
        let accounts = vec![seen("A", Extent::Late), seen("B", Extent::Blind), seen("C", Extent::Missing)];
        let coverage = Coverage { since, until: at, accounts };
        assert_eq!(
            words(&status, Some(&coverage), (412, 3), &TimeZone::UTC),
            "alive: 1 of 3 accounts seen completely since 2025-04-29 20:00 +00:00, 412 new posts, 3 matches\n\
             quiet: x.hub A since 2025-04-29 20:00 +00:00\n\
             blind: x.hub B since 2025-04-30 20:00 +00:00\n\
             missing: x.hub C: posts may be missing; see `vigie coverage C`\n\
             spent: x.hub  $0.40 today (80 posts), $12.345 this month; at most $2.50 a day"
        );
    }
}
