//! What commands ask of the process that has the store: the daemon if one runs, otherwise the command itself.
//!
//! To add an errand: a function over the [`Desk`], a line in the table below, a line in the table of `web`. Commands
//! have it done by `cli::keeper`, wherever that is.

mod people;

use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, mpsc, oneshot};

pub use self::people::{Hindrances, Wanted, find};
use crate::clock::Clock;
use crate::dispatch::is_heard;
use crate::ledger::{self, Coverage, Question};
use crate::model::decision::Decision;
use crate::model::delivery::Delivery;
use crate::model::silence::Silence;
use crate::model::sink::SinkId;
use crate::poll::{Tally, Watching};
use crate::pulse::Pulse;
use crate::setting::Problem;
use crate::status::{self, Status};
use crate::store::{Saved, Store, StoreError};

/// How everything is.
pub const STATUS: Errand<(), Status> = Errand::reads("/v1/status", |desk, ()| Box::pin(status(desk)));
/// Every delivery that is not delivered.
pub const OUTBOX: Errand<(), Vec<Delivery>> = Errand::reads("/v1/outbox", |desk, ()| Box::pin(outbox(desk)));

/// A delivery goes again as soon as it may, a dead letter too; named by its id or how that begins.
pub const RETRY: Errand<String, Delivery> =
    Errand::changes("/v1/outbox/retry", |desk, id| Box::pin(people::decide_on(desk, id, Decision::Retry)));
/// A delivery is given up; named by its id or how that begins.
pub const DROP: Errand<String, Delivery> =
    Errand::changes("/v1/outbox/drop", |desk, id| Box::pin(people::decide_on(desk, id, Decision::Drop)));
/// A sink is called again at once.
pub const RESUME: Errand<String, ()> =
    Errand::changes("/v1/sink/resume", |desk, name| Box::pin(people::resume(desk, name)));
/// Every silence.
pub const SILENCES: Errand<(), Vec<Silence>> =
    Errand::reads("/v1/silences", |desk, ()| Box::pin(people::silences(desk)));
/// A silence begins; its id is given.
pub const SILENCE: Errand<Wanted, Silence> =
    Errand::changes("/v1/silences/add", |desk, wanted| Box::pin(people::silence(desk, wanted)));
/// A silence ends.
pub const SPEAK: Errand<u32, Silence> =
    Errand::changes("/v1/silences/end", |desk, id| Box::pin(people::speak(desk, id)));

/// What may keep alerts from people now.
pub const HINDRANCES: Errand<(), Hindrances> =
    Errand::reads("/v1/hindrances", |desk, ()| Box::pin(people::hindrances(desk)));

/// Takes the configuration anew.
pub const RELOAD: Errand<(), Reloaded> = Errand::changes("/v1/reload", |desk, ()| Box::pin(reload(desk)));
/// What was seen when.
pub const COVERAGE: Errand<Question, Coverage> =
    Errand::reads("/v1/coverage", |desk, question| Box::pin(coverage(desk, question)));

/// Saves all there is into a folder.
pub const BACKUP: Errand<SaveTo, Saved> =
    Errand::changes("/v1/backup", |desk, to| Box::pin(backup(desk, to))).patiently(Duration::from_mins(9));

/// Where a backup goes.
#[derive(Debug, Serialize, Deserialize)]
pub struct SaveTo {
    /// The folder, from the root; empty or not there.
    pub dir: PathBuf,
}

/// Something that can be asked for: from an `I`, an `O`. Both travel as JSON, or `I` as a query.
pub struct Errand<I, O> {
    /// Where the daemon does it.
    pub path: &'static str,
    /// How long whoever asks waits for it.
    pub patience: Duration,
    /// Whether it changes anything; then it is asked for by `POST`, otherwise by `GET`.
    pub changes: bool,
    run: Run<I, O>,
}

/// How an errand is done.
type Run<I, O> = for<'a> fn(&'a Desk, I) -> BoxFuture<'a, Result<O, Unable>>;

/// Where errands are done.
pub struct Desk {
    /// What is remembered.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Rings when something was decided that the ways out should look at.
    pub filed: Arc<Notify>,
    /// Tells who is watched and who hears, as the configuration has it now.
    pub roster: Box<dyn Fn() -> Result<Roster, Vec<Problem>> + Send + Sync>,
    /// Since when the daemon runs, if one does.
    pub since: Option<Timestamp>,
    /// What the daemon counted, if one runs.
    pub tally: Option<Tally>,
    /// Whether the daemon turns, if one runs.
    pub pulse: Option<Pulse>,
    /// Takes wishes to reload; nobody does where no daemon runs.
    pub reloads: Option<mpsc::Sender<Wish>>,
}

/// A wish to reload: whom to tell how it went, or why it did not.
pub type Wish = oneshot::Sender<Result<Reloaded, String>>;

/// What is in force after a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// Enabled sources.
    pub sources: usize,
    /// Enabled sinks, and the operators' one.
    pub sinks: usize,
    /// Rules of all watchlists.
    pub rules: usize,
}

