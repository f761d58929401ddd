//! What was watched between two instants, and what was not: the answer to "can this silence be trusted?".

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::coverage::Cause;
use crate::model::coverage::span::{Extent, Span, spans};
use crate::poll::Watching;
use crate::setting::nearest;
use crate::store::{Store, StoreError};

/// What is asked of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// An account, `platform:account`, or the name of a source; all accounts if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whom: Option<String>,
    /// From when on.
    pub since: Timestamp,
    /// Up to when.
    pub until: Timestamp,
    /// Whether vigie runs while it is asked.
    pub running: bool,
}

/// What was seen of every account that was asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// From when on.
    pub since: Timestamp,
    /// Up to when: what lies ahead is left out.
    pub until: Timestamp,
    /// The accounts, as the configuration orders them.
    pub accounts: Vec<Seen>,
}

/// What was seen of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its source.
    pub source: String,
    /// The account as the configuration names it.
    pub account: String,
    /// What was seen when.
    pub spans: Vec<Span>,
}

/// Looks up what was seen.
///
/// Nothing if nobody of that name is watched; [`likely`] tells who may be meant.
pub async fn look_up(
    question: &Question,
    sources: &[Watching],
    store: &Arc<dyn Store>,
    now: Timestamp,
) -> Result<Option<Coverage>, StoreError> {
    let unfinished = if question.running { Cause::Delay } else { Cause::Restart };
    let asked = (question.since, question.until);
    let mut accounts = Vec::new();
    for watching in sources {
        for watched in watching.source.accounts() {
            let account = watched.account.to_string();
            if !question.whom.as_ref().is_none_or(|whom| is_meant(whom, watching, &account)) {
                continue;
            }
            let timeline = watching.timeline(&watched, store.as_ref()).await?;
            let (state, gaps) = (store.timeline(&timeline).await?, store.gaps(&timeline).await?);
            let spans = spans(state.as_ref(), &gaps, asked, unfinished, now);
            accounts.push(Seen { source: watching.id.clone(), account, spans });
        }
    }
    let coverage = Coverage { since: question.since, until: question.until.min(now), accounts };
    Ok(Some(coverage).filter(|coverage| question.whom.is_none() || !coverage.accounts.is_empty()))
}

/// The name among all that are watched that `whom` most likely meant.
pub fn likely(whom: &str, sources: &[Watching]) -> Option<String> {
    let accounts = sources.iter().flat_map(|watching| watching.source.accounts());
    let names: Vec<String> = accounts
        .map(|watched| watched.account.to_string())
        .chain(sources.iter().map(|source| source.id.clone()))
        .collect();
    nearest(whom, names.iter().map(String::as_str)).map(str::to_owned)
}

fn is_meant(whom: &str, watching: &Watching, account: &str) -> bool {
    let named =
        whom.strip_prefix(watching.platform.as_str()).and_then(|rest| rest.strip_prefix(':')).unwrap_or(whom);
    whom == watching.id || [whom, named].iter().any(|name| name.eq_ignore_ascii_case(account))
}

impl Seen {
    /// The worst of what was seen.
    pub fn worst(&self) -> Extent {
        self.spans.iter().map(|span| span.seen).max().unwrap_or(Extent::InTime)
    }

    /// Whether a part of it was seen like that.
    pub fn has(&self, extent: Extent) -> bool {
        self.spans.iter().any(|span| span.seen == extent)
    }

    /// Whether every post was seen, in time or late.
    pub fn is_complete(&self) -> bool {
        self.worst() <= Extent::Late
    }
}
