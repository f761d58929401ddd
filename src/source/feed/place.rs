//! What is kept of a feed between two looks: what its last answer can be recognised by, and whether it moved.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::moved::Moved;
use crate::model::calendar::day;
use crate::model::post::first_bytes;
use crate::model::timeline::Cursor;
use crate::remote::{Answer, Request};

/// A cursor, spelled out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// What the last answer can be recognised by.
    #[serde(flatten)]
    pub seen: Validators,
    /// Where it is, if not at the address that people gave.
    #[serde(skip_serializing_if = "Moved::is_never")]
    pub moved: Moved,
}

/// What an answer can be recognised by, byte for byte.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Validators {
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
    /// A digest of its body, for servers that send the same again and again.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<u64>,
    /// The UTC day, from 1970, on which it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    day: Option<i32>,
}

/// Days after which a feed is read again though nothing changed: posts that no answer shows for months are forgotten.
const READ_AGAIN_DAYS: i32 = 30;

impl Place {
    /// What `cursor` says; the beginning if it says nothing.
    pub fn read(cursor: Option<&Cursor>) -> Self {
        cursor.and_then(|cursor| serde_json::from_str(&cursor.0).ok()).unwrap_or_default()
    }

    /// The cursor that says this.
    pub fn cursor(&self) -> Option<Cursor> {
        serde_json::to_string(self).ok().map(Cursor)
    }
}

impl Validators {
    /// Those of an answer that is read now.
    pub fn of(answer: &Answer, now: Timestamp) -> Self {
        let header = |name| answer.header(name).map(str::to_owned);
        let (etag, last_modified) = (header("etag"), header("last-modified"));
        Self { etag, last_modified, body: Some(digest(&answer.body)), day: Some(day(now)) }
    }

    /// Whether the server cannot be asked whether anything changed.
    pub fn is_none(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }

    /// These, unless they are from so long ago, by a clock that may have jumped, that the feed is to be read again.
    #[must_use]
    pub fn if_recent(self, now: Timestamp) -> Self {
        let recent = |read: i32| day(now).saturating_sub(read).saturating_abs() < READ_AGAIN_DAYS;
        if self.day.is_some_and(recent) { self } else { Self::default() }
    }

    /// Whether an answer is the same as the one that these are of.
    pub fn is_same(&self, answer: &Answer) -> bool {
        let same = || answer.is_success() && self.body == Some(digest(&answer.body));
        answer.status == 304 || self.body.is_some() && same()
    }

    /// Those after an answer that is the same, which may bring new ones.
    #[must_use]
    pub fn or_newer(&self, answer: &Answer) -> Self {
        let header =
            |name, before: &Option<String>| answer.header(name).map(str::to_owned).or_else(|| before.clone());
        Self {
            etag: header("etag", &self.etag),
            last_modified: header("last-modified", &self.last_modified),
            ..*self
        }
    }

    /// `request`, to be answered only if something changed.
    pub fn ask(&self, mut request: Request) -> Request {
        if let Some(etag) = &self.etag {
            request = request.header("if-none-match", etag);
        }
        if let Some(last_modified) = &self.last_modified {
            request = request.header("if-modified-since", last_modified);
        }
        request
    }
}

fn digest(body: &[u8]) -> u64 {
    u64::from_be_bytes(first_bytes(&Sha256::digest(body)))
}
