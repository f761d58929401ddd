//! What is watched, as the loop sees it.

use std::sync::Arc;

use super::purse::Purse;
use crate::model::post::Platform;
use crate::model::timeline::TimelineId;
use crate::source::{Common, Source, Watched};
use crate::store::{Store, StoreError};

/// A source as the loop sees it.
#[derive(Clone)]
pub struct Watching {
    /// Its name, `platform.name`.
    pub id: String,
    /// Its platform.
    pub platform: Platform,
    /// Its pace and bounds.
    pub common: Common,
    /// The adapter.
    pub source: Arc<dyn Source>,
}

impl Watching {
    /// The timeline of an account; until it is looked up, the one that stands for its name.
    pub async fn timeline(&self, watched: &Watched, store: &dyn Store) -> Result<TimelineId, StoreError> {
        let known = match &watched.timeline {
            Some(timeline) => Some(timeline.clone()),
            None => store.resolved(&self.platform, &watched.account).await?,
        };
        Ok(known.unwrap_or_else(|| TimelineId::unresolved(&self.platform, &watched.account)))
    }
}

/// A timeline's watch. There may be many, so what those of a source have in common is kept once.
#[derive(Clone)]
pub(crate) struct Watch {
    pub(super) of: Arc<Shared>,
    /// Whom it watches, as the configuration names them.
    pub(super) account: Arc<str>,
    /// The wait between two looks at it, in milliseconds.
    pub(super) every: i64,
    /// How much less it matters than the source's other accounts, by their order: from 0 to 1.
    pub(super) lesser: f32,
    /// Whether its timeline was found by its name.
    pub(super) by_name: bool,
}

/// What all watches of a source have in common.
pub(super) struct Shared {
    /// The number of the source.
    pub(super) number: usize,
    pub(super) watching: Watching,
    /// How many accounts it has.
    pub(super) accounts: usize,
    /// Its money, where reading costs.
    pub(super) purse: Option<Arc<Purse>>,
}

impl Watch {
    /// The source that it belongs to.
    pub(super) fn watching(&self) -> &Watching {
        &self.of.watching
    }
}
