//! What every source promises, held against servers on this machine that answer as the platforms do, and worse.

#![cfg(test)]

mod bluesky;
mod double;
mod feed;
mod mastodon;
mod telegram;
mod waiting;
mod x;

use std::sync::Arc;

use jiff::Timestamp;
use vigie::clock::Clock;
use vigie::model::coverage::Cause;
use vigie::model::post::Post;
use vigie::model::timeline::{Cursor, TimelineId};
use vigie::remote::Remotes;
use vigie::source::{Ask, Kit, Page, Plan, Read, Source, SourceError};

/// A clock that stands still.
struct Still(Timestamp);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// The time of all tests here.
const NOW: Timestamp = Timestamp::constant(1_746_046_800, 0);

fn plan(read: Read, table: &str) -> Plan {
    let mut value = toml_span::parse(table).expect("the table is TOML");
    read(&mut value).unwrap_or_else(|error| panic!("{error}"))
}

/// The source of `table`, whose secrets lie in `dir`.
fn build(read: Read, table: &str, dir: &std::path::Path) -> Arc<dyn Source> {
    let clock: Arc<dyn Clock> = Arc::new(Still(NOW));
    let remotes = Remotes::new(clock.clone(), "vigie tests").expect("there are certificate authorities");
    let kit = Kit { remotes, clock, dir: dir.to_owned() };
    (plan(read, table).build)(&kit).unwrap_or_else(|error| panic!("{error}"))
}

/// One look at a timeline.
async fn look(
    source: &dyn Source,
    timeline: &TimelineId,
    account: &str,
    cursor: Option<&Cursor>,
) -> Result<Page, SourceError> {
    let since = Some(NOW - jiff::SignedDuration::from_hours(24));
    source.fetch(Ask { timeline, account, cursor, since, allowance: None }).await
}

fn ids(posts: &[Post]) -> Vec<&str> {
    posts.iter().map(|post| post.id.as_str()).collect()
}

/// Why an error says that something is broken.
#[track_caller]
fn broken<T: std::fmt::Debug>(result: Result<T, SourceError>) -> String {
    match result {
        Err(SourceError::Broken(why) | SourceError::Barred(_, why)) => why,
        other => panic!("this is not broken: {other:?}"),
    }
}

/// Why an error says that the whole source is barred by its credentials.
#[track_caller]
fn barred<T: std::fmt::Debug>(result: Result<T, SourceError>) -> String {
    match result {
        Err(SourceError::Barred(Cause::Credentials, why)) => why,
        other => panic!("nothing is barred: {other:?}"),
    }
}

#[track_caller]
fn suspicious<T: std::fmt::Debug>(result: Result<T, SourceError>) -> String {
    match result {
        Err(SourceError::Suspicious(why)) => why,
        other => panic!("this is not suspicious: {other:?}"),
    }
}

#[track_caller]
fn again<T: std::fmt::Debug>(result: Result<T, SourceError>) -> Option<Timestamp> {
    match result {
        Err(SourceError::Retry(at, _)) => at,
        other => panic!("this is not to be tried again: {other:?}"),
    }
}
