//! Names of accounts change, and go to others: an account is followed by its permanent id, and people hear of its name.

use jiff::{SignedDuration, Timestamp};

use crate::model::delivery::Notice;
use crate::model::timeline::{TimelineId, TimelineState};
use crate::source::SourceError;

/// The name in the configuration is looked up again after this time.
const LOOKED_UP_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// The same, where the platform bills it.
const BILLED_EVERY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a look told of an account's name.
pub(super) struct Told<'a> {
    /// The source.
    pub(super) source: &'a str,
    /// The account as the configuration names it.
    pub(super) account: &'a str,
    /// The account as it was found when it was first looked up.
    pub(super) timeline: &'a TimelineId,
    /// How the platform calls it now, if it tells.
    pub(super) name: Option<&'a str>,
    /// Whom the name in the configuration leads to now, if that was asked.
    pub(super) leads_to: Option<&'a Result<TimelineId, SourceError>>,
}

/// Whether the name of an account in this state should be looked up again, which may be `billed`.
pub(super) fn is_due(state: Option<&TimelineState>, billed: bool, now: Timestamp) -> bool {
    let every = if billed { BILLED_EVERY } else { LOOKED_UP_EVERY };
    let asked = state.and_then(|state| state.named_at);
    asked.is_some_and(|asked| now.duration_since(asked) >= every)
}

/// Notes in `state` what was told of the account's name; what people should hear of it.
pub(super) fn note(state: &mut TimelineState, told: &Told<'_>, now: Timestamp) -> Option<Notice> {
    let Told { source, account, timeline, .. } = told;
    if told.leads_to.is_some() || state.named_at.is_none() {
        state.named_at = Some(now);
    }
    let notice = |title: String, text: String| Some(Notice { title, text, at: now });
    let followed =
        format!("vigie goes on reading the account it found under this name, {timeline}, by its id.");
    match told.leads_to {
        Some(Ok(other)) if other != *timeline => {
            return notice(
                format!("{source}: the name {account} belongs to somebody else now"),
                format!("It leads to {other}. {followed} Whom do you want to watch? Say so in `accounts`."),
            );
        }
        Some(Err(SourceError::Broken(why))) => {
            return notice(
                format!("{source}: nobody can be found under the name {account}"),
                format!("{why}. {followed}"),
            );
        }
        _ => {}
    }
    let name = told.name?;
    if name.eq_ignore_ascii_case(account) {
        state.name = None;
        return None;
    }
    if state.name.as_deref() == Some(name) {
        return None;
    }
    state.name = Some(name.chars().take(100).collect());
    notice(
        format!("{source}: {account} calls itself {name} now"),
        format!("{followed} Write the new name in `accounts`: the old one may go to somebody else."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-06-16T12:00:00Z".parse().unwrap()
    }

    fn id(text: &str) -> TimelineId {
        TimelineId::from(text.to_owned())
    }

    fn title(
        state: &mut TimelineState,
        name: Option<&str>,
        leads_to: Option<Result<TimelineId, SourceError>>,
    ) -> Option<String> {
        let timeline = id("x:1");
        let told =
            Told { source: "x.hub", account: "Hub_", timeline: &timeline, name, leads_to: leads_to.as_ref() };
        note(state, &told, now()).map(|notice| notice.title)
    }

    #[test]
    fn a_new_name_is_told_once() {
        let mut state = TimelineState::first(None, now());
        assert_eq!(title(&mut state, Some("hub_"), None), None);
        assert_eq!(title(&mut state, None, None), None);
        assert_eq!(title(&mut state, Some("New_"), None).unwrap(), "x.hub: Hub_ calls itself New_ now");
        assert_eq!(title(&mut state, Some("New_"), None), None);
        assert_eq!(title(&mut state, Some("Newer_"), None).unwrap(), "x.hub: Hub_ calls itself Newer_ now");
    }

    #[test]
    fn a_name_that_went_to_somebody_else_or_to_nobody_is_told() {
        let mut state = TimelineState::first(None, now());
        assert_eq!(title(&mut state, None, Some(Ok(id("x:1")))), None);
        assert!(title(&mut state, None, Some(Ok(id("x:2")))).unwrap().contains("somebody else"));
        let gone = SourceError::Broken("does not exist".into());
        assert!(title(&mut state, None, Some(Err(gone))).unwrap().contains("nobody"));
        assert_eq!(title(&mut state, None, Some(Err(SourceError::Retry(None, "503".into())))), None);
    }

    #[test]
    fn a_name_is_looked_up_again_after_a_day_or_a_week_where_that_is_billed_and_not_at_once() {
        let mut state = TimelineState::first(None, now());
        assert!(!is_due(None, false, now()) && !is_due(Some(&state), false, now()));
        title(&mut state, None, None);
        assert!(!is_due(Some(&state), false, now()));
        let later = now() + LOOKED_UP_EVERY;
        assert!(is_due(Some(&state), false, later) && !is_due(Some(&state), true, later));
        assert!(is_due(Some(&state), true, now() + BILLED_EVERY));
        let timeline = id("x:1");
        let told = Told {
            source: "x.hub",
            account: "Hub_",
            timeline: &timeline,
            name: None,
            leads_to: Some(&Ok(id("x:1"))),
        };
        note(&mut state, &told, later);
        assert!(!is_due(Some(&state), false, later));
    }
}
