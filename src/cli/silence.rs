//! `vigie silence`: alerts that nobody wants for a while.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use jiff::tz::TimeZone;
use jiff::{SpanRelativeTo, Timestamp};

use super::{Failure, keeper};
use crate::clock::Clock;
use crate::errand::{self, Wanted};
use crate::model::post::Platform;
use crate::model::silence::{Covers, Silence};

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
    /// Until when: `2025-05-01T08:00:00Z`.
    #[arg(long, conflicts_with = "span")]
    until: Option<Timestamp>,
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
    let until = match (add.until, &add.span) {
        (Some(until), _) => until,
        (None, span) => after(span.as_deref().unwrap_or(""), clock.now()).map_err(Failure::Usage)?,
    };
    let platform = add.platform.map(Platform::try_from).transpose().map_err(Failure::Usage)?;
    let Add { rule, watchlist, account, words, reason, by, .. } = add;
    let covers = Covers { rule, watchlist, account, platform, words };
    let wanted = Wanted { covers, reason, by, until };
    let silence =
        keeper::find(path, store, "vigie silence add", clock)?.ask(&errand::SILENCE, wanted).await?;
    anstream::println!("{}", line(&silence, clock.now(), &keeper::basics(path, store)?.timezone));
    Ok(())
}

/// The instant so long after `now`.
fn after(span: &str, now: Timestamp) -> Result<Timestamp, String> {
    let how = || format!("`{span}` is no time; write it as \"2h\", \"90m\" or \"3d\"");
    let span = jiff::fmt::friendly::SpanParser::new().parse_span(span).map_err(|_| how())?;
    let span = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| how())?;
    if span.is_negative() || span.is_zero() {
        return Err(how());
    }
    now.checked_add(span).map_err(|_| how())
}

/// Lists silences.
pub(super) async fn list(
    path: &Path,
    store: Option<&Path>,
    json: bool,
    clock: &Arc<dyn Clock>,
) -> Result<(), Failure> {
    let silences = keeper::find(path, store, "vigie silence list", clock)?.ask(&errand::SILENCES, ()).await?;
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
    let silence = keeper::find(path, store, "vigie silence end", clock)?.ask(&errand::SPEAK, id).await?;
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
    let time = until.to_zoned(timezone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z");
    let state = if *until <= now { "ended" } else { "until" };
    format!(
        "{id}  {}  {state} {time}  held {alerts} alerts, {posts} posts  by {by:?}: {reason:?}",
        said.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

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
