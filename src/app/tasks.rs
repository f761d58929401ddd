//! Tasks that live and end together.

use std::time::Duration;

use anyhow::anyhow;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::store::StoreError;

/// How long tasks may take to stop; a container is killed after ten seconds.
const GRACE: Duration = Duration::from_secs(8);

/// How a task ends.
pub(super) type Task = anyhow::Result<()>;

/// Some tasks and what stops them. Dropped, they are dropped.
pub(super) struct Tasks {
    set: JoinSet<(String, Task)>,
    stop: CancellationToken,
}

impl Tasks {
    /// None yet; they stop with `stop`, or on their own.
    pub(super) fn under(stop: &CancellationToken) -> Self {
        Self { set: JoinSet::new(), stop: stop.child_token() }
    }

    /// What tells them to stop.
    pub(super) fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Starts one.
    pub(super) fn spawn<E: Into<anyhow::Error>>(
        &mut self,
        name: impl Into<String>,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let name = name.into();
        self.set.spawn(async move { (name, task.await.map_err(Into::into)) });
    }

    /// Waits for the first that fails, panics or ends without being asked.
    pub(super) async fn failure(&mut self) -> anyhow::Error {
        while let Some(ended) = self.set.join_next().await {
            if let Some(cause) = verdict(ended, self.stop.is_cancelled()) {
                return cause;
            }
        }
        std::future::pending().await
    }

    /// Stops all of them, and tells of the first that fails in doing so, of those for which there is more to do than to
    /// wait for room first.
    pub(super) async fn stop(mut self) -> Task {
        self.stop.cancel();
        let ending = async {
            let mut worst = Ok(());
            while let Some(ended) = self.set.join_next().await {
                if let Some(cause) = verdict(ended, true)
                    && worst.as_ref().err().is_none_or(|worst| wants_room(worst) && !wants_room(&cause))
                {
                    worst = Err(cause);
                }
            }
            worst
        };
        let late = || anyhow!("some tasks did not stop within {} s", GRACE.as_secs());
        tokio::time::timeout(GRACE, ending).await.map_err(|_| late())?
    }
}

/// Whether `cause` is that the store cannot be written now.
pub(super) fn wants_room(cause: &anyhow::Error) -> bool {
    cause.chain().any(|cause| matches!(cause.downcast_ref(), Some(StoreError::Full(_))))
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
