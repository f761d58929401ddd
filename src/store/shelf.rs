//! Stories in memory: those of the store that forgets, and of `vigie stories`.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::{Filed, Filing, enlist, file};
use crate::model::delivery::{Delivery, DeliveryId};
use crate::model::story::{Story, StoryId, StoryKey};
use crate::story::Kept;

/// Stories, and the keys they are found by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf {
    stories: HashMap<StoryId, (Story, Kept)>,
    index: HashMap<StoryKey, Vec<StoryId>>,
}

impl Shelf {
    /// Files a post; tells its story and the deliveries that changed.
    pub(crate) fn file(
        &mut self,
        filing: Filing,
        open: impl FnMut(&DeliveryId) -> Option<Delivery>,
        now: Timestamp,
    ) -> (StoryId, Vec<Delivery>) {
        let keys = filing.sketch.keys();
        let found: HashSet<&StoryId> = keys.iter().filter_map(|key| self.index.get(key)).flatten().collect();
        let candidates = found.into_iter().filter_map(|id| self.stories.get(id)).cloned().collect();
        let Filed { story, kept, keys, deliveries } = file(filing, candidates, open, now);
        let id = story.id.clone();
        for key in keys {
            enlist(self.index.entry(key).or_default(), &id);
        }
        self.stories.insert(id.clone(), (story, kept));
        (id, deliveries)
    }

    /// The story.
    pub(crate) fn story(&mut self, id: &StoryId) -> Option<&mut Story> {
        self.stories.get_mut(id).map(|(story, _)| story)
    }

    /// Forgets stories that are over.
    pub(crate) fn prune(&mut self, now: Timestamp) {
        self.stories.retain(|_, (story, _)| story.is_live(now));
        self.index.retain(|_, found| {
            found.retain(|id| self.stories.contains_key(id));
            !found.is_empty()
        });
    }
}
