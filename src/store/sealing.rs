//! What handing out the next deliveries of a sink changes: a plain function of what is due.

use jiff::{SignedDuration, Timestamp};

use crate::model::delivery::{Alert, Body, Delivery, DeliveryId, Digest, Occasion};
use crate::model::matched::Severity;
use crate::model::silence::Silence;
use crate::route::{Meter, Routes, Turn};

/// So many due deliveries are looked at in one step.
pub(crate) const AT_ONCE: usize = 32;

/// More alerts than this at once come as a digest.
const BACKLOG: usize = 20;

/// What waited longer than this without being held waited for the sink.
const OUTAGE: SignedDuration = SignedDuration::from_mins(10);

/// What sealing changes.
#[derive(Debug, Default)]
pub(crate) struct Sealing {
    /// Deliveries that were put off, and digests that grew.
    pub changed: Vec<Delivery>,
    /// Deliveries that a digest took in; they are no more.
    pub absorbed: Vec<Delivery>,
    /// Deliveries that a silence kept from people, each with the silence's id; they are no more.
    pub silenced: Vec<(u32, Delivery)>,
    /// Deliveries to be sealed and handed out.
    pub goes: Vec<Delivery>,
    /// Meters to be moved on by one.
    pub metered: Vec<Meter>,
}

impl Sealing {
    /// Whether something changed before anything was handed out: then there may be more to do at once.
    pub fn is_unfinished(&self) -> bool {
        let changed = self.changed.len() + self.absorbed.len() + self.silenced.len();
        self.goes.is_empty() && changed > 0
    }
}

/// What becomes of the first deliveries of a sink that are due, in their order; hands out at most `most`.
///
/// What a silence holds ends there. What its routes keep back is put off. What was put off and is due comes as one digest, and so does a backlog; of
/// what is critical only a backlog. While a digest grows nothing is handed out, so that it takes in all there is. What is
/// critical waits for nothing else, then digests go, then the rest in its order.
pub(crate) fn sealing(
    ready: Vec<Delivery>,
    most: usize,
    routes: &Routes,
    silences: &[Silence],
    counted: impl Fn(&Meter) -> u32,
    now: Timestamp,
) -> Sealing {
    let mut sealing = Sealing::default();
    let (digests, ready): (Vec<_>, Vec<_>) = ready.into_iter().partition(is_open_digest);
    let (mut going, mut meters) = (Vec::new(), Vec::<(DeliveryId, Meter)>::new());
    for mut delivery in ready {
        let held_by = |alert: &Alert| silences.iter().find(|silence| silence.holds(alert, now));
        if let Some(silence) = loose(&delivery).and_then(held_by) {
            sealing.silenced.push((silence.id, delivery));
            continue;
        }
        match routes.turn(&delivery, &counted, now) {
            Turn::Waits { until, why } => {
                delivery.wait(until, why, now);
                sealing.changed.push(delivery);
            }
            Turn::Goes(meter) => {
                meters.extend(meter.map(|meter| (delivery.id.clone(), meter)));
                going.push(delivery);
            }
        }
    }
    let left = gather(going, &digests, &mut sealing, now);
    if !sealing.is_unfinished() {
        let mut ordered: Vec<_> = digests.into_iter().chain(left).collect();
        ordered.sort_by_key(|delivery| !is_grave(delivery));
        for delivery in ordered {
            let meter = meters.iter().find(|(id, _)| *id == delivery.id).map(|(_, meter)| meter);
            // One for each meter, since the next is judged by what this one counts.
            if sealing.goes.len() < most && meter.is_none_or(|meter| !sealing.metered.contains(meter)) {
                sealing.metered.extend(meter.cloned());
                sealing.goes.push(delivery);
            }
        }
    }
    sealing
}

/// Gathers into digests what is not to go one by one; gives what is left.
fn gather(
    going: Vec<Delivery>,
    digests: &[Delivery],
    sealing: &mut Sealing,
    now: Timestamp,
) -> Vec<Delivery> {
    let (mut left, loose): (Vec<_>, Vec<_>) =
        going.into_iter().partition(|delivery| loose(delivery).is_none());
    let (graver, rest): (Vec<_>, Vec<_>) = loose.into_iter().partition(is_grave);
    for loose in [graver, rest] {
        let Some(first) = loose.first() else { continue };
        let grows = digests.iter().find(|digest| is_grave(digest) == is_grave(first)).cloned();
        let Some(mut digest) = grows.or_else(|| digest(&loose, now)) else {
            left.extend(loose);
            continue;
        };
        let whole = loose.len() > BACKLOG || digests.contains(&digest);
        for delivery in loose {
            if whole || delivery.held.is_some() {
                absorb(&mut digest, &delivery);
                sealing.absorbed.push(delivery);
            } else {
                left.push(delivery);
            }
        }
        sealing.changed.push(digest);
    }
    left.sort_by_key(Delivery::order);
    left
}

