//! What vigie remembers. A store reads, applies the transitions of [`crate::model`], and writes; it decides nothing.

mod error;
pub(crate) mod filing;
pub mod memory;
pub(crate) mod sealing;
pub(crate) mod shelf;
pub mod sled;

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::coverage::Gap;
use crate::model::decision::Decision;
use crate::model::delivery::{Delivery, DeliveryId, Excerpt, Settlement};
use crate::model::matched::Severity;
use crate::model::post::{Content, Platform, Post, PostKey};
use crate::model::retention::Retention;
use crate::model::silence::Silence;
use crate::model::sink::{Gate, SinkId};
use crate::model::spend::{Charge, Spending};
use crate::model::story::{Copy, StoryId};
use crate::model::timeline::{TimelineId, TimelineState, Turn};
use crate::route::{Meters, Routes};
use crate::story::Sketch;

pub(crate) use self::error::is_full;
pub use self::error::{OpenError, StoreError};

/// Everything that must outlive a crash.
///
/// # Contract
/// - `Ok` means that it survives a crash and a power cut, unless the method says otherwise.
/// - A piece of work has one holder at a time. When a store is opened, whatever was held is free again.
/// - [`Store::commit_all`] is all or nothing, and a turn commits once.
#[async_trait]
pub trait Store: Send + Sync {
    /// Hands out turns at the timelines among `wanted` that are due and that nobody holds.
    ///
    /// A timeline that is unknown is due now. A turn is held until it is committed or the store is reopened.
    async fn claim(&self, wanted: &[TimelineId], now: Timestamp) -> Result<Vec<Turn>, StoreError>;

    /// Frees every turn that was handed out: whoever held one is gone, though the process goes on.
    async fn release(&self) -> Result<(), StoreError>;

    /// Makes a timeline due that nobody holds, if it is known. In a crash before the next [`Store::keep`] that may be lost.
    async fn hasten(&self, timeline: &TimelineId, now: Timestamp) -> Result<(), StoreError>;

    /// Opens it anew after [`StoreError::Full`], as a process that starts does: what was held is free again, what was not
    /// durable may be gone.
    ///
    /// # Errors
    /// [`StoreError::Full`] as long as it cannot be written; what it holds can still be read then, if that could be before.
    async fn reopen(&self, now: Timestamp) -> Result<(), StoreError>;

    /// How much it may grow, in bytes.
    async fn room(&self) -> Result<u64, StoreError>;

    /// The timeline that an account was resolved to.
    async fn resolved(&self, platform: &Platform, account: &str) -> Result<Option<TimelineId>, StoreError>;

    /// Remembers what an account was resolved to.
    async fn resolve(&self, platform: &Platform, account: &str, id: &TimelineId) -> Result<(), StoreError>;

    /// What is known of each of these revisions, in their order.
    async fn sightings(&self, revisions: &[(PostKey, Content)]) -> Result<Vec<Sighting>, StoreError>;

    /// What a source spent on these UTC days, counted from 1970, together.
    async fn spent(&self, source: &str, days: RangeInclusive<i32>) -> Result<Spending, StoreError>;

    /// Changes what a source spent.
    async fn charge(&self, charge: Charge) -> Result<(), StoreError>;

    /// Makes looks at timelines count, in this order and at once: archives their posts, marks them seen, files their alerts,
    /// moves their cursors.
    ///
    /// An outcome that brought nothing but the times of a look may be lost in a crash before the next [`Store::keep`].
    async fn commit_all(&self, outcomes: Vec<Outcome>, now: Timestamp) -> Result<(), StoreError>;

    /// Makes a single look count.
    async fn commit(&self, outcome: Outcome, now: Timestamp) -> Result<(), StoreError> {
        self.commit_all(vec![outcome], now).await
    }

    /// Makes everything survive that until now might be lost in a crash.
    async fn keep(&self) -> Result<(), StoreError>;

    /// Closes up to `most` deliveries of `sink` that are due, the oldest first, and hands them out for an attempt.
    ///
    /// What `routes` keep back is put off instead, and what is not to go one by one is gathered into a digest; then it
    /// may hand out nothing although there is more: [`Sealed::next`] is now.
    async fn seal(
        &self,
        sink: &SinkId,
        most: usize,
        routes: &Arc<Routes>,
        now: Timestamp,
    ) -> Result<Sealed, StoreError>;

    /// Ends all gathering: what is open and not held is due.
    async fn close(&self, now: Timestamp) -> Result<(), StoreError>;

