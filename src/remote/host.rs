//! The one object per host and credential through which every call to it goes.

use std::collections::{HashMap, HashSet};
use std::error::Error as _;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{AUTHORIZATION, COOKIE, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Url};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::address::{PublicOnly, may_be_public};
use super::request::{Answer, CallError, Follow, Request, Room};
use super::wait::rate_limit_reset;
use crate::clock::Clock;

/// All hosts there are to call. Cheap to clone.
#[derive(Clone)]
pub struct Remotes {
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    /// For hosts that nobody configured.
    wary: Client,
    /// The names of hosts that are configured.
    trusted: Mutex<HashSet<String>>,
    clock: Arc<dyn Clock>,
    hosts: Mutex<Hosts>,
    /// Shares in the room for large answers.
    room: Arc<Semaphore>,
}

/// The hosts that are called, or were a moment ago, by their origin and who calls.
#[derive(Default)]
struct Hosts {
    known: HashMap<(String, String), Arc<Host>>,
    /// With so many known, those at rest are forgotten: nothing is known of them that a new one would not have.
    most: usize,
}

/// How fast a host may be called.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The mean time between two calls.
    pub every: Duration,
    /// Calls that may go at once after a rest.
    pub burst: NonZeroU32,
    /// Calls under way at the same time.
    pub at_once: usize,
}

impl Pace {
    /// A call every `every`, `burst` of them at once, four under way.
    pub fn new(every: Duration, burst: u32) -> Self {
        Self { every, burst: NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN), at_once: 4 }
    }
}

/// One host, as one credential sees it.
#[derive(Clone)]
pub struct Remote {
    shared: Arc<Shared>,
    host: Arc<Host>,
    who: String,
}

struct Host {
    name: String,
    pace: Pace,
    limiter: RateLimiter<NotKeyed, InMemoryState, TokioTime, NoOpMiddleware<Nanos>>,
    slots: Semaphore,
    called: Mutex<Called>,
}

/// What calls to a host left behind.
#[derive(Clone, Copy, Default)]
struct Called {
    /// When the last call went.
    last: Option<Instant>,
    /// Until when no call is made, by time that passes and by the clock. The clock may jump; it is only told.
    closed: Option<(Instant, Timestamp)>,
}

impl Remotes {
    /// A way out to other hosts, introduced as `agent`.
    ///
    /// # Errors
    /// If there is no list of certificate authorities on this machine.
    pub fn new(clock: Arc<dyn Clock>, agent: &str) -> Result<Self, reqwest::Error> {
        let builder = || {
            let builder = Client::builder().user_agent(agent).redirect(Policy::none());
            // Each host of thousands is called once in a while: what idles longer only takes file descriptors.
            builder.connect_timeout(Duration::from_secs(5)).pool_idle_timeout(Duration::from_secs(30))
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
        let mut trusted = self.shared.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = url.host_str().filter(|name| !trusted.contains(*name)) {
            trusted.insert(name.to_owned());
        }
        drop(trusted);
        self.led_to(url, who, pace)
    }

    /// The host of an address that an answer led to; unless it is configured too, only its public addresses are called.
    pub fn led_to(&self, url: &Url, who: &str, pace: Pace) -> Remote {
        Remote { shared: self.shared.clone(), host: self.shared.host(url, who, pace), who: who.to_owned() }
    }
}

impl Shared {
    fn host(&self, url: &Url, who: &str, pace: Pace) -> Arc<Host> {
        let origin = url.origin().ascii_serialization();
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.known.len() >= hosts.most {
            let now = Instant::now();
            hosts.known.retain(|_, host| Arc::strong_count(host) > 1 || !host.is_at_rest(now));
            hosts.most = (2 * hosts.known.len()).max(FEW_HOSTS);
        }
        hosts.known.entry((origin, who.to_owned())).or_insert_with(|| Arc::new(Host::new(url, pace))).clone()
    }

