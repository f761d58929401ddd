//! Hosts, each with what is known of it: one object per host and credential.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use jiff::Timestamp;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::address::{PublicOnly, may_be_public};
use super::call::{LARGE_AT_ONCE, Remote};
use super::pace::Pace;
use crate::clock::Clock;

/// All hosts there are to call. Cheap to clone.
#[derive(Clone)]
pub struct Remotes {
    shared: Arc<Shared>,
}

pub(super) struct Shared {
    client: Client,
    /// For hosts that nobody configured.
    wary: Client,
    /// The names of hosts that are configured, by their hash: there may be thousands. Nobody outside knows its key, so that
    /// no name can be made to have the hash of another.
    trusted: Mutex<HashSet<u64>>,
    pub(super) clock: Arc<dyn Clock>,
    hosts: Mutex<Hosts>,
    /// Shares in the room for large answers.
    pub(super) room: Arc<Semaphore>,
}

/// The hosts that are called, or were a moment ago, by the hash of their origin and of who calls; its key is secret too.
#[derive(Default)]
struct Hosts {
    known: HashMap<u64, Arc<Host>>,
    /// With so many known, those at rest are forgotten: nothing is known of them that a new one would not have.
    most: usize,
}

/// One host, as one credential sees it.
pub(super) struct Host {
    pub(super) name: String,
    pub(super) pace: Pace,
    limiter: RateLimiter<NotKeyed, InMemoryState, TokioTime, NoOpMiddleware<Nanos>>,
    pub(super) slots: Semaphore,
    called: Mutex<Called>,
}

/// What calls to a host left behind.
#[derive(Clone, Copy, Default)]
pub(super) struct Called {
    /// From when on it may be called as if it never had been.
    rested: Option<Instant>,
    /// Until when no call is made, by time that passes and by the clock. The clock may jump; it is only told.
    pub(super) closed: Option<(Instant, Timestamp)>,
}

impl Remotes {
    /// A way out to other hosts, introduced as `agent`.
    ///
    /// # Errors
    /// If there is no list of certificate authorities on this machine.
    pub fn new(clock: Arc<dyn Clock>, agent: &str) -> Result<Self, reqwest::Error> {
        let builder = || {
            let builder = Client::builder().user_agent(agent).redirect(Policy::none());
            // Few servers keep an idle connection for longer than a minute, and what idles takes memory here and there; who
            // calls less often says so with each call.
            builder.connect_timeout(Duration::from_secs(5)).pool_idle_timeout(Duration::from_secs(65))
        };
        let (client, wary) = (builder().build()?, builder().dns_resolver(Arc::new(PublicOnly)).build()?);
        let (hosts, trusted) = (Mutex::default(), Mutex::default());
        let room = Arc::new(Semaphore::new(LARGE_AT_ONCE));
        Ok(Self { shared: Arc::new(Shared { client, wary, trusted, clock, hosts, room }) })
    }

    /// The host of `url` as `who` sees it: limits belong to a host and a credential. The first caller sets the pace.
    ///
    /// `url` is from the configuration, so the host is trusted and may have any address. Hosts that answers lead to
    /// are called only at public addresses.
    pub fn host(&self, url: &Url, who: &str, pace: Pace) -> Remote {
        let mut trusted = self.shared.trusted();
        if let Some(name) = url.host_str().map(|name| trusted.hasher().hash_one(name)) {
            trusted.insert(name);
        }
        drop(trusted);
        self.led_to(url, who, pace)
    }

    /// The host of an address that an answer led to; unless it is configured too, only its public addresses are called, and
    /// no faster than public hosts bear.
    pub fn led_to(&self, url: &Url, who: &str, pace: Pace) -> Remote {
        Remote { shared: self.shared.clone(), host: self.shared.host(url, who, pace), who: who.to_owned() }
    }
}

