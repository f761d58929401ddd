//! sled's trees, the draft of a change to them, and the one transaction that makes it count.

use std::cell::Cell;
use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sled::{Db, Transactional};

use crate::store::{StoreError, is_full};

/// The largest value. sled spills leaves of about 17 values that exceed 128 KB into side files that it never syncs.
pub(super) const VALUE_BYTES: usize = 4096;

/// Where `Tree::Meta` has the number of transactions.
const COMMITS: &[u8] = b"commits";

/// The trees, each with its keys and values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tree {
    /// Name -> anything about the store itself.
    Meta,
    /// Timeline id -> its state.
    Timeline,
    /// Group of timelines -> when those in it were and will be looked at; see `timelines`.
    Times,
    /// Timeline id, day -> the gaps that ended on it.
    Gap,
    /// `platform:account` -> timeline id.
    Resolved,
    /// Record number -> a day and the posts that were answered on it; see `seen`.
    Seen,
    /// Post key -> the rules its revisions met.
    Met,
    /// Source, day -> what it spent.
    Spending,
    /// Route and sink -> an hour, and the messages in it.
    Meter,
    /// Record number -> a second and what changed in stories until then; see `stories`.
    Stories,
    /// Delivery id -> the delivery without its excerpts or items.
    Outbox,
    /// Delivery id, number -> an excerpt, or an item of a digest.
    Excerpt,
    /// Sink id -> its gate.
    Gate,
    /// Silence id -> the silence.
    Silence,
    /// Path below the archive -> length that counts.
    Archive,
}

impl Tree {
    pub(super) const ALL: &[(Self, &'static str)] = &[
        (Self::Meta, "meta"),
        (Self::Timeline, "timeline"),
        (Self::Times, "times"),
        (Self::Gap, "gap"),
        (Self::Resolved, "resolved"),
        (Self::Seen, "seen"),
        (Self::Met, "met"),
        (Self::Spending, "spending"),
        (Self::Meter, "hourly"),
        (Self::Stories, "stories"),
        (Self::Outbox, "outbox"),
        (Self::Excerpt, "excerpt"),
        (Self::Gate, "gate"),
        (Self::Silence, "silence"),
        (Self::Archive, "archive"),
    ];
}

/// All trees of the state.
pub(super) struct Trees {
    trees: Vec<sled::Tree>,
    /// How many transactions there were.
    commits: Cell<u64>,
}

/// Changes that will count together. Reads through it see them already.
pub(super) struct Draft<'a> {
    trees: &'a Trees,
    changes: BTreeMap<(Tree, Vec<u8>), Option<Vec<u8>>>,
    made: usize,
}

impl Trees {
    pub(super) fn of(db: &Db) -> Result<Self, StoreError> {
        let trees =
            Tree::ALL.iter().map(|(_, name)| db.open_tree(name).map_err(broken)).collect::<Result<_, _>>()?;
        let trees = Self { trees, commits: Cell::new(0) };
        trees.commits.set(trees.get(Tree::Meta, COMMITS)?.unwrap_or(0));
        Ok(trees)
    }

    /// How many transactions the state knows of.
    pub(super) fn commits(&self) -> u64 {
        self.commits.get()
    }

    fn tree(&self, tree: Tree) -> &sled::Tree {
        &self.trees[tree as usize]
    }

    pub(super) fn draft(&self) -> Draft<'_> {
        Draft { trees: self, changes: BTreeMap::new(), made: 0 }
    }

    pub(super) fn get<T: DeserializeOwned>(&self, tree: Tree, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.tree(tree).get(key).map_err(broken)?.map(|value| decode(tree, &value)).transpose()
    }

    /// Changes one value that may be lost in a crash, outside of any transaction: what those keep account of costs more
    /// than all else of a look that brings nothing.
    pub(super) fn note(&self, tree: Tree, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.tree(tree).insert(key, fitting(tree, value)?).map_err(broken)?;
        Ok(())
    }

    /// The raw entries whose keys start with `prefix`, in the order of the keys.
    pub(super) fn entries(
        &self,
        tree: Tree,
        prefix: &[u8],
    ) -> impl Iterator<Item = Result<(sled::IVec, sled::IVec), StoreError>> + use<> {
        self.tree(tree).scan_prefix(prefix).map(|entry| entry.map_err(broken))
    }
}