    /// Makes the end of an attempt count, together with the sink's gate after it.
    async fn settle(
        &self,
        id: &DeliveryId,
        settlement: Settlement,
        gate: Gate,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Files notices; one that is there already stays as it is.
    async fn tell(&self, notices: Vec<Delivery>) -> Result<(), StoreError>;

    /// Gives everything in the outbox that is for the sink `gone` to `heir`, as it is and under the same ids.
    async fn hand_over(&self, gone: &SinkId, heir: &SinkId) -> Result<(), StoreError>;

    /// What it takes on disk, in bytes.
    async fn size(&self) -> Result<u64, StoreError>;

    /// Gives the notices that wait for `from` since before `since` to `to`, as if they were filed now.
    async fn pass_on(
        &self,
        from: &SinkId,
        to: &SinkId,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError>;

    /// Makes a decision count; the error says why it cannot.
    async fn decide(&self, decision: Decision, now: Timestamp) -> Result<Result<(), String>, StoreError>;

    /// All silences, also those that ended not long ago, the oldest first.
    async fn silences(&self) -> Result<Vec<Silence>, StoreError>;

    /// The messages of each route at each sink in the last hour in which there was one, by the name of its turn.
    async fn meters(&self) -> Result<Meters, StoreError>;

    /// Whether it can be written: writes the time.
    async fn check(&self, now: Timestamp) -> Result<(), StoreError>;

    /// The gate of a sink.
    async fn gate(&self, sink: &SinkId) -> Result<Gate, StoreError>;

    /// Every delivery that is not delivered, the oldest first.
    async fn outbox(&self) -> Result<Vec<Delivery>, StoreError>;

    /// The state of a timeline.
    async fn timeline(&self, id: &TimelineId) -> Result<Option<TimelineState>, StoreError>;

    /// The gaps of a timeline that ended, the oldest first.
    async fn gaps(&self, id: &TimelineId) -> Result<Vec<Gap>, StoreError>;

    /// The UTC day, counted from 1970, on which a timeline last answered with any post.
    async fn newest(&self) -> Result<Option<i32>, StoreError>;

    /// Deletes what the archive holds for longer than it is kept; tells how many days of platforms that were.
    async fn retire(&self, kept: &Retention, now: Timestamp) -> Result<usize, StoreError>;

    /// Writes a copy of all there is at this moment into the folder `to`, which is empty; a store in memory refuses.
    async fn backup(&self, to: &Path) -> Result<Saved, StoreError>;

    /// Forgets posts that their timelines no longer answer with, gaps and stories long over: what was last touched
    /// before the UTC day `before`.
    async fn prune(&self, before: i32, now: Timestamp) -> Result<(), StoreError>;
}

/// What a backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// Files of the archive.
    pub days: usize,
    /// Bytes of all files.
    pub bytes: u64,
}

/// Deliveries handed out.
#[derive(Debug, Default)]
pub struct Sealed {
    /// The deliveries, sealed.
    pub deliveries: Vec<Delivery>,
    /// When the sink's next delivery is due.
    pub next: Option<Timestamp>,
}

/// What is known of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Whether it is news.
    pub news: News,
    /// The UTC day, counted from 1970, on which its timeline last answered with the post.
    pub day: Option<i32>,
    /// The rules that earlier revisions of the post met.
    pub met: Vec<String>,
}

/// Whether a revision is news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// The post was never seen.
    New,
    /// The post was seen with other content.
    Revised,
    /// This very revision was seen.
    Known,
}

/// All that a look at a timeline changes.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The turn it ends.
    pub turn: Turn,
    /// The timeline's state from now on.
    pub state: TimelineState,
    /// The timeline's gaps that ended.
    pub gaps: Vec<Gap>,
    /// The posts of the page, each once.
    pub posts: Vec<Sighted>,
    /// The matched ones among them that people should hear of.
    pub filings: Vec<Filing>,
    /// Notices to people.
    pub notices: Vec<Delivery>,
    /// What the look cost, against what was set aside for it.
    pub charge: Option<Charge>,
    /// The UTC day of this look, from 1970.
    pub day: i32,
}

impl Outcome {
    /// Whether it changes nothing but when was and will be looked.
    fn is_bare(&self) -> bool {
        let Self { turn, state, gaps, posts, filings, notices, charge, day: _ } = self;
        let brought = !(gaps.is_empty() && posts.is_empty() && filings.is_empty() && notices.is_empty());
        !brought && charge.is_none() && turn.state.as_ref().is_some_and(|before| state.is_later(before))
    }
}

/// A post of a page.
#[derive(Clone, Debug)]
pub struct Sighted {
    /// Its identity.
    pub key: PostKey,
    /// Its revision.
    pub content: Content,
    /// The post as it is archived; `None` if this revision is known.
    pub archive: Option<Post>,
    /// All rules that this and earlier revisions met.
    pub met: Vec<String>,
}

/// A matched post and who should hear of it.
#[derive(Clone, Debug)]
pub struct Filing {
    /// What it is compared by with other posts.
    pub sketch: Sketch,
    /// The story it opens if there is none.
    pub story: StoryId,
    /// Who told it when.
    pub copy: Copy,
    /// Whether an edit met a rule that no earlier revision met.
    pub insists: bool,
    /// Who hears of it, and why.
    pub to: Vec<Addressed>,
}

/// What one sink hears of a post.
#[derive(Clone, Debug)]
pub struct Addressed {
    /// The sink.
    pub sink: SinkId,
    /// The highest severity among the matches meant for it.
    pub severity: Severity,
    /// The post, with the matches meant for it.
    pub excerpt: Excerpt,
    /// The names of the routes that lead there.
    pub routes: Vec<String>,
    /// When a message that opens because of it may go.
    pub due: Timestamp,
}
