//! `vigie run`: watch until stopped, or once.

use std::path::Path;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{Failure, open, outbox};
use crate::app::{self, App};
use crate::clock::Clock;
use crate::config::{Configs, Files};
use crate::store::sled::SledStore;

/// Runs the daemon, or a single round of it.
pub(super) async fn run(
    path: &Path,
    store: Option<&Path>,
    once: bool,
    clock: Arc<dyn Clock>,
) -> Result<(), Failure> {
    let files = Files::new(path, store, clock.clone());
    let config = files.load().map_err(Failure::Problems)?;
    let timezone = config.basics.timezone.clone();
    let holder = if once { "vigie run --once" } else { "vigie run" };
    let folder = &config.basics.store;
    let store = if once {
        open(folder, holder, clock.as_ref())?
    } else {
        // On a full disk the daemon waits, and says so, rather than die again and again.
        SledStore::attend(folder, holder, clock.now()).map(Arc::new).map_err(Failure::to_open)?
    };
    let seed = clock.now().as_nanosecond() as u64 ^ u64::from(std::process::id());
    let now = clock.now();
    let app = App::new(config, store, clock, seed);
    let stop = CancellationToken::new();
    let signals = app::signals(stop.clone());
    tokio::pin!(signals);
    if !once {
        tokio::select! {
            ended = app.following(Arc::new(files)).run(stop) => ended?,
            signal = &mut signals => signal?,
        }
        return Ok(());
    }
    let report = tokio::select! {
        report = app.once(stop) => report?,
        signal = &mut signals => return Ok(signal?),
    };
    let counted = report.counted;
    anstream::eprintln!(
        "{} new posts, {} edits, {} matched; {} unreadable",
        counted.new,
        counted.revised,
        counted.matched,
        counted.unreadable
    );
    for line in &report.failed {
        anstream::eprintln!("not read: {line}");
    }
    for delivery in &report.left {
        anstream::eprintln!("{}", outbox::line(delivery, now, &timezone));
    }
    if report.is_clean() { Ok(()) } else { Err(Failure::Said) }
}
