//! A post on its way into a delivery that still gathers.

use jiff::Timestamp;

use super::super::matched::Severity;
use super::{Again, Body, Delivery, EXCERPTS, Excerpt, State};

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

impl Delivery {
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
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::Occasion;
    use super::super::tests::{at, delivery};
    use super::*;
    use crate::model::post::{Platform, Post};

    /// A post of so much weight.
    pub(in crate::model::delivery) fn joining(severity: Severity) -> Joining {
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
