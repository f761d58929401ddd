//! An alert on its way to one sink, from open to settled.

mod attempt;
mod body;
mod digest;
mod excerpt;
mod id;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::attempt::Settlement;
pub use self::body::{Again, Alert, Body, EXCERPTS, Notice};
pub use self::digest::{Digest, ITEMS, Item, Occasion};
pub use self::excerpt::Excerpt;
pub use self::id::DeliveryId;
use super::matched::Severity;
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

/// So many routes of a delivery are remembered.
const ROUTES: usize = 8;

/// A post on its way into an open delivery.
#[derive(Clone, Debug)]
pub struct Joining {
    /// What is shown of it.
    pub excerpt: Excerpt,
    /// The highest severity among its matches.
    pub severity: Severity,
    /// Why it lets a story that was told speak again.
    pub again: Option<Again>,
    /// The names of the routes that led here.
    pub routes: Vec<String>,
    /// When the delivery may go at the earliest, as far as this post is concerned.
    pub due: Timestamp,
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

    /// Takes one more post in. A notice or a closed delivery stays as it is.
    pub fn absorb(&mut self, post: Joining, now: Timestamp) {
        let (Body::Alert(alert), State::Open) = (&mut self.body, &self.state) else { return };
        let Joining { excerpt, severity, again, routes, due } = post;
        let before = (alert.severity, alert.again);
        alert.severity = alert.severity.max(severity);
        alert.again = match alert.again {
            Some(Again::Raised { .. }) | None => alert.again,
            known => known.max(again),
        };
        alert.posts = alert.posts.saturating_add(1);
        if alert.excerpts.len() < EXCERPTS {
            alert.excerpts.push(excerpt);
        }
        for route in routes {
            if self.routes.len() < ROUTES && !self.routes.contains(&route) {
                self.routes.push(route);
            }
        }
        // What weighs more now need not wait as long, nor for the reason that held it.
        if before != (alert.severity, alert.again) && due < self.due {
            (self.due, self.set_at, self.held) = (due, now, None);
        }
    }

    /// Puts it off.
    pub fn wait(&mut self, until: Timestamp, why: Occasion, now: Timestamp) {
        (self.due, self.set_at, self.held) = (until, now, Some(why));
    }

    /// Goes to another sink as if filed now, if it is a notice that waits since before `since`.
    pub fn pass_on(&mut self, to: &SinkId, since: Timestamp, now: Timestamp) -> Option<()> {
        let waits = matches!(self.state, State::Open | State::Sealed) && self.created_at <= since;
        if !waits || !matches!(self.body, Body::Notice(_)) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::post::{Content, Platform, Post, PostKey};

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

    fn joining(severity: Severity) -> Joining {
        let excerpt = Excerpt::of(&Post::new(Platform::X, "1", "text"), &[], false, at(0));
        Joining { excerpt, severity, again: Some(Again::Copies), routes: vec!["r".into()], due: at(0) }
    }

    #[test]
    fn what_weighs_more_goes_sooner_and_the_rest_changes_no_time() {
        let raised = Some(Again::Raised { from: Severity::Low });
        let cases = [
            (Severity::Low, Some(Again::Copies), at(30)),
            (Severity::High, raised, at(5)),
            (Severity::Low, Some(Again::Wording), at(5)),
        ];
        for (severity, again, expected) in cases {
            let mut delivery = delivery();
            delivery.absorb(joining(Severity::Low), at(0));
            let Body::Alert(alert) = &mut delivery.body else { panic!("an alert") };
            alert.again = Some(Again::Copies);
            delivery.wait(at(30), Occasion::Quiet, at(1));
            delivery.absorb(Joining { again, due: at(5), ..joining(severity) }, at(5));
            assert_eq!((delivery.due, delivery.held.is_none()), (expected, expected == at(5)));
            assert_eq!(delivery.routes, ["r"]);
        }
    }

    #[test]
    fn a_first_message_stays_one_and_a_raise_remembers_where_it_began() {
        let raised = |from| Some(Again::Raised { from });
        let cases = [
            (None, Some(Again::Wording), None),
            (Some(Again::Copies), Some(Again::Wording), Some(Again::Wording)),
            (Some(Again::Edit), Some(Again::Copies), Some(Again::Edit)),
            (raised(Severity::Low), raised(Severity::Medium), raised(Severity::Low)),
        ];
        for (before, again, expected) in cases {
            let mut delivery = delivery();
            let Body::Alert(alert) = &mut delivery.body else { panic!("an alert") };
            alert.again = before;
            delivery.absorb(Joining { again, ..joining(Severity::Low) }, at(0));
            let Body::Alert(alert) = &delivery.body else { panic!("an alert") };
            assert_eq!(alert.again, expected, "{before:?} {again:?}");
        }
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

    #[test]
    fn an_open_delivery_gathers_and_counts_what_it_does_not_show() {
        let mut delivery = delivery();
        for _ in 0..12 {
            delivery.absorb(joining(Severity::High), at(0));
        }
        let Body::Alert(alert) = &delivery.body else { panic!("an alert") };
        assert_eq!((alert.posts, alert.excerpts.len(), alert.severity), (12, EXCERPTS, Severity::High));
    }

    #[test]
    fn a_sealed_delivery_says_the_same_for_ever() {
        let mut delivery = delivery();
        delivery.absorb(joining(Severity::Low), at(0));
        delivery.seal(None, at(0));
        let sealed = delivery.body.clone();
        delivery.absorb(joining(Severity::Critical), at(0));
        assert_eq!(delivery.body, sealed);
    }
}
