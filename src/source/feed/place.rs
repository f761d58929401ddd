//! What is kept of a feed between two looks: what its last answer can be recognised by, and whether it moved.

use serde::{Deserialize, Serialize};

use super::moved::Moved;
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
}

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
    /// Those of an answer.
    pub fn of(answer: &Answer) -> Self {
        let header = |name| answer.header(name).map(str::to_owned);
        Self { etag: header("etag"), last_modified: header("last-modified") }
    }

    /// Whether nothing can be recognised.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Those after an answer that nothing changed, which may bring new ones.
    #[must_use]
    pub fn or_newer(&self, answer: &Answer) -> Self {
        let Self { etag, last_modified } = Self::of(answer);
        Self {
            etag: etag.or_else(|| self.etag.clone()),
            last_modified: last_modified.or_else(|| self.last_modified.clone()),
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
