//! What the operators hear of a timeline that turned: what happened, since when, why, and what to do.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::calendar::rough;
use crate::model::coverage::{Cause, End, Gap};
use crate::model::delivery::Notice;
use crate::model::look::Turned;
use crate::model::timeline::Trouble;
use crate::source::Move;

/// Gaps named in one notice.
const MOST_GAPS: usize = 4;

/// The notice of what turned. `others` accounts were in the same trouble and are out of it.
pub(super) fn notice(
    turned: &Turned,
    (source, account): (&str, &str),
    others: usize,
    timezone: &TimeZone,
    now: Timestamp,
) -> Notice {
    let time = |at: Timestamp| at.to_zoned(timezone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string();
    let (title, text) = match turned {
        Turned::Blind(trouble) => (format!("{source} cannot read {account}"), blind(source, trouble, &time)),
        Turned::Back { trouble, gaps } => {
            let title = match others {
                0 => format!("{source} reads {account} again"),
                others => format!("{source} reads {account} and {others} others again"),
            };
            (title, back(trouble, gaps, &time))
        }
        Turned::Missed(gap) => {
            let text = format!(
                "{} {} If that happens often, a shorter `every` helps. This is told once a day for this account.",
                told(gap, &time),
                capital(gap.cause.words())
            );
            (format!("{source} may have missed posts of {account}"), text)
        }
        Turned::Quiet { since, canary: true, .. } => {
            let text = format!(
                "It is known to post, but nothing of it was seen since {}, for longer than `canary_within`. {source} may \
                 be shown old answers: look at {account} by hand, and at the other accounts of {source} too.",
                time(*since)
            );
            (format!("{source}: the canary {account} is silent"), text)
        }
        Turned::Quiet { since, usual, canary: false } => {
            let usual = usual.filter(|usual| !usual.is_zero());
            let usual =
                usual.map_or(String::new(), |usual| format!("; it usually posts every {}", rough(usual)));
            let text = format!(
                "It is read without errors, but posted nothing since {}{usual}. It may just be silent, or {source} may be \
                 shown old answers: look at it by hand. This is a question, no alarm, and is asked once.",
                time(*since)
            );
            (format!("{source}: is {account} only silent?"), text)
        }
        Turned::Heard { since } => (
            format!("{source}: {account} posts again"),
            format!("It had been silent since {}.", time(*since)),
        ),
    };
    let (title, text) = (title.chars().take(200).collect(), text.chars().take(1000).collect());
    Notice { title, text, at: now }
}

/// What the operators hear of an account that moved.
pub(super) fn moved((source, account): (&str, &str), to: &Move, now: Timestamp) -> Notice {
    let (title, text) = match to {
        Move::Away(to) => (
            format!("{source}: {account} moved"),
            format!(
                "It says again and again that it moved for good, so it is read at {to} from now on; should that fail, at the \
                 old address. Nothing needs to be done. Written into the configuration, the new address is another \
                 account: what it shows of the last day may be told again."
            ),
        ),
        Move::Back => (
            format!("{source}: {account} is read at its own address again"),
            "It had moved for good, or said so; where it was read since fails, or it is not led there any more, and the \
             address in the configuration answers. Nothing needs to be done."
                .to_owned(),
        ),
    };
    Notice { title: title.chars().take(200).collect(), text: text.chars().take(1000).collect(), at: now }
}

fn blind(source: &str, trouble: &Trouble, time: &dyn Fn(Timestamp) -> String) -> String {
    let Trouble { since, cause, why } = trouble;
    let goes_on = match cause {
        Cause::RateLimit => "vigie waits as long as it is asked to; a longer `every` asks less.".to_owned(),
        Cause::Credentials | Cause::Credit => {
            format!(
                "Until then nothing of {source} is read; it is tried again now and then, and at once after `vigie reload`."
            )
        }
        Cause::Refusal => "It is tried again now and then, and at once after `vigie reload`.".to_owned(),
        Cause::Doubt => {
            "vigie does not take this for silence, and keeps trying. If it lasts, please report it."
                .to_owned()
        }
        _ => "vigie keeps trying, and catches up as far as the platform shows.".to_owned(),
    };
    let alone = if *cause == Cause::Refusal {
        String::new()
    } else {
        format!(" Other accounts of {source} in the same trouble are not told one by one.")
    };
    format!("{why}\nCause: {cause}. What was posted since {} was not seen. {goes_on}{alone}", time(*since))
}

fn back(trouble: &Trouble, gaps: &[Gap], time: &dyn Fn(Timestamp) -> String) -> String {
    if gaps.is_empty() {
        return format!(
            "It could not be read since {} ({}). Nothing was missed.",
            time(trouble.since),
            trouble.cause
        );
    }
    let mut lines: Vec<String> = gaps.iter().take(MOST_GAPS).map(|gap| told(gap, time)).collect();
    if gaps.len() > MOST_GAPS {
        lines.push(format!("And {} more; see `vigie coverage`.", gaps.len() - MOST_GAPS));
    }
    lines.join("\n")
}

/// A gap and what became of it, as a sentence.
fn told(gap: &Gap, time: &dyn Fn(Timestamp) -> String) -> String {
    let what = format!("From {} to {} ({})", time(gap.from), time(gap.until), gap.cause);
    match &gap.end {
        End::Open => format!("{what}: not seen yet."),
        End::Filled(_) => format!("{what}: not seen in time, but all of it was caught up."),
        End::Lost(why) => format!("{what}: posts may be missing for good: {why}."),
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2025-04-30T{text}:00Z").parse().unwrap()
    }

    fn words(turned: &Turned, others: usize) -> (String, String) {
        let paris = TimeZone::get("Europe/Paris").unwrap();
        let Notice { title, text, .. } = notice(turned, ("x.hub", "Hub_"), others, &paris, at("20:00"));
        (title, text)
    }

    fn trouble(cause: Cause) -> Trouble {
        Trouble { since: at("09:12"), cause, why: "X refuses the token".into() }
    }

    fn gap(end: End) -> Gap {
        Gap { until: at("09:31"), end, ..Gap::open(at("09:12"), Cause::Credentials, "") }
    }

    #[test]
    fn blindness_is_told_with_cause_time_and_what_to_do() {
        let (title, text) = words(&Turned::Blind(trouble(Cause::Credentials)), 0);
        assert_eq!(title, "x.hub cannot read Hub_");
        assert_eq!(
            text,
            "X refuses the token\nCause: credentials refused. What was posted since 2025-04-30 11:12:00 +02:00 was not \
             seen. Until then nothing of x.hub is read; it is tried again now and then, and at once after `vigie reload`. \
             Other accounts of x.hub in the same trouble are not told one by one."
        );
        let (_, text) = words(&Turned::Blind(trouble(Cause::Refusal)), 0);
        assert!(!text.contains("one by one"), "{text}");
    }

    #[test]
    fn the_end_of_blindness_names_what_was_missed_and_whether_it_was_filled() {
        let back = |gaps| Turned::Back { trouble: trouble(Cause::Credentials), gaps };
        let (title, text) = words(&back(vec![gap(End::Filled(at("09:33")))]), 2);
        assert_eq!(title, "x.hub reads Hub_ and 2 others again");
        assert_eq!(
            text,
            "From 2025-04-30 11:12:00 +02:00 to 2025-04-30 11:31:00 +02:00 (credentials refused): not seen in time, but \
             all of it was caught up."
        );
        let (title, text) = words(&back(vec![gap(End::Lost("only 20 are shown".into()))]), 0);
        assert_eq!(title, "x.hub reads Hub_ again");
        assert!(text.ends_with("posts may be missing for good: only 20 are shown."), "{text}");
        assert!(words(&back(Vec::new()), 0).1.ends_with("Nothing was missed."));
        assert!(words(&back(vec![gap(End::Open); 9]), 0).1.ends_with("And 5 more; see `vigie coverage`."));
    }

    #[test]
    fn a_silence_is_a_question_but_that_of_a_canary_an_alarm() {
        let usual = Some(SignedDuration::from_secs(3725));
        let (title, text) = words(&Turned::Quiet { since: at("09:12"), usual, canary: false }, 0);
        assert_eq!(title, "x.hub: is Hub_ only silent?");
        assert!(text.contains("since 2025-04-30 11:12:00 +02:00; it usually posts every 1h 2m."), "{text}");
        let (title, text) = words(&Turned::Quiet { since: at("09:12"), usual, canary: true }, 0);
        assert_eq!(title, "x.hub: the canary Hub_ is silent");
        assert!(text.contains("canary_within"), "{text}");
        assert_eq!(words(&Turned::Heard { since: at("09:12") }, 0).0, "x.hub: Hub_ posts again");
    }
}
