//! `vigie backup`, `restore` and `repair`: the store in and after bad days.

use std::path::Path;
use std::sync::Arc;

use super::when::count;
use super::{Failure, keeper};
use crate::clock::Clock;
use crate::errand::{self, SaveTo};
use crate::store::sled::SledStore;

/// Saves all there is into `dir`.
pub(super) async fn backup(
    path: &Path,
    store: Option<&Path>,
    dir: &Path,
    clock: &Arc<dyn Clock>,
) -> Result<(), Failure> {
    let dir = std::path::absolute(dir)?;
    let keeper = keeper::find(path, store, "vigie backup", clock).await?;
    let saved = keeper.ask(&errand::BACKUP, SaveTo { dir: dir.clone() }).await?;
    anstream::eprintln!(
        "saved in {}: {}, {}",
        dir.display(),
        count(saved.days, "archive file"),
        count(saved.bytes, "byte")
    );
    Ok(())
}

/// Makes a store of the backup in `dir`.
pub(super) fn restore(path: &Path, store: Option<&Path>, dir: &Path) -> Result<(), Failure> {
    let basics = keeper::basics(path, store)?;
    SledStore::restore(dir, &basics.store).map_err(Failure::to_open)?;
    anstream::eprintln!(
        "restored to {}; what was seen and told since the backup will be told again",
        basics.store.display()
    );
    Ok(())
}

/// Makes the store open again.
pub(super) fn repair(path: &Path, store: Option<&Path>, clock: &dyn Clock) -> Result<(), Failure> {
    let basics = keeper::basics(path, store)?;
    if !SledStore::is_at(&basics.store) {
        return Err(Failure::Usage(keeper::no_store(&basics.store)));
    }
    let report = SledStore::repair(&basics.store, "vigie repair", clock.now()).map_err(Failure::to_open)?;
    for line in &report {
        anstream::println!("{line}");
    }
    let end = if report.is_empty() { "nothing is damaged" } else { "the store opens again" };
    anstream::eprintln!("{end}: {}", basics.store.display());
    Ok(())
}
