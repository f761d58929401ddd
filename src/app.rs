//! Builds everything, starts every task, stops them all.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use jiff::Timestamp;
use tokio::sync::{Notify, mpsc};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::alive::{self, Alive, Signs};
use crate::clock::Clock;
use crate::config::Config;
use crate::dispatch::{self, Dispatch};
use crate::errand::Desk;
use crate::model::calendar::day;
use crate::model::delivery::{Delivery, State};
use crate::model::post::Post;
use crate::poll::{self, Committer, Counted, Matcher, Poll};
use crate::pulse::Pulse;
use crate::store::Store;
use crate::watch::Origin;
use crate::web::{self, Token, Web};

/// How long everything together may take to stop; a container is killed after ten seconds.
const GRACE: Duration = Duration::from_secs(8);

/// Looks that may wait for the committer.
const WAITING_LOOKS: usize = 16;

/// Days after which a post is forgotten that its timeline no longer answers with.
const SEEN_RETENTION_DAYS: i32 = 97;

/// Everything the daemon is made of, before it starts.
pub struct App {
    config: Config,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    rng: fastrand::Rng,
}

/// What a single run did.
#[derive(Debug)]
pub struct Report {
    /// What was made to count.
    pub counted: Counted,
    /// Timelines that could not be read, a line each.
    pub failed: Vec<String>,
    /// Deliveries that are still in the outbox.
    pub left: Vec<Delivery>,
}

type Task = anyhow::Result<()>;

impl App {
    /// An app that draws its chances from `seed`.
    pub fn new(config: Config, store: Arc<dyn Store>, clock: Arc<dyn Clock>, seed: u64) -> Self {
        Self { config, store, clock, rng: fastrand::Rng::with_seed(seed) }
    }

    /// Runs until `stop`, or until any task fails.
    pub async fn run(mut self, stop: CancellationToken) -> anyhow::Result<()> {
        let listen = self.config.basics.listen;
        let listener = web::bind(listen).await.with_context(|| {
            format!("cannot answer at {listen}; is another vigie running? Give this one another `listen`")
        })?;
        let pulse = Pulse::default();
        let mut tasks: JoinSet<(String, Task)> = JoinSet::new();
        let mut spawn = |name: String, task: futures_util::future::BoxFuture<'static, Task>| {
            tasks.spawn(async move { (name, task.await) });
        };
        let (filed, committed) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (messages, waiting) = mpsc::channel(WAITING_LOOKS);
        for sink in self.config.sinks.clone() {
            let name = format!("dispatch {}", sink.id());
            let dispatch = self.dispatch(sink, &filed).await?;
            let (beat, stop) = (pulse.register(name.clone(), dispatch::PERIOD), stop.clone());
            spawn(name, Box::pin(async move { Ok(dispatch.run(beat, stop).await?) }));
        }
        let committer = self.committer(&filed);
        if let Some(signs) = self.config.signs.clone() {
            let alive = self.alive(signs, &committer, &filed, &pulse);
            let (beat, stop) = (pulse.register("alive", alive::PERIOD), stop.clone());
            spawn("alive".into(), Box::pin(async move { Ok(alive.run(beat, stop).await?) }));
        }
        let (beat, rung) = (pulse.register("commit", poll::TICK), committed.clone());
        spawn("commit".into(), Box::pin(async move { Ok(committer.run(waiting, rung, beat).await?) }));
        let poll = self.poll().await?;
        let (beat, stopping) = (pulse.register("poll", poll::TICK), stop.clone());
        spawn(
            "poll".into(),
            Box::pin(async move { Ok(poll.run(messages, committed, beat, stopping).await?) }),
        );
        let (store, clock, stopping) = (self.store.clone(), self.clock.clone(), stop.clone());
        spawn("prune".into(), Box::pin(prune(store, clock, stopping)));
        let (web, stopping) = (self.web(pulse)?, stop.clone());
        spawn("web".into(), Box::pin(async move { Ok(web::run(listener, web, stopping).await?) }));
        let (sources, sinks) = (self.config.sources.len(), self.config.sinks.len());
        info!(
            sources,
            sinks,
            rules = self.config.watch.rules(),
            "watching; health at http://{listen}/healthz"
        );
        supervise(tasks, stop).await
    }

    /// Polls every timeline to its end, then tries everything in the outbox that is due.
    pub async fn once(mut self, stop: CancellationToken) -> anyhow::Result<Report> {
        let filed = Arc::new(Notify::new());
        let mut committer = self.committer(&filed);
        let failed = self.poll().await?.once(&mut committer, &stop).await?;
        let (mut tasks, mut operators) = (JoinSet::new(), None);
        for sink in self.config.sinks.clone() {
            // The operators' sink goes last: the others may have something to tell them.
            if *sink.id() == self.config.operators {
                operators = Some(sink);
                continue;
            }
            let (dispatch, stop) = (self.dispatch(sink, &filed).await?, stop.clone());
            tasks.spawn(async move { dispatch.once(&stop).await });
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        if let Some(sink) = operators {
            self.dispatch(sink, &filed).await?.once(&stop).await?;
        }
        let left = self.store.outbox().await?;
        Ok(Report { counted: committer.tally().take(), failed, left })
    }

    fn alive(&self, signs: Signs, committer: &Committer, filed: &Arc<Notify>, pulse: &Pulse) -> Alive {
        Alive {
            signs,
            sources: self.config.sources.clone(),
            tally: committer.tally(),
            operators: self.config.operators.clone(),
            store: self.store.clone(),
            filed: filed.clone(),
            pulse: pulse.clone(),
            clock: self.clock.clone(),
        }
    }

    fn web(&self, pulse: Pulse) -> anyhow::Result<Web> {
        let folder = &self.config.basics.store;
        let token = Token::draw(folder)
            .with_context(|| format!("no token can be written below {}", folder.display()))?;
        let (roster, store, clock) = (self.config.roster(), self.store.clone(), self.clock.clone());
        let roster = Box::new(move || Ok(roster.clone()));
        Ok(Web { pulse, desk: Desk { store, clock, roster }, token })
    }

    async fn poll(&mut self) -> anyhow::Result<Poll> {
        let (sources, store, clock) = (self.config.sources.clone(), self.store.clone(), self.clock.clone());
        let watch = self.config.watch.clone();
        let matcher: Matcher = Arc::new(move |post: &Post, origin: &Origin| watch.matches_from(post, origin));
        Ok(Poll::new(sources, store, matcher, clock, self.rng.fork()).await?)
    }

    fn committer(&mut self, filed: &Arc<Notify>) -> Committer {
        let (routes, operators) = (self.config.routes.clone(), self.config.operators.clone());
        let (store, clock) = (self.store.clone(), self.clock.clone());
        Committer::new(store, routes, operators, clock, self.rng.fork(), filed.clone())
    }

    async fn dispatch(
        &mut self,
        sink: Arc<dyn crate::sink::Sink>,
        filed: &Arc<Notify>,
    ) -> anyhow::Result<Dispatch> {
        let (store, clock, operators) =
            (self.store.clone(), self.clock.clone(), self.config.operators.clone());
        Ok(Dispatch::new(sink, store, operators, clock, self.rng.fork(), filed.clone()).await?)
    }
}