/// Who is watched and who hears.
#[derive(Clone)]
pub struct Roster {
    /// The enabled sources.
    pub sources: Vec<Watching>,
    /// The enabled sinks.
    pub sinks: Vec<SinkId>,
    /// Those at which the operators hear.
    pub operators: Vec<SinkId>,
    /// Rules of all watchlists.
    pub rules: usize,
    /// Why the files of the configuration, as they are now, are not in force.
    pub refused: Option<String>,
}

/// Why an errand was not done.
#[derive(Debug)]
pub enum Unable {
    /// It was asked for wrongly: by a name that nothing has, or so that it never makes sense.
    Amiss(String),
    /// What was asked for cannot be done as things are.
    Refused(String),
    /// The configuration has problems.
    Problems(Vec<Problem>),
    /// The store failed.
    Store(StoreError),
}

impl<I, O> Errand<I, O> {
    /// An errand that changes nothing.
    pub const fn reads(path: &'static str, run: Run<I, O>) -> Self {
        Self { path, patience: Duration::from_secs(30), changes: false, run }
    }

    /// The same where whoever asks waits so long.
    const fn patiently(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// An errand that changes something.
    pub const fn changes(path: &'static str, run: Run<I, O>) -> Self {
        Self { path, patience: Duration::from_mins(1), changes: true, run }
    }

    /// Does it.
    pub async fn run(&self, desk: &Desk, input: I) -> Result<O, Unable> {
        (self.run)(desk, input).await
    }
}

impl fmt::Display for Unable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Amiss(why) | Self::Refused(why) => f.write_str(why),
            Self::Problems(problems) => problems.iter().try_for_each(|problem| writeln!(f, "{problem}")),
            Self::Store(cause) => cause.fmt(f),
        }
    }
}

impl std::error::Error for Unable {}

impl From<StoreError> for Unable {
    fn from(cause: StoreError) -> Self {
        Self::Store(cause)
    }
}

async fn status(desk: &Desk) -> Result<Status, Unable> {
    let Roster { sources, sinks, operators, refused, .. } = (desk.roster)().map_err(Unable::Problems)?;
    let now = desk.clock.now();
    let today = desk.tally.as_ref().map(|tally| tally.today(now));
    let gathered = async {
        let status = status::gather(&sources, &sinks, &desk.store, now).await?;
        Ok((status, !is_heard(desk.store.as_ref(), &operators).await?))
    };
    let gathered = gathered.await;
    let paused = desk.pulse.as_ref().and_then(Pulse::paused).map(|pause| pause.to_string());
    let (status, unheard) = match gathered {
        // A store that could never be opened tells nothing; that vigie waits for it is all there is to say.
        Err(StoreError::Full(_)) if paused.is_some() => {
            let store_bytes = desk.store.size().await.unwrap_or(0);
            (Status { at: now, store_bytes, ..Status::default() }, false)
        }
        gathered => gathered?,
    };
    Ok(Status { since: desk.since, paused, refused, unheard, today, ..status })
}

async fn reload(desk: &Desk) -> Result<Reloaded, Unable> {
    let refused = |why: &str| Unable::Refused(why.to_owned());
    let Some(reloads) = &desk.reloads else {
        return Err(refused("no vigie runs; it reads its configuration when it starts"));
    };
    let (wish, granted) = oneshot::channel();
    let stopping = "vigie is stopping";
    reloads.send(wish).await.map_err(|_| refused(stopping))?;
    granted.await.map_err(|_| refused(stopping))?.map_err(Unable::Refused)
}

async fn backup(desk: &Desk, SaveTo { dir }: SaveTo) -> Result<Saved, Unable> {
    let shown = dir.display();
    if !dir.is_absolute() {
        return Err(Unable::Amiss(format!("{shown} does not begin at the root")));
    }
    match std::fs::read_dir(&dir).map(|mut entries| entries.next().is_some()) {
        Ok(true) => return Err(Unable::Amiss(format!("{shown} is not empty; name a new folder"))),
        Err(cause) if cause.kind() == ErrorKind::NotADirectory => {
            return Err(Unable::Amiss(format!("{shown} is no folder; name a new one")));
        }
        Err(cause) if cause.kind() != ErrorKind::NotFound => {
            return Err(Unable::Refused(format!("{shown}: {cause}")));
        }
        _ => {}
    }
    let saved = desk.store.backup(&dir).await;
    saved.map_err(|cause| Unable::Refused(format!("no backup was made in {shown}: {cause}")))
}

async fn outbox(desk: &Desk) -> Result<Vec<Delivery>, Unable> {
    Ok(desk.store.outbox().await?)
}

async fn coverage(desk: &Desk, question: Question) -> Result<Coverage, Unable> {
    let Roster { sources, .. } = (desk.roster)().map_err(Unable::Problems)?;
    let found = ledger::look_up(&question, &sources, &desk.store, desk.clock.now()).await?;
    found.ok_or_else(|| {
        let whom = question.whom.unwrap_or_default();
        let hint = ledger::likely(&whom, &sources).map(|near| format!("; did you mean `{near}`?"));
        Unable::Amiss(format!("no account or source is named `{whom}`{}", hint.unwrap_or_default()))
    })
}
