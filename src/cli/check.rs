//! `vigie check`: every problem, or the plan; and what to look at again.

use std::path::Path;
use std::sync::Arc;

use jiff::SignedDuration;

use super::Failure;
use super::when::count;
use crate::clock::Clock;
use crate::config::Config;
use crate::model::spend::{Budget, Price, Reads};
use crate::route::{Only, Route};
use crate::setting::Problem;
use crate::source::Canary;

/// More warnings than this are only counted, unless asked for.
pub(super) const MOST_WARNINGS: usize = 8;

/// Reads everything and says what it means.
pub(super) fn check(
    path: &Path,
    store: Option<&Path>,
    every_warning: bool,
    clock: &Arc<dyn Clock>,
) -> Result<(), Failure> {
    let most = if every_warning { usize::MAX } else { MOST_WARNINGS };
    let mut warnings = Vec::new();
    let config =
        Config::check(path, clock, &mut warnings).map_err(|problems| refused(problems, &warnings, most))?;
    anstream::println!("{} is fine.", path.display());
    anstream::println!("store      {}", store.unwrap_or(&config.basics.store).display());
    anstream::println!("health     http://{}/healthz", config.basics.listen);
    sources(&config);
    let names: Vec<_> = config.watch.watchlists().collect();
    anstream::println!(
        "watchlists {}: {}, {}, every example holds",
        names.join(", "),
        count(config.watch.rules(), "rule"),
        count(config.watch.terms(), "term")
    );
    let sinks: Vec<_> = config.sinks.iter().map(|sink| sink.id().to_string()).collect();
    let hearing = config.hearing();
    let hearing = hearing.iter().map(ToString::to_string).collect::<Vec<_>>().join(", else at ");
    anstream::println!("sinks      {}; operators hear at {hearing}", sinks.join(", "));
    if config.routes.routes.is_empty() {
        anstream::println!("routes     none, so every alert goes to every sink");
    }
    for route in &config.routes.routes {
        anstream::println!("route      {}", routing(route));
    }
    for entry in &config.disabled {
        anstream::println!("disabled   {entry}");
    }
    warn(&warnings, most);
    Ok(())
}

/// What a route is for, where it leads, and when it waits.
fn routing(route: &Route) -> String {
    let Only { watchlists, rules, severity, languages, platforms, accounts } = &route.only;
    let lists = [
        watchlists.clone(),
        rules.clone(),
        languages.iter().map(|lang| format!("lang:{lang}")).collect(),
        platforms.iter().map(|platform| format!("on {platform}")).collect(),
        accounts.iter().map(ToString::to_string).collect(),
    ];
    let lists: Vec<String> =
        lists.iter().filter(|list| !list.is_empty()).map(|list| list.join(" or ")).collect();
    let lists = if lists.is_empty() { "every watchlist".into() } else { lists.join(", ") };
    let sinks: Vec<_> = route.sinks.iter().map(ToString::to_string).collect();
    let most = route.most_per_hour.map(|most| format!("at most {most} an hour"));
    let bounds = most.into_iter().chain(route.quiet.iter().map(ToString::to_string));
    let to = [sinks.join(", ")].into_iter().chain(bounds).collect::<Vec<_>>().join("; ");
    format!("{}: {lists}, {severity} and above -> {to}", route.name)
}

/// Problems, and above them what may be meant but seldom is: what stops vigie stands last, where it is read first.
pub(super) fn refused(problems: Vec<Problem>, warnings: &[Problem], most: usize) -> Failure {
    warn(warnings, most);
    Failure::Problems(problems)
}

/// What may be meant but seldom is; it stops nothing.
fn warn(warnings: &[Problem], most: usize) {
    for warning in warnings.iter().take(most) {
        anstream::eprintln!("warning: {warning}");
    }
    let more = warnings.len().saturating_sub(most);
    if more > 0 {
        anstream::eprintln!(
            "and {}; `vigie check --warnings` shows all of a configuration",
            count(more, "more warning")
        );
    }
}

fn sources(config: &Config) {
    for source in &config.sources {
        let accounts = source.source.accounts();
        let period = |period: SignedDuration| format!("{period:#}");
        let first = match source.common.backfill {
            Some(back) => format!("a first look alerts for the last {}", period(back)),
            None => "a first look alerts for everything".into(),
        };
        let every = period(source.common.every);
        let accounts_of = count(accounts.len(), "account");
        anstream::println!("source     {}: {accounts_of} every {every}; {first}", source.id);
        if source.common.slowest > source.common.every {
            let slowest = period(source.common.slowest);
            anstream::println!(
                "             where calls are scarce, accounts that post rarely every {slowest} at most"
            );
        }
        if let Some(Canary { account, within }) = &source.common.canary {
            anstream::println!(
                "             canary {account}: alarm after {} without a post",
                period(*within)
            );
        }
        if let Some(budget) = source.common.budget {
            let look_ups = accounts.iter().filter(|account| account.timeline.is_none()).count() as u32;
            anstream::println!("             {}", cost(&budget, look_ups));
        }
        for watched in accounts {
            anstream::println!("             {}", watched.account);
        }
    }
}

/// What a day may cost.
fn cost(budget: &Budget, look_ups: u32) -> String {
    let Price { post, user } = budget.price;
    let bounds: Vec<_> = budget.bounds().map(|bound| bound.to_string()).collect();
    let most = budget.most_per_day().map_or("without bound".to_owned(), |most| format!("at most {most}"));
    let first = budget.price.of(Reads { posts: 0, users: look_ups });
    format!(
        "costs {most} a day (bounds: {}; {post} a post, {user} a profile); looking up {look_ups} new accounts once: {first}",
        bounds.join(", ")
    )
}
