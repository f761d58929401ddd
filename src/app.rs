//! Builds everything, starts every task, lets another configuration take over, stops them all.

mod direct;
mod follow;
mod loops;
mod notice;
mod pause;
mod prune;
mod reload;
mod room;
mod signals;
mod tasks;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

pub use self::signals::signals;

use self::follow::changed;
use self::pause::Ended;
use self::prune::{Shown, forget};
use self::reload::Changes;
use self::tasks::{Task, Tasks};
use crate::clock::Clock;
use crate::config::{Config, Configs};
use crate::errand::{Desk, Reloaded, Roster, Wish};
use crate::metrics::Metrics;
use crate::model::delivery::{Delivery, State};
use crate::poll::{Counted, Tally};
use crate::pulse::Pulse;
use crate::store::{Store, is_full};
use crate::web::{self, Token, Web, Writable};

/// Wishes to reload that may wait for each other.
const WISHES: usize = 8;

/// Everything the daemon is made of.
pub struct App {
    /// What is in force.
    config: Config,
    /// What may follow it.
    changes: Option<Changes>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    rng: fastrand::Rng,
    pulse: Pulse,
    tally: Tally,
    metrics: Metrics,
    /// Rings when a delivery was filed.
    filed: Arc<Notify>,
    roster: watch::Sender<Roster>,
    /// How the clock goes.
    shown: Shown,
}

/// What outlives a configuration.
struct House {
    tasks: Tasks,
    /// Wishes to reload.
    wishes: mpsc::Receiver<Wish>,
    /// What opens the daemon to commands.
    token: Token,
    /// Where it answers.
    listen: SocketAddr,
}

impl House {
    /// Lets commands find the daemon that has `store`, and lets them in.
    fn open_to_commands(&self, store: &Path) -> io::Result<()> {
        self.token.write(store)?;
        web::leave_address(store, self.listen)
    }
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

impl App {
    /// An app that draws its chances from `seed`.
    pub fn new(config: Config, store: Arc<dyn Store>, clock: Arc<dyn Clock>, seed: u64) -> Self {
        let roster = watch::Sender::new(config.roster());
        let metrics = Metrics::new(clock.now());
        Self {
            config,
            changes: None,
            store,
            clock,
            rng: fastrand::Rng::with_seed(seed),
            pulse: Pulse::default(),
            tally: Tally::new(metrics.clone()),
            metrics,
            filed: Arc::default(),
            roster,
            shown: Shown::default(),
        }
    }

    /// The app, taking over what `configs` has whenever it changes, if it is valid.
    #[must_use]
    pub fn following(self, configs: Arc<dyn Configs>) -> Self {
        Self { changes: Some(Changes::of(configs)), ..self }
    }

    /// Runs until `stop`, or until any task fails.
    pub async fn run(mut self, stop: CancellationToken) -> Task {
        let listen = self.config.basics.listen;
        let listener = web::bind(listen).await.with_context(|| {
            format!("cannot answer at {listen}; is another vigie running? Give this one another `listen`")
        })?;
        let mut house = self.house(listener, &stop)?;
        let mut hangup = signal(SignalKind::hangup())?;
        let mut loops = Tasks::under(&stop);
        let mut turned = self.start(&stop).await.map(|started| loops = started);
        if turned.is_ok() {
            let Reloaded { sources, sinks, rules } = self.in_force();
            info!(sources, sinks, rules, "watching; health at http://{listen}/healthz");
        }
        let ended = loop {
            if let Err(cause) = turned {
                loops = match self.paused(cause, loops, &mut house, &stop).await {
                    Ended::Over(loops) => loops,
                    Ended::Stopped(ended) => break ended,
                };
            }
            turned = tokio::select! {
                () = stop.cancelled() => break loops.stop().await,
                cause = house.tasks.failure() => break loops.stop().await.and(Err(cause)),
                cause = loops.failure() => Err(cause),
                Some(wish) = house.wishes.recv() => self.reload(Some(wish), &mut loops, &stop).await,
                Some(()) = hangup.recv() => self.reload(None, &mut loops, &stop).await,
                () = changed(&mut self.changes) => self.reload(None, &mut loops, &stop).await,
            };
        };
        if let Err(cause) = &ended {
            error!("{cause:#}");
            // Whoever asked it to stop is there to see that it did not stop well.
            if !stop.is_cancelled() {
                let text = format!("{cause:#}\nIt ends and sees nothing until it is started again.");
                direct::tell(&self.config, "vigie ends: it cannot go on", &text, self.clock.now()).await;
            }
        }
        stop.cancel();
        ended.and(house.tasks.stop().await)
    }

