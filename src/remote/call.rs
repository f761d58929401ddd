//! A call: it waits for its turn, follows redirects, reads the whole answer.

use std::cell::Cell;
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{AUTHORIZATION, COOKIE, LOCATION};
use reqwest::{Method, Url};
use tokio::time::Instant;

use super::host::{Host, Shared};
use super::request::{Answer, CallError, Follow, Request, Room};
use super::wait::{peace, rate_limit_reset};

/// One host, as one credential sees it.
#[derive(Clone)]
pub struct Remote {
    pub(super) shared: Arc<Shared>,
    pub(super) host: Arc<Host>,
    pub(super) who: String,
}

tokio::task_local! {
    static WAITED: Cell<Duration>;
}

/// What comes of `calls`, and how long they waited for their turns before anybody was asked.
pub async fn waited<T>(calls: impl Future<Output = T>) -> (T, Duration) {
    let counted = async {
        let result = calls.await;
        (result, WAITED.with(Cell::get))
    };
    WAITED.scope(Cell::default(), counted).await
}

/// A larger answer takes some of the room for large ones, in bytes.
const LARGE: usize = 512 << 10;

/// Large answers that are held at the same time, so that a hundred hosts that send as much as they may do not fill the
/// machine's memory. Others wait while they arrive.
pub(super) const LARGE_AT_ONCE: usize = 4;

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
        let follows = request.follow == Follow::Anywhere && request.method == Method::GET;
        let mut request = request;
        let mut remote = self.clone();
        let (mut permanent, mut start) = (true, None);
        for redirects in 0..=MOST_REDIRECTS {
            let answer = remote.once(&request).await;
            let mut answer = answer.map_err(|error| if redirects > 0 { led_astray(error) } else { error })?;
            let Some(target) = follows.then(|| target(&answer)).flatten() else {
                let moved = permanent && start.is_some_and(|start| start != answer.url);
                answer.moved = moved.then(|| answer.url.clone());
                return Ok(answer);
            };
            permanent &= matches!(answer.status, 301 | 308);
            if target.origin() != request.url.origin() {
                request.headers.remove(AUTHORIZATION);
                request.headers.remove(COOKIE);
                let host = self.shared.host(&target, &self.who, self.host.pace);
                remote = Remote { host, ..self.clone() };
            }
            let before = std::mem::replace(&mut request.url, target);
            start.get_or_insert(before);
        }
        Err(CallError::Unusable(format!("{}: more than {MOST_REDIRECTS} redirects", self.name())))
    }

    async fn once(&self, request: &Request) -> Result<Answer, CallError> {
        self.check_open()?;
        let begun = Instant::now();
        let _slot = self.host.slots.acquire().await.map_err(|_| self.not_sent("shutting down"))?;
        self.host.turn().await;
        // Outside of `waited` nobody asks.
        let _ = WAITED.try_with(|waited| waited.set(waited.get() + begun.elapsed()));
        self.check_open()?;
        let late = |_| {
            let why = format!("{}: no answer within {:?}", self.name(), request.timeout);
            Err(CallError::Ambiguous(why))
        };
        let answered = tokio::time::timeout(request.timeout, self.exchange(request)).await;
        answered.unwrap_or_else(late).inspect(|answer| self.obey(answer, request.apart))
    }

    /// Leaves the host alone as long as it asks for that, and while nothing is left of what it allows, whatever the
    /// answer's status.
    fn obey(&self, answer: &Answer, apart: bool) {
        let (now, Answer { status, headers, .. }) = (self.shared.clock.now(), answer);
        let asked = peace((*status, headers), self.host.pace.rest, apart, now);
        if let Some(at) = asked.max(rate_limit_reset(headers, now)) {
            self.close_until(at);
        }
    }

    pub(super) fn check_open(&self) -> Result<(), CallError> {
        match self.host.called().closed {
            Some((until, told)) if until > Instant::now() => {
                Err(CallError::Closed(told, format!("{} asked to wait", self.name())))
            }
            _ => Ok(()),
        }
    }

    async fn exchange(&self, request: &Request) -> Result<Answer, CallError> {
        let Request { method, url, headers, body, most, .. } = request;
        let client = self.shared.client(url).ok_or_else(|| {
            self.not_sent(
                "an answer led to this private address, and only hosts in the configuration may have one",
            )
        })?;
        let mut call = client.request(method.clone(), url.clone()).headers(headers.clone());
        if let Some(body) = body {
            call = call.body(body.clone());
        }
        let mut response = call.send().await.map_err(|error| self.failed(error))?;
        let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        let (mut body, mut room) = (Vec::new(), Room::default());
        let mut stream = response.bytes_stream();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| CallError::Unusable(self.failed(error).to_string()))?;
            if body.len() + chunk.len() > *most {
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
        Ok(Answer { status, headers, body, url: url.clone(), moved: None, room })
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

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::clock::TokioClock;
    use crate::remote::{Pace, Remotes};

    #[tokio::test]
    async fn who_waits_for_a_turn_does_not_wait_for_the_host() {
        let remotes =
            Remotes::new(Arc::new(TokioClock::starting_at(Timestamp::UNIX_EPOCH)), "vigie").unwrap();
        // Nobody listens there any more.
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = Url::parse(&format!("http://{gone}/")).unwrap();
        let remote = remotes.host(&url, "feed", Pace::new(Duration::from_millis(200), 1));
        let call = || waited(remote.call(Request::get(url.clone())));
        let (begun, (first, at_once)) = (Instant::now(), call().await);
        let (second, late) = call().await;
        assert!(first.is_err() && second.is_err());
        assert!(at_once < Duration::from_millis(100), "{at_once:?}");
        assert!(late > Duration::from_millis(50) && late <= begun.elapsed(), "{late:?}");
    }
}
