//! RSS, Atom and JSON Feed, by conditional GET.
//!
//! A feed is a window that slides over its items and has no cursor; what is kept between two looks are the validators
//! of the last answer, byte for byte.

mod decode;
mod entry;
mod mend;
mod moved;
mod outline;
mod parse;
mod place;
mod table;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use html5gum::{Token, Tokenizer};
use jiff::{SignedDuration, Timestamp};
use toml_span::{DeserError, Value};
use url::Url;

use self::place::{Place, Validators};
use self::table::Addresses;
use super::answer::no_answer;
use super::{Ask, Common, Kit, Page, Plan, Source, SourceError, Watched};
use crate::clock::Clock;
use crate::model::post::{Platform, Post};
use crate::model::timeline::TimelineId;
use crate::remote::{Answer, Follow, Pace, Remote, Remotes, Request, retry_after};
use crate::setting::{Address, Fields};

/// Reads the table `[source.feed.NAME]`.
pub fn read(value: &mut Value<'_>) -> Result<Plan, DeserError> {
    let mut fields = Fields::new(value)?;
    let common =
        Common::take(&mut fields, SignedDuration::from_mins(15), Some(SignedDuration::from_hours(24)));
    let feeds = fields.required::<Addresses>("feeds");
    fields.finalize(None)?;
    let feeds = feeds?.0;
    Ok(Plan { common, build: Box::new(|kit| Ok(Arc::new(Feeds::new(feeds, kit)))) })
}

