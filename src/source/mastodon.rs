//! Mastodon and servers that speak its API: accounts at their home instance, and hashtags.
//!
//! Facts from mastodon/documentation and from recorded answers of Mastodon 4.6.

mod content;
mod place;
mod refusal;
mod status;
mod table;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use toml_span::{DeserError, Error, Value};
use url::Url;

use self::place::{Place, Shown, Wanted, order};
use self::refusal::{lost, next_page, refusal};
use self::status::Context;
use self::table::{Name, Table, account, base};
use super::answer::{hidden, id, instant, json_of, no_answer, text};
use super::names::below;
use super::{Ask, Kit, Page, Plan, Source, SourceError, Watched};
use crate::clock::Clock;
use crate::model::post::{Platform, first_bytes, hex};
use crate::model::timeline::TimelineId;
use crate::remote::{Answer, Pace, Remote, Remotes, Request, limit};

/// Reads the table `[source.mastodon.NAME]`.
pub fn read(value: &mut Value<'_>) -> Result<Plan, DeserError> {
    let (common, table) = table::read(value)?;
    Ok(Plan { common, build: Box::new(|kit| Ok(Arc::new(Mastodon::new(table, kit)?))) })
}

/// Accounts and hashtags of some instances.
struct Mastodon {
    names: Vec<Name>,
    token: Option<SecretString>,
    /// Where every instance is, if not at its own address.
    base: Option<Url>,
    who: String,
    remotes: Remotes,
    pace: Pace,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Source for Mastodon {
    fn accounts(&self) -> Vec<Watched> {
        let timeline = |name: &Name| match name {
            Name::Account(..) => None,
            Name::Tag(tag, instance) => {
                Some(TimelineId::new(&Platform::MASTODON, &format!("{instance}/#{tag}")))
            }
        };
        let watched =
            |name: &Name| Watched { account: name.to_string().into(), timeline: timeline(name), every: None };
        self.names.iter().map(watched).collect()
    }

    async fn resolve(&self, asked: &str) -> Result<TimelineId, SourceError> {
        let Ok(Name::Account(user, instance)) = account(asked) else {
            return Err(SourceError::Broken(format!("{asked} is no account of Mastodon")));
        };
        let mut url = self.address(&instance, &["api", "v1", "accounts", "lookup"])?;
        url.query_pairs_mut().append_pair("acct", &user);
        let answer = self.call(url, asked).await?;
        let found = json_of(&answer, &instance).map_err(|error| self.hidden(error))?;
        if let Some(error) = lost(&found, asked) {
            return Err(self.hidden(error));
        }
        match id(&found, "/id").filter(|id| is_id(id)) {
            Some(id) => Ok(TimelineId::new(&Platform::MASTODON, &format!("{instance}/{id}"))),
            None => Err(SourceError::Suspicious(format!("{instance} tells no id of the account {asked}"))),
        }
    }

    fn host(&self, account: &str) -> Option<String> {
        let instance = account.rsplit_once('@').map(|(_, instance)| instance.to_owned());
        instance.filter(|_| self.base.is_none())
    }

    async fn fetch(&self, ask: Ask<'_>) -> Result<Page, SourceError> {
        let known = ask.timeline.as_str().strip_prefix("mastodon:").and_then(|rest| rest.split_once('/'));
        let known = known.filter(|(_, what)| is_id(what) || what.len() > 1 && what.starts_with('#'));
        let (instance, what) = known
            .ok_or_else(|| SourceError::Broken(format!("{} is no timeline of Mastodon", ask.timeline)))?;
        let place = Place::read(ask.cursor).map_err(|cause| {
            SourceError::Broken(format!("the place where {} stopped cannot be read: {cause}", ask.account))
        })?;
        let wanted = place.wanted(what.starts_with('#'), self.clock.now());
        let url = self.page_address(instance, what, &wanted, ask.allowance)?;
        let answer = self.call(url, ask.account).await?;
        page(&answer, (instance, ask), (&place, &wanted), self.clock.now())
            .map_err(|error| self.hidden(error))
    }
}

/// Posts in a page, the most there can be.
const PAGE: u32 = 40;

/// Posts without a readable one among them that a page may lose before it counts as unread.
const MOST_LOST: usize = 4;

impl Mastodon {
    fn new(table: Table, kit: &Kit) -> Result<Self, Error> {
        let token = table.token.map(|token| token.read(&kit.dir)).transpose()?;
        let who = token.as_ref().map(|token| hex(&first_bytes::<8>(&Sha256::digest(token.expose_secret()))));
        Ok(Self {
            names: table.names,
            token,
            base: table.base_url,
            who: format!("mastodon {}", who.unwrap_or_default()),
            remotes: kit.remotes.clone(),
            pace: table.pace,
            clock: kit.clock.clone(),
        })
    }

