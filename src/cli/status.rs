//! `vigie status`: one screen that says whether anybody needs to look after anything.

use std::path::Path;
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::when::shown as time;
use super::{Failure, keeper};
use crate::clock::Clock;
use crate::dispatch::UNHEARD;
use crate::errand;
use crate::model::calendar::rough;
use crate::model::sink::is_unreachable;
use crate::poll::Counted;
use crate::status::{Account, Sight, SinkStatus, Status};

const GOOD: Style = AnsiColor::Green.on_default();
const ODD: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// So many accounts that are not seen are shown one by one.
const MOST_UNSEEN: usize = 12;

/// Shows how everything is; fails if somebody should look after something.
pub(super) async fn status(
    path: &Path,
    store: Option<&Path>,
    json: bool,
    clock: &Arc<dyn Clock>,
) -> Result<(), Failure> {
    let keeper = keeper::find(path, store, "vigie status", clock).await?;
    let (status, running) = (keeper.ask(&errand::STATUS, ()).await?, keeper.is_daemon());
    if json {
        anstream::println!("{}", serde_json::to_string(&status)?);
    } else {
        show(&status, running, &keeper::basics(path, store)?.timezone);
    }
    if status.is_well() && running { Ok(()) } else { Err(Failure::Said) }
}

fn show(status: &Status, running: bool, timezone: &TimeZone) {
    let at = time(status.at, timezone);
    if let (true, Some(since)) = (running, status.since) {
        anstream::println!("{GOOD}running{GOOD:#} since {}; as of {at}", time(since, timezone));
    } else {
        anstream::println!("{BAD}not running{BAD:#}; as of {at}, from the store");
    }
    if let Some(why) = &status.paused {
        anstream::println!("{BAD}PAUSED{BAD:#}:\n{}", paragraph(why));
    }
    if let Some(why) = &status.refused {
        anstream::println!("{BAD}refused{BAD:#}: the configuration as its files have it is not in force:");
        anstream::println!("{}", paragraph(why));
    }
    if status.paused.is_some() && status.sinks.is_empty() {
        anstream::println!("what is watched and what waits shows once the store can be opened");
        return;
    }
    if status.unheard {
        anstream::println!("{BAD}unheard{BAD:#}: {UNHEARD}, so nobody learns what vigie tells of itself");
    }
    if let Some(today) = status.today {
        let Counted { new, revised, matched, unreadable } = today;
        let unreadable = if unreadable > 0 { format!(", {unreadable} unreadable") } else { String::new() };
        anstream::println!("today: {new} new posts, {revised} edits, {matched} alerts{unreadable}");
    }
    if status.silences > 0 {
        anstream::println!("silences in force: {}; `vigie silence list` names them", status.silences);
    }
    accounts(status, running, timezone);
    for spending in &status.spending {
        anstream::println!("spent: {spending}");
    }
    anstream::println!("sinks:");
    let width = status.sinks.iter().map(|sink| sink.sink.as_str().len()).max().unwrap_or(0);
    for sink in &status.sinks {
        anstream::println!("  {}", sink_line(sink, width, status.at, timezone));
    }
    anstream::println!("store: {}", size(status.store_bytes));
}

/// A line for each source, then those accounts that are not seen, and why.
fn accounts(status: &Status, running: bool, timezone: &TimeZone) {
    let is_seen = |account: &Account| matches!(account.sight, Sight::Seen | Sight::Quiet);
    let seen = |accounts: &[Account]| accounts.iter().filter(|account| is_seen(account)).count();
    anstream::println!("accounts: {} of {} seen", seen(&status.accounts), status.accounts.len());
    let sources: Vec<_> = status.accounts.chunk_by(|one, next| one.source == next.source).collect();
    let width = sources.iter().map(|source| source[0].source.len()).max().unwrap_or(0);
    for source in sources {
        let (name, seen, all) = (&source[0].source, seen(source), source.len());
        let style = if seen == all { GOOD } else { BAD };
        let oldest = source.iter().filter_map(|account| account.seen_until).min();
        let lag = oldest.map(|oldest| format!(", lag {}", span(oldest, status.at)));
        anstream::println!(
            "  {name:width$}  {style}{seen} of {all} seen{style:#}{}",
            lag.unwrap_or_default()
        );
    }
    let unseen: Vec<_> = status.accounts.iter().filter(|account| account.sight != Sight::Seen).collect();
    for account in unseen.iter().take(MOST_UNSEEN) {
        anstream::println!("  {}", line(account, running.then_some(status.at), timezone));
    }
    if unseen.len() > MOST_UNSEEN {
        anstream::println!("  and {} more; --json has all", unseen.len() - MOST_UNSEEN);
    }
}

