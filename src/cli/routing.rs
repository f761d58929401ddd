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
use crate::errand;
use crate::model::delivery::{Alert, Body, Delivery, DeliveryId, Excerpt, Occasion};
use crate::model::matched::{Match, Severity};
use crate::model::post::Post;
use crate::model::silence::Silence;
use crate::model::sink::SinkId;
use crate::model::story::StoryId;
use crate::route::{Heard, Traits, Turn};
use crate::source::file::posts;
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
    /// The tightest limit it counts against; how much of it is used is not looked at.
    most_per_hour: Option<u32>,
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
    let silences = if keeper::basics(path, store)?.store.exists() {
        keeper::find(path, store, "vigie route test", clock)?.ask(&errand::SILENCES, ()).await?
    } else {
        Vec::new()
    };
    let now = clock.now();
    let mut broken = 0;
    let mut out = anstream::stdout().lock();
    for post in posts(open(file)?) {
        match post {
            Ok(post) => {
                let way = follow(&post, &config, &silences, now);
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

fn follow(post: &Post, config: &Config, silences: &[Silence], now: Timestamp) -> Way {
    let origin = Origin { platform: &post.platform, account: &post.author };
    let matches = config.watch.matches_from(post, &origin);
    let traits = Traits::of(post, &origin);
    let mut routes = Vec::new();
    for route in &config.routes.routes {
        for found in &matches {
            let miss = route.only.miss(found, &traits);
            let (route, rule) = (route.name.clone(), found.rule.clone());
            routes.push(Asked { route, rule, leads: miss.is_none(), why: miss.map(|miss| miss.to_string()) });
        }
    }
    let heard = config.routes.address(&matches, &traits);
    let sinks = heard.into_iter().map(|heard| arrival(post, heard, config, silences, now)).collect();
    let met = |found: Match| Met { rule: found.rule, severity: found.severity };
    Way { id: post.id.clone(), matches: matches.into_iter().map(met).collect(), routes, sinks }
}

fn arrival(post: &Post, heard: Heard, config: &Config, silences: &[Silence], now: Timestamp) -> Arrival {
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
    let (due, held) = match config.routes.turn(&delivery, |_| 0, due) {
        Turn::Goes(_) => (due, None),
        Turn::Waits { until, why } => (until, Some(why)),
    };
    let led = config.routes.routes.iter().filter(|route| heard.routes.contains(&route.name));
    let most_per_hour = led.map(|route| route.most_per_hour).min_by_key(Option::is_some).flatten();
    let rules = heard.matches.iter().map(|found| found.rule.clone()).collect();
    Arrival { sink: heard.sink, severity, rules, routes: heard.routes, silence, due, held, most_per_hour }
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
            (None, Some(_)) => {
                format!("held by quiet hours until {time}, then in a digest if it is not alone")
            }
            (None, None) if arrival.due > now => format!("at {time}, after it gathered copies"),
            (None, None) => "at once".to_owned(),
        };
        let limit =
            arrival.most_per_hour.map(|most| format!("; one of at most {most} an hour")).unwrap_or_default();
        let (sink, severity) = (&arrival.sink, arrival.severity);
        writeln!(out, "  {sink} hears {} as {severity} {when}{limit}", arrival.rules.join(", "))?;
    }
    Ok(())
}