    /// What calls the host of `url`, if it may be called.
    fn client(&self, url: &Url) -> Option<&Client> {
        let trusted = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        if url.host_str().is_some_and(|name| trusted.contains(name)) {
            return Some(&self.client);
        }
        may_be_public(url).then_some(&self.wary)
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
    async fn turn(&self) {
        while let Err(early) = self.limiter.check() {
            let wait = early.wait_time_from(self.limiter.clock().now());
            tokio::time::sleep(wait.max(Duration::from_millis(1))).await;
        }
        self.called().last = Some(Instant::now());
    }

    /// Whether it may be called as if it never had been.
    fn is_at_rest(&self, now: Instant) -> bool {
        let Called { last, closed } = *self.called();
        let rest = self.pace.every.saturating_mul(self.pace.burst.get());
        last.is_none_or(|last| now.duration_since(last) > rest)
            && closed.is_none_or(|(until, _)| until <= now)
    }

    fn called(&self) -> MutexGuard<'_, Called> {
        self.called.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A larger answer takes some of the room for large ones, in bytes.
const LARGE: usize = 512 << 10;

/// Large answers that are held at the same time, so that a hundred hosts that send as much as they may do not fill the
/// machine's memory. Others wait while they arrive.
const LARGE_AT_ONCE: usize = 4;

/// Redirects followed before the chain counts as endless.
const MOST_REDIRECTS: usize = 5;

impl Remote {
    /// The host's name, fit to be shown.
    pub fn name(&self) -> &str {
        &self.host.name
    }

    /// Makes no further call before `at`.
    pub fn close_until(&self, at: Timestamp) {
        let wait = at.duration_since(self.shared.clock.now()).max(SignedDuration::ZERO);
        let until = (Instant::now() + wait.unsigned_abs(), at);
        let mut called = self.host.called();
        called.closed = Some(called.closed.map_or(until, |closed| closed.max(until)));
    }

    /// Makes a call at the host's pace and reads the whole answer.
    pub async fn call(&self, request: Request) -> Result<Answer, CallError> {
        let (timeout, follow, start) = (request.timeout, request.follow, request.url.clone());
        let mut request = request;
        let mut remote = self.clone();
        let mut permanent = true;
        for redirects in 0..=MOST_REDIRECTS {
            let method = request.method.clone();
            let answer = remote.once(request.clone(), timeout).await;
            let mut answer = answer.map_err(|error| if redirects > 0 { led_astray(error) } else { error })?;
            let target =
                (follow == Follow::Anywhere && method == Method::GET).then(|| target(&answer)).flatten();
            let Some(target) = target else {
                answer.moved = (permanent && answer.url != start).then(|| answer.url.clone());
                return Ok(answer);
            };
            permanent &= matches!(answer.status, 301 | 308);
            if target.origin() != request.url.origin() {
                request.headers.remove(AUTHORIZATION);
                request.headers.remove(COOKIE);
                let host = self.shared.host(&target, &self.who, self.host.pace);
                remote = Remote { host, ..self.clone() };
            }
            request.url = target;
        }
        Err(CallError::Unusable(format!("{}: more than {MOST_REDIRECTS} redirects", self.name())))
    }

    async fn once(&self, request: Request, timeout: Duration) -> Result<Answer, CallError> {
        self.check_open()?;
        let _slot = self.host.slots.acquire().await.map_err(|_| self.not_sent("shutting down"))?;
        self.host.turn().await;
        self.check_open()?;
        match tokio::time::timeout(timeout, self.exchange(request)).await {
            Ok(result) => result.inspect(|answer| self.obey(answer)),
            Err(_) => Err(CallError::Ambiguous(format!("{}: no answer within {timeout:?}", self.name()))),
        }
    }

    /// Leaves the host alone while nothing is left of what it allows, whatever the answer's status.
    fn obey(&self, answer: &Answer) {
        if let Some(reset) = rate_limit_reset(&answer.headers, self.shared.clock.now()) {
            self.close_until(reset);
        }
    }

    fn check_open(&self) -> Result<(), CallError> {
        match self.host.called().closed {
            Some((until, told)) if until > Instant::now() => {
                Err(CallError::Closed(told, format!("{} asked to wait", self.name())))
            }
            _ => Ok(()),
        }
    }

    async fn exchange(&self, request: Request) -> Result<Answer, CallError> {
        let Request { method, url, headers, body, most, .. } = request;
        let client = self.shared.client(&url).ok_or_else(|| {
            self.not_sent(
                "an answer led to this private address, and only hosts in the configuration may have one",
            )
        })?;
        let mut call = client.request(method, url.clone()).headers(headers);
        if let Some(body) = body {
            call = call.body(body);
        }
        let response = call.send().await.map_err(|error| self.failed(error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let (mut body, mut room) = (Vec::new(), Room::default());
        let mut stream = response.bytes_stream();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| CallError::Unusable(self.failed(error).to_string()))?;
            if body.len() + chunk.len() > most {
                return Err(CallError::Unusable(format!(
                    "{}: the answer is larger than {most} bytes",
                    self.name()
                )));
            }
            if room.0.is_none() && body.len() + chunk.len() > LARGE {
                let share = self.shared.room.clone().acquire_owned().await;
                room = Room(share.ok().map(Arc::new));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body, url, moved: None, room })
    }

    fn not_sent(&self, why: &str) -> CallError {
        CallError::NotSent(format!("{}: {why}", self.name()))
    }

    /// What went wrong, without the address, which may hold a secret.
    fn failed(&self, error: reqwest::Error) -> CallError {
        let error = error.without_url();
        let sent = !(error.is_connect() || error.is_builder());
        let mut root: &dyn std::error::Error = &error;
        while let Some(source) = root.source() {
            root = source;
        }
        let what = if error.source().is_some() && root.to_string() != error.to_string() {
            format!("{}: {error}: {root}", self.name())
        } else {
            format!("{}: {error}", self.name())
        };
        if sent { CallError::Ambiguous(what) } else { CallError::NotSent(what) }
    }
}

/// That no answer came from where the host led: the host itself did answer.
fn led_astray(error: CallError) -> CallError {
    match error {
        CallError::NotSent(why) | CallError::Ambiguous(why) => CallError::Unusable(why),
        error => error,
    }
}

/// Where a redirect leads, if it may be followed.
fn target(answer: &Answer) -> Option<Url> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = answer.headers.get(LOCATION)?.to_str().ok()?;
    let target = answer.url.join(location).ok()?;
    (matches!(target.scheme(), "http" | "https") && target.has_host()).then_some(target)
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
    use super::*;
    use crate::clock::TokioClock;

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
