//! Who has the store, because only one process may have it: the running daemon, or the command itself.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use jiff::tz::TimeZone;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::Failure;
use crate::clock::Clock;
use crate::config::{Basics, Config};
use crate::errand::{Desk, Errand};
use crate::remote::{Answer, Pace, Remotes, Request};
use crate::setting::Size;
use crate::store::OpenError;
use crate::store::sled::SledStore;
use crate::web::{Token, address_in};

/// The largest answer taken, in bytes: a long outbox is large.
const MOST_ANSWERED: usize = 256 << 20;

/// Who does errands.
pub(super) enum Keeper {
    /// This process, which opened the store.
    Here(Desk),
    /// The daemon.
    Daemon(Daemon),
}

/// A running daemon.
pub(super) struct Daemon {
    basics: Basics,
    /// What it says of itself in the store's lock.
    holder: String,
    token: Token,
    clock: Arc<dyn Clock>,
}

/// Finds the daemon that has the store, or opens the store for the command `holder`; says on standard error which.
pub(super) async fn find(
    path: &Path,
    store: Option<&Path>,
    holder: &str,
    clock: &Arc<dyn Clock>,
) -> Result<Keeper, Failure> {
    let basics = basics(path, store)?;
    if !SledStore::is_at(&basics.store) {
        return Err(Failure::Usage(no_store(&basics.store)));
    }
    match SledStore::open(&basics.store, holder, clock.now()) {
        Ok(opened) => {
            anstream::eprintln!("no vigie runs; using the store at {}", basics.store.display());
            let (path, ticks) = (path.to_owned(), clock.clone());
            let roster = move || Config::load(&path, &ticks).map(|config| config.roster());
            Ok(Keeper::Here(Desk {
                store: Arc::new(opened),
                clock: clock.clone(),
                filed: Arc::default(),
                roster: Box::new(roster),
                since: None,
                pulse: None,
                tally: None,
                reloads: None,
            }))
        }
        Err(OpenError::InUse { path, holder }) => {
            let token = match Token::read(&path) {
                Ok(token) => token,
                Err(cause) => return Err(shut(&basics, &holder, &cause, clock).await.into()),
            };
            anstream::eprintln!("asking the vigie that runs at {}", basics.listen);
            Ok(Keeper::Daemon(Daemon { basics, holder, token, clock: clock.clone() }))
        }
        Err(other) => Err(Failure::to_open(other)),
    }
}

impl Keeper {
    /// Whether a daemon runs.
    pub(super) fn is_daemon(&self) -> bool {
        matches!(self, Self::Daemon(_))
    }

    /// Has an errand done.
    pub(super) async fn ask<I, O>(&self, errand: &Errand<I, O>, input: I) -> Result<O, Failure>
    where
        I: Serialize,
        O: DeserializeOwned,
    {
        match self {
            Self::Here(desk) => errand.run(desk, input).await.map_err(Failure::of),
            Self::Daemon(daemon) => daemon.ask(errand, input).await,
        }
    }
}

impl Daemon {
    async fn ask<I: Serialize, O: DeserializeOwned>(
        &self,
        errand: &Errand<I, O>,
        input: I,
    ) -> Result<O, Failure> {
        let mut url = address(&self.basics, errand.path)?;
        let request = if errand.changes {
            Request::post(url, serde_json::to_vec(&input)?)
        } else {
            url.set_query(Some(&serde_urlencoded::to_string(input)?));
            Request::get(url)
        };
        let request = request.timeout(errand.patience).bearer(self.token.expose()).most(MOST_ANSWERED);
        let answer = call(request, &self.clock).await.with_context(|| {
            format!("the store {} is in use: {}", self.basics.store.display(), self.holder)
        })?;
        let words = || answer.text().trim().to_owned();
        let failed = match answer.status {
            200 => {
                let read = serde_json::from_slice(&answer.body);
                return Ok(read.context("the daemon's answer is not understood")?);
            }
            401 => anyhow!(
                "whoever answers at {} does not take the token in {}: it is another vigie, unless this one started just now; \
                 is `listen` as it was when the one that has this store was started?",
                self.basics.listen,
                self.basics.store.display()
            ),
            404 => anyhow!("the daemon does not know this command; is it of another version?"),
            // It says in words what is not so, or what its store says.
            422 => return Err(Failure::Usage(words())),
            409 | 500 => anyhow!("{}", words()),
            status => anyhow!("the daemon answers {status}: {}", words()),
        };
        Err(failed.into())
    }
}

/// Why a daemon that has the store cannot be asked, since its token cannot be read.
async fn shut(basics: &Basics, holder: &str, cause: &io::Error, clock: &Arc<dyn Clock>) -> anyhow::Error {
    let (store, token) = (basics.store.display(), basics.store.join("token"));
    let token = token.display();
    let says = look(basics, "/readyz", clock).await.ok().filter(|answer| answer.status == 503);
    let why = match (cause.kind(), says) {
        (io::ErrorKind::NotFound, Some(says)) => {
            let says = says.text().trim().replace('\n', "; ");
            format!("its vigie has left no token there yet, and says: {says}")
        }
        (io::ErrorKind::PermissionDenied, _) => {
            format!("only root and the owner of {token} may ask its vigie")
        }
        _ => format!(
            "{token} cannot be read ({cause}); {holder}, and writes another token when it starts anew"
        ),
    };
    anyhow!("the store {store} is in use, but no command can get in: {why}")
}

/// What is said where there is no store.
pub(super) fn no_store(store: &Path) -> String {
    format!("there is no store at {} yet; `vigie run` makes one", store.display())
}

/// What the daemon answers to anybody at `path`.
pub(super) async fn look(basics: &Basics, path: &str, clock: &Arc<dyn Clock>) -> anyhow::Result<Answer> {
    call(Request::get(address(basics, path)?).timeout(Duration::from_secs(4)), clock).await
}

/// `path` at the daemon: on loopback where it answers everywhere.
fn address(basics: &Basics, path: &str) -> anyhow::Result<Url> {
    let mut listen = basics.listen;
    if listen.ip().is_unspecified() {
        listen.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    Ok(Url::parse(&format!("http://{listen}{path}"))?)
}

async fn call(request: Request, clock: &Arc<dyn Clock>) -> anyhow::Result<Answer> {
    let remote = Remotes::new(clock.clone(), "vigie")?.host(request.url(), "", Pace::new(Duration::ZERO, 1));
    remote.call(request).await.map_err(|error| anyhow!("the daemon does not answer: {error}"))
}

/// The basics of the configuration at `path`, with another store if one is named, and with the address at which the daemon
/// said it answers. A broken configuration is no matter if a store is named that says so: whoever has it goes on.
pub(super) fn basics(path: &Path, store: Option<&Path>) -> Result<Basics, Failure> {
    let loaded = Basics::load(path);
    let folder = store.or_else(|| loaded.as_ref().ok().map(|basics| basics.store.as_path()));
    let (folder, listen) = (folder.map(Path::to_owned), folder.and_then(address_in));
    match (loaded, folder, listen) {
        (Ok(basics), Some(store), listen) => {
            Ok(Basics { listen: listen.unwrap_or(basics.listen), store, ..basics })
        }
        (Err(_), Some(store), Some(listen)) => Ok(Basics {
            store,
            listen,
            timezone: TimeZone::UTC,
            watchlists: PathBuf::new(),
            open_metrics: false,
            min_free: Size(0),
        }),
        (Ok(basics), None, _) => Ok(basics),
        (Err(problems), ..) => Err(Failure::Problems(problems)),
    }
}