    fn address(&self, instance: &str, path: &[&str]) -> Result<Url, SourceError> {
        let base = self.base.clone().or_else(|| base(instance));
        let base =
            base.ok_or_else(|| SourceError::Broken(format!("{instance} is no address of an instance")))?;
        Ok(below(&base, path))
    }

    /// The address of the page that is wanted of a timeline.
    fn page_address(
        &self,
        instance: &str,
        what: &str,
        wanted: &Wanted,
        allowance: Option<u32>,
    ) -> Result<Url, SourceError> {
        let mut url = match what.strip_prefix('#') {
            Some(tag) => self.address(instance, &["api", "v1", "timelines", "tag", tag])?,
            None => self.address(instance, &["api", "v1", "accounts", what, "statuses"])?,
        };
        let count = allowance.map_or(PAGE, |allowance| allowance.clamp(1, PAGE));
        let mut query = url.query_pairs_mut();
        query.append_pair("limit", &count.to_string());
        match wanted {
            Wanted::Newest => &mut query,
            Wanted::Below(id) => query.append_pair("max_id", id),
            Wanted::Above(id) => query.append_pair("min_id", id),
        };
        drop(query);
        Ok(url)
    }

    /// A successful answer, or what its refusal means for `account`.
    async fn call(&self, url: Url, account: &str) -> Result<Answer, SourceError> {
        let remote: Remote = self.remotes.host(&url, &self.who, self.pace);
        let mut request = Request::get(url).header("accept", "application/json");
        if let Some(token) = &self.token {
            request = request.bearer(token.expose_secret());
        }
        let answer = remote.call(request).await.map_err(no_answer)?;
        if answer.is_success() {
            return Ok(answer);
        }
        let error = refusal(&answer, (remote.name(), account), self.token.is_some(), self.clock.now());
        Err(self.hidden(error))
    }

    /// `error` without the token, should an instance repeat it.
    fn hidden(&self, error: SourceError) -> SourceError {
        hidden(error, self.token.iter().map(ExposeSecret::expose_secret))
    }
}

/// The page in a successful answer.
fn page(
    answer: &Answer,
    (instance, ask): (&str, Ask<'_>),
    (place, wanted): (&Place, &Wanted),
    now: Timestamp,
) -> Result<Page, SourceError> {
    let suspicious = |why: &str| SourceError::Suspicious(format!("{instance} {why}"));
    let found = json_of(answer, instance)?;
    let statuses =
        found.as_array().ok_or_else(|| suspicious("answers with something that is no list of posts"))?;
    let (after, more) =
        place.after_page(wanted, shown(answer, statuses), ask.since, now).map_err(suspicious)?;
    let quiet = !more && *wanted == Wanted::Newest && place.newest.is_some() && after.newest == place.newest;
    let owner = statuses.first().and_then(|status| status.get("account")).filter(|_| quiet);
    if let Some(error) = owner.and_then(|owner| lost(owner, ask.account)) {
        return Err(error);
    }
    let mut page = Page { more, limit: limit(&answer.headers, now), ..Page::default() };
    let context = Context::new(instance, statuses);
    for status in statuses {
        match context.post(status) {
            Ok(post) => page.posts.extend(post),
            Err(why) => page.unreadable.push(why),
        }
    }
    if let (true, Some(why)) = (page.posts.is_empty(), page.unreadable.get(MOST_LOST)) {
        return Err(suspicious(&format!("shows posts of which none can be read ({why}); did it change?")));
    }
    page.next = if ask.cursor.is_some() && after == *place { None } else { after.cursor() };
    Ok(page)
}

/// What a page shows of its place.
fn shown(answer: &Answer, statuses: &[Json]) -> Shown {
    let ids = || statuses.iter().filter_map(|status| text(status, "/id"));
    let oldest = statuses.iter().rev().find_map(|status| instant(status, "/created_at"));
    Shown {
        top: ids().max_by(|one, other| order(one, other)).map(str::to_owned),
        bottom: ids().min_by(|one, other| order(one, other)).map(str::to_owned),
        oldest,
        next: answer.header("link").and_then(next_page),
    }
}

/// Whether `text` is an id of an instance: a number on Mastodon, letters too elsewhere.
fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

/// Reads `bytes` as an answer of an instance.
#[cfg(fuzzing)]
pub fn fuzz(bytes: &[u8]) {
    let (answer, now) = (super::fuzz::answer(bytes), super::fuzz::NOW);
    if !answer.is_success() {
        drop(refusal(&answer, ("e.example", "hub"), true, now));
        return;
    }
    for id in ["e.example/1", "e.example/#tag"] {
        super::fuzz::check((&Platform::MASTODON, id), |ask| {
            let place = Place::read(ask.cursor).unwrap_or_else(|cause| panic!("{cause}: {:?}", ask.cursor));
            let wanted = place.wanted(id.contains('#'), now);
            page(&answer, ("e.example", ask), (&place, &wanted), now)
        });
    }
}
