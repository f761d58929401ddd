//! Bluesky, by polling the feeds of authors on the public AppView, or with an app password on the account's own server.
//!
//! One look is a walk from the newest post down to the last known one, page by page; the cursor tells how it resumes.
//! Facts from the lexicons and the source of bluesky-social/atproto. A post that claims to be much older than it is
//! appears deep in a feed and is found only as far as a look goes: its first page, and an hour before the newest post.

mod embed;
mod owner;
mod place;
mod post;
mod refusal;
mod session;
mod table;
mod text;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::Value as Json;
use tokio::sync::Mutex;
use toml_span::{DeserError, Error, Value};
use url::Url;

use self::place::{Place, Shown};
use self::post::Item;
use self::refusal::{Refusal, is_expired, refusal};
use self::session::{Session, State};
use self::table::{Table, is_did};
use super::answer::{hidden, json_of, no_answer, text};
use super::names::below;
use super::{Ask, Kit, Page, Plan, Source, SourceError, Watched};
use crate::clock::Clock;
use crate::model::post::Platform;
use crate::model::timeline::TimelineId;
use crate::remote::{Answer, Remote, Request, limit};

/// Reads the table `[source.bluesky.NAME]`.
pub fn read(value: &mut Value<'_>) -> Result<Plan, DeserError> {
    let (common, table) = table::read(value)?;
    Ok(Plan { common, build: Box::new(|kit| Ok(Arc::new(Bluesky::new(table, kit)?))) })
}

/// Bluesky as the public or one account sees it.
struct Bluesky {
    accounts: Vec<String>,
    base: Url,
    session: Option<Session>,
    remote: Remote,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Source for Bluesky {
    fn accounts(&self) -> Vec<Watched> {
        let timeline =
            |account: &String| is_did(account).then(|| TimelineId::new(&Platform::BLUESKY, account));
        let watched = |account: &String| Watched {
            account: account.as_str().into(),
            timeline: timeline(account),
            every: None,
        };
        self.accounts.iter().map(watched).collect()
    }

    async fn resolve(&self, account: &str) -> Result<TimelineId, SourceError> {
        let mut url = below(&self.base, &["xrpc", "com.atproto.identity.resolveHandle"]);
        url.query_pairs_mut().append_pair("handle", account);
        let answer = self.get(url).await?;
        if !answer.is_success() {
            return Err(self.hidden(refusal(&answer, account, self.clock.now()).error()).await);
        }
        let found = match json_of(&answer, "Bluesky") {
            Ok(found) => found,
            Err(error) => return Err(self.hidden(error).await),
        };
        match text(&found, "/did") {
            Some(did) if is_did(did) => Ok(TimelineId::new(&Platform::BLUESKY, did)),
            _ => Err(SourceError::Suspicious(format!("Bluesky tells no id of the account {account}"))),
        }
    }

    async fn fetch(&self, ask: Ask<'_>) -> Result<Page, SourceError> {
        let did = ask.timeline.as_str().strip_prefix("bluesky:").filter(|did| is_did(did));
        let did =
            did.ok_or_else(|| SourceError::Broken(format!("{} is no timeline of Bluesky", ask.timeline)))?;
        let place = Place::read(ask.cursor).map_err(|cause| {
            SourceError::Broken(format!("the place where {} stopped cannot be read: {cause}", ask.account))
        })?;
        let answer = self.get(self.feed(did, &place, ask.allowance)).await?;
        let now = self.clock.now();
        if answer.is_success() {
            return match self.page(&answer, (ask, did), &place, now) {
                Ok(page) => Ok(page),
                Err(error) => Err(self.hidden(error).await),
            };
        }
        match refusal(&answer, ask.account, now) {
            Refusal::Cursor(_) if place.walk.is_some() => begin_anew(&place),
            Refusal::Unknown(error) => {
                let closed = self.closed(did, ask.account).await;
                Err(self.hidden(closed.unwrap_or(error)).await)
            }
            other => Err(self.hidden(other.error()).await),
        }
    }
}

/// Walks in a row that Bluesky may break off before people are told.
const MOST_BROKEN_OFF: u32 = 3;

/// Posts without a readable one among them that a page may lose before it counts as unread.
const MOST_LOST: usize = 4;

/// Posts in a page, the most there can be.
const PAGE: u32 = 100;

/// The most of an answer that is read, in bytes.
const LARGEST: usize = 8 << 20;

impl Bluesky {
    fn new(table: Table, kit: &Kit) -> Result<Self, Error> {
        let base = table.login.as_ref().map_or(&table.service, |login| &login.pds).clone();
        let who = table.login.as_ref().map_or("", |login| login.identifier.as_str());
        let remote = kit.remotes.host(&base, &format!("bluesky {who}"), table.pace);
        let session = match table.login {
            None => None,
            Some(login) => Some(Session {
                password: login.password.read(&kit.dir)?,
                identifier: login.identifier,
                pds: login.pds,
                remote: remote.clone(),
                clock: kit.clock.clone(),
                state: Mutex::new(State::default()),
            }),
        };
        Ok(Self { accounts: table.accounts, base, session, remote, clock: kit.clock.clone() })
    }