    /// Forgets what is long gone, polls every timeline to its end, then tries everything in the outbox that is due.
    pub async fn once(mut self, stop: CancellationToken) -> anyhow::Result<Report> {
        // Before anything is filed by the clock of today: what was not over by the last one is kept.
        forget(self.store.as_ref(), &self.config.retention, self.clock.now()).await?;
        for (gone, heir) in &self.config.heirs {
            self.store.hand_over(gone, heir).await?;
        }
        let mut committer = self.committer().await?;
        let failed = self.poll().await?.once(&mut committer, &stop).await?;
        self.store.close(self.clock.now()).await?;
        let (mut tasks, mut operators) = (JoinSet::new(), None);
        for sink in self.config.sinks.clone() {
            // The operators' sink goes last: the others may have something to tell them.
            if *sink.id() == self.config.operators {
                operators = Some(sink);
                continue;
            }
            let (dispatch, stop) = (self.dispatch(sink).await?, stop.clone());
            tasks.spawn(async move { dispatch.once(&stop).await });
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        if let Some(sink) = operators {
            self.dispatch(sink).await?.once(&stop).await?;
        }
        let left = self.store.outbox().await?;
        Ok(Report { counted: self.tally.take(), failed, left })
    }

    /// Starts what outlives a configuration.
    fn house(&self, listener: TcpListener, stop: &CancellationToken) -> anyhow::Result<House> {
        let folder = &self.config.basics.store;
        let (wish, wishes) = mpsc::channel(WISHES);
        let token = Token::renew(folder)
            .with_context(|| format!("no token can be written below {}", folder.display()))?;
        let listen = listener.local_addr()?;
        match web::leave_address(folder, listen) {
            // It is written once there is room.
            Err(cause) if !is_full(&cause) => return Err(cause.into()),
            _ => {}
        }
        let (store, clock, roster) = (self.store.clone(), self.clock.clone(), self.roster.subscribe());
        let roster = Box::new(move || Ok(roster.borrow().clone()));
        let reloads = self.changes.is_some().then_some(wish);
        let (since, tally) = (Some(clock.now()), Some(self.tally.clone()));
        let filed = self.filed.clone();
        let (pulse, metrics) = (self.pulse.clone(), self.metrics.clone());
        let desk = Desk { store, clock, filed, roster, since, tally, pulse: Some(pulse.clone()), reloads };
        let writable = Writable::of(self.store.clone(), self.clock.clone());
        let open_metrics = self.config.basics.open_metrics;
        let web = Web { pulse, desk, token: token.clone(), writable, metrics, open_metrics };
        let mut tasks = Tasks::under(stop);
        tasks.spawn("web", web::run(listener, web, tasks.stopping()));
        Ok(House { tasks, wishes, token, listen })
    }

    fn in_force(&self) -> Reloaded {
        let (sources, sinks) = (self.config.sources.len(), self.config.sinks.len());
        Reloaded { sources, sinks, rules: self.config.watch.rules() }
    }
}

impl Report {
    /// Whether anything is left that somebody should look at.
    pub fn is_clean(&self) -> bool {
        let settled =
            |delivery: &Delivery| matches!(delivery.state, State::Dead { .. }) || delivery.held.is_some();
        self.failed.is_empty() && self.left.iter().all(settled)
    }
}
