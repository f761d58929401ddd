//! X, by polling through API v2 with an app's bearer token: timelines of accounts, lists, and searches over accounts.
//!
//! One look is a walk from the newest post down to the last known one, page by page; the cursor tells how it
//! resumes. Facts from X's OpenAPI document 2.167 (August 2026) and from recorded answers.

mod answered;
mod billed;
mod budget;
mod cursor;
#[cfg(fuzzing)]
mod fuzz;
mod horizon;
mod id;
mod post;
mod refusal;
mod request;
mod search;
mod stop;
mod table;
mod text;
mod what;
mod wire;

#[cfg(fuzzing)]
pub use fuzz::fuzz;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;
use toml_span::{DeserError, Error, Value};

use self::answered::{begin_anew, own_id, page_of, values};
use self::billed::Billed;
use self::cursor::{Place, Window};
use self::id::{is_id, newer, time_of};
use self::post::Context;
use self::refusal::{Refusal, lost, refusal};
use self::request::Ways;
use self::search::{Search, searches};
use self::stop::Stop;
use self::table::{By, Table, Vocabulary};
use self::what::What;
use super::answer::{hidden, no_answer};
use super::{Ask, Kit, Page, Plan, Source, SourceError, Watched};
use crate::clock::Clock;
use crate::model::post::{Platform, Post};
use crate::model::spend::{Portion, Reads};
use crate::model::timeline::TimelineId;
use crate::remote::{Answer, Remote, limit};

/// Reads the table `[source.x.NAME]`.
pub fn read(value: &mut Value<'_>) -> Result<Plan, DeserError> {
    let (common, table) = table::read(value)?;
    Ok(Plan { common, build: Box::new(|kit| Ok(Arc::new(X::new(table, kit)?))) })
}

/// X as one token sees it.
struct X {
    accounts: Vec<String>,
    lists: Vec<String>,
    searches: Vec<Search>,
    /// How often the timelines of accounts are read, if not as often as everything else.
    accounts_every: Option<SignedDuration>,
    token: SecretString,
    page: u32,
    /// Whether requests say post instead of tweet; learnt when X refuses one.
    says_post: AtomicBool,
    billed: Billed,
    stop: Stop,
    ways: Ways,
    clock: Arc<dyn Clock>,
}

/// A look that is being made.
struct Look<'a> {
    what: What<'a>,
    ask: Ask<'a>,
    place: Place,
    window: Window,
    now: Timestamp,
}

#[async_trait]
impl Source for X {
    fn accounts(&self) -> Vec<Watched> {
        let known = |account: String, id: String| Watched {
            account: account.into(),
            timeline: Some(TimelineId::new(&Platform::X, &id)),
            every: None,
        };
        let searches =
            self.searches.iter().map(|search| known(search.name.clone(), format!("search:{}", search.key)));
        let lists = self.lists.iter().map(|id| known(format!("list:{id}"), format!("list:{id}")));
        let every = self.accounts_every;
        let accounts = self.accounts.iter().map(|account| Watched {
            account: account.as_str().into(),
            timeline: None,
            every,
        });
        searches.chain(lists).chain(accounts).collect()
    }

    async fn resolve(&self, account: &str) -> Result<TimelineId, SourceError> {
        let answer = self.call(&self.ways.users, self.ways.user(account)).await?;
        if !answer.is_success() {
            return Err(self.refused(refusal(&answer, self.clock.now())));
        }
        let found = page_of(&answer).map_err(|error| self.hidden(error))?;
        let id = found.data.as_ref().and_then(|user| user.get("id")).and_then(Json::as_str);
        match id {
            Some(id) if is_id(id) => Ok(TimelineId::new(&Platform::X, id)),
            _ if found.errors.is_empty() => {
                Err(SourceError::Suspicious(format!("X tells no id of the account {account}")))
            }
            _ => Err(self.hidden(lost(account, &found.errors))),
        }
    }

    fn portion(&self, timeline: Option<&TimelineId>) -> Portion {
        let Some(timeline) = timeline else {
            let user = Reads { posts: 0, users: 1 };
            return Portion { least: user, most: user };
        };
        let posts = |posts| Reads { posts, users: 0 };
        let what = self.what(timeline);
        what.map_or(Portion::default(), |what| Portion {
            least: posts(what.fewest()),
            most: posts(what.most(self.page)),
        })
    }

    fn came_by<'a>(&'a self, account: &'a str, post: &Post) -> &'a str {
        let searched = self.searches.iter().any(|search| search.name == account);
        let member = || self.accounts.iter().find(|member| member.eq_ignore_ascii_case(&post.author));
        if searched { member().map_or(account, String::as_str) } else { account }
    }

