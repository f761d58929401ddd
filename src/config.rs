//! The configuration as a whole: every file, every table, every problem at once.

mod alive;
mod files;
mod group;
mod load;
mod retention;
mod operators;
mod route;
mod watchlists;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::alive::Signs;
use crate::clock::Clock;
use crate::errand::Roster;
use crate::model::retention::Retention;
use crate::model::sink::SinkId;
use crate::poll::Watching;
use crate::route::Routes;
use crate::setting::{Document, Problem, Size};
use crate::sink::Sink;
use crate::watch::Watch;

pub use files::{Configs, Digest, Files};

/// Where the configuration lies if nobody says otherwise.
pub const DEFAULT_PATH: &str = "config/vigie.toml";

/// Everything the configuration says, built and ready to run.
pub struct Config {
    /// What needs no adapter.
    pub basics: Basics,
    /// The watchlists.
    pub watch: Arc<Watch>,
    /// The enabled sources.
    pub sources: Vec<Watching>,
    /// The enabled sinks, and the operators' one.
    pub sinks: Vec<Arc<dyn Sink>>,
    /// Sinks that are gone, and who takes over what still waits for them.
    pub heirs: BTreeMap<SinkId, SinkId>,
    /// Who hears of what.
    pub routes: Routes,
    /// Where vigie's own alarms go.
    pub operators: SinkId,
    /// Where they go if that sink does not take them, one after the other.
    pub fallbacks: Vec<SinkId>,
    /// Entries that are there but disabled.
    pub disabled: Vec<String>,
    /// The signs of life, if there are any.
    pub signs: Option<Signs>,
    /// How long posts are kept.
    pub retention: Retention,
}

/// What the configuration says that commands need even where a secret is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basics {
    /// The folder of the store.
    pub store: PathBuf,
    /// Where the daemon answers.
    pub listen: SocketAddr,
    /// The time zone people read.
    pub timezone: TimeZone,
    /// A folder of watchlists, or one.
    pub watchlists: PathBuf,
    /// Whether `GET /metrics` needs no token.
    pub open_metrics: bool,
    /// Below so much room on the disk of the store nothing is polled.
    pub min_free: Size,
}

impl Config {
    /// Reads the configuration at `path`, the watchlists it names and the secrets of what is enabled.
    ///
    /// # Errors
    /// Every problem there is, in the order of files and lines.
    pub fn load(path: &Path, clock: &Arc<dyn Clock>) -> Result<Self, Vec<Problem>> {
        Self::check(path, clock, &mut Vec::new())
    }

    /// The same; whatever is wrong, `warnings` gets what may be meant but seldom is, in what can be read.
    pub fn check(
        path: &Path,
        clock: &Arc<dyn Clock>,
        warnings: &mut Vec<Problem>,
    ) -> Result<Self, Vec<Problem>> {
        let document = Document::read(path).map_err(|problem| vec![problem])?;
        load::load(&document, clock, warnings).map_err(|mut problems| {
            problems.sort();
            problems.dedup();
            problems
        })
    }

    /// Who is watched and who hears.
    pub fn roster(&self) -> Roster {
        let sinks = self.sinks.iter().map(|sink| sink.id().clone()).collect();
        let (sources, rules) = (self.sources.clone(), self.watch.rules());
        Roster { sources, sinks, operators: self.hearing(), rules, refused: None }
    }

    /// The sinks at which the operators hear, the first of them first.
    pub fn hearing(&self) -> Vec<SinkId> {
        [&self.operators].into_iter().chain(&self.fallbacks).cloned().collect()
    }
}

impl Basics {
    /// Reads only the basics of the configuration at `path`; what is wrong elsewhere is no matter.
    pub fn load(path: &Path) -> Result<Self, Vec<Problem>> {
        Self::of(&Document::read(path).map_err(|problem| vec![problem])?)
    }

    fn of(document: &Document) -> Result<Self, Vec<Problem>> {
        load::basics(document)
    }
}

/// The sinks by name, for whoever needs a particular one.
pub fn by_name(sinks: &[Arc<dyn Sink>]) -> HashMap<String, Arc<dyn Sink>> {
    sinks.iter().map(|sink| (sink.id().to_string(), sink.clone())).collect()
}
