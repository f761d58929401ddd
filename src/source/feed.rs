//! RSS, Atom and JSON Feed, by conditional GET.
//!
//! A feed is a window that slides over its items and has no cursor; what is kept between two looks are the validators
//! of the last answer, byte for byte.

mod decode;
mod entry;
mod outline;
mod parse;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use html5gum::{Token, Tokenizer};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use toml_span::value::ValueInner;
use toml_span::{DeserError, Deserialize as FromToml, Value};
use url::Url;

use super::{Ask, Common, Kit, Page, Plan, Source, SourceError, Watched};
use crate::clock::Clock;
use crate::model::post::{Platform, Post};
use crate::model::timeline::{Cursor, TimelineId};
use crate::remote::{Answer, CallError, Follow, Pace, Remotes, Request, retry_after};
use crate::setting::{Address, Fields, wrong};

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
        let seen: Validators =
            ask.cursor.and_then(|cursor| serde_json::from_str(&cursor.0).ok()).unwrap_or_default();
        let remote = self.remotes.host(&url, "feed", Pace::new(Duration::from_secs(1), 5));
        let answer = remote.call(request(&url, &seen)).await.map_err(no_answer)?;
        let now = self.clock.now();
        if answer.status == 304 {
            return unchanged(&answer, &seen, remote.name());
        }
        if !answer.is_success() {
            let error = refusal(&answer, remote.name(), now);
            if let (429, SourceError::Retry(Some(at), _)) = (answer.status, &error) {
                remote.close_until(*at);
            }
            return Err(error);
        }
        let next = Validators::of(&answer).cursor();
        let name = remote.name().to_owned();
        let reading = tokio::task::spawn_blocking(move || posts(&answer, &url));
        let read = match reading.await {
            Ok(read) => read.map_err(|why| SourceError::Suspicious(format!("{name}: {why}")))?,
            Err(_) => return Err(SourceError::Suspicious(format!("{name}: this feed breaks the parser"))),
        };
        // A feed that was cut short must be read again whole, so its validators are not kept.
        let next = next.filter(|next| !read.cut && ask.cursor != Some(next));
        let (posts, unreadable) = (read.posts, read.unreadable);
        Ok(Page { posts, next, window: true, unreadable, ..Page::default() })
    }
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
            account,
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

/// What an answer can be recognised by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Validators {
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
}

impl Validators {
    fn of(answer: &Answer) -> Self {
        let header = |name| answer.header(name).map(str::to_owned);
        Self { etag: header("etag"), last_modified: header("last-modified") }
    }

    fn cursor(&self) -> Option<Cursor> {
        serde_json::to_string(self).ok().map(Cursor)
    }
}

fn request(url: &Url, seen: &Validators) -> Request {
    let mut request =
        Request::get(url.clone()).follow(Follow::Anywhere).most(LARGEST).header("accept", ACCEPT);
    if let Some(etag) = &seen.etag {
        request = request.header("if-none-match", etag);
    }
    if let Some(last_modified) = &seen.last_modified {
        request = request.header("if-modified-since", last_modified);
    }
    request
}

/// The page of a 304: nothing, but perhaps a new validator.
fn unchanged(answer: &Answer, seen: &Validators, host: &str) -> Result<Page, SourceError> {
    if *seen == Validators::default() {
        return Err(SourceError::Suspicious(format!(
            "{host} says that nothing changed without having been asked"
        )));
    }
    let told = Validators::of(answer);
    let now = Validators {
        etag: told.etag.or_else(|| seen.etag.clone()),
        last_modified: told.last_modified.or_else(|| seen.last_modified.clone()),
    };
    Ok(Page { next: if now == *seen { None } else { now.cursor() }, ..Page::default() })
}

fn no_answer(error: CallError) -> SourceError {
    match error {
        CallError::NotSent(why) | CallError::Ambiguous(why) => SourceError::Retry(None, why),
        CallError::Closed(until, why) => SourceError::Retry(Some(until), why),
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
        let shown = feed.as_str().split(['?', '#']).next()?.to_owned();
        matches!(feed.scheme(), "http" | "https").then_some(shown)
    })
}

/// RSS-Bridge tells its failures as items of a feed that is fine.
fn is_bridge_error(post: &Post) -> bool {
    post.title.as_deref().unwrap_or(&post.text).contains("Bridge returned error")
}

struct Addresses(Vec<(String, Url)>);

impl<'de> FromToml<'de> for Addresses {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let span = value.span;
        let values = match value.take() {
            ValueInner::Array(values) if !values.is_empty() => values,
            ValueInner::Array(_) => return Err(wrong(span, "name at least one feed by its address").into()),
            other => return Err(toml_span::de_helpers::expected("a list of addresses", other, span).into()),
        };
        let (mut feeds, mut errors) = (Vec::<(String, Url)>::new(), Vec::new());
        for mut value in values {
            let span = value.span;
            let text = value.take_string(Some("the address of a feed"));
            let address = |text: &str| Address::parse(text).map_err(|message| wrong(span, message));
            match text.and_then(|text| Ok((address(&text)?.0, text.trim().to_owned()))) {
                Ok((mut url, account)) => {
                    url.set_fragment(None);
                    if feeds.iter().any(|(_, known)| *known == url) {
                        errors.push(wrong(span, "this feed is named twice"));
                    }
                    feeds.push((account, url));
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(Self(feeds)) } else { Err(DeserError { errors }) }
    }
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
