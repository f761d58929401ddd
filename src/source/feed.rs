//! RSS, Atom and JSON Feed, by conditional GET.
//!
//! A feed is a window that slides over its items and has no cursor; what is kept between two looks is what the last answer
//! can be recognised by: its validators, byte for byte, and a digest of its body for servers that do not heed them.

mod decode;
mod entry;
mod keep;
mod mend;
mod moved;
mod outline;
mod parse;
mod place;
mod read;
mod table;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use toml_span::{DeserError, Value};
use url::Url;

use self::keep::Kept;
use self::place::{Place, Validators};
use self::read::{posts, shown};
use self::table::Addresses;
use super::answer::no_answer;
use super::{Ask, Common, Kit, Move, Page, Plan, Source, SourceError, Watched, pace};
use crate::clock::Clock;
use crate::model::timeline::TimelineId;
use crate::remote::{Answer, Follow, Pace, Remote, Remotes, Request, retry_after};
use crate::setting::{Address, Fields};

/// Reads the table `[source.feed.NAME]`.
pub fn read(value: &mut Value<'_>) -> Result<Plan, DeserError> {
    let mut fields = Fields::new(value)?;
    let common =
        Common::take(&mut fields, SignedDuration::from_mins(15), Some(SignedDuration::from_hours(24)));
    let feeds = fields.required::<Addresses>("feeds");
    let pace = pace::take(&mut fields, Pace::new(Duration::from_secs(1), 5).resting(REST));
    fields.finalize(None)?;
    let (feeds, every) = (feeds?.0, common.every);
    let common = Common { pace: Some(pace), ..common };
    Ok(Plan { common, build: Box::new(move |kit| Ok(Arc::new(Feeds::new(feeds, every, pace, kit)))) })
}

/// Some feeds.
struct Feeds {
    /// Their addresses as people gave them, and their timelines: there may be thousands.
    feeds: Box<[(Arc<str>, TimelineId)]>,
    remotes: Remotes,
    pace: Pace,
    /// Whose connections are kept open.
    kept: Kept,
    clock: Arc<dyn Clock>,
    /// Hands that parse what is large: more at once would be no faster, and each thread keeps memory that it once took.
    parsing: Semaphore,
}

#[async_trait]
impl Source for Feeds {
    fn accounts(&self) -> Vec<Watched> {
        let watched = |(account, timeline): &(Arc<str>, TimelineId)| Watched {
            account: account.clone(),
            timeline: Some(timeline.clone()),
            every: None,
        };
        self.feeds.iter().map(watched).collect()
    }

    fn host(&self, account: &str) -> Option<String> {
        Address::parse(account).ok().map(|address| address.0.origin().ascii_serialization())
    }

    async fn fetch(&self, ask: Ask<'_>) -> Result<Page, SourceError> {
        let url = address(ask.timeline)
            .ok_or_else(|| SourceError::Broken(format!("{} is no feed", ask.timeline)))?;
        let (mut place, now) = (Place::read(ask.cursor), self.clock.now());
        place.seen = place.seen.if_recent(now);
        let given = self.remotes.host(&url, "feed", self.pace);
        let Some(learnt) = place.moved.address() else {
            return self.read(&url, (&given, &url), &place, ask.cursor.is_none()).await;
        };
        let (learnt, due) = (learnt.clone(), place.moved.is_due(now));
        // What the one is recognised by says nothing at the other.
        let unseen = Place { seen: Validators::default(), ..place.clone() };
        if due {
            if let Ok(page) = self.read(&url, (&given, &url), &unseen, true).await {
                return Ok(page);
            }
            place.moved = place.moved.after_failure(now);
        }
        let remote = self.remotes.led_to(&learnt, "feed", self.pace);
        match self.read(&url, (&remote, &learnt), &place, due).await {
            Ok(page) => Ok(page),
            // It is there, only busy.
            Err(error @ SourceError::Retry(Some(_), _)) => Err(error),
            Err(error) if due => Err(error),
            // The address that people gave may know better.
            Err(_) => self.read(&url, (&given, &url), &unseen, true).await,
        }
    }
}