/// A digest for these alerts, if they are not to go one by one.
fn digest(loose: &[Delivery], now: Timestamp) -> Option<Delivery> {
    let held: Vec<&Delivery> = loose.iter().filter(|delivery| delivery.held.is_some()).collect();
    if loose.len() <= BACKLOG && held.len() < 2 {
        return None;
    }
    let first = held.first().copied().or(loose.first())?;
    let waited = now.duration_since(first.created_at) > OUTAGE;
    let occasion = first.held.unwrap_or(if waited { Occasion::Outage } else { Occasion::Burst });
    let id = DeliveryId::of_digest(&first.id, &first.sink);
    let body = Body::Digest(Digest::empty(occasion, now));
    Some(Delivery::open(id, first.sink.clone(), body, now, first.created_at))
}

fn absorb(digest: &mut Delivery, delivery: &Delivery) {
    if let (Body::Digest(digest), Some(alert)) = (&mut digest.body, loose(delivery)) {
        digest.absorb(alert.clone(), delivery.created_at);
    }
}

/// The alert of a delivery that was never tried, and so may still come in a digest.
fn loose(delivery: &Delivery) -> Option<&Alert> {
    match &delivery.body {
        Body::Alert(alert) if delivery.is_open() => Some(alert),
        _ => None,
    }
}

fn is_open_digest(delivery: &Delivery) -> bool {
    matches!(delivery.body, Body::Digest(_)) && delivery.is_open()
}