impl Shared {
    pub(super) fn host(&self, url: &Url, who: &str, pace: Pace) -> Arc<Host> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let origin = (url.scheme(), url.host_str(), url.port_or_known_default());
        let key = hosts.known.hasher().hash_one((origin, who));
        if hosts.known.len() >= hosts.most {
            let now = Instant::now();
            hosts.known.retain(|_, host| Arc::strong_count(host) > 1 || !host.is_at_rest(now));
            hosts.most = (hosts.known.len() / 4 * 5).max(FEW_HOSTS);
        }
        let host = || {
            // That a host of one's own takes more says nothing of where it leads.
            let pace = if self.trusts(url) { pace } else { pace.abroad() };
            Arc::new(Host::new(url, pace))
        };
        hosts.known.entry(key).or_insert_with(host).clone()
    }

    /// What calls the host of `url`, if it may be called.
    pub(super) fn client(&self, url: &Url) -> Option<&Client> {
        if self.trusts(url) {
            return Some(&self.client);
        }
        may_be_public(url).then_some(&self.wary)
    }

    /// Whether the host of `url` is configured.
    fn trusts(&self, url: &Url) -> bool {
        let trusted = self.trusted();
        url.host_str().is_some_and(|name| trusted.contains(&trusted.hasher().hash_one(name)))
    }

    fn trusted(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.trusted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So few hosts are remembered at rest too.
const FEW_HOSTS: usize = 64;

impl Host {
    fn new(url: &Url, pace: Pace) -> Self {
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let quota = Quota::with_period(pace.every.max(Duration::from_nanos(1)))
            .unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN))
            .allow_burst(pace.burst);
        Self {
            name: format!("{}{port}", url.host_str().unwrap_or("?")),
            pace,
            limiter: RateLimiter::direct_with_clock(quota, TokioTime::new()),
            slots: Semaphore::new(pace.at_once.max(1)),
            called: Mutex::default(),
        }
    }

    /// Waits for its turn. governor's own waiting does not know tokio's clock, which tests pause.
    pub(super) async fn turn(&self) {
        while let Err(early) = self.limiter.check() {
            let wait = early.wait_time_from(self.limiter.clock().now());
            tokio::time::sleep(wait.max(Duration::from_millis(1))).await;
        }
        let (now, mut called) = (Instant::now(), self.called());
        called.rested = Some(called.rested.map_or(now, |rested| rested.max(now)) + self.pace.every);
    }

    /// Whether it may be called as if it never had been.
    fn is_at_rest(&self, now: Instant) -> bool {
        let Called { rested, closed } = *self.called();
        rested.is_none_or(|rested| rested < now) && closed.is_none_or(|(until, _)| until <= now)
    }

    pub(super) fn called(&self) -> MutexGuard<'_, Called> {
        self.called.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// tokio's time for governor, so that tests can pause it.
#[derive(Clone, Debug)]
struct TokioTime {
    origin: Instant,
}

impl TokioTime {
    fn new() -> Self {
        Self { origin: Instant::now() }
    }
}

impl governor::clock::Clock for TokioTime {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.origin.elapsed().into()
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::clock::TokioClock;
    use crate::remote::CallError;

    fn remotes() -> Remotes {
        Remotes::new(Arc::new(TokioClock::starting_at(Timestamp::UNIX_EPOCH)), "vigie tests").unwrap()
    }

    fn url(n: usize) -> Url {
        Url::parse(&format!("http://h{n}.example/")).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_at_rest_are_forgotten_but_not_those_in_use_nor_what_they_asked_for() {
        let (remotes, pace) = (remotes(), Pace::new(Duration::from_secs(1), 5));
        let call = async |n: usize| remotes.host(&url(n), "feed", pace).host.turn().await;
        let used = remotes.host(&url(0), "feed", pace);
        remotes
            .host(&url(1), "feed", pace)
            .close_until(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1));
        for n in 2..10_000 {
            call(n).await;
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        let known = remotes.shared.hosts.lock().unwrap().known.len();
        assert!(known < 300, "{known}");
        assert!(Arc::ptr_eq(&used.host, &remotes.host(&url(0), "feed", pace).host));
        let closed = remotes.host(&url(1), "feed", pace).check_open();
        assert!(matches!(closed, Err(CallError::Closed(..))), "{closed:?}");
    }

    #[test]
    fn where_a_host_of_ones_own_leads_is_called_no_faster_than_public_hosts_bear() {
        let (remotes, fast, slow) = (remotes(), Pace::per_second(500.0), Pace::per_second(0.1));
        let pace = |remote: &Remote| remote.host.pace;
        let own = remotes.host(&url(0), "feed", fast);
        assert_eq!(pace(&own), fast);
        assert_eq!(
            pace(&remotes.led_to(&url(0).join("/b").unwrap(), "feed", slow)),
            fast,
            "it is known already"
        );
        let public = pace(&remotes.led_to(&url(1), "feed", fast));
        assert_eq!((public.every, public.burst.get(), public.at_once), (Duration::from_secs(1), 5, 4));
        assert_eq!(pace(&remotes.led_to(&url(2), "feed", slow)), slow);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_is_forgotten_in_between_is_called_no_faster() {
        let (remotes, pace) = (remotes(), Pace::new(Duration::from_secs(1), 5));
        let begun = Instant::now();
        for call in 0..100 {
            remotes.host(&url(0), "feed", pace).host.turn().await;
            for other in 0..FEW_HOSTS {
                remotes.host(&url(1 + call * FEW_HOSTS + other), "feed", pace);
            }
        }
        assert!(begun.elapsed() >= Duration::from_secs(94), "{:?}", begun.elapsed());
    }
}
