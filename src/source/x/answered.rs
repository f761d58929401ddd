//! A successful answer of X, read up to its posts.

use serde_json::Value as Json;

use super::cursor::Place;
use super::id::is_id;
use super::refusal::{is_about_account, lost};
use super::wire;
use crate::remote::Answer;
use crate::source::answer::json;
use crate::source::{Page, SourceError};

/// Walks in a row that X may break off before people are told.
const MOST_BROKEN_OFF: u32 = 3;

/// The answer in X's shape.
pub fn page_of(answer: &Answer) -> Result<wire::Answer, SourceError> {
    let value = json(&answer.body).map_err(|cause| {
        SourceError::Retry(
            None,
            format!("X answers {} with something that is no JSON: {cause}", answer.status),
        )
    })?;
    serde_json::from_value(value)
        .map_err(|cause| SourceError::Suspicious(format!("X answers in a shape that is not known: {cause}")))
}

/// The posts of a page, not yet read; an error if the page is none.
pub fn values(found: &mut wire::Answer, account: &str) -> Result<Vec<Json>, SourceError> {
    let count = found.meta.as_ref().and_then(|meta| meta.result_count);
    let suspicious = |why: &str| Err(SourceError::Suspicious(format!("X answers {why}")));
    let is_lost =
        found.errors.iter().any(is_about_account) || found.meta.is_none() && !found.errors.is_empty();
    match found.data.take() {
        Some(Json::Array(values)) => Ok(values),
        Some(_) => suspicious("with something that is no list of posts"),
        None if is_lost => Err(lost(account, &found.errors)),
        None if count == Some(0) => Ok(Vec::new()),
        None => suspicious("without posts and without saying that there are none"),
    }
}

/// An empty page after which the walk begins anew.
pub fn begin_anew(place: &Place) -> Result<Page, SourceError> {
    let anew = place.broken_off();
    if anew.broken_off > MOST_BROKEN_OFF {
        let why = "X refuses its own page tokens again and again; the timeline cannot be read to its end";
        return Err(SourceError::Broken(why.into()));
    }
    Ok(Page { next: anew.cursor(), more: true, ..Page::default() })
}

/// The newest version's id of a post, if it is a number.
pub fn own_id(value: &Json) -> Option<&str> {
    value.get("id").and_then(Json::as_str).filter(|id| is_id(id))
}
