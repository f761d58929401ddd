//! X, by polling the timelines of accounts through API v2 with an app's bearer token.
//!
//! One look is a walk from the newest post down to the last known one, page by page; the cursor tells how it
//! resumes. Facts from X's OpenAPI document 2.167 (August 2026) and from recorded answers.

mod billed;
mod budget;
mod cursor;
mod post;
mod refusal;
mod table;
mod text;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use toml_span::{DeserError, Error, Value};
use url::Url;

use self::billed::Billed;
use self::cursor::{Place, Window, newer, time_of};
use self::post::Context;
use self::refusal::{Refusal, is_about_account, lost_account, refusal};
use self::table::{Table, Vocabulary};
use super::answer::{hidden, no_answer};
use super::{Ask, Kit, Page, Plan, Source, SourceError, Watched};
use crate::clock::Clock;
use crate::model::post::{Platform, first_bytes, hex};
use crate::model::spend::{Portion, Reads};
use crate::model::timeline::TimelineId;
use crate::remote::{Answer, Pace, Remote, Request, limit};

/// Reads the table `[source.x.NAME]`.
pub fn read(value: &mut Value<'_>) -> Result<Plan, DeserError> {
    let (common, table) = table::read(value)?;
    Ok(Plan { common, build: Box::new(|kit| Ok(Arc::new(X::new(table, kit)?))) })
}

/// X as one token sees it.
struct X {
    accounts: Vec<String>,
    token: SecretString,
    base: Url,
    page: u32,
    /// Whether requests say post instead of tweet; learnt when X refuses one.
    says_post: AtomicBool,
    billed: Billed,
    remote: Remote,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Source for X {
    fn accounts(&self) -> Vec<Watched> {
        let watched = |account: &String| Watched { account: account.clone(), timeline: None };
        self.accounts.iter().map(watched).collect()
    }

    async fn resolve(&self, account: &str) -> Result<TimelineId, SourceError> {
        let url = self.address(&["2", "users", "by", "username", account]);
        let answer = self.call(url).await?;
        if !answer.is_success() {
            return Err(self.failed(refusal(&answer, self.clock.now()).error()));
        }
        let found = page_of(&answer).map_err(|error| self.hidden(error))?;
        let id = found.data.as_ref().and_then(|user| user.get("id")).and_then(Json::as_str);
        match id {
            Some(id) if is_id(id) => Ok(TimelineId::new(&Platform::X, id)),
            _ if found.errors.is_empty() => {
                Err(SourceError::Suspicious(format!("X tells no id of the account {account}")))
            }
            _ => Err(self.hidden(lost_account(account, &found.errors))),
        }
    }

    fn portion(&self, timeline: Option<&TimelineId>) -> Portion {
        let users = u32::from(timeline.is_none());
        let reads = |posts| Reads { posts: if timeline.is_some() { posts } else { 0 }, users };
        Portion { least: reads(FEWEST), most: reads(self.page) }
    }

    async fn fetch(&self, ask: Ask<'_>) -> Result<Page, SourceError> {
        let now = self.clock.now();
        let id = ask.timeline.as_str().strip_prefix("x:").filter(|id| is_id(id));
        let id = id.ok_or_else(|| SourceError::Broken(format!("{} is no timeline of X", ask.timeline)))?;
        let place = Place::read(ask.cursor).map_err(|cause| {
            SourceError::Broken(format!("the place where {} stopped cannot be read: {cause}", ask.account))
        })?;
        let mut window = place.window(ask.since);
        let mut says_post = self.says_post.load(Ordering::Relaxed);
        let mut switched = false;
        loop {
            let url = self.timeline(id, &place, &window, says_post);
            let answer = self.call(self.with_count(url, ask.allowance)).await?;
            if answer.is_success() {
                return self.page(&answer, (id, ask), (&place, &window), now);
            }
            match refusal(&answer, now) {
                Refusal::Fields(_) if !switched => {
                    (says_post, switched) = (!says_post, true);
                    self.says_post.store(says_post, Ordering::Relaxed);
                }
                Refusal::Token(_) | Refusal::SinceId(_) if place.walk.is_some() => return begin_anew(&place),
                // Ids older than a week are refused by some endpoints; the same posts can be asked for by time.
                Refusal::SinceId(words) => match &window {
                    Window::After(id) => {
                        window = earlier(id, ask.since, words).map_err(|error| self.failed(error))?;
                    }
                    _ => return Err(self.failed(Refusal::SinceId(words).error())),
                },
                other => return Err(self.failed(other.error())),
            }
        }
    }
}

/// Walks in a row that X may break off before people are told.
const MOST_BROKEN_OFF: u32 = 3;

/// Posts without a readable one among them that a page may lose before it counts as unread.
const MOST_LOST: usize = 4;

/// X gives no fewer posts in a page.
const FEWEST: u32 = 5;

/// X accepts no earlier start.
const FIRST_START: Timestamp = Timestamp::constant(1_289_001_600, 0);

const TWEET_FIELDS: &str = "attachments,author_id,created_at,edit_history_tweet_ids,entities,in_reply_to_user_id,lang,note_tweet,referenced_tweets";
const POST_FIELDS: &str = "attachments,author_id,created_at,edit_history_post_ids,entities,in_reply_to_user_id,lang,note_post,referenced_posts";
const TWEET_EXPANSIONS: &str =
    "attachments.media_keys,author_id,referenced_tweets.id,referenced_tweets.id.author_id";
const POST_EXPANSIONS: &str = "attachments.media_keys,author_id,referenced_posts";

impl X {
    fn new(table: Table, kit: &Kit) -> Result<Self, Error> {
        let token = table.token.read(&kit.dir)?;
        if !token.expose_secret().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(table.token.wrong("a bearer token has no white space and only ASCII characters"));
        }
        let who: [u8; 8] = first_bytes(&Sha256::digest(token.expose_secret()));
        let pace = Pace::new(Duration::from_millis(200), 20);
        Ok(Self {
            remote: kit.remotes.host(&table.base_url, &format!("x {}", hex(&who)), pace),
            accounts: table.accounts,
            token,
            base: table.base_url,
            page: table.page,
            says_post: AtomicBool::new(table.vocabulary == Vocabulary::Post),
            billed: Billed::new(table.bills_included),
            clock: kit.clock.clone(),
        })
    }

