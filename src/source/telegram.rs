//! Public channels of Telegram, by their preview pages at `t.me/s/NAME`.
//!
//! One look is a walk from the newest page down to the last seen message. The pages are made for people and promise
//! nothing: what cannot be true, or is no longer understood, is told. Facts from recorded pages and from the notes of
//! other readers of them.

mod message;
mod page;
mod place;
mod tree;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use toml_span::{DeserError, Value};
use url::Url;

use self::page::{Odd, Preview, preview};
use self::place::Place;
use super::answer::no_answer;
use super::names::{Names, below, service};
use super::{Ask, Common, Kit, Page, Plan, Source, SourceError, Watched, pace};
use crate::clock::Clock;
use crate::model::coverage::Cause;
use crate::model::look::Missed;
use crate::model::post::Platform;
use crate::model::timeline::TimelineId;
use crate::remote::{Answer, Pace, Remote, Request, limit, reopens, retry_after};
use crate::setting::{Fields, wrong};

/// Reads the table `[source.telegram.NAME]`.
pub fn read(value: &mut Value<'_>) -> Result<Plan, DeserError> {
    let span = value.span;
    let mut fields = Fields::new(value)?;
    let common =
        Common::take(&mut fields, SignedDuration::from_secs(90), Some(SignedDuration::from_hours(24)));
    let channels = fields.required::<Names>("channels");
    let channels = channels.map(|names| names.read(&mut fields, channel));
    let base = service(&mut fields, "base_url").or_else(|| Url::parse("https://t.me").ok());
    let pace = pace::take(&mut fields, Pace::new(Duration::from_millis(300), 5).resting(REST));
    fields.finalize(None)?;
    let common = Common { pace: Some(pace), ..common };
    let (channels, base) = (channels?, base.ok_or_else(|| wrong(span, "`base_url` is no address"))?);
    Ok(Plan { common, build: Box::new(move |kit| Ok(Arc::new(Telegram::new(channels, base, pace, kit)))) })
}

/// Some channels.
struct Telegram {
    channels: Vec<String>,
    base: Url,
    remote: Remote,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Source for Telegram {
    fn accounts(&self) -> Vec<Watched> {
        let watched = |channel: &String| Watched {
            account: channel.as_str().into(),
            timeline: Some(TimelineId::new(&Platform::TELEGRAM, channel)),
            every: None,
        };
        self.channels.iter().map(watched).collect()
    }

    async fn fetch(&self, ask: Ask<'_>) -> Result<Page, SourceError> {
        let name = ask.timeline.as_str().strip_prefix("telegram:").filter(|name| is_name(name));
        let name =
            name.ok_or_else(|| SourceError::Broken(format!("{} is no channel of Telegram", ask.timeline)))?;
        let place = Place::read(ask.cursor).map_err(|cause| {
            SourceError::Broken(format!("the place where {} stopped cannot be read: {cause}", ask.account))
        })?;
        let mut url = below(&self.base, &["s", name]);
        if let Some(walk) = &place.walk {
            url.query_pairs_mut().append_pair("before", &walk.before.to_string());
        }
        let request = Request::get(url).most(LARGEST).header("accept", "text/html");
        let answer = self.remote.call(request).await.map_err(no_answer)?;
        let now = self.clock.now();
        if !answer.is_success() {
            return Err(refusal(&answer, name, now));
        }
        let limit = limit(&answer.headers, now);
        let reading = tokio::task::spawn_blocking(move || preview(&answer.text())).await;
        let read =
            reading.unwrap_or(Err(Odd::Unreadable("breaks the parser"))).map_err(|odd| lost(name, &odd))?;
        Ok(Page { limit, ..handed_out(read, name, ask, &place)? })
    }
}

/// How long Telegram is left alone when it has too many requests and does not say for how long.
const REST: Duration = Duration::from_mins(10);

/// The most of a page that is read, in bytes.
const LARGEST: usize = 2 << 20;

impl Telegram {
    fn new(channels: Vec<String>, base: Url, pace: Pace, kit: &Kit) -> Self {
        let remote = kit.remotes.host(&base, "telegram", pace);
        Self { channels, base, remote, clock: kit.clock.clone() }
    }
}

/// What a page that was read changes.
fn handed_out(read: Preview, name: &str, ask: Ask<'_>, place: &Place) -> Result<Page, SourceError> {
    let after = place.after_page(&read.shown, ask.since);
    let after = after.map_err(|why| SourceError::Suspicious(format!("the channel {name} {why}")))?;
    // What cannot be shown is told when it is new, not at every look.
    let is_new = |id: u64| place.last.is_none_or(|last| id > last);
    let missed = place.is_cut_short(&read.shown).then(|| Missed {
        cause: Cause::Horizon,
        why: "the channel's pages end above the last post that was seen".into(),
        until: read.shown.oldest,
    });
    let unreadable = read.hidden.into_iter().filter(|(id, _)| is_new(*id)).map(|(_, why)| why);
    Ok(Page {
        posts: read.posts,
        more: after.walk.is_some(),
        missed,
        window: false,
        unreadable: unreadable.collect(),
        next: if ask.cursor.is_some() && after == *place { None } else { after.cursor() },
        ..Page::default()
    })
}

fn lost(name: &str, odd: &Odd) -> SourceError {
    match odd {
        Odd::NoChannel => SourceError::Broken(format!(
            "there is no public channel {name} on Telegram: it was renamed or deleted, or is no channel; check its name \
             in `channels`"
        )),
        Odd::Unreadable(why) => SourceError::Suspicious(format!("the page of the channel {name} {why}")),
    }
}

fn refusal(answer: &Answer, name: &str, now: Timestamp) -> SourceError {
    match answer.status {
        300..=399 => SourceError::Broken(format!(
            "the channel {name} has no public preview: it is a group, restricted, private or gone; take it out of \
             `channels`"
        )),
        429 => {
            let at = reopens(&answer.headers, REST, now);
            SourceError::Retry(Some(at), "Telegram asks for fewer looks; a longer `every` may help".into())
        }
        408 | 500.. => SourceError::Retry(
            retry_after(&answer.headers, now),
            format!("Telegram fails: HTTP {}", answer.status),
        ),
        status => SourceError::Broken(format!(
            "Telegram does not show the channel {name} (HTTP {status}); is `base_url` right?"
        )),
    }
}

/// The channel that `text` names, in lower case: Telegram does not tell them apart by it.
fn channel(text: &str) -> Result<String, String> {
    let rest = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
    let rest = ["t.me/s/", "t.me/", "telegram.me/"].iter().find_map(|host| rest.strip_prefix(host));
    let name = rest.unwrap_or(text).trim_start_matches('@').trim_end_matches('/').to_ascii_lowercase();
    if is_name(&name) {
        Ok(name)
    } else {
        Err(format!("`{text}` is no channel of Telegram; write it as \"durov\" or \"https://t.me/durov\""))
    }
}

fn is_name(text: &str) -> bool {
    (2..=32).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Reads `bytes` as a preview page.
#[cfg(fuzzing)]
pub fn fuzz(bytes: &[u8]) {
    let html = String::from_utf8_lossy(bytes);
    super::fuzz::check((&Platform::TELEGRAM, "hub"), |ask| {
        let place = Place::read(ask.cursor).unwrap_or_else(|cause| panic!("{cause}: {:?}", ask.cursor));
        let read = preview(&html).map_err(|odd| lost("hub", &odd))?;
        handed_out(read, "hub", ask, &place)
    });
}
