//! Asking the daemon that has the store, because only one process may have it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use serde::de::DeserializeOwned;
use url::Url;

use crate::clock::Clock;
use crate::config::Basics;
use crate::remote::{Answer, Pace, Remotes, Request};
use crate::store::OpenError;
use crate::store::sled::SledStore;
use crate::web::Token;

/// Who answers a command: the store itself, or the daemon that has it.
pub(super) enum Source {
    /// The store, opened by this process.
    Store(Arc<SledStore>),
    /// The daemon.
    Daemon(Daemon),
}

/// A running daemon.
pub(super) struct Daemon {
    basics: Basics,
    token: Token,
    clock: Arc<dyn Clock>,
}

/// Opens the store, or finds the daemon that has it.
pub(super) fn find(basics: Basics, holder: &str, clock: &Arc<dyn Clock>) -> anyhow::Result<Source> {
    match SledStore::open(&basics.store, holder, clock.now()) {
        Ok(store) => Ok(Source::Store(Arc::new(store))),
        Err(OpenError::InUse { path, holder }) => {
            let token = Token::read(&path).with_context(|| {
                format!(
                    "{holder}, and its token below {} cannot be read, so it cannot be asked",
                    path.display()
                )
            })?;
            Ok(Source::Daemon(Daemon { basics, token, clock: clock.clone() }))
        }
        Err(other) => Err(other.into()),
    }
}

impl Daemon {
    /// What the daemon answers to `path`.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let answer = get(&self.basics, path, Some(&self.token), &self.clock).await?;
        match answer.status {
            200 => serde_json::from_slice(&answer.body).context("the daemon's answer is not understood"),
            status => Err(anyhow!("the daemon answers {status}: {}", answer.text().trim())),
        }
    }
}

/// Asks the daemon for `path`, on loopback where it answers everywhere.
pub(super) async fn get(
    basics: &Basics,
    path: &str,
    token: Option<&Token>,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Answer> {
    let mut listen = basics.listen;
    if listen.ip().is_unspecified() {
        listen.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let url = Url::parse(&format!("http://{listen}{path}"))?;
    let remotes = Remotes::new(clock.clone(), "vigie")?;
    let mut request = Request::get(url.clone()).timeout(Duration::from_secs(4));
    if let Some(token) = token {
        request = request.bearer(token.expose());
    }
    let answer = remotes.host(&url, "", Pace::new(Duration::ZERO, 1)).call(request).await;
    answer.map_err(|error| anyhow!("the daemon does not answer: {error}"))
}

/// The basics of the configuration at `path`, with another store if one is named.
pub(super) fn basics(path: &Path, store: Option<&Path>) -> Result<Basics, super::Failure> {
    let mut basics = Basics::load(path).map_err(super::Failure::Problems)?;
    if let Some(store) = store {
        store.clone_into(&mut basics.store);
    }
    Ok(basics)
}
