//! `vigie health`: is the daemon alive? Made for a container's health check.

use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;

use super::{Failure, keeper};
use crate::clock::Clock;

/// Asks the daemon.
pub(super) async fn health(path: &Path, store: Option<&Path>, clock: &Arc<dyn Clock>) -> Result<(), Failure> {
    let answer = keeper::look(&keeper::basics(path, store)?, "/healthz", clock).await?;
    match answer.status {
        200 => Ok(()),
        status => Err(anyhow!("the daemon is not well (HTTP {status}):\n{}", answer.text().trim()).into()),
    }
}
