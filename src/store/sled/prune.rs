//! Forgetting what is long gone, a little at a time.

use jiff::Timestamp;

use super::core::Core;
use super::trees::{Draft, Tree};
use crate::model::retention::Retention;
use crate::store::StoreError;

impl Core {
    /// Forgets a little. Tells whether there may be more.
    pub(super) fn prune(&mut self, before: i32, now: Timestamp) -> Result<bool, StoreError> {
        let mut draft = self.trees.draft();
        let mut more = self.seen.forget(before, 1, &self.trees, &mut draft)?;
        more |= self.stories.forget(now, &mut draft, &self.trees)?;
        more |= self.prune_days(Tree::Spending, before, &mut draft)?;
        more |= self.prune_days(Tree::Gap, before, &mut draft)?;
        for silence in self.silences()?.iter().filter(|silence| !silence.is_remembered(now)) {
            draft.remove(Tree::Silence, &silence.id.to_be_bytes());
        }
        self.unsynced |= draft.apply()?;
        Ok(more)
    }

    /// Forgets some of what is kept by day. Tells whether there may be more.
    fn prune_days(&self, tree: Tree, before: i32, draft: &mut Draft<'_>) -> Result<bool, StoreError> {
        /// So many changes go in one transaction.
        const AT_ONCE: usize = 50;
        let mut forgotten = 0;
        for entry in self.trees.entries(tree, b"") {
            let (key, _) = entry?;
            let day = key.last_chunk::<4>().map_or(i32::MIN, |day| i32::from_be_bytes(*day));
            if day < before {
                draft.remove(tree, &key);
                forgotten += 1;
            }
            if forgotten == AT_ONCE {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Deletes a few days of the archive that are kept no longer; tells how many.
    pub(super) fn retire(&mut self, kept: &Retention, now: Timestamp) -> Result<usize, StoreError> {
        let mut draft = self.trees.draft();
        let gone = self.archive.retire(kept, now, &mut draft)?;
        self.unsynced |= draft.apply()?;
        Ok(gone)
    }
}
