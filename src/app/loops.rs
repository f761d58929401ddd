//! The loops of one configuration: how they are built and started.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::prune::prune;
use super::room::Room;
use super::tasks::Tasks;
use super::{App, reload};
use crate::alive::{self, Alive, Signs};
use crate::dispatch::{self, Dispatch, Measured, Standing};
use crate::model::post::Post;
use crate::poll::{self, Audience, Committer, Matcher, Poll};
use crate::sink::Sink;
use crate::watch::Origin;

/// Looks that may wait for the committer.
const WAITING_LOOKS: usize = 32;

impl App {
    /// Starts the loops of the present configuration; they stop with `stop`, or on their own.
    pub(super) async fn start(&mut self, stop: &CancellationToken) -> anyhow::Result<Tasks> {
        let mut loops = Tasks::under(stop);
        let sources = self.config.sources.iter().map(|watching| watching.id.as_str());
        self.metrics.expect(sources, self.config.sinks.iter().map(|sink| sink.id().as_str()));
        for (gone, heir) in &self.config.heirs {
            self.store.hand_over(gone, heir).await?;
        }
        for sink in self.config.sinks.clone() {
            let name = format!("dispatch {}", sink.id());
            let dispatch = self.dispatch(sink).await?;
            let beat = self.pulse.register(name.clone(), dispatch::PERIOD);
            loops.spawn(name, dispatch.run(beat, loops.stopping()));
        }
        if let Some(signs) = self.config.signs.clone() {
            let beat = self.pulse.register("alive", alive::PERIOD);
            loops.spawn("alive", self.alive(signs).run(beat, loops.stopping()));
        }
        let room = Room::of(self);
        // First, so that nothing is polled where there is no room for it.
        room.look().await?;
        loops.spawn("room", room.run(loops.stopping()));
        let (store, kept) = (self.store.clone(), self.config.retention.clone());
        let prune = prune(store, kept, self.clock.clone(), self.shown.clone(), loops.stopping());
        loops.spawn("prune", prune);
        let (looks, waiting) = mpsc::channel(WAITING_LOOKS);
        let (due, dues) = mpsc::unbounded_channel();
        let beat = self.pulse.register("commit", poll::TICK);
        // It stops once nobody can hand it anything any more.
        loops.spawn("commit", self.committer().await?.run(waiting, due, beat));
        let poll = self.poll().await?;
        let beat = self.pulse.register("poll", poll::TICK);
        loops.spawn("poll", poll.run(looks, dues, beat, loops.stopping()));
        self.tell_of_orphans().await?;
        Ok(loops)
    }

    async fn tell_of_orphans(&self) -> anyhow::Result<()> {
        let outbox = self.store.outbox().await?;
        let notices = reload::tell_of_orphans(&self.config, &outbox, self.clock.now());
        if !notices.is_empty() {
            self.store.tell(notices).await?;
            self.filed.notify_waiters();
        }
        Ok(())
    }

    fn alive(&self, signs: Signs) -> Alive {
        Alive {
            signs,
            sources: self.config.sources.clone(),
            tally: self.tally.clone(),
            operators: self.config.operators.clone(),
            hearing: self.config.hearing(),
            store: self.store.clone(),
            filed: self.filed.clone(),
            pulse: self.pulse.clone(),
            clock: self.clock.clone(),
        }
    }

    pub(super) async fn poll(&self) -> anyhow::Result<Poll> {
        let (sources, store, clock) = (self.config.sources.clone(), self.store.clone(), self.clock.clone());
        let watch = self.config.watch.clone();
        let matcher: Matcher = Arc::new(move |post: &Post, origin: &Origin| watch.matches_from(post, origin));
        Ok(Poll::new(sources, store, matcher, clock).await?)
    }

    pub(super) async fn committer(&mut self) -> anyhow::Result<Committer> {
        let audience = Audience {
            routes: self.config.routes.clone(),
            operators: self.config.operators.clone(),
            timezone: self.config.basics.timezone.clone(),
        };
        let (store, clock, filed) = (self.store.clone(), self.clock.clone(), self.filed.clone());
        let (sources, rng) = (&self.config.sources, self.rng.fork());
        Ok(Committer::new(store, sources, audience, clock, rng, filed, self.tally.clone()).await?)
    }

    pub(super) async fn dispatch(&mut self, sink: Arc<dyn Sink>) -> anyhow::Result<Dispatch> {
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let operators = Standing::of(sink.id(), &self.config.hearing());
        let sink = Arc::new(Measured { sink, metrics: self.metrics.clone(), clock: clock.clone() });
        let routes = Arc::new(self.config.routes.clone());
        Ok(Dispatch::new(sink, store, routes, operators, clock, self.rng.fork(), self.filed.clone()).await?)
    }
}