/// Whether it tells of something critical.
fn is_grave(delivery: &Delivery) -> bool {
    match &delivery.body {
        Body::Alert(alert) => alert.severity == Severity::Critical,
        Body::Digest(digest) => digest.severity == Severity::Critical,
        Body::Notice(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::model::delivery::{Excerpt, Joining};
    use crate::model::post::{Content, Platform, Post, PostKey};
    use crate::model::silence::Covers;
    use crate::model::sink::SinkId;
    use crate::model::story::StoryId;
    use crate::route::{Only, Quiet, Route};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_750_000_000 + second).unwrap()
    }

    fn delivery(n: i64, severity: Severity) -> Delivery {
        let post = Post::new(Platform::X, n.to_string(), "text");
        let story = StoryId::opened_by(PostKey::of(&Platform::X, &post.id), Content([1; 8]));
        let sink = SinkId::new("slack", "desk");
        let id = DeliveryId::of_story(&story, &sink, 1);
        let alert = Alert { story, severity, again: None, posts: 0, excerpts: Vec::new() };
        let mut delivery = Delivery::open(id, sink, Body::Alert(alert), at(n), at(n));
        let excerpt = Excerpt::of(&post, &[], false, at(n));
        let routes = vec!["desk".to_owned()];
        delivery.absorb(Joining { excerpt, severity, again: None, routes, due: at(n) }, at(n));
        delivery
    }

    fn held(n: i64, severity: Severity, why: Occasion) -> Delivery {
        let mut delivery = delivery(n, severity);
        delivery.wait(at(500), why, at(n));
        delivery
    }

    fn many(count: i64, severity: Severity) -> Vec<Delivery> {
        (0..count).map(|n| delivery(n, severity)).collect()
    }

    fn seal(ready: Vec<Delivery>, now: Timestamp) -> Sealing {
        sealing(ready, 1, &Routes::default(), &[], |_| 0, now)
    }

    fn digest(sealing: &Sealing) -> Option<(Occasion, u32)> {
        sealing.changed.iter().find_map(|delivery| match &delivery.body {
            Body::Digest(digest) => Some((digest.occasion, digest.stories)),
            _ => None,
        })
    }

    #[test]
    fn a_few_go_one_by_one_and_a_backlog_together() {
        let later = at(0) + SignedDuration::from_mins(20);
        let cases = [
            (many(20, Severity::High), at(20), None),
            (many(21, Severity::High), at(21), Some((Occasion::Burst, 21))),
            (many(21, Severity::High), later, Some((Occasion::Outage, 21))),
            (many(20, Severity::Critical), at(20), None),
            (many(21, Severity::Critical), at(21), Some((Occasion::Burst, 21))),
        ];
        for (ready, now, expected) in cases {
            let sealing = seal(ready, now);
            assert_eq!(digest(&sealing), expected);
            assert_eq!(sealing.goes.len(), usize::from(expected.is_none()));
            assert_eq!(sealing.absorbed.len() as u32, expected.map_or(0, |(_, stories)| stories));
        }
    }

    #[test]
    fn what_is_critical_is_not_lost_among_a_backlog() {
        let mut ready = many(30, Severity::Low);
        ready.push(delivery(99, Severity::Critical));
        let sealing = seal(ready, at(100));
        assert_eq!(digest(&sealing), Some((Occasion::Burst, 30)));
    }

    #[test]
    fn what_is_critical_goes_before_all_that_waits() {
        let backlog = seal(many(30, Severity::High), at(30)).changed.remove(0);
        let mut few = many(20, Severity::High);
        few.push(delivery(99, Severity::Critical));
        for ready in [few, vec![backlog, delivery(99, Severity::Critical)]] {
            let sealing = sealing(ready, 2, &Routes::default(), &[], |_| 0, at(100));
            let grave: Vec<_> = sealing.goes.iter().map(is_grave).collect();
            assert_eq!(grave, [true, false]);
        }
    }

    #[test]
    fn what_was_held_comes_together_but_one_alone_as_itself() {
        let one = seal(vec![held(1, Severity::Low, Occasion::Quiet), delivery(2, Severity::Low)], at(500));
        assert_eq!((digest(&one), one.goes.len()), (None, 1));
        let ready = vec![
            held(1, Severity::Low, Occasion::Limit),
            delivery(2, Severity::Low),
            held(3, Severity::Low, Occasion::Quiet),
        ];
        let two = seal(ready, at(500));
        assert_eq!(digest(&two), Some((Occasion::Limit, 2)), "what was not held is no part of it");
    }

    #[test]
    fn a_digest_grows_until_nothing_is_left_and_goes_first() {
        let mut first = seal(many(21, Severity::High), at(21));
        let open = first.changed.remove(0);
        let second = seal(vec![open.clone(), delivery(30, Severity::Low)], at(30));
        assert_eq!(digest(&second), Some((Occasion::Burst, 22)));
        assert_eq!(second.changed[0].id, open.id);
        let tried = {
            let mut tried = delivery(31, Severity::Low);
            tried.seal(None, at(31));
            tried
        };
        let third = seal(vec![open.clone(), tried], at(31));
        assert!(!third.is_unfinished() && third.goes[0].id == open.id, "what was tried stays itself");
    }

    #[test]
    fn what_a_silence_holds_ends_there_and_the_rest_is_told() {
        let words = Some("text".to_owned());
        let silence = |from, until| Silence {
            id: 7,
            covers: Covers { words: words.clone(), ..Covers::default() },
            reason: "drill".into(),
            by: "ann".into(),
            from,
            until,
            alerts: 0,
            posts: 0,
            told: false,
        };
        let now = at(9);
        for (silence, silenced) in [(silence(at(0), at(10)), 2), (silence(at(0), at(9)), 0)] {
            let sealing = sealing(many(2, Severity::Critical), 1, &Routes::default(), &[silence], |_| 0, now);
            assert_eq!(sealing.silenced.len(), silenced);
            assert!(sealing.silenced.iter().all(|(id, _)| *id == 7));
            assert_eq!(
                (sealing.goes.len(), sealing.is_unfinished()),
                (usize::from(silenced == 0), silenced > 0)
            );
        }
    }

    #[test]
    fn a_route_keeps_back_what_it_must_and_counts_what_it_lets_go() {
        let route = |most_per_hour, quiet| Route {
            name: "desk".into(),
            only: Only::default(),
            sinks: Vec::new(),
            gather: SignedDuration::ZERO,
            quiet,
            most_per_hour,
        };
        let routes = |route| Routes { routes: vec![route], ..Routes::default() };
        let midnight = time(0, 0, 0, 0);
        let always = Quiet {
            from: midnight,
            to: midnight,
            days: Vec::new(),
            timezone: TimeZone::UTC,
            through: Severity::Critical,
        };
        let ready = || vec![delivery(1, Severity::High), delivery(2, Severity::High)];
        let quiet = sealing(ready(), 9, &routes(route(None, vec![always])), &[], |_| 0, at(9));
        assert_eq!((quiet.changed.len(), quiet.is_unfinished()), (2, true));
        assert!(quiet.changed.iter().all(|delivery| delivery.held == Some(Occasion::Quiet)));
        let limited = routes(route(Some(5), Vec::new()));
        let room = sealing(ready(), 9, &limited, &[], |_| 4, at(9));
        assert_eq!(
            (room.goes.len(), room.metered.len()),
            (1, 1),
            "the next is judged by what this one counts"
        );
        let full = sealing(ready(), 9, &limited, &[], |_| 5, at(9));
        assert!(full.changed.iter().all(|delivery| delivery.held == Some(Occasion::Limit)));
    }
}
