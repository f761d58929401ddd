//! `vigie status`: one screen that says whether anybody needs to look after anything.

use std::path::Path;
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Failure, keeper};
use crate::clock::Clock;
use crate::errand;
use crate::model::calendar::rough;
use crate::status::{Account, Sight, SinkStatus, Status};

const GOOD: Style = AnsiColor::Green.on_default();
const ODD: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// Shows how everything is; fails if somebody should look after something.
pub(super) async fn status(
    path: &Path,
    store: Option<&Path>,
    json: bool,
    clock: &Arc<dyn Clock>,
) -> Result<(), Failure> {
    let keeper = keeper::find(path, store, "vigie status", clock)?;
    let (status, running) = (keeper.ask(&errand::STATUS, ()).await?, keeper.is_daemon());
    if json {
        anstream::println!("{}", serde_json::to_string(&status)?);
    } else {
        show(&status, running, &keeper::basics(path, store)?.timezone);
    }
    if status.is_well() && running { Ok(()) } else { Err(Failure::Said) }
}

fn show(status: &Status, running: bool, timezone: &TimeZone) {
    if running {
        anstream::println!("{GOOD}running{GOOD:#}; as of {}", time(status.at, timezone));
    } else {
        anstream::println!("{BAD}not running{BAD:#}; as of {}, from the store", time(status.at, timezone));
    }
    let is_seen = |account: &&Account| matches!(account.sight, Sight::Seen | Sight::Quiet);
    let seen = status.accounts.iter().filter(is_seen).count();
    anstream::println!("accounts: {seen} of {} seen", status.accounts.len());
    for account in &status.accounts {
        anstream::println!("  {}", line(account, timezone));
    }
    for spending in &status.spending {
        anstream::println!("spent: {spending}");
    }
    anstream::println!("sinks:");
    for sink in &status.sinks {
        anstream::println!("  {}", sink_line(sink, timezone));
    }
}

fn line(account: &Account, timezone: &TimeZone) -> String {
    let (style, word) = match account.sight {
        Sight::Seen => (GOOD, "seen"),
        Sight::Quiet => (ODD, "quiet"),
        Sight::New => (Style::new(), "new"),
        Sight::Late => (BAD, "late"),
        Sight::Blind => (BAD, "BLIND"),
    };
    let until = account.seen_until.map_or_else(|| "never".to_owned(), |at| time(at, timezone));
    let last = account.last_post.map(|at| format!(", last post {}", time(at, timezone))).unwrap_or_default();
    let usual = account.usual_wait.map(|wait| format!(", usually every {}", rough(wait))).unwrap_or_default();
    let why = account.why.as_deref().map(|why| format!("\n      {}", one_line(why))).unwrap_or_default();
    let Account { source, account, pause, .. } = account;
    let pause = rough(*pause);
    format!(
        "{style}{word:5}{style:#}  {source}  {account}  seen until {until}, each {pause}{last}{usual}{why}"
    )
}

fn sink_line(sink: &SinkStatus, timezone: &TimeZone) -> String {
    let oldest =
        sink.oldest.map(|at| format!(", the oldest since {}", time(at, timezone))).unwrap_or_default();
    let dead = if sink.dead > 0 { format!("; {BAD}{} refused{BAD:#}", sink.dead) } else { String::new() };
    let parked = sink.parked.as_deref().map(|why| format!("\n      {BAD}parked{BAD:#}: {}", one_line(why)));
    format!("{}  {} waiting{oldest}{dead}{}", sink.sink, sink.waiting, parked.unwrap_or_default())
}

fn time(at: Timestamp, timezone: &TimeZone) -> String {
    at.to_zoned(timezone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).collect()
}