impl Report {
    /// Whether anything is left that somebody should look at.
    pub fn is_clean(&self) -> bool {
        let given_up = |delivery: &&Delivery| matches!(delivery.state, State::Dead { .. });
        self.failed.is_empty() && self.left.iter().filter(|delivery| !given_up(delivery)).count() == 0
    }
}

/// Waits for the tasks. The first that fails, panics or ends without being asked stops all of them.
async fn supervise(mut tasks: JoinSet<(String, Task)>, stop: CancellationToken) -> anyhow::Result<()> {
    let mut first = None;
    while let Some(ended) = tokio::select! {
        ended = tasks.join_next() => ended,
        () = overdue(&stop) => {
            tasks.abort_all();
            first.get_or_insert_with(|| anyhow!("some tasks did not stop within {} s", GRACE.as_secs()));
            None
        }
    } {
        if let Some(cause) = verdict(ended, stop.is_cancelled()) {
            error!("{cause:#}");
            first.get_or_insert(cause);
            stop.cancel();
        }
    }
    first.map_or(Ok(()), Err)
}

async fn overdue(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(GRACE).await;
}

/// Why the end of a task is a failure, if it is one.
fn verdict(ended: Result<(String, Task), JoinError>, stopping: bool) -> Option<anyhow::Error> {
    match ended {
        Ok((_, Ok(()))) if stopping => None,
        Ok((name, Ok(()))) => Some(anyhow!("the task `{name}` ended although nobody asked it to")),
        Ok((name, Err(cause))) => Some(cause.context(format!("the task `{name}` failed"))),
        Err(error) if error.is_cancelled() => None,
        Err(error) => Some(anyhow!("a task panicked: {error}; please report this")),
    }
}

/// Forgets, once a day, what is long gone.
async fn prune(store: Arc<dyn Store>, clock: Arc<dyn Clock>, stop: CancellationToken) -> Task {
    while !stop.is_cancelled() {
        let now: Timestamp = clock.now();
        store.prune(day(now) - SEEN_RETENTION_DAYS, now).await?;
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(Duration::from_hours(24)) => {}
        }
    }
    Ok(())
}

/// The signals that end the program: the first stops it cleanly, the second at once.
pub async fn signals(stop: CancellationToken) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    for again in [false, true] {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        if again {
            bail!("stopped at once by a second signal");
        }
        info!("stopping; a second signal stops at once");
        stop.cancel();
    }
    Ok(())
}
