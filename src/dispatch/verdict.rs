//! What an attempt means for the delivery and for the sink as a whole.

use jiff::{SignedDuration, Timestamp};

use crate::model::backoff::full_jitter;
use crate::model::delivery::{Delivery, Settlement};
use crate::model::sink::Gate;
use crate::sink::{Receipt, SendError};

/// The first back-off, doubled with every failure.
const BASE: SignedDuration = SignedDuration::from_secs(2);

/// The longest back-off of a delivery.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);

/// The longest back-off of a sink as a whole.
const SINK_LONGEST: SignedDuration = SignedDuration::from_mins(10);

/// The end of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) settlement: Settlement,
    pub(super) gate: Gate,
}

/// What an attempt that ended in `result` means.
///
/// A failure delays both: the delivery, so that one that always fails does not stand in front of the others, and the
/// sink, so that a backlog does not knock on a door that is shut.
pub(super) fn verdict(
    result: &Result<Receipt, SendError>,
    delivery: &Delivery,
    gate: Gate,
    now: Timestamp,
    rng: &mut fastrand::Rng,
) -> Verdict {
    let why = |text: &str| text.chars().take(300).collect::<String>();
    let later = |wait: SignedDuration| now.saturating_add(wait).unwrap_or(now);
    let retry =
        |at, uncertain, counts, text: &str| Settlement::Retry { at, uncertain, counts, why: why(text) };
    let mut failed = |uncertain, text: &str| {
        let at = later(full_jitter(delivery.attempts, BASE, LONGEST, rng));
        let wait = full_jitter(gate.failures.saturating_add(1), BASE, SINK_LONGEST, rng);
        Verdict { settlement: retry(at, uncertain, true, text), gate: gate.clone().failed(wait, now) }
    };
    match result {
        Ok(Receipt { id, .. }) => {
            Verdict { settlement: Settlement::Delivered { receipt: id.clone() }, gate: Gate::passed() }
        }
        Err(SendError::NotSent(text)) => failed(false, text),
        Err(SendError::Ambiguous(text)) => failed(true, text),
        Err(SendError::Throttled(at, text)) => {
            Verdict { settlement: retry(now, false, false, text), gate: gate.throttled(*at, now) }
        }
        Err(SendError::Refused(text)) if delivery.plain => {
            let why = why(&format!("{text}; its plain form as well"));
            Verdict { settlement: Settlement::Dead { why }, gate: Gate::passed() }
        }
        Err(SendError::Refused(text)) => {
            Verdict { settlement: Settlement::Plainer { why: why(text) }, gate: Gate::passed() }
        }
        Err(SendError::SinkBroken(text)) => {
            Verdict { settlement: retry(now, false, false, text), gate: gate.park(why(text), now) }
        }
        Err(SendError::SinkGone(text)) => {
            Verdict { settlement: retry(now, false, false, text), gate: gate.close(why(text), now) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::delivery::{Body, DeliveryId, Notice};
    use crate::model::sink::SinkId;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_750_000_000 + second).unwrap()
    }

    fn judged(result: Result<Receipt, SendError>, gate: Gate) -> Verdict {
        attempted(result, gate, false)
    }

    fn attempted(result: Result<Receipt, SendError>, gate: Gate, plain: bool) -> Verdict {
        let sink = SinkId::new("slack", "desk");
        let body = Body::Notice(Notice { title: String::new(), text: String::new(), at: at(0) });
        let mut delivery = Delivery::open(DeliveryId::of_notice("k", &sink), sink, body, at(0), at(0));
        delivery.seal(None, at(0));
        delivery.plain = plain;
        verdict(&result, &delivery, gate, at(0), &mut fastrand::Rng::with_seed(1))
    }

    #[test]
    fn what_got_through_opens_the_gate_whether_or_not_it_was_liked() {
        let worn = Gate::default().failed(SignedDuration::from_secs(9), at(0));
        let delivered = judged(Ok(Receipt { id: Some("r".into()), remark: None }), worn.clone());
        assert_eq!(delivered.settlement, Settlement::Delivered { receipt: Some("r".into()) });
        let refused = judged(Err(SendError::Refused("invalid_blocks".into())), worn);
        assert_eq!((delivered.gate, refused.gate), (Gate::passed(), Gate::passed()));
    }

    #[test]
    fn a_refused_message_goes_once_more_plainer_before_it_is_given_up() {
        let refused = |plain| {
            attempted(Err(SendError::Refused("invalid_blocks".into())), Gate::default(), plain).settlement
        };
        assert_eq!(refused(false), Settlement::Plainer { why: "invalid_blocks".into() });
        let Settlement::Dead { why } = refused(true) else { panic!("given up") };
        assert!(why.starts_with("invalid_blocks; "), "{why}");
    }

    #[test]
    fn a_failure_on_the_way_delays_delivery_and_sink_and_remembers_doubt() {
        for (error, doubt) in
            [(SendError::NotSent("dns".into()), false), (SendError::Ambiguous("timeout".into()), true)]
        {
            let Verdict { settlement, gate } = judged(Err(error), Gate::default());
            let Settlement::Retry { at: again, uncertain, counts, .. } = settlement else {
                panic!("a retry")
            };
            assert!(again > at(0) && again <= at(2) && counts);
            assert_eq!((uncertain, gate.failures), (doubt, 1));
            assert!(gate.opens(at(0)) > at(0));
        }
    }

    #[test]
    fn being_told_to_wait_is_neither_an_attempt_nor_a_failure() {
        let Verdict { settlement, gate } =
            judged(Err(SendError::Throttled(at(90), "429".into())), Gate::default());
        assert!(matches!(settlement, Settlement::Retry { counts: false, uncertain: false, .. }));
        assert_eq!((gate.opens(at(0)), gate.failures), (at(90), 0));
    }

    #[test]
    fn a_broken_sink_is_parked_and_its_delivery_waits_without_end() {
        let Verdict { settlement, gate } =
            judged(Err(SendError::SinkBroken("revoked".into())), Gate::default());
        assert!(matches!(settlement, Settlement::Retry { counts: false, uncertain: false, .. }));
        assert_eq!(gate.parked.as_deref(), Some("revoked"));
        assert_eq!(gate.opens(at(0)), at(300));
        let gone = judged(Err(SendError::SinkGone("deleted".into())), Gate::default());
        assert!(matches!(gone.settlement, Settlement::Retry { counts: false, uncertain: false, .. }));
        assert_eq!(gone.gate.opens(at(0)), Timestamp::MAX);
    }
}