/// Some feeds.
struct Feeds {
    feeds: Vec<Watched>,
    remotes: Remotes,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Source for Feeds {
    fn accounts(&self) -> Vec<Watched> {
        self.feeds.clone()
    }

    fn host(&self, account: &str) -> Option<String> {
        Address::parse(account).ok().map(|address| address.0.origin().ascii_serialization())
    }

    async fn fetch(&self, ask: Ask<'_>) -> Result<Page, SourceError> {
        let url = ask.timeline.as_str().strip_prefix("feed:").and_then(|text| Address::parse(text).ok());
        let url = url.ok_or_else(|| SourceError::Broken(format!("{} is no feed", ask.timeline)))?.0;
        let (mut place, now) = (Place::read(ask.cursor), self.clock.now());
        let pace = Pace::new(Duration::from_secs(1), 5);
        let given = self.remotes.host(&url, "feed", pace);
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
        let remote = self.remotes.led_to(&learnt, "feed", pace);
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
        let request =
            Request::get(at.clone()).follow(Follow::Anywhere).most(LARGEST).header("accept", ACCEPT);
        let answer = remote.call(place.seen.ask(request)).await.map_err(no_answer)?;
        let (name, now) = (remote.name(), self.clock.now());
        let moved = place.moved.after(at, answer.moved.as_ref(), now);
        let news = moved.address().filter(|to| Some(*to) != place.moved.address()).map(shown);
        let next = |seen: Validators| Place { seen, moved };
        if answer.status == 304 && place.seen.is_none() {
            return Err(SourceError::Suspicious(format!(
                "{name} says that nothing changed without having been asked"
            )));
        }
        if answer.status == 304 {
            let next = Some(next(place.seen.or_newer(&answer))).filter(|next| is_news || next != place);
            return Ok(Page { next: next.and_then(|next| next.cursor()), moved: news, ..Page::default() });
        }
        if !answer.is_success() {
            let error = refusal(&answer, name, now);
            if let (429, SourceError::Retry(Some(at), _)) = (answer.status, &error) {
                remote.close_until(*at);
            }
            return Err(error);
        }
        let next = next(Validators::of(&answer));
        let url = url.clone();
        let reading = tokio::task::spawn_blocking(move || posts(&answer, &url));
        let read = match reading.await {
            Ok(read) => read.map_err(|why| SourceError::Suspicious(format!("{name}: {why}")))?,
            Err(_) => return Err(SourceError::Suspicious(format!("{name}: this feed breaks the parser"))),
        };
        // A feed that was cut short must be read again whole, so nothing of its answer is kept.
        let next = Some(next).filter(|next| !read.cut && (is_news || next != place));
        let moved = news.filter(|_| !read.cut);
        let (posts, unreadable, next) = (read.posts, read.unreadable, next.and_then(|next| next.cursor()));
        Ok(Page { posts, next, moved, window: true, unreadable, ..Page::default() })
    }
}

/// An address as people are told it: without a query, which may hold a secret.
fn shown(url: &Url) -> String {
    url.as_str().split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// The most of a feed that is read, in bytes.
const LARGEST: usize = 8 << 20;

/// Items without a readable one among them that a feed may lose before it counts as unread.
const MOST_LOST: usize = 4;

const ACCEPT: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, \
                      text/xml;q=0.9, application/json;q=0.8, */*;q=0.1";

impl Feeds {
    fn new(feeds: Vec<(String, Url)>, kit: &Kit) -> Self {
        let watched = |(account, url): (String, Url)| Watched {
            account: account.into(),
            timeline: Some(TimelineId::new(&Platform::FEED, url.as_str())),
            every: None,
        };
        Self {
            feeds: feeds.into_iter().map(watched).collect(),
            remotes: kit.remotes.clone(),
            clock: kit.clock.clone(),
        }
    }
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

/// What was read of an answer.
#[derive(Debug)]
struct Read {
    posts: Vec<Post>,
    unreadable: Vec<String>,
    cut: bool,
}

/// The posts in `answer`. Ids stay those of the configured address `url`, whoever answered in the end.
fn posts(answer: &Answer, url: &Url) -> Result<Read, String> {
    let content_type = answer.header("content-type").unwrap_or("");
    let text = decode::decode(&answer.body, decode::charset(content_type));
    if text.trim().is_empty() {
        return Err("the answer is empty".into());
    }
    if is_web_page(&text) {
        let hint = linked_feed(&text, &answer.url).map_or_else(
            || "look in it for the address of its RSS or Atom feed".to_owned(),
            |feed| format!("it names {feed} as its feed"),
        );
        return Err(format!("this is a web page, not a feed; {hint}"));
    }
    let parsed =
        parse::parse(&text, &answer.url).map_err(|why| format!("this is no feed that can be read: {why}"))?;
    let posts = entry::posts(parsed.feed, url);
    if let (true, Some(why)) = (posts.is_empty(), parsed.unreadable.get(MOST_LOST)) {
        return Err(format!("none of its items can be read ({why})"));
    }
    if let Some(post) = posts.iter().find(|post| is_bridge_error(post)) {
        let said = post.title.as_deref().unwrap_or(&post.text);
        return Err(format!(
            "the bridge behind this feed fails: {}",
            said.chars().take(200).collect::<String>()
        ));
    }
    Ok(Read { posts, unreadable: parsed.unreadable, cut: parsed.cut })
}

fn is_web_page(text: &str) -> bool {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let starts = |with: &str| start.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    starts("<!doctype html") || starts("<html") || starts("<head")
}

/// The feed that a web page names in its head, which is in its first 64 KiB; without a query, which may hold a secret.
fn linked_feed(html: &str, base: &Url) -> Option<String> {
    let head = &html[..html.floor_char_boundary(64 << 10)];
    Tokenizer::new(head).take(10_000).find_map(|Ok(token)| {
        let Token::StartTag(tag) = token else { return None };
        let attribute = |name: &[u8]| std::str::from_utf8(tag.attributes.get(name)?).ok();
        let is_feed = ["application/rss+xml", "application/atom+xml", "application/feed+json"]
            .contains(&attribute(b"type").unwrap_or(""));
        if *tag.name != b"link"[..] || !is_feed {
            return None;
        }
        let feed = base.join(attribute(b"href")?).ok()?;
        matches!(feed.scheme(), "http" | "https").then(|| shown(&feed))
    })
}

/// RSS-Bridge tells its failures as items of a feed that is fine.
fn is_bridge_error(post: &Post) -> bool {
    post.title.as_deref().unwrap_or(&post.text).contains("Bridge returned error")
}

/// Reads `bytes` as a feed.
#[cfg(fuzzing)]
pub fn fuzz(bytes: &[u8]) {
    let answer = Answer { body: bytes.to_vec(), status: 200, ..super::fuzz::answer(&[]) };
    super::fuzz::check((&Platform::FEED, "https://e.example/feed"), |_| {
        let read = posts(&answer, &answer.url).map_err(SourceError::Suspicious)?;
        Ok(Page { posts: read.posts, unreadable: read.unreadable, ..Page::default() })
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEEDS: [&str; 3] = [
        "<rss version='2.0'><channel><title>c</title><item><guid>u:1</guid><title>t</title><description>&lt;p&gt;x\
         </description></item></channel></rss>",
        "<?xml version='1.0' encoding='utf-8'?><feed xmlns='http://www.w3.org/2005/Atom'><title>c</title><entry>\
         <id>u:1</id><content type='html'><![CDATA[<a href='https://e.example'>x</a>]]></content></entry></feed>",
        r#"{"version":"https://jsonfeed.org/version/1.1","title":"c","items":[{"id":"1","content_html":"<b>x"}]}"#,
    ];

    fn read_bytes(body: &[u8]) -> Result<Read, String> {
        let url = Url::parse("https://e.example/feed").unwrap();
        let answer = Answer {
            status: 200,
            headers: reqwest::header::HeaderMap::new(),
            body: body.into(),
            url: url.clone(),
            moved: None,
        };
        posts(&answer, &url)
    }

    #[test]
    fn damaged_bytes_are_read_or_refused_but_never_a_panic_nor_a_flood() {
        let mut rng = fastrand::Rng::with_seed(7);
        let mut refused = 0;
        for feed in FEEDS {
            assert_eq!(read_bytes(feed.as_bytes()).unwrap().posts.len(), 1);
            for _ in 0..300 {
                let mut bytes = feed.as_bytes().to_vec();
                for _ in 0..rng.usize(1..6) {
                    let at = rng.usize(0..bytes.len());
                    bytes[at] = if rng.bool() { rng.u8(..) } else { b"<>&;/\"'[]{}"[rng.usize(0..11)] };
                }
                bytes.truncate(rng.usize(bytes.len() / 2..=bytes.len()));
                match read_bytes(&bytes) {
                    Ok(read) => assert!(read.posts.len() <= 1),
                    Err(_) => refused += 1,
                }
            }
        }
        assert!(refused > 100);
    }
}