    async fn fetch(&self, ask: Ask<'_>) -> Result<Page, SourceError> {
        let now = self.clock.now();
        let Some(what) = self.what(ask.timeline) else {
            return Err(SourceError::Broken(format!("{} is no timeline of this source", ask.timeline)));
        };
        let place = Place::read(ask.cursor).map_err(|cause| {
            SourceError::Broken(format!("the place where {} stopped cannot be read: {cause}", ask.account))
        })?;
        let window = what.window(&place, ask.since, now);
        self.look(Look { what, ask, place, window, now }).await
    }
}

impl X {
    fn new(table: Table, kit: &Kit) -> Result<Self, Error> {
        let token = table.token.read(&kit.dir)?;
        if !token.expose_secret().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(table.token.wrong("a bearer token has no white space and only ASCII characters"));
        }
        let (searches, accounts_every) = match table.by {
            By::Search { timelines_every } => {
                (searches(&table.accounts, timelines_every), Some(timelines_every))
            }
            By::Timelines => (Vec::new(), None),
        };
        Ok(Self {
            ways: Ways::new(table.base_url, &token, &kit.remotes),
            accounts: table.accounts,
            lists: table.lists,
            searches,
            accounts_every,
            token,
            page: table.page,
            says_post: AtomicBool::new(table.vocabulary == Vocabulary::Post),
            billed: Billed::new(table.bills_included),
            stop: Stop::default(),
            clock: kit.clock.clone(),
        })
    }

    fn what<'a>(&'a self, timeline: &'a TimelineId) -> Option<What<'a>> {
        timeline.as_str().strip_prefix("x:").and_then(|id| What::read(id, &self.searches))
    }

    /// Reads one page, trying once more what X refuses for the way it was asked.
    async fn look(&self, mut look: Look<'_>) -> Result<Page, SourceError> {
        let way = self.ways.to(look.what);
        let mut says_post = self.says_post.load(Ordering::Relaxed);
        let mut switched = false;
        loop {
            let most = look.what.most(self.page);
            let count = look.ask.allowance.map_or(most, |allowance| most.min(allowance));
            let url = self.ways.page(&look, count, says_post);
            let answer = self.call(way, url).await?;
            if answer.is_success() {
                self.stop.end();
                return self.page(&answer, &look);
            }
            match refusal(&answer, look.now) {
                Refusal::Fields(_) if !switched => {
                    (says_post, switched) = (!says_post, true);
                    self.says_post.store(says_post, Ordering::Relaxed);
                }
                Refusal::Token(_) | Refusal::SinceId(_) if look.place.walk.is_some() => {
                    return begin_anew(&look.place);
                }
                // Ids older than a week are refused by some endpoints; the same posts can be asked for by time.
                Refusal::SinceId(words) => match &look.window {
                    Window::After(id) => {
                        let from = time_of(id).or(look.ask.since).map(Window::From);
                        let refused = || self.refused(Refusal::SinceId(words));
                        look.window = from.ok_or_else(refused)?;
                    }
                    _ => return Err(self.refused(Refusal::SinceId(words))),
                },
                other => return Err(self.refused(other)),
            }
        }
    }

    async fn call(&self, way: &Remote, url: url::Url) -> Result<Answer, SourceError> {
        self.stop.check()?;
        way.call(request::with(url, &self.token)).await.map_err(no_answer)
    }

    /// The page in a successful answer.
    fn page(&self, answer: &Answer, look: &Look<'_>) -> Result<Page, SourceError> {
        let Look { what, ask, place, window, now } = look;
        let mut found = page_of(answer).map_err(|error| self.hidden(error))?;
        let read = self.billed.page(&found, *now);
        let values = values(&mut found, ask.account).map_err(|error| self.hidden(error))?;
        let ids = || values.iter().filter_map(own_id);
        let newest = ids().fold(None, |newest, id| newer(newest, Some(id.to_owned())));
        let token = found.meta.and_then(|meta| meta.next_token).filter(|token| !token.is_empty());
        let token = token.filter(|_| !what.reaches(window, ids()));
        if token.is_some() && token == place.walk.as_ref().map(|walk| walk.token.clone()) {
            return Err(SourceError::Suspicious("X leads from a page to the same page again".into()));
        }
        let walked = place.walk.as_ref().map(|walk| &walk.walked).cloned().unwrap_or_default().and(ids());
        let missed = if token.is_none() { walked.missed(*what, place.newest.as_deref()) } else { None };
        let after = place.after_page(window, what.news(newest, place), walked, token, *now);
        let context = Context::new(found.includes, what.account().map(|id| (id, ask.account)));
        let mut page = Page {
            more: after.walk.is_some(),
            missed,
            limit: limit(&answer.headers, *now),
            name: context.name().map(str::to_owned),
            read,
            ..Page::default()
        };
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

    /// The error in a refusal, after whatever it means for the calls to come.
    fn refused(&self, refusal: Refusal) -> SourceError {
        let stops_for = refusal.stops_for();
        let error = self.hidden(refusal.error());
        if let Some(wait) = stops_for {
            self.stop.begin(&error, wait);
        }
        error
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

/// Posts without a readable one among them that a page may lose before it counts as unread.
const MOST_LOST: usize = 4;
