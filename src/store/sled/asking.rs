//! Asking the owning thread.

use tokio::sync::oneshot;

use super::SledStore;
use super::core::Core;
use super::owner::{Answer, Job, Owner};
use crate::store::StoreError;

impl SledStore {
    /// Has the owning thread make a change, and waits until it is safe.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Core) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.ask(|owner| {
            let result = owner.change(change);
            |synced: &Result<(), StoreError>| synced.clone().and(result)
        })
        .await
    }

    /// Has the owning thread read something, which needs no disk that takes writes.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Core) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.ask(|owner| {
            let result = owner.read(read);
            |_: &Result<(), StoreError>| result
        })
        .await
    }

    /// Has the owning thread do `job`, and hears what comes of it after the next sync.
    pub(super) async fn ask<T: Send + 'static, R>(
        &self,
        job: impl FnOnce(&mut Owner) -> R + Send + 'static,
    ) -> Result<T, StoreError>
    where
        R: FnOnce(&Result<(), StoreError>) -> Result<T, StoreError> + Send + 'static,
    {
        let gone = || StoreError::Broken("its thread ended; the log above says why".into());
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |owner| {
            let result = job(owner);
            let answer: Answer = Box::new(move |synced| {
                // Who asked may be gone; the deed is done all the same.
                let _ = answer.send(result(synced));
            });
            answer
        });
        self.jobs.send(job).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}
