use jiff::Timestamp;
use jiff::civil::time;
use jiff::tz::TimeZone;

use super::*;
use crate::model::delivery::{Again, Alert, Body, Delivery, DeliveryId, Occasion};
use crate::model::post::{Content, PostKey};
use crate::model::story::StoryId;

fn found(rule: &str, severity: Severity) -> Match {
    Match { rule: rule.into(), severity, hits: Vec::new() }
}

fn sink(name: &str) -> SinkId {
    SinkId::new("slack", name)
}

fn only() -> Only {
    Only::default()
}

fn route(name: &str, only: Only, sinks: &[&str]) -> Route {
    let sinks = sinks.iter().map(|name| sink(name)).collect();
    let gather = SignedDuration::from_secs(30);
    Route { name: name.into(), only, sinks, gather, quiet: Vec::new(), most_per_hour: None }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

const ORIGIN: Origin = Origin { platform: &Platform::X, account: "AfricanHub_" };

const POST: Traits = Traits { platform: &Platform::X, lang: Some("fr-BF"), origin: &ORIGIN };

fn heard(routes: &Routes, matches: &[Match]) -> Vec<(String, Vec<String>, Vec<String>)> {
    let rules = |matches: Vec<Match>| matches.into_iter().map(|found| found.rule.to_string()).collect();
    let heard = routes.address(matches, &POST).into_iter();
    heard.map(|heard| (heard.sink.to_string(), rules(heard.matches), heard.routes)).collect()
}

#[test]
fn without_a_route_every_sink_hears_everything() {
    let routes = Routes { everywhere: vec![sink("a"), sink("b")], ..Routes::default() };
    let matches = [found("w/r", Severity::Low)];
    let all = |name: &str| (format!("slack.{name}"), names(&["w/r"]), Vec::new());
    assert_eq!(heard(&routes, &matches), [all("a"), all("b")]);
    assert_eq!(heard(&routes, &[]), []);
}

#[test]
fn a_sink_hears_only_what_a_route_leads_to_it_and_each_match_once() {
    let sahel = Only { watchlists: names(&["sahel"]), severity: Severity::Medium, ..only() };
    let grave = Only { severity: Severity::High, ..only() };
    let routes = Routes {
        routes: vec![route("day", sahel, &["desk"]), route("night", grave, &["night", "desk"])],
        everywhere: vec![sink("desk"), sink("night"), sink("unused")],
        ..Routes::default()
    };
    let (low, high) = (Severity::Low, Severity::High);
    let matches = [found("sahel/a", high), found("sahel/b", low), found("other/c", Severity::Medium)];
    let expected = [
        ("slack.desk".to_owned(), names(&["sahel/a"]), names(&["day", "night"])),
        ("slack.night".to_owned(), names(&["sahel/a"]), names(&["night"])),
    ];
    assert_eq!(heard(&routes, &matches), expected);
    assert_eq!(heard(&routes, &matches[1..]), []);
}

#[test]
fn a_route_says_what_a_match_lacks() {
    let account = |written: &str| Account::parse(written).unwrap();
    let cases = [
        (only(), None),
        (Only { watchlists: names(&["w"]), rules: names(&["w/r"]), ..only() }, None),
        (Only { watchlists: names(&["v"]), ..only() }, Some(Miss::Watchlist)),
        (Only { rules: names(&["w/s", "r"]), ..only() }, Some(Miss::Rule)),
        (Only { severity: Severity::High, ..only() }, Some(Miss::Severity)),
        (Only { languages: names(&["en", "fr"]), ..only() }, None),
        (Only { languages: names(&["fr-CA"]), ..only() }, Some(Miss::Language)),
        (Only { platforms: vec![Platform::FILE, Platform::X], ..only() }, None),
        (Only { platforms: vec![Platform::FILE], ..only() }, Some(Miss::Platform)),
        (Only { accounts: vec![account("@africanhub_")], ..only() }, None),
        (Only { accounts: vec![account("telegram:AfricanHub_")], ..only() }, Some(Miss::Account)),
    ];
    for (only, expected) in cases {
        assert_eq!(only.miss(&found("w/r", Severity::Medium), &POST), expected, "{only:?}");
    }
    let silent = Traits { lang: None, ..POST };
    let french = Only { languages: names(&["fr"]), ..only() };
    assert_eq!(
        french.miss(&found("w/r", Severity::Medium), &silent),
        Some(Miss::Language),
        "no language is none of these"
    );
}

fn delivery(routes: &[&str], severity: Severity, again: Option<Again>) -> Delivery {
    let story = StoryId::opened_by(PostKey::of(&Platform::X, "1"), Content([1; 8]));
    let id = DeliveryId::of_story(&story, &sink("desk"), 1);
    let body = Body::Alert(Alert { story, severity, again, posts: 1, excerpts: Vec::new() });
    let now = Timestamp::UNIX_EPOCH;
    Delivery { routes: names(routes), ..Delivery::open(id, sink("desk"), body, now, now) }
}

#[test]
fn a_delivery_waits_only_if_each_route_that_led_to_it_says_so() {
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    let nights = |to| Quiet {
        from: time(22, 0, 0, 0),
        to: time(to, 0, 0, 0),
        days: Vec::new(),
        timezone: TimeZone::UTC,
        through: Severity::Critical,
    };
    let quiet = |name: &str, to| Route { quiet: vec![nights(to)], ..route(name, only(), &["desk"]) };
    let limited = Route { most_per_hour: Some(3), ..route("limited", only(), &["desk"]) };
    let routes = vec![quiet("late", 9), quiet("early", 6), limited, route("open", only(), &["desk"])];
    let routes = Routes { routes, ..Routes::default() };
    let night = at("2025-05-02T23:10:00Z");
    let wait = |until: &str, why| Turn::Waits { until: at(until), why };
    let meter = Turn::Goes(Some(Meter { name: "limited slack.desk".into(), hour: 20_210 * 24 + 23 }));
    let (low, critical, copies) = (Severity::Low, Severity::Critical, Some(Again::Copies));
    let cases = [
        (delivery(&[], low, None), 0, Turn::Goes(None)),
        (delivery(&["gone"], low, None), 0, Turn::Goes(None)),
        (delivery(&["late", "early"], low, None), 0, wait("2025-05-03T06:00:00Z", Occasion::Quiet)),
        (delivery(&["late", "early"], critical, None), 0, Turn::Goes(None)),
        (delivery(&["late", "open"], low, None), 0, Turn::Goes(None)),
        (delivery(&["limited"], low, None), 2, meter.clone()),
        (delivery(&["late", "limited"], low, None), 2, meter),
        (delivery(&["limited"], low, None), 3, wait("2025-05-03T00:00:00Z", Occasion::Limit)),
        (delivery(&["late", "limited"], low, None), 3, wait("2025-05-03T00:00:00Z", Occasion::Limit)),
        (delivery(&["limited"], critical, None), 3, Turn::Goes(None)),
        (delivery(&["limited"], low, copies), 3, Turn::Goes(None)),
        (delivery(&["late"], low, copies), 0, wait("2025-05-03T09:00:00Z", Occasion::Quiet)),
    ];
    for (delivery, counted, expected) in cases {
        assert_eq!(routes.turn(&delivery, |_| counted, night), expected, "{delivery:?} {counted}");
    }
    let mut tried = delivery(&["limited"], low, None);
    tried.seal(None, night);
    assert_eq!(routes.turn(&tried, |_| 3, night), Turn::Goes(None), "it is counted already");
}
