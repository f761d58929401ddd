//! The signals that end the program.

use anyhow::bail;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::info;

/// The signals that end the program: the first stops it cleanly, the second at once.
pub async fn signals(stop: CancellationToken) -> anyhow::Result<()> {
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
