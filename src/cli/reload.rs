//! `vigie reload`: the daemon takes over its configuration as it is now.

use std::path::Path;
use std::sync::Arc;

use super::when::count;
use super::{Failure, keeper};
use crate::clock::Clock;
use crate::errand;

/// Has it reloaded and says what is in force.
pub(super) async fn reload(path: &Path, store: Option<&Path>, clock: &Arc<dyn Clock>) -> Result<(), Failure> {
    let keeper = keeper::find(path, store, "vigie reload", clock).await?;
    let errand::Reloaded { sources, sinks, rules } = keeper.ask(&errand::RELOAD, ()).await?;
    let (sources, sinks, rules) = (count(sources, "source"), count(sinks, "sink"), count(rules, "rule"));
    anstream::eprintln!("in force: {sources}, {sinks}, {rules}");
    Ok(())
}
