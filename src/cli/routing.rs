//! `vigie route test`: who would hear of a post, by which route, when, and why not.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::matching::open;
use super::{Failure, keeper, load};
use crate::clock::Clock;
use crate::config::Config;
use crate::errand::{self, Hindrances};
use crate::model::delivery::{Alert, Body, Delivery, DeliveryId, Excerpt, Occasion};
use crate::model::matched::{Match, Severity};
use crate::model::post::Post;
use crate::model::sink::SinkId;
use crate::model::story::StoryId;
use crate::route::{Heard, Meter, Routes, Traits, Turn};
use crate::source::file::posts;
use crate::store::sled::SledStore;
use crate::watch::Origin;

/// The way of one post; a line of `--json`.
#[derive(Serialize)]
struct Way {
    id: String,
    /// The rules that hold for it.
    matches: Vec<Met>,
    /// What each route makes of each match.
    routes: Vec<Asked>,
    /// What each sink hears, and when.
    sinks: Vec<Arrival>,
}

#[derive(Serialize)]
struct Met {
    rule: String,
    severity: Severity,
}

#[derive(Serialize)]
struct Asked {
    route: String,
    rule: String,
    leads: bool,
    /// Why it does not lead.
    why: Option<String>,
}

#[derive(Serialize)]
struct Arrival {
    sink: SinkId,
    severity: Severity,
    rules: Vec<String>,
    routes: Vec<String>,
    /// The silence that keeps it from people.
    silence: Option<u32>,
    /// When it may go.
    due: Timestamp,
    /// What it waits for until then, beside its gathering.
    held: Option<Occasion>,
    /// The limit that it counts against, or that holds it.
    most_per_hour: Option<u32>,
    /// How much of that limit is used in this hour.
    used: Option<u32>,
    /// Why its sink takes nothing now: it is parked, or not to be called yet.
    blocked: Option<String>,
}

/// Follows each post of `file` through the routes, as if its author were the account it came by and it were seen now.
pub(super) async fn test(
    path: &Path,
    store: Option<&Path>,
    json: bool,
    file: &Path,
    clock: &Arc<dyn Clock>,
) -> Result<(), Failure> {
    let config = load(path, clock)?;
    let hindrances = if SledStore::is_at(&keeper::basics(path, store)?.store) {
        keeper::find(path, store, "vigie route test", clock).await?.ask(&errand::HINDRANCES, ()).await?
    } else {
        Hindrances::default()
    };
    let now = clock.now();
    let mut broken = 0;
    let mut out = anstream::stdout().lock();
    for post in posts(open(file)?) {
        match post {
            Ok(post) => {
                let way = follow(&post, &config, &hindrances, now);
                if json {
                    serde_json::to_writer(&mut out, &way)?;
                    writeln!(out)?;
                } else {
                    show(&way, &config, now, &mut out)?;
                }
            }
            Err(why) => {
                anstream::eprintln!("{}: {why}", file.display());
                broken += 1;
            }
        }
    }
    out.flush()?;
    if broken > 0 { Err(Failure::Said) } else { Ok(()) }
}

fn follow(post: &Post, config: &Config, hindrances: &Hindrances, now: Timestamp) -> Way {
    let origin = Origin { platform: &post.platform, account: &post.author };
    let matches = config.watch.matches_from(post, &origin);
    let traits = Traits::of(post, &origin);
    let mut routes = Vec::new();
    for route in &config.routes.routes {
        for found in &matches {
            let miss = route.only.miss(found, &traits);
            let (route, rule) = (route.name.clone(), found.rule.to_string());
            routes.push(Asked { route, rule, leads: miss.is_none(), why: miss.map(|miss| miss.to_string()) });
        }
    }
    let heard = config.routes.address(&matches, &traits);
    let sinks =
        heard.into_iter().map(|heard| arrival(post, heard, &config.routes, hindrances, now)).collect();
    let met = |found: Match| Met { rule: found.rule.to_string(), severity: found.severity };
    Way { id: post.id.clone(), matches: matches.into_iter().map(met).collect(), routes, sinks }
}

fn arrival(post: &Post, heard: Heard, routes: &Routes, hindrances: &Hindrances, now: Timestamp) -> Arrival {
    let Hindrances { silences, meters, gates } = hindrances;
    let severity = heard.severity();
    let story = StoryId::opened_by(post.key(), post.content());
    let excerpts = vec![Excerpt::of(post, &heard.matches, false, now)];
    let alert = Alert { story, severity, again: None, posts: 1, excerpts };
    let silence = silences.iter().find(|silence| silence.holds(&alert, now)).map(|silence| silence.id);
    let due = heard.due(now);
    let id = DeliveryId::of_story(&story, &heard.sink, 1);
    let delivery = Delivery {
        routes: heard.routes.clone(),
        ..Delivery::open(id, heard.sink.clone(), Body::Alert(alert), due, now)
    };
    let counted = |meter: &Meter| meter.read(meters.get(&meter.name).copied());
    let led = || routes.routes.iter().filter(|route| heard.routes.contains(&route.name));
    let turn = routes.turn(&delivery, counted, due);
    let limit = match &turn {
        Turn::Goes(meter) => led().find(|route| meter.as_ref() == Some(&Meter::of(route, &heard.sink, due))),
        Turn::Waits { why: Occasion::Limit, .. } => led().find(|route| route.most_per_hour.is_some()),
        Turn::Waits { .. } => None,
    };
    let used = limit.map(|route| counted(&Meter::of(route, &heard.sink, due)));
    let most_per_hour = limit.and_then(|route| route.most_per_hour);
    let (due, held) = match turn {
        Turn::Goes(_) => (due, None),
        Turn::Waits { until, why } => (until, Some(why)),
    };
    let blocked = gates.get(&heard.sink).map(|gate| match &gate.parked {
        Some(why) => format!("it is parked: {why}"),
        None => format!("it is not called before {:.0}", gate.opens(now)),
    });
    let rules = heard.matches.iter().map(|found| found.rule.to_string()).collect();
    let Heard { sink, routes, .. } = heard;
    Arrival { sink, severity, rules, routes, silence, due, held, most_per_hour, used, blocked }
}

