//! What filing a post does to its story and to the deliveries that tell of it; the same in every store.

use jiff::Timestamp;

use super::{Addressed, Filing};
use crate::model::delivery::{Again, Alert, Body, Delivery, DeliveryId, Joining};
use crate::model::sink::SinkId;
use crate::model::story::{self, Copy, Story, StoryId, StoryKey, answers_after};
use crate::story::{Bond, Kept, Sketch};

/// What filing a post changes: its story and the deliveries it opened or joined.
#[derive(Debug)]
pub(crate) struct Filed {
    pub story: Story,
    pub kept: Kept,
    /// The keys under which the story is found because of the post.
    pub keys: Vec<StoryKey>,
    pub deliveries: Vec<Delivery>,
}

/// Files a post: the story it belongs to now, and what that does at each sink.
///
/// `candidates` are the stories that share a key with it, each once, and `open` finds the delivery a sink still gathers
/// in. Both stores use this one function, so that they cannot tell stories differently.
pub(crate) fn file(
    filing: Filing,
    candidates: Vec<(Story, Kept)>,
    mut open: impl FnMut(&DeliveryId) -> Option<Delivery>,
    now: Timestamp,
) -> Filed {
    use crate::model::story::Filed::{Counted, Joins, Opens};
    let (mut story, mut kept, bond) = join(&filing.sketch, candidates, now).unwrap_or_else(|| {
        let story = Story::begin(filing.story, now);
        (story, Kept::default(), Bond::Attached)
    });
    let copy = Copy { own_words: bond == Bond::Attached, ..filing.copy };
    let second = story.is_second(&copy);
    story.add(copy, now);
    let keys = kept.add(filing.sketch);
    let mut deliveries = Vec::new();
    for Addressed { sink, severity, excerpt, routes, due } in filing.to {
        let last = story.told.get(&sink).map(|told| DeliveryId::of_story(&story.id, &sink, told.deliveries));
        let gathering = last.as_ref().and_then(&mut open).filter(Delivery::is_open);
        let news = story::News { severity, insists: filing.insists, second };
        let post = Joining { excerpt, severity, again: None, routes, due };
        match (story.file(&sink, news, gathering.is_some()), gathering) {
            (Opens { n, again, counted }, _) => {
                let opening = Opening { story: story.id, sink, n, again, counted };
                deliveries.push(opening.with(post, now));
            }
            (Joins(again), Some(mut delivery)) => {
                delivery.absorb(Joining { again: Some(again), ..post }, now);
                deliveries.push(delivery);
            }
            (Joins(_), None) | (Counted, _) => {}
        }
    }
    Filed { story, kept, keys, deliveries }
}

/// A delivery about to be opened.
struct Opening {
    story: StoryId,
    sink: SinkId,
    n: u32,
    again: Option<Again>,
    counted: u32,
}

impl Opening {
    /// The delivery, with its first post.
    fn with(self, post: Joining, now: Timestamp) -> Delivery {
        let Self { story, sink, n, again, counted } = self;
        let due = match again {
            Some(Again::Copies) => now.saturating_add(answers_after(n)).unwrap_or(now),
            _ => post.due,
        };
        let id = DeliveryId::of_story(&story, &sink, n);
        let alert = Alert { story, severity: post.severity, again, posts: counted, excerpts: Vec::new() };
        let mut delivery = Delivery::open(id, sink, Body::Alert(alert), due, now);
        delivery.absorb(post, now);
        delivery
    }
}

/// The live story that the post belongs to most surely; of several always the same one.
fn join(sketch: &Sketch, candidates: Vec<(Story, Kept)>, now: Timestamp) -> Option<(Story, Kept, Bond)> {
    let live = candidates.into_iter().filter(|(story, _)| story.is_live(now));
    let bound = live.filter_map(|(story, kept)| kept.bond(sketch).map(|bond| (story, kept, bond)));
    bound.max_by(|a, b| a.2.cmp(&b.2).then_with(|| b.0.id.cmp(&a.0.id)))
}