impl Draft<'_> {
    pub(super) fn get<T: DeserializeOwned>(&self, tree: Tree, key: &[u8]) -> Result<Option<T>, StoreError> {
        match self.changes.get(&(tree, key.to_vec())) {
            Some(change) => change.as_deref().map(|value| decode(tree, value)).transpose(),
            None => self.trees.get(tree, key),
        }
    }

    pub(super) fn put<T: Serialize>(&mut self, tree: Tree, key: &[u8], value: &T) -> Result<(), StoreError> {
        self.put_raw(tree, key, encode(value)?)
    }

    pub(super) fn put_raw(&mut self, tree: Tree, key: &[u8], value: Vec<u8>) -> Result<(), StoreError> {
        fitting(tree, &value)?;
        self.changes.insert((tree, key.to_vec()), Some(value));
        self.made += 1;
        Ok(())
    }

    pub(super) fn remove(&mut self, tree: Tree, key: &[u8]) {
        self.changes.insert((tree, key.to_vec()), None);
        self.made += 1;
    }

    /// The trees that it will change.
    pub(super) fn trees(&self) -> &Trees {
        self.trees
    }

    /// How many changes were made.
    pub(super) fn made(&self) -> usize {
        self.made
    }

    /// Makes the changes count if they are many, where they need not count together.
    pub(super) fn spill(self) -> Result<Self, StoreError> {
        const MANY: usize = 50;
        if self.changes.len() < MANY {
            return Ok(self);
        }
        let trees = self.trees;
        self.apply()?;
        Ok(trees.draft())
    }

    /// Makes all changes count at once; they are safe after the next sync. Tells whether there were any.
    pub(super) fn apply(mut self) -> Result<bool, StoreError> {
        if self.changes.is_empty() {
            return Ok(false);
        }
        let commits = self.trees.commits() + 1;
        self.put(Tree::Meta, COMMITS, &commits)?;
        let result = self.trees.trees.as_slice().transaction(|views| {
            for ((tree, key), value) in &self.changes {
                let view = &views[*tree as usize];
                match value {
                    Some(value) => view.insert(key.as_slice(), value.as_slice())?,
                    None => view.remove(key.as_slice())?,
                };
            }
            Ok::<(), sled::transaction::ConflictableTransactionError<()>>(())
        });
        match result {
            Ok(()) => {
                self.trees.commits.set(commits);
                Ok(true)
            }
            Err(sled::transaction::TransactionError::Storage(error)) => Err(broken(error)),
            Err(sled::transaction::TransactionError::Abort(())) => Ok(false),
        }
    }
}

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| StoreError::Broken(error.to_string()))
}

/// The value, if it is not so large that sled puts it aside.
fn fitting(tree: Tree, value: &[u8]) -> Result<&[u8], StoreError> {
    if value.len() > VALUE_BYTES {
        return Err(StoreError::Broken(format!(
            "a value of {} bytes for {tree:?} is too large",
            value.len()
        )));
    }
    Ok(value)
}

fn decode<T: DeserializeOwned>(tree: Tree, value: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(value).map_err(|error| StoreError::Broken(format!("a value of {tree:?}: {error}")))
}

/// sled's errors in the words of the trait.
pub(super) fn broken(error: sled::Error) -> StoreError {
    match error {
        // sled's words for it are a program's.
        sled::Error::Io(cause) if is_full(&cause) => StoreError::Full(cause.kind().to_string()),
        sled::Error::Io(cause) => cause.into(),
        other => StoreError::Broken(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tree_stands_at_its_own_number() {
        for (number, (tree, _)) in Tree::ALL.iter().enumerate() {
            assert_eq!(*tree as usize, number);
        }
    }

    #[test]
    fn a_draft_reads_its_own_changes_and_counts_only_when_applied() {
        let db = sled::Config::new().temporary(true).open().unwrap();
        let trees = Trees::of(&db).unwrap();
        let mut draft = trees.draft();
        draft.put(Tree::Meta, b"a", &1).unwrap();
        assert_eq!(draft.get::<i32>(Tree::Meta, b"a").unwrap(), Some(1));
        assert_eq!(trees.get::<i32>(Tree::Meta, b"a").unwrap(), None);
        assert!(draft.apply().unwrap());
        let mut draft = trees.draft();
        draft.remove(Tree::Meta, b"a");
        assert_eq!(draft.get::<i32>(Tree::Meta, b"a").unwrap(), None);
        assert_eq!(trees.get::<i32>(Tree::Meta, b"a").unwrap(), Some(1));
        assert!(!trees.draft().apply().unwrap());
    }

    #[test]
    fn a_value_that_sled_might_put_aside_is_refused() {
        let db = sled::Config::new().temporary(true).open().unwrap();
        let trees = Trees::of(&db).unwrap();
        assert!(trees.draft().put_raw(Tree::Meta, b"a", vec![0; VALUE_BYTES + 1]).is_err());
    }
}