/// The way of a post for people.
fn show(way: &Way, config: &Config, now: Timestamp, out: &mut impl Write) -> std::io::Result<()> {
    let met: Vec<String> = way.matches.iter().map(|met| format!("{} ({})", met.rule, met.severity)).collect();
    let met = if met.is_empty() { "no rule holds, so nobody hears of it".to_owned() } else { met.join(", ") };
    writeln!(out, "{}: {met}", way.id.escape_debug())?;
    for Asked { route, rule, why, .. } in &way.routes {
        match why {
            None => writeln!(out, "  route {route} leads {rule} on")?,
            Some(why) => writeln!(out, "  route {route} does not lead {rule} on: {why}")?,
        }
    }
    if way.sinks.is_empty() && !way.matches.is_empty() {
        writeln!(out, "  no route leads it on, so nobody hears of it")?;
    }
    for arrival in &way.sinks {
        let time = arrival.due.to_zoned(config.basics.timezone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z");
        let when = match (arrival.silence, arrival.held) {
            (Some(silence), _) => format!("never: silence {silence} holds it"),
            (None, Some(why)) => {
                let what = if why == Occasion::Limit { "the hour's limit" } else { "quiet hours" };
                format!("held by {what} until {time}, then in a digest if it is not alone")
            }
            (None, None) if arrival.due > now => format!("at {time}, after it gathered copies"),
            (None, None) => "at once".to_owned(),
        };
        let limit = arrival.used.zip(arrival.most_per_hour).filter(|_| arrival.silence.is_none());
        let limit = limit.map(|(used, most)| format!("; {used} of {most} in this hour are used"));
        let blocked = arrival.blocked.as_ref().map(|why| format!("; as soon as its sink takes it: {why}"));
        let (sink, severity, rules) = (&arrival.sink, arrival.severity, arrival.rules.join(", "));
        let (limit, blocked) = (limit.unwrap_or_default(), blocked.unwrap_or_default());
        writeln!(out, "  {sink} hears {rules} as {severity} {when}{limit}{blocked}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::model::post::Platform;
    use crate::model::sink::Gate;
    use crate::route::{Only, Route};

    #[test]
    fn a_post_waits_for_what_an_alert_would_wait_for() {
        let now = Timestamp::from_second(1_750_000_000).unwrap();
        let sink = SinkId::new("slack", "desk");
        let route = Route {
            name: "desk".into(),
            only: Only::default(),
            sinks: vec![sink.clone()],
            gather: SignedDuration::ZERO,
            quiet: Vec::new(),
            most_per_hour: Some(2),
        };
        let meter = Meter::of(&route, &sink, now);
        let routes = Routes { routes: vec![route], ..Routes::default() };
        let post = Post::new(Platform::X, "1", "text");
        let arrive = |severity, used: u32, gate: Option<Gate>| {
            let found = Match { rule: "w/a".into(), severity, hits: Vec::new() };
            let (sink, routes_led) = (sink.clone(), vec!["desk".to_owned()]);
            let gather = SignedDuration::ZERO;
            let heard = Heard { sink: sink.clone(), matches: vec![found], routes: routes_led, gather };
            let meters = [(meter.name.clone(), (meter.hour, used))].into();
            let gates = gate.map(|gate| (sink, gate)).into_iter().collect();
            let hindrances = Hindrances { silences: Vec::new(), meters, gates };
            arrival(&post, heard, &routes, &hindrances, now)
        };
        let cases = [
            (Severity::High, 1, None, Some((1, 2))),
            (Severity::High, 2, Some(Occasion::Limit), Some((2, 2))),
            (Severity::Critical, 2, None, None),
        ];
        for (severity, used, held, limit) in cases {
            let arrival = arrive(severity, used, None);
            assert_eq!((arrival.held, arrival.used.zip(arrival.most_per_hour)), (held, limit));
            assert_eq!(arrival.due > now, held.is_some());
        }
        let parked = arrive(Severity::High, 0, Some(Gate::default().park("revoked".into(), now)));
        assert_eq!(parked.blocked.as_deref(), Some("it is parked: revoked"));
    }
}
