//! An alert on its way to one sink, from open to settled.

mod attempt;
mod body;
mod digest;
mod excerpt;
mod id;
mod joining;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::attempt::Settlement;
pub use self::body::{Again, Alert, Body, EXCERPTS, Notice};
pub use self::digest::{Digest, ITEMS, Item, Occasion};
pub use self::excerpt::Excerpt;
pub use self::id::DeliveryId;
pub use self::joining::Joining;
use super::sink::SinkId;
use super::story::StoryId;

/// One message to one sink. It holds its inputs; what the channel shows is a pure function of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// The idempotency key.
    pub id: DeliveryId,
    /// Where to.
    pub sink: SinkId,
    /// What it says.
    pub body: Body,
    /// How far it is.
    pub state: State,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Not to be sent before.
    pub due: Timestamp,
    /// When `due` was set: if the clock is behind it, it jumped, and the delivery is due now.
    pub set_at: Timestamp,
    /// The names of the routes that led to it.
    #[serde(default)]
    pub routes: Vec<String>,
    /// What makes it wait for `due`, if people or a route want it so.
    #[serde(default)]
    pub held: Option<Occasion>,
    /// What the sink calls the first message of the same story that it took; to be answered there, where a channel
    /// knows threads. Known once it is sealed.
    #[serde(default)]
    pub thread: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was first tried.
    #[serde(default)]
    pub first_tried_at: Option<Timestamp>,
    /// When it was last tried.
    #[serde(default)]
    pub tried_at: Option<Timestamp>,
    /// Whether an earlier attempt may have arrived.
    pub uncertain: bool,
    /// Whether the sink refused it in full, so that it goes in its plainest and shortest form.
    #[serde(default)]
    pub plain: bool,
    /// How the last attempt failed; never holds a secret.
    pub last_error: Option<String>,
}

/// How far a delivery is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It gathers; further matches of its story join it.
    Open,
    /// It is closed and waits for its turn, or for another attempt.
    Sealed,
    /// It is being sent.
    Sending,
    /// The sink refused it for good, or a person gave it up. It stays until somebody decides.
    Dead {
        /// When.
        at: Timestamp,
        /// Why.
        why: String,
    },
}

impl Delivery {
    /// A delivery that opens now and may go at `due`.
    pub fn open(id: DeliveryId, sink: SinkId, body: Body, due: Timestamp, now: Timestamp) -> Self {
        Self {
            id,
            sink,
            body,
            state: State::Open,
            created_at: now,
            due,
            set_at: now,
            routes: Vec::new(),
            held: None,
            thread: None,
            attempts: 0,
            first_tried_at: None,
            tried_at: None,
            uncertain: false,
            plain: false,
            last_error: None,
        }
    }

    /// Puts it off.
    pub fn wait(&mut self, until: Timestamp, why: Occasion, now: Timestamp) {
        (self.due, self.set_at, self.held) = (until, now, Some(why));
    }

    /// Goes to another sink as if filed now, if it is a notice that waits since before `since`.
    pub fn pass_on(&mut self, to: &SinkId, since: Timestamp, now: Timestamp) -> Option<()> {
        let waits = matches!(self.state, State::Open | State::Sealed);
        if !waits || !waits_since(self.created_at, since, now) || !matches!(self.body, Body::Notice(_)) {
            return None;
        }
        self.sink = to.clone();
        (self.created_at, self.due, self.set_at) = (now, now, now);
        Some(())
    }

    /// It as a person wants it: closed and due now, a dead letter too, whatever its routes would keep back. None while
    /// it is being sent.
    pub fn again(mut self, now: Timestamp) -> Option<Self> {
        if self.state == State::Sending {
            return None;
        }
        self.state = State::Sealed;
        self.routes.clear();
        (self.due, self.set_at, self.held) = (now, now, None);
        Some(self)
    }

    /// Ends its gathering, unless it is held.
    pub fn close(&mut self, now: Timestamp) {
        if self.is_open() && self.held.is_none() && self.due > now {
            (self.due, self.set_at) = (now, now);
        }
    }

    /// When it may be sent; `None` if it never will.
    pub fn due(&self, now: Timestamp) -> Option<Timestamp> {
        match self.state {
            State::Dead { .. } | State::Sending => None,
            State::Open | State::Sealed => Some(if now < self.set_at { now } else { self.due }),
        }
    }

    /// Its place in the order of sending: as opened, and of those opened together as posted.
    pub fn order(&self) -> (Timestamp, Option<Timestamp>, DeliveryId) {
        let first = match &self.body {
            Body::Alert(alert) => alert.excerpts.first(),
            Body::Digest(_) | Body::Notice(_) => None,
        };
        (self.created_at, first.and_then(|first| first.posted_at), self.id.clone())
    }

    /// Whether it still gathers.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// The story it tells, if it tells one.
    pub fn story(&self) -> Option<&StoryId> {
        match &self.body {
            Body::Alert(alert) => Some(&alert.story),
            Body::Digest(_) | Body::Notice(_) => None,
        }
    }
}

/// Whether what was filed at `created_at` waits since before `since`; also if the clock was as far ahead when it was.
pub fn waits_since(created_at: Timestamp, since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(created_at).abs() >= now.duration_since(since)
}

#[cfg(test)]
mod tests {
    use super::super::matched::Severity;
    use super::joining::tests::joining;
    use super::*;
    use crate::model::post::{Content, Platform, PostKey};

    pub(super) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    pub(super) fn delivery() -> Delivery {
        let sink = SinkId::new("slack", "desk");
        let story = StoryId::opened_by(PostKey::of(&Platform::X, "1"), Content([1; 8]));
        let id = DeliveryId::of_story(&story, &sink, 1);
        let alert = Alert { story, severity: Severity::Low, again: None, posts: 0, excerpts: Vec::new() };
        Delivery::open(id, sink, Body::Alert(alert), at(0), at(0))
    }

    #[test]
    fn what_a_person_wants_now_no_route_keeps_back() {
        let mut held = delivery();
        held.absorb(joining(Severity::Low), at(0));
        held.wait(at(60), Occasion::Quiet, at(1));
        let again = held.again(at(5)).unwrap();
        assert_eq!((again.due, again.held, again.is_open()), (at(5), None, false));
        assert!(again.routes.is_empty());
    }

    #[test]
    fn closing_ends_gathering_but_not_what_people_want() {
        let mut gathering = Delivery { due: at(30), ..delivery() };
        let mut held = gathering.clone();
        held.wait(at(60), Occasion::Quiet, at(1));
        gathering.close(at(2));
        held.close(at(2));
        assert_eq!((gathering.due, held.due), (at(2), at(60)));
    }
}