/// An account that is not seen, or quiet; if vigie runs, at this time, it tells when that is looked at again.
fn line(account: &Account, now: Option<Timestamp>, timezone: &TimeZone) -> String {
    let (style, word) = match account.sight {
        Sight::Seen => (GOOD, "seen"),
        Sight::Quiet => (ODD, "quiet"),
        Sight::New => (Style::new(), "new"),
        Sight::Late => (BAD, "late"),
        Sight::Blind => (BAD, "BLIND"),
    };
    let until = account
        .seen_until
        .map_or_else(|| "never seen".to_owned(), |at| format!("seen until {}", time(at, timezone)));
    let last = account.last_post.map(|at| format!(", last post {}", time(at, timezone))).unwrap_or_default();
    let usual = account.usual_wait.filter(|wait| !wait.is_zero());
    let usual = usual.map(|wait| format!(", usually every {}", rough(wait))).unwrap_or_default();
    let why = account.why.as_deref().map(|why| format!("\n{}", paragraph(why))).unwrap_or_default();
    let next = now.and_then(|now| again(account, now, timezone)).unwrap_or_default();
    format!("{style}{word}{style:#} {} {}, {until}{last}{usual}{next}{why}", account.source, account.account)
}

/// When an account that failed is looked at again.
fn again(account: &Account, now: Timestamp, timezone: &TimeZone) -> Option<String> {
    let next = account.next.filter(|_| account.failures > 0)?;
    Some(if next <= now {
        ", looked at now".to_owned()
    } else {
        format!(", looked at again {}", time(next, timezone))
    })
}

fn sink_line(sink: &SinkStatus, width: usize, now: Timestamp, timezone: &TimeZone) -> String {
    let oldest = sink.oldest.map(|at| format!(", the oldest for {}", span(at, now))).unwrap_or_default();
    let dead = if sink.dead > 0 { format!("; {BAD}{} refused{BAD:#}", sink.dead) } else { String::new() };
    let parked = sink.parked.as_deref().map(|why| format!("; {BAD}parked{BAD:#}\n{}", paragraph(why)));
    let held = match sink.held_until {
        Some(until) => format!("; {} held, first until {}", sink.held, time(until, timezone)),
        None => String::new(),
    };
    let again = match (sink.again, sink.failures) {
        (None, _) => String::new(),
        (Some(at), 0) => format!("; asked to wait until {}", time(at, timezone)),
        (Some(at), _) if sink.parked.is_some() => format!("; called again {}", time(at, timezone)),
        (Some(at), failures) => {
            let style = if is_unreachable(failures) { BAD } else { ODD };
            format!("; {style}{failures} calls in a row failed{style:#}, called again {}", time(at, timezone))
        }
    };
    let name = sink.sink.as_str();
    format!(
        "{name:width$}  {} waiting{oldest}{held}{dead}{again}{}",
        sink.waiting,
        parked.unwrap_or_default()
    )
}

/// The time from `then` to `now` in its largest unit.
fn span(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} KB", bytes.div_ceil(1000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// Words from outside as indented lines that fit a terminal.
fn paragraph(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace().map(|word| word.replace(char::is_control, "")) {
        let full = lines.last().is_some_and(|line| !line.is_empty() && line.len() + word.len() > 70);
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(if line.is_empty() { "      " } else { " " });
            line.push_str(&word);
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn an_account_that_failed_shows_when_it_is_looked_at_again_as_long_as_vigie_runs() {
        let at = |second: i64| Timestamp::from_second(1_750_000_000 + second).unwrap();
        let account = |failures, next| Account {
            source: "x.hub".into(),
            account: "hub".into(),
            seen_until: None,
            failures,
            sight: Sight::Blind,
            why: Some("X refuses the token".into()),
            last_post: None,
            usual_wait: None,
            pause: SignedDuration::ZERO,
            next: Some(at(next)),
        };
        let shown = |account: &Account, now| {
            anstream::adapter::strip_str(&line(account, now, &TimeZone::UTC)).to_string()
        };
        let expected = "BLIND x.hub hub, never seen, looked at again 2025-06-15 15:06:50 +00:00\n      X refuses the token";
        assert_eq!(shown(&account(1, 10), Some(at(0))), expected);
        assert!(shown(&account(1, 10), Some(at(10))).contains(", looked at now"));
        assert!(!shown(&account(1, 10), None).contains("looked at"));
        assert!(!shown(&account(0, 10), Some(at(0))).contains("looked at"));
        let usually = |wait| Account { usual_wait: Some(SignedDuration::from_secs(wait)), ..account(1, 10) };
        assert!(shown(&usually(60), None).contains(", usually every 1m"));
        assert!(!shown(&usually(0), None).contains("usually"), "posts that came at once tell nothing");
    }

    #[test]
    fn words_from_outside_fit_a_terminal_and_control_nothing() {
        let long = "the host answers 401: the token was \u{1b}[2Jrevoked; make another at the developer portal and reload";
        let lines = paragraph(long);
        assert!(lines.lines().count() == 2 && lines.lines().all(|line| line.len() <= 80), "{lines}");
        assert!(!lines.contains('\u{1b}'));
        let (now, then) =
            (Timestamp::from_second(200_000).unwrap(), Timestamp::from_second(192_000).unwrap());
        assert_eq!((span(then, now), span(now, then)), ("2 h".into(), "0 s".into()));
        assert_eq!((size(0), size(1), size(12_340_000)), ("0 KB".into(), "1 KB".into(), "12.3 MB".into()));
    }
}