    /// The address of the next page of a timeline.
    fn feed(&self, did: &str, place: &Place, allowance: Option<u32>) -> Url {
        let mut url = below(&self.base, &["xrpc", "app.bsky.feed.getAuthorFeed"]);
        let count = allowance.map_or(PAGE, |allowance| allowance.clamp(1, PAGE));
        let mut query = url.query_pairs_mut();
        query.append_pair("actor", did).append_pair("limit", &count.to_string());
        query.append_pair("filter", "posts_with_replies").append_pair("includePins", "false");
        if let Some(walk) = &place.walk {
            query.append_pair("cursor", &walk.cursor);
        }
        drop(query);
        url
    }

    /// The answer to a `GET`, with a session where there is one; a session that ended is renewed once.
    async fn get(&self, url: Url) -> Result<Answer, SourceError> {
        let request = Request::get(url).most(LARGEST).header("accept", "application/json");
        let Some(session) = &self.session else { return self.remote.call(request).await.map_err(no_answer) };
        let token = session.access().await?;
        let call = |token: &str| self.remote.call(request.clone().bearer(token));
        let answer = call(token.expose_secret()).await.map_err(no_answer)?;
        if !is_expired(&answer) {
            return Ok(answer);
        }
        let token = session.renewed(&token).await?;
        call(token.expose_secret()).await.map_err(no_answer)
    }

    /// Why a feed is not shown, if its account is closed: the feed itself says no more than that it is not found.
    async fn closed(&self, did: &str, account: &str) -> Option<SourceError> {
        let mut url = below(&self.base, &["xrpc", "app.bsky.actor.getProfile"]);
        url.query_pairs_mut().append_pair("actor", did);
        match refusal(&self.get(url).await.ok()?, account, self.clock.now()) {
            Refusal::Closed(error) => Some(error),
            _ => None,
        }
    }

    /// The page in a successful answer.
    fn page(
        &self,
        answer: &Answer,
        (ask, did): (Ask<'_>, &str),
        place: &Place,
        now: Timestamp,
    ) -> Result<Page, SourceError> {
        let suspicious = |why: &str| SourceError::Suspicious(format!("Bluesky {why}"));
        let found = json_of(answer, "Bluesky")?;
        let items = found.get("feed").and_then(Json::as_array);
        let items = items.ok_or_else(|| suspicious("answers with something that is no feed"))?;
        let after = place.after_page(shown(&found, items), ask.since, now).map_err(suspicious)?;
        let (more, limit) = (after.walk.is_some(), limit(&answer.headers, now));
        let name = owner::name(items, did).map(str::to_owned);
        let mut page = Page { more, limit, name, ..Page::default() };
        let mut private = 0;
        for item in items {
            // What cannot be read is told when it is new, not at every look.
            let is_new = post::indexed(item).is_none_or(|at| place.newest.is_none_or(|newest| at > newest));
            match post::read(item, self.session.is_none()) {
                Item::Post(post) => page.posts.push(*post),
                Item::Private if owner::wrote(did, item) => return Err(owner::is_private(ask.account)),
                Item::Private => private += usize::from(is_new),
                Item::Unreadable(why) if is_new => page.unreadable.push(why),
                Item::Unreadable(_) => {}
            }
        }
        if private > 0 {
            page.unreadable.push(format!(
                "{private} left out: their authors show themselves only to people with an account"
            ));
        }
        if let (true, Some(why)) = (page.posts.is_empty(), page.unreadable.get(MOST_LOST)) {
            return Err(suspicious(&format!(
                "shows posts of which none can be read ({why}); did it change?"
            )));
        }
        page.next = if ask.cursor.is_some() && after == *place { None } else { after.cursor() };
        Ok(page)
    }

    /// `error` without password and tokens, should Bluesky repeat them.
    async fn hidden(&self, error: SourceError) -> SourceError {
        let secrets = match &self.session {
            Some(session) => session.secrets().await,
            None => Vec::new(),
        };
        hidden(error, secrets.iter().map(ExposeSecret::expose_secret))
    }
}

/// What a page shows of its place.
fn shown(found: &Json, items: &[Json]) -> Shown {
    Shown {
        count: items.len(),
        newest: items.iter().filter_map(post::indexed).max(),
        last: items.iter().rev().find_map(post::indexed),
        cursor: text(found, "/cursor").map(str::to_owned),
    }
}

/// An empty page after which the walk begins anew.
fn begin_anew(place: &Place) -> Result<Page, SourceError> {
    let anew = place.broken_off();
    if anew.broken_off > MOST_BROKEN_OFF {
        let why = "Bluesky refuses its own cursors again and again; the timeline cannot be read to its end";
        return Err(SourceError::Broken(why.into()));
    }
    Ok(Page { next: anew.cursor(), more: true, ..Page::default() })
}

/// Reads `bytes` as an answer of Bluesky.
#[cfg(fuzzing)]
pub fn fuzz(bytes: &[u8]) {
    let (answer, now) = (super::fuzz::answer(bytes), super::fuzz::NOW);
    if !answer.is_success() {
        drop(refusal(&answer, "hub", now).error());
        return;
    }
    let (kit, base) = (super::fuzz::kit(), super::fuzz::url());
    let remote = kit.remotes.host(&base, "bluesky", crate::remote::Pace::per_second(1000.0));
    let bluesky = Bluesky { accounts: vec!["hub".into()], base, session: None, remote, clock: kit.clock };
    super::fuzz::check((&Platform::BLUESKY, "did:plc:hub"), |ask| {
        let place = Place::read(ask.cursor).unwrap_or_else(|cause| panic!("{cause}: {:?}", ask.cursor));
        bluesky.page(&answer, (ask, "did:plc:hub"), &place, now)
    });
}