    fn address(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    /// The address of the next page of a timeline.
    fn timeline(&self, id: &str, place: &Place, window: &Window, says_post: bool) -> Url {
        let mut url = self.address(&["2", "users", id, "tweets"]);
        let (fields, names, expansions) = if says_post {
            ("post.fields", POST_FIELDS, POST_EXPANSIONS)
        } else {
            ("tweet.fields", TWEET_FIELDS, TWEET_EXPANSIONS)
        };
        let mut query = url.query_pairs_mut();
        query.append_pair(fields, names).append_pair("expansions", expansions);
        query.append_pair("user.fields", "username");
        query.append_pair("media.fields", "alt_text,preview_image_url,type,url");
        match window {
            Window::After(id) => query.append_pair("since_id", id),
            Window::From(from) => query.append_pair("start_time", &seconds(*from)),
            Window::All => &mut query,
        };
        if let Some(walk) = &place.walk {
            query.append_pair("pagination_token", &walk.token);
        }
        drop(query);
        url
    }

    /// `url` asking for as many posts as may be read.
    fn with_count(&self, mut url: Url, allowance: Option<u32>) -> Url {
        let count = allowance.map_or(self.page, |allowance| self.page.min(allowance.max(FEWEST)));
        url.query_pairs_mut().append_pair("max_results", &count.to_string());
        url
    }

    async fn call(&self, url: Url) -> Result<Answer, SourceError> {
        let request =
            Request::get(url).bearer(self.token.expose_secret()).header("accept", "application/json");
        self.remote.call(request).await.map_err(no_answer)
    }

    /// The page in a successful answer.
    fn page(
        &self,
        answer: &Answer,
        (id, ask): (&str, Ask<'_>),
        (place, window): (&Place, &Window),
        now: Timestamp,
    ) -> Result<Page, SourceError> {
        let mut found = page_of(answer).map_err(|error| self.hidden(error))?;
        let read = self.billed.page(&found, now);
        let values = values(&mut found, ask.account).map_err(|error| self.hidden(error))?;
        let newest = values.iter().filter_map(own_id).fold(None, |newest, id| newer(newest, Some(id)));
        let token = found.meta.and_then(|meta| meta.next_token).filter(|token| !token.is_empty());
        if token.is_some() && token == place.walk.as_ref().map(|walk| walk.token.clone()) {
            return Err(SourceError::Suspicious("X leads from a page to the same page again".into()));
        }
        let after = place.after_page(window, newest, token, now);
        let context = Context::new(found.includes, (id, ask.account));
        let mut page =
            Page { more: after.walk.is_some(), limit: limit(&answer.headers, now), read, ..Page::default() };
        for value in values {
            match context.post(value) {
                Ok(post) => page.posts.push(post),
                Err(why) => page.unreadable.push(self.without_token(&why)),
            }
        }
        if let (true, Some(why)) = (page.posts.is_empty(), page.unreadable.get(MOST_LOST)) {
            return Err(SourceError::Suspicious(format!(
                "none of X's posts can be read ({why}); did X change them?"
            )));
        }
        page.next = if ask.cursor.is_some() && after == *place { None } else { after.cursor() };
        Ok(page)
    }

    /// `error`, after whatever it means for the calls to come.
    fn failed(&self, error: SourceError) -> SourceError {
        if let SourceError::Retry(Some(at), _) = &error {
            self.remote.close_until(*at);
        }
        self.hidden(error)
    }

    /// `error` without the token, should X repeat it.
    fn hidden(&self, error: SourceError) -> SourceError {
        hidden(error, [self.token.expose_secret()])
    }

    /// `text` without the token, and then not too long: a token cut in two could not be found.
    fn without_token(&self, text: &str) -> String {
        text.replace(self.token.expose_secret(), "***").chars().take(400).collect()
    }
}

fn page_of(answer: &Answer) -> Result<wire::Answer, SourceError> {
    let value: Json = serde_json::from_slice(&answer.body).map_err(|cause| {
        SourceError::Retry(
            None,
            format!("X answers {} with something that is no JSON: {cause}", answer.status),
        )
    })?;
    serde_json::from_value(value)
        .map_err(|cause| SourceError::Suspicious(format!("X answers in a shape that is not known: {cause}")))
}

/// The posts of a page, not yet read; an error if the page is none.
fn values(found: &mut wire::Answer, account: &str) -> Result<Vec<Json>, SourceError> {
    let count = found.meta.as_ref().and_then(|meta| meta.result_count);
    let suspicious = |why: &str| Err(SourceError::Suspicious(format!("X answers {why}")));
    let lost = found.errors.iter().any(is_about_account) || found.meta.is_none() && !found.errors.is_empty();
    match found.data.take() {
        Some(Json::Array(values)) => Ok(values),
        Some(_) => suspicious("with something that is no list of posts"),
        None if lost => Err(lost_account(account, &found.errors)),
        None if count == Some(0) => Ok(Vec::new()),
        None => suspicious("without posts and without saying that there are none"),
    }
}

/// An empty page after which the walk begins anew.
fn begin_anew(place: &Place) -> Result<Page, SourceError> {
    let anew = place.broken_off();
    if anew.broken_off > MOST_BROKEN_OFF {
        let why = "X refuses its own page tokens again and again; the timeline cannot be read to its end";
        return Err(SourceError::Broken(why.into()));
    }
    Ok(Page { next: anew.cursor(), more: true, ..Page::default() })
}

/// The window by time that holds what comes after `id`.
fn earlier(id: &str, since: Option<Timestamp>, words: String) -> Result<Window, SourceError> {
    time_of(id).or(since).map(Window::From).ok_or_else(|| Refusal::SinceId(words).error())
}

/// The newest version's id of a post, if it is a number.
fn own_id(value: &Json) -> Option<String> {
    value.get("id").and_then(Json::as_str).filter(|id| is_id(id)).map(str::to_owned)
}

fn is_id(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A time as X reads it.
fn seconds(at: Timestamp) -> String {
    at.max(FIRST_START).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
