//! A single run: every timeline is read to its end, whatever is due.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::look::Looking;
use super::{Committer, Poll};
use crate::store::StoreError;

impl Poll {
    /// Looks once at every timeline, to its end, whatever is due; `commit` makes each page count.
    pub(crate) async fn once(
        &mut self,
        committer: &mut Committer,
        stop: &CancellationToken,
    ) -> Result<Vec<String>, StoreError> {
        let failed = self.all_once(committer, stop).await?;
        self.store.keep().await?;
        // What had to wait, or was dropped, holds its turn still.
        self.store.release().await?;
        Ok(failed)
    }

    async fn all_once(
        &mut self,
        committer: &mut Committer,
        stop: &CancellationToken,
    ) -> Result<Vec<String>, StoreError> {
        let mut failed = Vec::new();
        let now = self.clock.now();
        let mut under_way: FuturesUnordered<Looking> = FuturesUnordered::new();
        loop {
            for (number, turn) in self.claim(Timestamp::MAX).await? {
                let waits = turn.state.as_ref().filter(|state| state.failures > 0 && state.due(now) > now);
                if let (Some(state), Some(watch)) = (waits, self.watch_of(number)) {
                    let why = state.trouble.as_ref().map_or("it failed", |trouble| trouble.why.as_str());
                    let (source, account) = (&watch.watching().id, &watch.account);
                    failed.push(format!("{source} {account}: waits until {:.0}: {why}", state.due));
                    self.agenda.ended(number, None);
                    continue;
                }
                under_way.push(self.look(number, turn, now)?);
            }
            let look = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(failed),
                look = under_way.next() => look,
            };
            let Some(look) = look else { return Ok(failed) };
            self.ended(&look, now).await?;
            match &look.result {
                Ok(page) if page.more => self.agenda.wait(look.number, now),
                Ok(_) => {}
                Err(error) => {
                    failed.push(format!("{} {}: {error}", look.watch.watching().id, look.watch.account));
                }
            }
            committer.take_all(vec![look]).await?;
        }
    }
}