impl Feeds {
    /// Reads the feed whose configured address is `url`, at the address where it is now. What is kept of it is told if
    /// it changes, or if it is news in any case.
    async fn read(
        &self,
        url: &Url,
        (remote, at): (&Remote, &Url),
        place: &Place,
        is_news: bool,
    ) -> Result<Page, SourceError> {
        let mut request =
            Request::get(at.clone()).apart().follow(Follow::Anywhere).most(LARGEST).header("accept", ACCEPT);
        if !self.kept.keeps(at) {
            request = request.header("connection", "close");
        }
        let answer = remote.call(place.seen.ask(request)).await.map_err(no_answer)?;
        let (name, now) = (remote.name(), self.clock.now());
        let moved = place.moved.after(at, answer.moved.as_ref(), now);
        let news = match (place.moved.address(), moved.address()) {
            (before, after) if before == after => None,
            (_, Some(to)) => Some(Move::Away(shown(to))),
            (_, None) => Some(Move::Back),
        };
        let host = answer.url.origin();
        let host = (host != url.origin()).then(|| host.ascii_serialization());
        let next = |seen: Validators| Place { seen, moved };
        if answer.status == 304 && place.seen.is_none() {
            return Err(SourceError::Suspicious(format!(
                "{name} says that nothing changed without having been asked"
            )));
        }
        if place.seen.is_same(&answer) {
            let next = Some(next(place.seen.or_newer(&answer))).filter(|next| is_news || next != place);
            let next = next.and_then(|next| next.cursor());
            return Ok(Page { next, moved: news, host, ..Page::default() });
        }
        if !answer.is_success() {
            return Err(refusal(&answer, name, now));
        }
        let next = next(Validators::of(&answer, now));
        let url = url.clone();
        // A task of its own, because whatever breaks the parser breaks one feed only.
        let mut reading = JoinSet::new();
        let _hand = if answer.body.len() <= SMALL {
            reading.spawn(async move { posts(&answer, &url) });
            None
        } else {
            let hand = self.parsing.acquire().await;
            reading.spawn_blocking(move || posts(&answer, &url));
            Some(hand)
        };
        let read = match reading.join_next().await {
            Some(Ok(read)) => read.map_err(|why| SourceError::Suspicious(format!("{name}: {why}")))?,
            _ => return Err(SourceError::Suspicious(format!("{name}: this feed breaks the parser"))),
        };
        // A feed that was cut short must be read again whole, so nothing of its answer is kept.
        let next = Some(next).filter(|next| !read.cut && (is_news || next != place));
        let moved = news.filter(|_| !read.cut);
        let (posts, unreadable, next) = (read.posts, read.unreadable, next.and_then(|next| next.cursor()));
        Ok(Page { posts, next, moved, host, window: true, unreadable, ..Page::default() })
    }
}

/// How long a host is left alone that has too many requests and does not say for how long.
const REST: Duration = Duration::from_mins(1);

/// The most of a feed that is read, in bytes.
const LARGEST: usize = 8 << 20;

/// A feed that is no larger is parsed right where it came in, in bytes: that costs less than another thread. Larger ones,
/// and what is hostile among them, would keep others waiting.
const SMALL: usize = 32 << 10;

/// Larger feeds of a source that are parsed at the same time.
const PARSED_AT_ONCE: usize = 4;

const ACCEPT: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, \
                      text/xml;q=0.9, application/json;q=0.8, */*;q=0.1";

impl Feeds {
    fn new(feeds: Vec<(Arc<str>, TimelineId)>, every: SignedDuration, pace: Pace, kit: &Kit) -> Self {
        let urls = feeds.iter().filter_map(|(_, timeline)| address(timeline));
        Self {
            kept: Kept::of(urls, every),
            feeds: feeds.into(),
            remotes: kit.remotes.clone(),
            pace,
            clock: kit.clock.clone(),
            parsing: Semaphore::new(PARSED_AT_ONCE),
        }
    }
}

/// Where a timeline is, if it is a feed.
fn address(timeline: &TimelineId) -> Option<Url> {
    let address = Address::parse(timeline.as_str().strip_prefix("feed:")?);
    address.ok().map(|address| address.0)
}

fn refusal(answer: &Answer, host: &str, now: Timestamp) -> SourceError {
    let (status, again) = (answer.status, retry_after(&answer.headers, now));
    match status {
        401 | 403 => SourceError::Broken(format!(
            "{host} does not let vigie read this feed (HTTP {status}); it may need another address or block programs"
        )),
        // Some hosts answer 404 for feeds that are there, for hours.
        404 | 408 | 425 | 429 | 500.. => SourceError::Retry(again, format!("{host} fails: HTTP {status}")),
        410 => SourceError::Broken(format!(
            "{host} says that this feed is gone for good; take it out of `feeds`"
        )),
        _ => SourceError::Broken(format!("{host} answers HTTP {status}; check the address in `feeds`")),
    }
}

/// Reads `bytes` as a feed.
#[cfg(fuzzing)]
pub fn fuzz(bytes: &[u8]) {
    let answer = Answer { body: bytes.to_vec(), status: 200, ..super::fuzz::answer(&[]) };
    super::fuzz::check((&crate::model::post::Platform::FEED, "https://e.example/feed"), |_| {
        let read = posts(&answer, &answer.url).map_err(SourceError::Suspicious)?;
        Ok(Page { posts: read.posts, unreadable: read.unreadable, ..Page::default() })
    });
}
