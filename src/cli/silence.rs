//! `vigie silence`: alerts that nobody wants for a while.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::when::{self, count};
use super::{Failure, keeper};
use crate::clock::Clock;
use crate::config::Config;
use crate::errand::{self, Wanted};
use crate::model::post::Platform;
use crate::model::silence::{Covers, Silence};
use crate::setting::nearest;

/// What somebody does not want to hear, how long, and why.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// Alerts of this rule, as `watchlist/rule`.
    #[arg(long)]
    rule: Option<String>,
    /// Alerts of this watchlist.
    #[arg(long)]
    watchlist: Option<String>,
    /// Posts of this author.
    #[arg(long)]
    account: Option<String>,
    /// Posts on this platform.
    #[arg(long)]
    platform: Option<String>,
    /// Posts that say these words, whatever their case.
    #[arg(long)]
    words: Option<String>,
    /// How long: `2h`, `3d`.
    #[arg(long = "for", value_name = "TIME", required_unless_present = "until")]
    span: Option<String>,
    /// Until when: `08:00`, `2025-05-01 08:00`, or RFC 3339.
    #[arg(long, value_name = "TIME", conflicts_with = "span")]
    until: Option<String>,
    /// Why.
    #[arg(long)]
    reason: String,
    /// Who wants it.
    #[arg(long, env = "USER")]
    by: String,
}

/// Begins a silence.
pub(super) async fn add(
    path: &Path,
    store: Option<&Path>,
    add: Add,
    clock: &Arc<dyn Clock>,
) -> Result<(), Failure> {
    let (now, timezone) = (clock.now(), keeper::basics(path, store)?.timezone);
    let until = match &add.until {
        Some(until) => instant(until, now, &timezone),
        None => after(add.span.as_deref().unwrap_or(""), now),
    };
    let until = until.map_err(Failure::Usage)?;
    // Without its secrets a configuration cannot be loaded; then names are taken as they are.
    if let Ok(config) = Config::load(path, clock) {
        let (rules, lists) = (config.watch.rule_names(), config.watch.watchlists());
        known("rule", add.rule.as_deref(), rules.collect()).map_err(Failure::Usage)?;
        known("watchlist", add.watchlist.as_deref(), lists.collect()).map_err(Failure::Usage)?;
    }
    let platform = add.platform.map(Platform::try_from).transpose().map_err(Failure::Usage)?;
    let Add { rule, watchlist, account, words, reason, by, .. } = add;
    let covers = Covers { rule, watchlist, account, platform, words };
    let wanted = Wanted { covers, reason, by, until };
    let silence =
        keeper::find(path, store, "vigie silence add", clock).await?.ask(&errand::SILENCE, wanted).await?;
    anstream::println!("{}", line(&silence, now, &timezone));
    Ok(())
}

/// Refuses a name that nothing has: a silence by it would hold nothing, unnoticed.
fn known(what: &str, name: Option<&str>, names: Vec<&str>) -> Result<(), String> {
    match name.filter(|name| !names.contains(name)) {
        None => Ok(()),
        Some(name) => {
            let hint = nearest(name, names).map(|near| format!("; did you mean `{near}`?"));
            Err(format!("no {what} is named `{name}`{}", hint.unwrap_or_default()))
        }
    }
}

/// An instant as people type it, in their time zone; a time of day is the next one.
fn instant(text: &str, now: Timestamp, timezone: &TimeZone) -> Result<Timestamp, String> {
    let time = when::clock_time(text).map(|time| when::near(time, now, timezone, true));
    time.or_else(|| when::instant(text, timezone)).ok_or_else(|| {
        format!(
            "--until `{text}` is no time; write it as \"08:00\", \"2025-05-01 08:00\" or \"2025-05-01T08:00:00Z\""
        )
    })
}

/// The instant so long after `now`.
fn after(span: &str, now: Timestamp) -> Result<Timestamp, String> {
    let how = || format!("`{span}` is no time; write it as \"2h\", \"90m\" or \"3d\"");
    let span = when::span(span).filter(jiff::SignedDuration::is_positive).ok_or_else(how)?;
    now.checked_add(span).map_err(|_| how())
}

/// Lists silences.
pub(super) async fn list(
    path: &Path,
    store: Option<&Path>,
    json: bool,
    clock: &Arc<dyn Clock>,
) -> Result<(), Failure> {
    let silences =
        keeper::find(path, store, "vigie silence list", clock).await?.ask(&errand::SILENCES, ()).await?;
    let timezone = keeper::basics(path, store)?.timezone;
    for silence in &silences {
        if json {
            anstream::println!("{}", serde_json::to_string(silence)?);
        } else {
            anstream::println!("{}", line(silence, clock.now(), &timezone));
        }
    }
    if silences.is_empty() && !json {
        anstream::eprintln!("there is no silence");
    }
    Ok(())
}

/// Ends a silence.
pub(super) async fn end(
    path: &Path,
    store: Option<&Path>,
    id: u32,
    clock: &Arc<dyn Clock>,
) -> Result<(), Failure> {
    let silence =
        keeper::find(path, store, "vigie silence end", clock).await?.ask(&errand::SPEAK, id).await?;
    anstream::println!("{}", line(&silence, clock.now(), &keeper::basics(path, store)?.timezone));
    Ok(())
}

/// One silence on one line.
fn line(silence: &Silence, now: Timestamp, timezone: &TimeZone) -> String {
    let Silence { id, covers, reason, by, until, alerts, posts, .. } = silence;
    let Covers { rule, watchlist, account, platform, words } = covers;
    let platform = platform.as_ref().map(ToString::to_string);
    let said = [
        ("rule", rule.as_ref()),
        ("watchlist", watchlist.as_ref()),
        ("account", account.as_ref()),
        ("platform", platform.as_ref()),
        ("words", words.as_ref()),
    ];
    let said: Vec<String> =
        said.into_iter().filter_map(|(what, name)| Some(format!("{what} {:?}", name?))).collect();
    let (time, alerts, posts) =
        (when::shown(*until, timezone), count(*alerts, "alert"), count(*posts, "post"));
    let state = if *until <= now { "ended" } else { "until" };
    format!("{id}  {}  {state} {time}  held {alerts}, {posts}  by {by:?}: {reason:?}", said.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_ends_by_the_clocks_of_the_desk() {
        let (now, paris) = ("2025-04-30T20:00:00Z".parse().unwrap(), TimeZone::get("Europe/Paris").unwrap());
        for (text, expected) in [
            ("08:00", "2025-05-01T06:00:00Z"),
            ("23:30", "2025-04-30T21:30:00Z"),
            ("2025-05-02 08:00", "2025-05-02T06:00:00Z"),
            ("2025-05-02T08:00:00Z", "2025-05-02T08:00:00Z"),
        ] {
            assert_eq!(instant(text, now, &paris), Ok(expected.parse().unwrap()), "{text}");
        }
        assert!(instant("soon", now, &paris).unwrap_err().contains("`soon` is no time"));
    }

    #[test]
    fn a_silence_lasts_as_people_say() {
        let now = Timestamp::UNIX_EPOCH;
        for (text, seconds) in [("2h", 7200), ("90m", 5400), ("1d 1h", 90_000)] {
            assert_eq!(after(text, now).unwrap().as_second(), seconds);
        }
        for text in ["", "0s", "-2h", "soon", "99999999d"] {
            assert!(after(text, now).is_err(), "{text}");
        }
    }
}
